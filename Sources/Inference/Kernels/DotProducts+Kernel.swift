import Domain
import ModelGraph

extension DotProducts: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let width = matrix.columns
    let (rows, points) = (matrix.elements.span, self.points.elements.span)
    var result: [Double] = []
    result.reserveCapacity(matrix.rows * self.points.rows)
    for row in 0..<matrix.rows {
      let x = rows.extracting((row * width)..<((row + 1) * width))
      for point in 0..<self.points.rows {
        result.append(SumOfSquares.dot(x, points.extracting((point * width)..<((point + 1) * width))))
      }
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: self.points.rows))
  }
}
