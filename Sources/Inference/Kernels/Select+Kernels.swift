import Domain
import ModelGraph

extension Select: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let (test, yes) = (operands[0].matrix, operands[1].matrix)
    var result = operands[2].matrix
    for index in result.elements.indices where test.elements[index] != 0 {
      result.elements[index] = yes.elements[index]
    }
    return .numbers(result)
  }
}

extension Embed: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    var elements: [Double] = []
    elements.reserveCapacity(matrix.elements.count * table.columns)
    for (index, element) in matrix.elements.enumerated() {
      let place = Int(exactly: element).map { $0 < 0 ? $0 + table.rows : $0 }
      guard let place, 0..<table.rows ~= place else {
        let row = index / matrix.columns + batch.firstRow
        throw Problem(
          .badInput, "predict.no-such-place",
          "expected places from 0 to \(table.rows - 1) for \(batch.origin), found another in row \(row)",
          position: "row \(row)")
      }
      elements += table.elements[(place * table.columns)..<((place + 1) * table.columns)]
    }
    return .numbers(
      Matrix(elements: elements, rows: matrix.rows, columns: matrix.columns * table.columns))
  }
}
