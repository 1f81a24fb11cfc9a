import Domain
import ModelGraph

extension ChiSquared: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    if let index = matrix.elements.firstIndex(where: { $0 < 0 }) {
      let (row, column) = index.quotientAndRemainder(dividingBy: matrix.columns)
      throw Problem(
        .badInput, "predict.negative",
        "expected no negative numbers for \(batch.origin), found one in row \(row + batch.firstRow), column"
          + " \(column)", position: "row \(row + batch.firstRow), column \(column)")
    }
    let width = matrix.columns
    var result: [Double] = []
    result.reserveCapacity(matrix.rows * points.rows)
    for row in 0..<matrix.rows {
      for point in 0..<points.rows {
        var sum = 0.0
        for column in 0..<width {
          let (x, y) = (matrix.elements[row * width + column], points.elements[point * width + column])
          let (difference, total) = (x - y, x + y)
          if total != 0 { sum += difference * difference / total }
        }
        result.append(-sum)
      }
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: points.rows))
  }
}
