import Encoding

/// An attribute of a node: its name, how much it holds, and where that stands.
struct ONNXAttribute {
  var name: ArraySlice<UInt8>
  /// The message, to be read again by whoever needs the values.
  let bytes: ArraySlice<UInt8>
  let origin: Int
  let offset: Int
  var integer: Int64?
  var text: ArraySlice<UInt8>?
  var tensor: ArraySlice<UInt8>?
  var floatCount = 0
  var integerCount = 0
  var textCount = 0
  /// The graphs inside it.
  var graphs: [ArraySlice<UInt8>] = []

  /// Its integers; those that 32 bits do not hold become the nearest that they do, which is out of range for
  /// whatever they could be an index of.
  func integers() throws(MalformedBytes) -> [Int32] {
    var values: [Int32] = []
    values.reserveCapacity(integerCount)
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == 8 { try field.forEachInteger { values.append(Int32(clamping: $0)) } }
    }
    return values
  }

  /// Its texts, each put through `transform`.
  func texts<Value>(_ transform: (ArraySlice<UInt8>) -> Value) throws(MalformedBytes) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(textCount)
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == 9, let text = field.bytes { values.append(transform(text)) }
    }
    return values
  }
}

extension ONNXReader {
  /// How many graphs of one attribute are kept.
  private static let graphLimit = 1_000

  /// Reads an attribute, and the tensors in it.
  mutating func readAttribute(_ bytes: ArraySlice<UInt8>, at offset: Int) throws(MalformedBytes)
    -> ONNXAttribute
  {
    var attribute = ONNXAttribute(name: bytes.prefix(0), bytes: bytes, origin: origin, offset: offset)
    var once = OnceOnly("an attribute", [1, 2, 3, 4, 5, 6, 14, 20, 21, 22])
    var fields = ProtobufReader(bytes, origin: origin)
    while let field = try fields.next() {
      check(&once, field)
      switch (field.number, field.bytes) {
      case (1, let part?): attribute.name = part
      case (3, _): attribute.integer = field.integer
      case (4, let part?): attribute.text = part
      case (5, let part?):
        attribute.tensor = part
        _ = try readTensor(part, at: field.offset)
      case (10, let part?): _ = try readTensor(part, at: field.offset)
      case (6, let part?), (11, let part?):
        if attribute.graphs.count < Self.graphLimit {
          attribute.graphs.append(part)
        } else if attribute.graphs.count == Self.graphLimit {
          observe(
            .limit, "expected at most \(Self.graphLimit) graphs in an attribute, found more", field.offset)
          attribute.graphs.append(part.prefix(0))
        }
      case (7, _): attribute.floatCount += try field.fixedCount(width: 4)
      case (8, _): attribute.integerCount += field.integerCount
      case (9, _): attribute.textCount += 1
      case (14, let part?), (15, let part?): _ = try readType(part, depth: 0)
      case (22, let part?), (23, let part?): _ = try readSparseTensor(part, at: field.offset)
      default: break
      }
    }
    return attribute
  }
}
