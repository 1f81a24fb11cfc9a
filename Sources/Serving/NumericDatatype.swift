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
  case fp32 = "FP32"
  case fp64 = "FP64"

  /// What an element of this type is, as an error message names it.
  var description: String {
    switch self {
    case .bool: "true, false, 0 or 1"
    case .fp16, .fp32, .fp64: "a number in the range of \(rawValue), or null"
    default: "a whole number in the range of \(rawValue) that a double holds exactly"
    }
  }

  /// The element as the double that the model computes with; nil where it is not of this type.
  ///
  /// A floating-point element is first rounded to its own type, as a client's array would hold it; widening
  /// is exact. A whole number must survive the conversion unchanged. `null` is a missing value, for
  /// floating-point types.
  func value(of element: JSON) -> Double? {
    switch self {
    case .bool:
      switch element {
      case .bool(let value): value ? 1 : 0
      case .integer(0): 0
      case .integer(1): 1
      default: nil
      }
    case .uint8: Self.whole(element, UInt8.self)
    case .uint16: Self.whole(element, UInt16.self)
    case .uint32: Self.whole(element, UInt32.self)
    case .uint64: Self.whole(element, UInt64.self)
    case .int8: Self.whole(element, Int8.self)
    case .int16: Self.whole(element, Int16.self)
    case .int32: Self.whole(element, Int32.self)
    case .int64: Self.whole(element, Int64.self)
    case .fp16: Self.rounded(element) { Double(Float16($0)) }
    case .fp32: Self.rounded(element) { Double(Float($0)) }
    case .fp64: Self.rounded(element) { $0 }
    }
  }

  private static func whole<Whole: FixedWidthInteger>(_ element: JSON, _ type: Whole.Type) -> Double? {
    switch element {
    case .integer(let value):
      guard Whole(exactly: value) != nil else { return nil }
      return Double(exactly: value)
    case .number(let value):
      // Beyond 2^53 the text of the number may have been rounded when it was read.
      guard value.magnitude <= 0x1p53, Whole(exactly: value) != nil else { return nil }
      return value
    default: return nil
    }
  }

  private static func rounded(_ element: JSON, _ round: (Double) -> Double) -> Double? {
    if case .null = element { return .nan }
    guard let value = element.double.map(round), value.isFinite else { return nil }
    return value
  }
}
