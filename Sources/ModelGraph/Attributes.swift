public import Domain
import Encoding

/// Takes down the attributes of one operator: small ones into `graph.json`, arrays among the tensors.
public struct AttributeWriter {
  /// The attributes as JSON.
  private(set) var json: [String: JSON]
  /// The arrays by name, those of text too.
  private(set) var tensors: [String: Tensor] = [:]
  /// The value that the operator makes, which its tensors are named after.
  private let node: String

  init(kind: String, node: String) {
    self.json = ["type": .string(kind)]
    self.node = node
  }

  /// Writes a truth value.
  public mutating func write(_ value: Bool, _ name: String) { json[name] = .bool(value) }

  /// Writes a whole number.
  public mutating func write(_ value: Int, _ name: String) { json[name] = JSON(value) }

  /// Writes a text, or that there is none.
  public mutating func write(_ value: String?, _ name: String) {
    json[name] = value.map { .string($0) } ?? .null
  }

  /// Writes one of a fixed list of choices.
  public mutating func write<Choice: RawRepresentable<String>>(_ value: Choice, _ name: String) {
    json[name] = .string(value.rawValue)
  }

  /// Writes a number, also one that JSON has no form for.
  public mutating func write(_ value: Double, _ name: String) { json[name] = Self.form(of: value) }

  /// Writes a number or that there is none.
  public mutating func write(_ value: Double?, _ name: String) {
    json[name] = value.map { Self.form(of: $0) } ?? .null
  }

  /// Writes a tensor or that there is none.
  public mutating func write(_ tensor: Tensor?, _ name: String) {
    guard let tensor else {
      json[name] = .null
      return
    }
    let full = "\(node).\(name)"
    json[name] = .string(full)
    tensors[full] = tensor
  }

  /// Writes a vector of numbers or that there is none.
  public mutating func write(_ elements: [Double]?, _ name: String) {
    write(elements.map { Tensor(vector: .float64($0)) }, name)
  }

  /// Writes a vector of whole numbers.
  public mutating func write(_ elements: [Int64], _ name: String) {
    write(Tensor(vector: .int64(elements)), name)
  }

  /// Writes a vector of whole numbers that fit 32 bits, or that there is none.
  public mutating func write(_ elements: [Int32]?, _ name: String) {
    write(elements.map { Tensor(vector: .int32($0)) }, name)
  }

  /// Writes a vector of truth values.
  public mutating func write(_ elements: [Bool], _ name: String) {
    write(Tensor(vector: .bool(elements)), name)
  }

  /// Writes a vector of texts.
  public mutating func write(_ elements: [String], _ name: String) {
    write(Tensor(vector: .string(elements)), name)
  }

  private static func form(of value: Double) -> JSON {
    // Canonical JSON writes −0 as 0.
    if value == 0, value.sign == .minus { return .string("-0") }
    return value.isFinite ? .number(value) : .string(value.isNaN ? "nan" : value > 0 ? "inf" : "-inf")
  }
}

/// Gives the attributes of one operator back, each once, and knows which nobody asked for.
public struct AttributeReader {
  private let json: [String: JSON]
  private let tensors: [String: Tensor]
  private let node: String
  private let kind: String
  private var asked: Set<String> = ["type"]
  /// The names of the tensors that were taken.
  private(set) var taken: Set<String> = []

  init(_ json: [String: JSON], kind: String, tensors: [String: Tensor], node: String) {
    self.json = json
    self.tensors = tensors
    self.node = node
    self.kind = kind
  }

  /// Reads a truth value.
  public mutating func bool(_ name: String) throws(Problem) -> Bool {
    guard let value = try member(name).bool else { throw malformed(name, "a boolean") }
    return value
  }

  /// Reads a whole number.
  public mutating func integer(_ name: String) throws(Problem) -> Int {
    guard let value = try member(name).int else { throw malformed(name, "an integer") }
    return value
  }

  /// Reads a text.
  public mutating func string(_ name: String) throws(Problem) -> String {
    guard let value = try member(name).string else { throw malformed(name, "a string") }
    return value
  }

  /// Reads a text; nil where it was written that there is none.
  public mutating func stringIfPresent(_ name: String) throws(Problem) -> String? {
    try member(name) == .null ? nil : try string(name)
  }

