import Domain
import ModelGraph

extension CheckWhole: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    guard
      let index = matrix.elements.firstIndex(where: { !(abs($0) < 0x1p53 && $0.rounded(.towardZero) == $0) })
    else { return .numbers(matrix) }
    let row = index / matrix.columns + batch.firstRow
    throw Problem(
      .badInput, "predict.not-whole",
      "expected whole numbers below 2^53 for \(batch.origin), found another in row \(row), column"
        + " \(index % matrix.columns)",
      position: "row \(row), column \(index % matrix.columns)")
  }
}
