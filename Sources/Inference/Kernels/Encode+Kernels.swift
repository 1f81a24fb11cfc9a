import Domain
import Encoding
import ModelGraph

extension EncodeTexts: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel {
    EncodeTextsKernel(
      numbers: Dictionary(
        zip(keys.map(ExactText.init), numbers), uniquingKeysWith: { first, _ in first }), other: other)
  }
}

private struct EncodeTextsKernel: Kernel {
  let numbers: [ExactText: Double]
  let other: Double?

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let texts = operands[0].texts
    var result: [Double] = []
    result.reserveCapacity(texts.elements.count)
    for (index, text) in texts.elements.enumerated() {
      guard let number = text.flatMap({ numbers[ExactText(text: $0)] }) ?? other else {
        throw unknown(text == nil ? "none" : "another text", at: index, columns: texts.columns, batch)
      }
      result.append(number)
    }
    return .numbers(Matrix(elements: result, rows: texts.rows, columns: texts.columns))
  }
}

extension EncodeNumbers: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel {
    let missing = keys.firstIndex { $0.isNaN }
    return EncodeNumbersKernel(
      numbers: Dictionary(
        zip(keys, numbers).filter { !$0.0.isNaN }.map { ($0.0, $0.1) },
        uniquingKeysWith: { first, _ in first }),
      missing: missing.map { numbers[$0] }, other: other)
  }
}

private struct EncodeNumbersKernel: Kernel {
  let numbers: [Double: Double]
  let missing: Double?
  let other: Double?

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for index in matrix.elements.indices {
      let element = matrix.elements[index]
      guard let number = (element.isNaN ? missing : numbers[element]) ?? other else {
        throw unknown("another number", at: index, columns: matrix.columns, batch)
      }
      matrix.elements[index] = number
    }
    return .numbers(matrix)
  }
}

/// A refusal of what an encoder does not know, which no message shows.
private func unknown(_ found: String, at index: Int, columns: Int, _ batch: Batch) -> Problem {
  let (row, column) = (index / columns + batch.firstRow, index % columns)
  return Problem(
    .badInput, "predict.unknown-category",
    "expected a category that \(batch.origin) knows in row \(row), column \(column), found \(found)",
    position: "row \(row), column \(column)")
}
