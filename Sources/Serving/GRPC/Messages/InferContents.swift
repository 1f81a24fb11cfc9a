import Domain
import Encoding
import Inference

/// The members of `InferTensorContents`, each for the elements of some datatypes.
enum InferContents: Int {
  case booleans = 1
  case integers = 2
  case longIntegers = 3
  case naturals = 4
  case longNaturals = 5
  case singles = 6
  case doubles = 7
  case texts = 8

  /// What the schema calls it.
  var name: String {
    switch self {
    case .booleans: "bool_contents"
    case .integers: "int_contents"
    case .longIntegers: "int64_contents"
    case .naturals: "uint_contents"
    case .longNaturals: "uint64_contents"
    case .singles: "fp32_contents"
    case .doubles: "fp64_contents"
    case .texts: "bytes_contents"
    }
  }

  /// Where the elements of a datatype stand; nil where they can only be sent as raw bytes.
  init?(_ datatype: InferTensor.Datatype) {
    switch datatype {
    case .text: self = .texts
    case .number(.bool): self = .booleans
    case .number(.int8), .number(.int16), .number(.int32): self = .integers
    case .number(.int64): self = .longIntegers
    case .number(.uint8), .number(.uint16), .number(.uint32): self = .naturals
    case .number(.uint64): self = .longNaturals
    case .number(.fp32): self = .singles
    case .number(.fp64): self = .doubles
    case .number(.fp16), .number(.bf16): return nil
    }
  }
}

extension InferTensor.Datatype {
  /// The elements in the `contents` of an `InferInputTensor`; `count` of them are expected.
  ///
  /// A message that comes several times is one with the elements of all (protobuf's rule for embedded messages).
  func elements(
    inContentsOf tensor: ArraySlice<UInt8>, origin: Int, count: Int, at pointer: String
  ) throws(Problem) -> InferTensor.Elements {
    guard let place = InferContents(self) else {
      throw malformedInfer("expected FP16 and BF16 in 'raw_input_contents' alone", at: "\(pointer)/datatype")
    }
    var elements = TypedElements(
      datatype: self, place: place, count: count, pointer: "\(pointer)/contents/\(place.name)")
    var reader = ProtobufReader(tensor, origin: origin)
    while let field = try reader.nextField() {
      guard field.number == 5 else { continue }
      var contents = ProtobufReader(try field.message("contents"), origin: origin)
      while let field = try contents.nextField() {
        guard let found = InferContents(rawValue: field.number) else { continue }
        guard found == place else {
          throw malformedInfer(
            "expected elements of \(name) in '\(place.name)', found '\(found.name)'",
            at: "\(pointer)/contents")
        }
        try elements.append(field)
      }
    }
    return try elements.whole()
  }

  private var name: String {
    switch self {
    case .number(let datatype): datatype.rawValue
    case .text: "BYTES"
    }
  }
}

/// The elements of one tensor as they are read.
private struct TypedElements {
  let datatype: InferTensor.Datatype
  let place: InferContents
  let count: Int
  let pointer: String
  private var numbers: [Double] = []
  private var texts: [String?] = []

  init(datatype: InferTensor.Datatype, place: InferContents, count: Int, pointer: String) {
    self.datatype = datatype
    self.place = place
    self.count = count
    self.pointer = pointer
  }

  func whole() throws(Problem) -> InferTensor.Elements {
    let elements: InferTensor.Elements = datatype == .text ? .texts(texts) : .numbers(numbers)
    guard elements.count == count else { throw miscounted(elements.count) }
    return elements
  }

  mutating func append(_ field: ProtobufField) throws(Problem) {
    switch datatype {
    case .text:
      guard texts.count < count else { throw miscounted(texts.count + 1) }
      guard let text = String(validating: try field.message(place.name), as: UTF8.self) else {
        throw Problem(
          .badInput, "infer.element", "expected text in UTF-8, found bytes that are not",
          position: "\(pointer)/\(texts.count)")
      }
      texts.append(text)
    case .number(let datatype):
      let found: [Double]
      do throws(MalformedBytes) { found = try numbers(in: field, as: datatype) } catch {
        throw Problem(malformed: error)
      }
      if numbers.isEmpty { numbers = found } else { numbers += found }
      guard numbers.count <= count else { throw miscounted(numbers.count) }
      if let fault = found.firstIndex(where: \.isNaN), !datatype.hasMissing {
        throw Problem(
          .badInput, "infer.element", "expected \(datatype.description), found another",
          position: "\(pointer)/\(numbers.count - found.count + fault)")
      }
    }
  }

  /// The elements in one field, packed or a single one; NaN for a whole number that is not of its datatype.
  private func numbers(in field: ProtobufField, as datatype: NumericDatatype) throws(MalformedBytes)
    -> [Double]
  {
    var values: [Double] = []
    switch (place, field.value) {
    case (.singles, .fixed32), (.singles, .bytes):
      values.reserveCapacity(try field.fixedCount(width: 4))
      try field.forEachFixed32 { values.append(Double(Float(bitPattern: $0))) }
    case (.doubles, .fixed64), (.doubles, .bytes):
      values.reserveCapacity(try field.fixedCount(width: 8))
      try field.forEachFixed64 { values.append(Double(bitPattern: $0)) }
    case (.booleans, .varint), (.booleans, .bytes):
      values.reserveCapacity(field.integerCount)
      try field.forEachInteger { values.append($0 == 0 ? 0 : 1) }
    case (.longNaturals, .varint), (.longNaturals, .bytes):
      values.reserveCapacity(field.integerCount)
      try field.forEachInteger { values.append(Double(exactly: UInt64(bitPattern: $0)) ?? .nan) }
    case (.longIntegers, .varint), (.longIntegers, .bytes), (.integers, .varint), (.integers, .bytes),
      (.naturals, .varint), (.naturals, .bytes):
      let range = datatype.wholeNumbers
      values.reserveCapacity(field.integerCount)
      try field.forEachInteger { values.append(range.contains($0) ? Double(exactly: $0) ?? .nan : .nan) }
    default:
      throw MalformedBytes(
        offset: field.offset, expected: "elements of \(datatype.rawValue) as '\(place.name)'",
        found: "another wire type")
    }
    return values
  }

  private func miscounted(_ found: Int) -> Problem {
    malformedInfer(
      "expected \(count) elements, as in 'shape', found \(found > count ? "more" : "\(found)")", at: pointer)
  }
}

extension NumericDatatype {
  /// The whole numbers of up to 64 bits, with a sign, that the type has.
  fileprivate var wholeNumbers: ClosedRange<Int64> {
    switch self {
    case .int8: Int64(Int8.min)...Int64(Int8.max)
    case .int16: Int64(Int16.min)...Int64(Int16.max)
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .uint8: 0...Int64(UInt8.max)
    case .uint16: 0...Int64(UInt16.max)
    case .uint32: 0...Int64(UInt32.max)
    case .bool, .int64, .uint64, .fp16, .bf16, .fp32, .fp64: Int64.min...Int64.max
    }
  }
}
