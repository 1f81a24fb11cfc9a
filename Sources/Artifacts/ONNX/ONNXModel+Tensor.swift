public import Encoding

extension ONNXModel {
  /// A dense tensor: its type and shape, and where in the file its elements stand.
  public struct Tensor: Sendable {
    /// How many dimensions a tensor may have; NumPy's limit.
    static let rankLimit = 64

    /// Its name; empty for the tensor of an attribute.
    public let name: String
    /// The type of its elements; nil where this reader does not know it.
    public let type: ONNXElementType?
    /// The length of each axis.
    public let shape: [Int]
    /// How many elements it has.
    public let count: Int
    /// Whether its elements are in another file.
    public let isExternal: Bool
    let raw: ArraySlice<UInt8>?
    let message: ArraySlice<UInt8>
    let origin: Int

    /// Takes the message apart; throws where shape and elements do not agree.
    init(_ message: ArraySlice<UInt8>, at offset: Int, origin: Int) throws(MalformedBytes) {
      var tensor = ONNXTensor(name: message.prefix(0), offset: offset)
      var name = ""
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        switch field.number {
        case 1:
          var sizes: [Int64] = []
          try field.forEachInteger { if sizes.count <= Self.rankLimit { sizes.append($0) } }
          tensor.dimensions += sizes
          guard tensor.dimensions.count <= Self.rankLimit else {
            throw MalformedBytes(
              offset: field.offset, expected: "at most \(Self.rankLimit) dimensions of a tensor",
              found: "more"
            )
          }
        case 2: tensor.typeNumber = field.integer ?? 0
        case 4: tensor.typedCounts[4, default: 0] += try field.fixedCount(width: 4)
        case 5, 7, 11: tensor.typedCounts[field.number, default: 0] += field.integerCount
        case 6: tensor.typedCounts[6, default: 0] += 1
        case 8: name = try ONNXModelReader.text(field)
        case 9: tensor.raw = field.bytes
        case 10: tensor.typedCounts[10, default: 0] += try field.fixedCount(width: 8)
        case 14: tensor.isExternal = field.varint == 1
        default: break
        }
      }
      tensor.type = ONNXElementType(rawValue: tensor.typeNumber)
      guard let count = tensor.elementCount else {
        throw MalformedBytes(
          offset: offset, expected: "a shape that fits in memory",
          found: "\(tensor.dimensions.map(String.init).joined(separator: " × "))")
      }
      self.name = name
      self.type = tensor.type
      self.shape = tensor.dimensions.map { Int($0) }
      self.count = count
      self.isExternal = tensor.isExternal
      self.raw = tensor.type == .string ? nil : tensor.raw
      self.message = message
      self.origin = origin
      try Self.checkSize(of: tensor, count: count, raw: raw)
    }

    private static func checkSize(of tensor: ONNXTensor, count: Int, raw: ArraySlice<UInt8>?)
      throws(MalformedBytes)
    {
      guard let type = tensor.type, !tensor.isExternal else { return }
      let needed: Int?
      let found: Int
      if let raw {
        needed = type.byteCount(count)
        found = raw.count
      } else {
        let typed = tensor.typedCount(count)
        needed = typed?.count
        found = typed.flatMap { tensor.typedCounts[$0.field] } ?? 0
      }
      guard needed == found else {
        throw MalformedBytes(
          offset: tensor.offset,
          expected: "\(needed.map(String.init) ?? "fewer") \(raw == nil ? "values" : "bytes") of a tensor",
          found: "\(found)")
      }
    }

    /// Its elements as doubles, whatever numbers they are; nil where they are none or in another file.
    ///
    /// Integers beyond 2^53 are rounded.
    public func doubles() throws(MalformedBytes) -> [Double]? {
      guard !isExternal else { return nil }
      switch type {
      case .float: return try words(4, field: 4) { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0))) }
      case .double: return try words(8, field: 10) { Double(bitPattern: $0) }
      case .float16:
        return try words(2, field: 5) { Double(Float16(bitPattern: UInt16(truncatingIfNeeded: $0))) }
      case .bfloat16:
        return try words(2, field: 5) { Double(Float(bitPattern: UInt32(truncatingIfNeeded: $0) << 16)) }
      case .uint64: return try words(8, field: 11) { Double($0) }
      default: return try integers()?.map { Double($0) }
      }
    }

    /// Its elements as integers; nil where they are none that 64 bits hold, or in another file.
    public func integers() throws(MalformedBytes) -> [Int64]? {
      guard !isExternal else { return nil }
      switch type {
      case .int64: return try words(8, field: 7) { Int64(bitPattern: $0) }
      case .int32: return try words(4, field: 5) { Int64(Int32(truncatingIfNeeded: $0)) }
      case .int16: return try words(2, field: 5) { Int64(Int16(truncatingIfNeeded: $0)) }
      case .int8: return try words(1, field: 5) { Int64(Int8(truncatingIfNeeded: $0)) }
      case .uint8: return try words(1, field: 5) { Int64(UInt8(truncatingIfNeeded: $0)) }
      case .uint16: return try words(2, field: 5) { Int64(UInt16(truncatingIfNeeded: $0)) }
      case .uint32: return try words(4, field: 11) { Int64(UInt32(truncatingIfNeeded: $0)) }
      case .bool: return try words(1, field: 5) { $0 == 0 ? 0 : 1 }
      default: return nil
      }
    }

    /// Its texts; nil where it holds something else, or what is not UTF-8.
    public func texts() throws(MalformedBytes) -> [String]? {
      guard type == .string, !isExternal else { return nil }
      var values: [String] = []
      values.reserveCapacity(count)
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        guard field.number == 6, let bytes = field.bytes else { continue }
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        values.append(text)
      }
      return values
    }

    /// The elements from raw data, `width` bytes each (1, 2, 4 or 8), or else from a field of typed data.
    private func words<Item>(_ width: Int, field number: Int, _ convert: (UInt64) -> Item)
      throws(MalformedBytes) -> [Item]
    {
      var values: [Item] = []
      values.reserveCapacity(count)
      if let raw {
        switch width {
        case 1: raw.forEachWord(UInt8.self) { values.append(convert(UInt64($0))) }
        case 2: raw.forEachWord(UInt16.self) { values.append(convert(UInt64($0))) }
        case 4: raw.forEachWord(UInt32.self) { values.append(convert(UInt64($0))) }
        default: raw.forEachWord(UInt64.self) { values.append(convert($0)) }
        }
        return values
      }
      var fields = ProtobufReader(message, origin: origin)
      while let field = try fields.next() {
        guard field.number == number else { continue }
        switch number {
        case 4: try field.forEachFixed32 { values.append(convert(UInt64($0))) }
        case 10: try field.forEachFixed64 { values.append(convert($0)) }
        default: try field.forEachInteger { values.append(convert(UInt64(bitPattern: $0))) }
        }
      }
      return values
    }
  }
}
