import Domain
import Encoding
import Inference

extension InferRequest {
  /// Reads a request in JSON; `binary` is what came behind it, the data of the tensors that say so, in their order.
  init(_ reader: inout RequestReader, binary: ArraySlice<UInt8>) throws(Problem) {
    let kind = try reader.kind()
    guard kind == .object else {
      // What is no JSON at all is told as that.
      try reader.skip()
      try reader.end()
      throw malformedInfer(
        "expected an object such as {\"inputs\": [...]}, found \(kind.description)", at: "")
    }
    var rest = binary
    var members = MemberNames()
    try reader.beginObject()
    while let name = try reader.nextName() {
      try members.add(name, reader)
      switch name {
      case "id":
        try reader.expect(.string, "as 'id'", at: "/id")
        id = try reader.string()
      case "parameters":
        let parameters = try RequestParameters(&reader, at: "")
        prefersBinary = try parameters.flag("binary_data_output") ?? false
      case "inputs": try readInputs(&reader, &rest)
      case "outputs": try readOutputs(&reader)
      default: try reader.skip()
      }
    }
    try reader.end()
    guard members.contains("inputs") else {
      throw malformedInfer("expected an array as 'inputs', found none", at: "/inputs")
    }
    guard rest.isEmpty else {
      throw malformedInfer(
        "expected the tensors in binary to fill the body, found \(rest.count) bytes more", at: "")
    }
  }

  private mutating func readInputs(
    _ reader: inout RequestReader, _ rest: inout ArraySlice<UInt8>
  ) throws(Problem) {
    try reader.expect(.array, "as 'inputs'", at: "/inputs")
    try reader.beginArray()
    while try reader.hasElement() {
      guard tensors.count < Self.mostTensors else {
        throw malformedInfer("expected at most \(Self.mostTensors) inputs, found more", at: "/inputs")
      }
      tensors.append(try InferTensor(&reader, &rest, index: tensors.count))
    }
  }

  private mutating func readOutputs(_ reader: inout RequestReader) throws(Problem) {
    try reader.expect(.array, "as 'outputs'", at: "/outputs")
    try reader.beginArray()
    while try reader.hasElement() {
      let pointer = "/outputs/\(outputs.count)"
      guard outputs.count < Self.mostTensors else {
        throw malformedInfer("expected at most \(Self.mostTensors) outputs, found more", at: "/outputs")
      }
      try reader.expect(.object, "with the 'name' of an output", at: pointer)
      var members = MemberNames()
      var output: String?
      var isBinary: Bool?
      try reader.beginObject()
      while let name = try reader.nextName() {
        try members.add(name, reader)
        switch name {
        case "name":
          try reader.expect(.string, "as 'name'", at: "\(pointer)/name")
          output = try reader.string()
        case "parameters":
          isBinary = try RequestParameters(&reader, at: pointer).flag("binary_data")
        default: try reader.skip()
        }
      }
      guard let output else {
        throw malformedInfer("expected an object with the 'name' of an output, found none", at: pointer)
      }
      outputs.append(Output(name: output, isBinary: isBinary, pointer: pointer))
    }
  }
}

// MARK: One tensor

extension InferTensor {
  fileprivate init(
    _ reader: inout RequestReader, _ rest: inout ArraySlice<UInt8>, index: Int
  ) throws(Problem) {
    var pointer: String { Self.pointer(index) }
    try reader.expect(.object, "with an input", at: pointer)
    var members = MemberNames()
    var name: String?
    var shape: [Int]?
    var datatype: Datatype?
    var elements: Elements?
    var binarySize: Int?
    /// Where the data begins that came before what it takes to read it.
    var postponed: RequestReader?
    try reader.beginObject()
    while let member = try reader.nextName() {
      try members.add(member, reader)
      switch member {
      case "name":
        try reader.expect(.string, "as 'name'", at: "\(pointer)/name")
        name = try reader.string()
      case "shape": shape = try Self.shape(&reader, at: "\(pointer)/shape")
      case "datatype": datatype = try Self.datatype(&reader, at: "\(pointer)/datatype")
      case "parameters":
        binarySize = try RequestParameters(&reader, at: pointer).size("binary_data_size")
      case "data":
        if let shape, let datatype {
          elements = try Self.elements(&reader, datatype, shape, index: index)
        } else {
          postponed = reader
          try reader.skip()
        }
      default: try reader.skip()
      }
    }
    guard let name else { throw malformedInfer("expected a 'name', found none", at: "\(pointer)/name") }
    guard let shape else { throw malformedInfer("expected a 'shape', found none", at: "\(pointer)/shape") }
    guard let datatype else {
      throw malformedInfer("expected a 'datatype', found none", at: "\(pointer)/datatype")
    }
    if postponed != nil, var data = postponed {
      elements = try Self.elements(&data, datatype, shape, index: index)
    }
    if let binarySize {
      guard elements == nil else {
        throw malformedInfer("expected data in JSON or in binary, found both", at: "\(pointer)/data")
      }
      guard rest.count >= binarySize else {
        throw malformedInfer(
          "expected \(binarySize) bytes behind the JSON, found \(rest.count)",
          at: "\(pointer)/parameters/binary_data_size")
      }
      let count = try Self.count(of: shape, at: pointer)
      elements = try datatype.elements(in: rest.prefix(binarySize), count: count, at: "\(pointer)/data")
      rest = rest.dropFirst(binarySize)
    }
    guard let elements else {
      throw malformedInfer("expected an array as 'data', found none", at: "\(pointer)/data")
    }
    self.init(name: name, shape: shape, elements: elements, index: index)
  }

