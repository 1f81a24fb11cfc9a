import Domain
import Encoding
import Inference
import ModelGraph

extension ServedModel {
  /// The tensors of a request as rows: the one that the signature names, or one for each feature.
  func rows(of tensors: [InferTensor]) throws(Problem) -> Rows {
    // As most requests have them. With a name twice among the inputs there is no order to keep.
    let areInOrder =
      tensors.count == inputs.count && inputPlaces.count == inputs.count
      && zip(tensors, inputs).allSatisfy { $0.name == $1.name }
    var found: [Int: InferTensor] = [:]
    if !areInOrder { found = try places(of: tensors) }
    var numbers: [[Double]] = []
    var texts: [[String?]] = []
    var rowCount: Int?
    for (place, port) in inputs.enumerated() {
      guard let tensor = areInOrder ? tensors[place] : found[place] else {
        throw malformedInfer(
          "expected an input '\(port.name.excerpt(80))', found none of that name", at: "/inputs")
      }
      let count = try tensor.rowCount(for: port)
      guard rowCount == nil || rowCount == count else {
        throw malformedInfer(
          "expected \(rowCount ?? 0) rows as in the first input, found \(count)",
          at: "\(tensor.pointer)/shape/0")
      }
      rowCount = count
      switch (port.datatype, tensor.elements) {
      case (.string, .texts(let elements)): texts.append(elements)
      case (.string, .numbers):
        throw malformedInfer("expected the datatype BYTES, found numbers", at: "\(tensor.pointer)/datatype")
      case (_, .numbers(let elements)): numbers.append(elements)
      case (_, .texts):
        throw malformedInfer(
          "expected a numeric datatype such as FP64, found BYTES", at: "\(tensor.pointer)/datatype")
      }
    }
    guard signature.features.form != .unread else { return Rows(unread: rowCount ?? 0) }
    return Rows(
      numbers: Self.sideBySide(numbers, rowCount ?? 0), texts: Self.sideBySide(texts, rowCount ?? 0),
      rowCount: rowCount ?? 0, featureCount: signature.featureCount)
  }

  /// Which of the inputs each tensor is; those that the model does not read are left out.
  private func places(of tensors: [InferTensor]) throws(Problem) -> [Int: InferTensor] {
    // By what was sent: a request of one tensor takes no longer where the model has many inputs.
    var found: [Int: InferTensor] = [:]
    for tensor in tensors {
      guard let place = inputPlaces[tensor.name] else {
        guard !ignoredInputs.contains(tensor.name) else { continue }
        throw malformedInfer(
          "expected \(expectedInputs), found '\(tensor.name.excerpt(80))'", at: "\(tensor.pointer)/name")
      }
      guard found[place] == nil else {
        throw malformedInfer(
          "expected each input once, found '\(tensor.name.excerpt(80))' again", at: "\(tensor.pointer)/name")
      }
      found[place] = tensor
    }
    return found
  }

  private var expectedInputs: String {
    let names = inputs.prefix(20).map { "'\($0.name.excerpt(80))'" }.joined(separator: ", ")
    return inputs.count == 1 ? "the input \(names)" : "\(inputs.count) inputs, \(names)"
  }

  private static func sideBySide<Element>(_ columns: [[Element]], _ rowCount: Int) -> [Element] {
    if columns.count == 1 { return columns[0] }
    var result: [Element] = []
    result.reserveCapacity(columns.count * rowCount)
    for row in 0..<rowCount {
      for column in columns { result.append(column[row]) }
    }
    return result
  }
}

extension InferTensor {
  /// How many rows of the port's columns the tensor holds.
  ///
  /// One column may also be sent without saying so.
  fileprivate func rowCount(for port: ModelSignature.Port) throws(Problem) -> Int {
    let columns = port.shape.count == 2 ? port.shape[1] : 1
    // Rows of no features would be as many as a caller says, and take nothing to send.
    guard let rows = shape.first, rows >= 1,
      shape.count == 1 ? columns == 1 : shape.count == 2 && shape[1] >= 1
    else {
      throw malformedInfer(
        "expected a shape of rows and features, such as [1,\(max(1, columns))]", at: "\(pointer)/shape")
    }
    // Of a model that reads no features nobody knows how many there are.
    guard shape.count == 1 || columns == -1 || shape[1] == columns else {
      throw Problem(
        .badInput, "predict.feature-count",
        "expected \(columns) features in each row, found \(shape[1])", position: "\(pointer)/shape/1")
    }
    return rows
  }
}
