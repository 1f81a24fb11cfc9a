import Encoding

/// The numeric datatypes of the Open Inference Protocol that an input may come in.
enum NumericDatatype: String, CaseIterable, CustomStringConvertible {
  case bool = "BOOL"
  case uint8 = "UINT8"
  case uint16 = "UINT16"
  case uint32 = "UINT32"
  case uint64 = "UINT64"
  case int8 = "INT8"
  case int16 = "INT16"
  case int32 = "INT32"
  case int64 = "INT64"
  case fp16 = "FP16"
  case bf16 = "BF16"
  case fp32 = "FP32"
  case fp64 = "FP64"

  /// What an element of this type is, as an error message names it.
  var description: String {
    switch self {
    case .bool: "true, false, 0 or 1"
    case .fp16, .bf16, .fp32, .fp64: "a number in the range of \(rawValue), or null"
    default: "a whole number in the range of \(rawValue) that a double holds exactly"
    }
  }

  /// Whether `null` stands for a missing element.
  var hasMissing: Bool {
    switch self {
    case .fp16, .bf16, .fp32, .fp64: true
    default: false
    }
  }

  /// The bytes of one element in binary.
  var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8: 1
    case .uint16, .int16, .fp16, .bf16: 2
    case .uint32, .int32, .fp32: 4
    case .uint64, .int64, .fp64: 8
    }
  }
}

// MARK: In JSON

extension NumericDatatype {
  /// The number as the double that the model computes with; nil where it is not of this type.
  ///
  /// A floating-point element is first rounded to its own type, as a client's array would hold it; widening
  /// is exact. A whole number must survive the conversion unchanged.
  func value(of number: JSON) -> Double? {
    switch self {
    case .bool:
      switch number {
      case .integer(0): 0
      case .integer(1): 1
      default: nil
      }
    case .uint8: Self.whole(number, UInt8.self)
    case .uint16: Self.whole(number, UInt16.self)
    case .uint32: Self.whole(number, UInt32.self)
    case .uint64: Self.whole(number, UInt64.self)
    case .int8: Self.whole(number, Int8.self)
    case .int16: Self.whole(number, Int16.self)
    case .int32: Self.whole(number, Int32.self)
    case .int64: Self.whole(number, Int64.self)
    case .fp16: Self.rounded(number) { Double(Float16($0)) }
    case .bf16: Self.rounded(number) { Double(Self.brain(nearest: Float($0))) }
    case .fp32: Self.rounded(number) { Double(Float($0)) }
    case .fp64: number.double
    }
  }

  private static func whole<Whole: FixedWidthInteger>(_ element: JSON, _ type: Whole.Type) -> Double? {
    switch element {
    case .integer(let value):
      guard Whole(exactly: value) != nil else { return nil }
      return Double(exactly: value)
    case .number(let value):
      // From 2^53 on the text of the number may have been rounded when it was read.
      guard value.magnitude < 0x1p53, Whole(exactly: value) != nil else { return nil }
      return value
    default: return nil
    }
  }

  private static func rounded(_ element: JSON, _ round: (Double) -> Double) -> Double? {
    guard let value = element.double else { return nil }
    let rounded = round(value)
    return rounded.isFinite || !value.isFinite ? rounded : nil
  }

  /// The nearest number with the eight leading bits of a single's significand, even ones where two are as near.
  private static func brain(nearest value: Float) -> Float {
    guard value.isFinite else { return value }
    let bits = value.bitPattern
    // The greatest finite pattern plus a half carries into the exponent of infinity, and not beyond it.
    return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
  }
}

// MARK: In binary

extension NumericDatatype {
  /// The doubles of elements laid end to end, the least significant byte of each first.
  ///
  /// `bytes` is as long as its elements. Where an element is not of this type, or no double is it, its index is
  /// thrown.
  func values(of bytes: ArraySlice<UInt8>) throws(ElementFault) -> [Double] {
    switch self {
    case .bool: try Self.values(bytes, UInt8.self) { $0 <= 1 ? Double($0) : nil }
    case .uint8: try Self.values(bytes, UInt8.self) { Double($0) }
    case .uint16: try Self.values(bytes, UInt16.self) { Double($0) }
    case .uint32: try Self.values(bytes, UInt32.self) { Double($0) }
    case .uint64: try Self.values(bytes, UInt64.self) { Double(exactly: $0) }
    case .int8: try Self.values(bytes, UInt8.self) { Double(Int8(bitPattern: $0)) }
    case .int16: try Self.values(bytes, UInt16.self) { Double(Int16(bitPattern: $0)) }
    case .int32: try Self.values(bytes, UInt32.self) { Double(Int32(bitPattern: $0)) }
    case .int64: try Self.values(bytes, UInt64.self) { Double(exactly: Int64(bitPattern: $0)) }
    case .fp16: try Self.values(bytes, UInt16.self) { Double(Float16(bitPattern: $0)) }
    case .bf16: try Self.values(bytes, UInt16.self) { Double(Float(bitPattern: UInt32($0) << 16)) }
    case .fp32: try Self.values(bytes, UInt32.self) { Double(Float(bitPattern: $0)) }
    case .fp64: try Self.values(bytes, UInt64.self) { Double(bitPattern: $0) }
    }
  }

  private static func values<Bits: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ bytes: ArraySlice<UInt8>, _ type: Bits.Type, _ convert: (Bits) -> Double?
  ) throws(ElementFault) -> [Double] {
    let size = MemoryLayout<Bits>.size
    let count = bytes.count / size
    var values: [Double] = []
    values.reserveCapacity(count)
    let span = unsafe bytes.span.bytes
    for index in 0..<count {
      let bits = unsafe span.unsafeLoadUnaligned(fromByteOffset: index * size, as: Bits.self)
      guard let value = convert(Bits(littleEndian: bits)) else { throw ElementFault(index: index) }
      values.append(value)
    }
    return values
  }
}

/// An element that is not of the datatype it was declared with.
struct ElementFault: Error {
  /// Which one it is.
  let index: Int
}