  private static func shape(
    _ reader: inout RequestReader, at pointer: @autoclosure () -> String
  ) throws(Problem) -> [Int] {
    try reader.expect(.array, "of lengths of axes", at: pointer())
    var shape: [Int] = []
    try reader.beginArray()
    while try reader.hasElement() {
      guard shape.count < Self.mostAxes else {
        throw malformedInfer("expected at most \(Self.mostAxes) axes, found more", at: pointer())
      }
      try reader.expect(.number, "that is the length of an axis", at: "\(pointer())/\(shape.count)")
      guard let length = try reader.number().int, length >= 0 else {
        throw malformedInfer(
          "expected the length of an axis, found another number", at: "\(pointer())/\(shape.count)")
      }
      shape.append(length)
    }
    return shape
  }

  private static func datatype(
    _ reader: inout RequestReader, at pointer: @autoclosure () -> String
  ) throws(Problem) -> Datatype {
    try reader.expect(.string, "as 'datatype'", at: pointer())
    let name = try reader.string()
    guard let datatype = Datatype(name) else {
      throw malformedInfer(
        "expected a datatype such as FP64, INT64 or BYTES, found '\(name.excerpt(20))'", at: pointer())
    }
    return datatype
  }

  private static func elements(
    _ reader: inout RequestReader, _ datatype: Datatype, _ shape: [Int], index: Int
  ) throws(Problem) -> Elements {
    let count = try count(of: shape, at: pointer(index))
    var data = TensorData(datatype: datatype, shape: shape, count: count)
    try data.read(&reader) { "\(pointer(index))/data" }
    return data.elements
  }
}

/// The elements of one tensor as they are read, flat or nested as its shape.
private struct TensorData {
  let datatype: InferTensor.Datatype
  let shape: [Int]
  let count: Int
  private var numbers: [Double] = []
  private var texts: [String?] = []

  /// For how many elements there is room before any was read: the shape may say anything.
  private static let mostExpected = 1024

  init(datatype: InferTensor.Datatype, shape: [Int], count: Int) {
    self.datatype = datatype
    self.shape = shape
    self.count = count
    if datatype != .text { numbers.reserveCapacity(min(count, Self.mostExpected)) }
  }

  var elements: InferTensor.Elements { datatype == .text ? .texts(texts) : .numbers(numbers) }

  /// Reads the array that is next, which stands at `pointer` in its request.
  mutating func read(_ reader: inout RequestReader, at pointer: () -> String) throws(Problem) {
    try reader.expect(.array, "as 'data'", at: pointer())
    var ahead = reader
    try ahead.beginArray()
    guard try ahead.hasElement() else {
      guard count == 0 else { throw miscounted(0, at: pointer()) }
      reader = ahead
      return
    }
    if shape.count > 1, try ahead.kind() == .array { return try readNested(&reader, axis: 0, at: pointer) }
    let found = try readRow(&reader, limit: count, at: pointer)
    guard found == count else { throw miscounted(found, at: pointer()) }
  }

  private mutating func readNested(
    _ reader: inout RequestReader, axis: Int, at pointer: () -> String
  ) throws(Problem) {
    let found: Int
    if axis == shape.count - 1 {
      found = try readRow(&reader, limit: shape[axis], at: pointer)
    } else {
      try reader.beginArray()
      var index = 0
      while try reader.hasElement() {
        guard index < shape[axis] else {
          try reader.skip()
          index += 1
          continue
        }
        let place = index
        try reader.expect(.array, "like those before it", at: "\(pointer())/\(place)")
        try readNested(&reader, axis: axis + 1) { "\(pointer())/\(place)" }
        index += 1
      }
      found = index
    }
    guard found == shape[axis] else {
      throw malformedInfer("expected \(shape[axis]) elements, as in 'shape', found \(found)", at: pointer())
    }
  }

