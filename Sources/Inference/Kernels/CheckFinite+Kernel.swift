import Domain
import ModelGraph

extension CheckFinite: Runnable, Kernel {
  func sparsity(_ areSparse: [Bool]) -> Sparsity { Sparsity(reads: true, gives: areSparse[0]) }

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    // What a sparse value leaves out is 0, and finite.
    if case .sparse(var matrix) = operands[0] {
      operands.removeAll()
      if asFloat32 { matrix.elements = matrix.elements.map { Double(Float($0)) } }
      if let index = matrix.elements.firstIndex(where: { isRefused($0) }) {
        let row = (matrix.starts.firstIndex { $0 > index } ?? 1) - 1
        throw refusal(
          of: matrix.elements[index], row: row, column: Int(matrix.columnIndices[index]),
          columns: matrix.columns, batch)
      }
      return .sparse(matrix)
    }
    var matrix = operands.takeMatrix(0)
    if asFloat32 { matrix.elements = matrix.elements.roundedToSingles() }
    guard let index = matrix.elements.firstNotFinite(allowingNaN: allowsNaN) else { return .numbers(matrix) }
    let (row, column) = index.quotientAndRemainder(dividingBy: matrix.columns)
    throw refusal(
      of: matrix.elements[index], row: row, column: column, columns: matrix.columns, batch)
  }

  private func isRefused(_ element: Double) -> Bool { !element.isFinite && !(allowsNaN && element.isNaN) }

  private func refusal(
    of element: Double, row: Int, column: Int, columns: Int, _ batch: Batch
  ) -> Problem {
    let row = row + batch.firstRow
    // Columns are features where there are as many of them; a step further on has columns of its own.
    let name = batch.numberNames.flatMap { $0.count == columns ? " '\($0[column])'" : nil } ?? ""
    let expected = asFloat32 ? "finite numbers in the range of single precision" : "finite numbers"
    let found = element.isNaN ? "NaN" : asFloat32 ? "an infinity or a number beyond it" : "an infinity"
    return Problem(
      .badInput, "predict.not-finite",
      "expected \(expected) for \(batch.origin), found \(found) in row \(row), column \(column)\(name)",
      position: "row \(row), column \(column)",
      hint: "rows and columns count from 0; fill in or leave out what is missing before you ask")
  }
}
