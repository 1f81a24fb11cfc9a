import Domain
import Encoding
import Inference
import ModelGraph

/// The inputs of a request as rows: the one tensor that the signature names, or one for each feature.
struct InputTensors {
  let rows: Rows

  init(_ inputs: [JSON], of model: ServedModel) throws(Problem) {
    let ports = model.inputs
    guard inputs.count(where: { !model.ignoredInputs.contains($0["name"]?.string ?? "") }) == ports.count
    else {
      let names = ports.prefix(20).map { "'\($0.name.excerpt(80))'" }.joined(separator: ", ")
      throw malformedInfer(
        "expected \(ports.count == 1 ? "one input, \(names)" : "\(ports.count) inputs, \(names)"), found"
          + " \(inputs.count)", at: "/inputs")
    }
    var tensors: [InputTensor] = []
    for port in ports { tensors.append(try Self.tensor(for: port, among: inputs)) }
    let rowCount = tensors.first?.rowCount ?? 0
    for tensor in tensors where tensor.rowCount != rowCount {
      throw malformedInfer(
        "expected \(rowCount) rows as in the first input, found \(tensor.rowCount)",
        at: "\(tensor.pointer)/shape/0")
    }
    rows = Rows(
      numbers: Self.sideBySide(tensors.compactMap(\.numbers), rowCount),
      texts: Self.sideBySide(tensors.compactMap(\.texts), rowCount), rowCount: rowCount,
      featureCount: model.signature.featureCount)
  }

  private static func tensor(
    for port: ModelSignature.Port, among inputs: [JSON]
  ) throws(Problem) -> InputTensor {
    // A single input is told apart by nothing else, so its own name is what is wrong with it.
    let index = inputs.firstIndex { $0["name"]?.string == port.name } ?? (inputs.count == 1 ? 0 : nil)
    guard let index else {
      throw malformedInfer(
        "expected an input '\(port.name.excerpt(80))', found none of that name", at: "/inputs")
    }
    return try InputTensor(inputs[index], port, at: "/inputs/\(index)")
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

/// One input of a request.
private struct InputTensor {
  let rowCount: Int
  let pointer: String
  var numbers: [Double]?
  var texts: [String?]?

  init(_ json: JSON, _ port: ModelSignature.Port, at pointer: String) throws(Problem) {
    self.pointer = pointer
    guard let name = json["name"]?.string, name == port.name else {
      let found = json["name"]?.string.map { "'\($0.prefix(80))'" } ?? "none"
      throw malformedInfer("expected the input '\(port.name)', found \(found)", at: "\(pointer)/name")
    }
    try refuseHarmfulParameters(of: json, at: pointer)
    let columns = port.shape.count == 2 ? port.shape[1] : 1
    let text = json["datatype"]?.string
    let datatype = text.flatMap(NumericDatatype.init(rawValue:))
    guard port.datatype == .string ? text == "BYTES" : datatype != nil else {
      throw malformedInfer(
        "expected \(port.datatype == .string ? "the datatype BYTES" : "a numeric datatype such as FP64"), found"
          + " \(text.map { "'\($0.prefix(20))'" } ?? "none")", at: "\(pointer)/datatype")
    }
    rowCount = try Self.rowCount(json, port, at: pointer)
    let elements = try Elements(json, rowCount, columns, at: pointer)
    if let datatype, port.datatype != .string {
      numbers = try elements.read(datatype.description) { datatype.value(of: $0) }
    } else {
      texts = try elements.read("a string or null") { element in
        switch element {
        case .null: .some(nil)
        case .string(let text): .some(text)
        case .object: .some(String(decoding: element.canonicalBytes, as: UTF8.self))
        default: nil
        }
      }
    }
  }

  private static func rowCount(
    _ json: JSON, _ port: ModelSignature.Port, at pointer: String
  ) throws(Problem) -> Int {
    let shape = json["shape"]?.array?.compactMap(\.int)
    let columns = port.shape.count == 2 ? port.shape[1] : 1
    // One column may also be sent without saying so.
    guard let shape, shape.count == json["shape"]?.array?.count, let rows = shape.first, rows >= 1,
      shape.count == 2 || (shape.count == 1 && columns == 1)
    else {
      throw malformedInfer(
        "expected a shape of rows and features, such as [1,\(columns)]", at: "\(pointer)/shape")
    }
    guard shape.count == 1 || shape[1] == columns else {
      throw Problem(
        .badInput, "predict.feature-count",
        "expected \(columns) features in each row, found \(shape[1])", position: "\(pointer)/shape/1")
    }
    return rows
  }
}

/// The elements of one input, flat or row by row as they were sent.
private struct Elements {
  private var all: [JSON] = []
  private let pointer: String
  /// How many stand in each row, where they came row by row.
  private let rowLength: Int?

  init(_ json: JSON, _ rowCount: Int, _ columns: Int, at pointer: String) throws(Problem) {
    self.pointer = "\(pointer)/data"
    guard let data = json["data"]?.array else {
      throw malformedInfer(
        "expected an array as 'data', found \(json["data"]?.kind ?? "none")", at: self.pointer)
    }
    guard case .array = data.first else {
      rowLength = nil
      let (count, overflow) = rowCount.multipliedReportingOverflow(by: columns)
      guard !overflow, data.count == count else {
        throw malformedInfer(
          "expected \(rowCount) × \(columns) elements, as in 'shape', found \(data.count)", at: self.pointer)
      }
      all = data
      return
    }
    rowLength = columns
    guard data.count == rowCount else {
      throw malformedInfer("expected \(rowCount) rows, as in 'shape', found \(data.count)", at: self.pointer)
    }
    for (index, row) in data.enumerated() {
      guard let elements = row.array, elements.count == columns else {
        let found = row.array.map { "\($0.count)" } ?? row.kind
        throw malformedInfer(
          "expected a row of \(columns), found \(found)", at: "\(self.pointer)/\(index)")
      }
      all += elements
    }
  }

  func read<Element>(
    _ expected: String, _ convert: (JSON) -> Element?
  ) throws(Problem) -> [Element] {
    var result: [Element] = []
    result.reserveCapacity(all.count)
    for (index, element) in all.enumerated() {
      guard let value = convert(element) else {
        let place = rowLength.map { "\(index / $0)/\(index % $0)" } ?? "\(index)"
        throw Problem(
          .badInput, "infer.element", "expected \(expected), found \(element.kind) that is none",
          position: "\(pointer)/\(place)")
      }
      result.append(value)
    }
    return result
  }
}