  /// Reads an array of elements, and says how many there were; those beyond `limit` are only counted.
  private mutating func readRow(
    _ reader: inout RequestReader, limit: Int, at pointer: () -> String
  ) throws(Problem) -> Int {
    var found = 0
    try reader.beginArray()
    while try reader.hasElement() {
      if found < limit {
        switch datatype {
        case .number(let datatype): numbers.append(try number(&reader, datatype, found, at: pointer))
        case .text: texts.append(try text(&reader, found, at: pointer))
        }
      } else {
        try reader.skip()
      }
      found += 1
    }
    return found
  }

  private func number(
    _ reader: inout RequestReader, _ datatype: NumericDatatype, _ index: Int, at pointer: () -> String
  ) throws(Problem) -> Double {
    let kind = try reader.kind()
    switch kind {
    case .number:
      if let value = datatype.value(of: try reader.number()) { return value }
    case .boolean where datatype == .bool: return try reader.boolean() ? 1 : 0
    case .null where datatype.hasMissing:
      try reader.null()
      return .nan
    default: break
    }
    throw Problem(
      .badInput, "infer.element", "expected \(datatype), found \(kind.description) that is none",
      position: "\(pointer())/\(index)")
  }

  /// A text; an object or an array is one too, for models that read mappings.
  private func text(
    _ reader: inout RequestReader, _ index: Int, at pointer: () -> String
  ) throws(Problem) -> String? {
    switch try reader.kind() {
    case .null:
      try reader.null()
      return nil
    case .string: return try reader.string()
    case .object: return String(decoding: try reader.value().canonicalBytes, as: UTF8.self)
    case let kind:
      throw Problem(
        .badInput, "infer.element", "expected a string or null, found \(kind.description)",
        position: "\(pointer())/\(index)")
    }
  }

  private func miscounted(_ found: Int, at pointer: String) -> Problem {
    malformedInfer("expected \(count) elements, as in 'shape', found \(found)", at: pointer)
  }
}

// MARK: Members

/// The names of an object's members so far: none may come twice, for readers would differ in which one counts.
struct MemberNames {
  /// The first of them, among which it takes no longer to look than to hash a name; most objects have no more.
  private var first = InlineArray<8, String>(repeating: "")
  private var firstCount = 0
  private var others: Set<String> = []

  func contains(_ name: String) -> Bool {
    for place in 0..<firstCount where first[place] == name { return true }
    return others.contains(name)
  }

  mutating func add(_ name: String, _ reader: RequestReader) throws(Problem) {
    guard !contains(name) else { throw reader.repeated(name) }
    guard firstCount < first.count else {
      others.insert(name)
      return
    }
    first[firstCount] = name
    firstCount += 1
  }
}

/// The parameters of a request, of an input or of an output.
///
/// They are left alone, but for those that would change what the data or the answer mean.
private struct RequestParameters {
  private let values: [String: JSON]
  private let pointer: String

  init(_ reader: inout RequestReader, at parent: String) throws(Problem) {
    pointer = "\(parent)/parameters"
    try reader.expect(.object, "as 'parameters'", at: pointer)
    values = try reader.value().object ?? [:]
    for name in values.keys.sorted() { try InferRequest.refuseParameter(name, at: pointer) }
  }

  func flag(_ name: String) throws(Problem) -> Bool? {
    guard let value = values[name] else { return nil }
    guard let flag = value.bool else {
      throw malformedInfer(
        "expected true or false as '\(name)', found \(value.kind)", at: "\(pointer)/\(name)")
    }
    return flag
  }

  func size(_ name: String) throws(Problem) -> Int? {
    guard let value = values[name] else { return nil }
    guard let size = value.int, size >= 0 else {
      throw malformedInfer("expected a number of bytes as '\(name)', found another", at: "\(pointer)/\(name)")
    }
    return size
  }
}

extension RequestReader {
  /// Sees that the next value is of a kind; `what` says what it is for.
  mutating func expect(
    _ kind: JSONReader.Kind, _ what: String, at pointer: @autoclosure () -> String
  ) throws(Problem) {
    let found = try self.kind()
    guard found == kind else {
      throw malformedInfer(
        "expected \(kind.description) \(what), found \(found.description)", at: pointer())
    }
  }
}