  /// Reads one of a fixed list of choices.
  public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, as type: Choice.Type = Choice.self
  ) throws(Problem) -> Choice {
    guard let choice = Choice(rawValue: try string(name)) else {
      throw malformed(name, "one of \(Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", "))")
    }
    return choice
  }

  /// Reads a number.
  public mutating func number(_ name: String) throws(Problem) -> Double {
    let value = try member(name)
    switch value {
    case .string("nan"): return .nan
    case .string("-0"): return -0.0
    case .string("inf"): return .infinity
    case .string("-inf"): return -.infinity
    default:
      guard let number = value.double else { throw malformed(name, "a number") }
      return number
    }
  }

  /// Reads a number; nil where it was written that there is none.
  public mutating func numberIfPresent(_ name: String) throws(Problem) -> Double? {
    try member(name) == .null ? nil : try number(name)
  }

  /// Reads a tensor.
  public mutating func tensor(_ name: String) throws(Problem) -> Tensor {
    // Under one name only, so that one graph has one form.
    let full = "\(node).\(name)"
    guard try member(name).string == full else { throw malformed(name, "the tensor '\(full)'") }
    guard let tensor = tensors[full] else {
      throw Problem(
        .badInput, "graph.no-such-tensor", "expected the tensor '\(full)' for '\(node)', found none")
    }
    taken.insert(full)
    return tensor
  }

  /// Reads a tensor; nil where it was written that there is none.
  public mutating func tensorIfPresent(_ name: String) throws(Problem) -> Tensor? {
    try member(name) == .null ? nil : try tensor(name)
  }

  /// Reads a vector of numbers.
  public mutating func numbers(_ name: String) throws(Problem) -> [Double] {
    try elements(name, .float64, axes: 1) { if case .float64(let elements) = $0 { elements } else { nil } }
      .elements
  }

  /// Reads a vector of numbers; nil where it was written that there is none.
  public mutating func numbersIfPresent(_ name: String) throws(Problem) -> [Double]? {
    try member(name) == .null ? nil : try numbers(name)
  }

  /// Reads a matrix of numbers, row by row, with as many rows and columns.
  public mutating func matrix(_ name: String) throws(Problem) -> ConstantMatrix {
    let (elements, shape) = try elements(name, .float64, axes: 2) {
      if case .float64(let elements) = $0 { elements } else { nil }
    }
    // A matrix without elements may claim any number of rows, with which nothing can be reckoned.
    guard shape.allSatisfy({ $0 <= GraphLimits.matrixAxis }) else {
      throw Problem(
        .badInput, "graph.tensor-shape",
        "expected '\(node).\(name)' to have at most \(GraphLimits.matrixAxis) rows and columns, found the shape"
          + " \(shape)")
    }
    return ConstantMatrix(unchecked: elements, rows: shape[0], columns: shape[1])
  }

  /// Reads a vector of whole numbers.
  public mutating func integers(_ name: String) throws(Problem) -> [Int64] {
    try elements(name, .int64, axes: 1) { if case .int64(let elements) = $0 { elements } else { nil } }
      .elements
  }

  /// Reads a vector of whole numbers of 32 bits.
  public mutating func integers32(_ name: String) throws(Problem) -> [Int32] {
    try elements(name, .int32, axes: 1) { if case .int32(let elements) = $0 { elements } else { nil } }
      .elements
  }

  /// Reads a vector of whole numbers of 32 bits; nil where it was written that there is none.
  public mutating func integers32IfPresent(_ name: String) throws(Problem) -> [Int32]? {
    try member(name) == .null ? nil : try integers32(name)
  }

  /// Reads a vector of truth values.
  public mutating func booleans(_ name: String) throws(Problem) -> [Bool] {
    try elements(name, .bool, axes: 1) { if case .bool(let elements) = $0 { elements } else { nil } }.elements
  }

  /// Reads a vector of texts.
  public mutating func texts(_ name: String) throws(Problem) -> [String] {
    try elements(name, .string, axes: 1) { if case .string(let elements) = $0 { elements } else { nil } }
      .elements
  }

  /// Refuses attributes that nothing asked for.
  func finish() throws(Problem) {
    if let unknown = json.keys.filter({ !asked.contains($0) }).min() {
      throw JSONFields.problem(
        "expected the operator '\(kind)' to have known fields, found '\(unknown.prefix(80))'")
    }
  }

  private mutating func member(_ name: String) throws(Problem) -> JSON {
    asked.insert(name)
    guard let value = json[name] else {
      throw JSONFields.problem("expected the operator '\(kind)' to have the field '\(name)', found none")
    }
    return value
  }

  /// A refusal of one attribute.
  public func malformed(_ name: String, _ expected: String) -> Problem {
    JSONFields.problem(
      "expected '\(name)' of the operator '\(kind)' to be \(expected), found \(json[name]?.kind ?? "none")")
  }

  /// The elements of a tensor of so many axes, where `read` finds them to be of the datatype, and its shape.
  private mutating func elements<Element>(
    _ name: String, _ datatype: Datatype, axes: Int, _ read: (Tensor.Elements) -> [Element]?
  ) throws(Problem) -> (elements: [Element], shape: [Int]) {
    let tensor = try tensor(name)
    guard tensor.shape.count == axes, let elements = read(tensor.elements) else {
      throw Problem(
        .badInput, "graph.tensor-shape",
        "expected '\(node).\(name)' to be \(datatype.rawValue) with \(axes) axes, found"
          + " \(tensor.elements.datatype.rawValue) of shape \(tensor.shape)")
    }
    return (elements, tensor.shape)
  }
}
