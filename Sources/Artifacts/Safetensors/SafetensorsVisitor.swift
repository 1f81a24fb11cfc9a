import Encoding

/// Takes the tensors out of a safetensors header while it is read; 40 bytes of memory for each of them.
struct SafetensorsVisitor: JSONVisitor {
  /// One tensor, by what the header says of it.
  struct Tensor {
    var nameOffset: Int
    var begin: UInt64 = 0
    var end: UInt64 = 0
    /// How many bits its shape and type ask for; nil past 64 bits.
    var bits: UInt64? = 1
    /// Whether the width of its type is known.
    var hasKnownType = true

    /// How many bytes its shape and type ask for; nil where they are past any file, or no whole number.
    var byteCount: UInt64? { bits.flatMap { $0 % 8 == 0 && $0 < 1 << 56 ? $0 / 8 : nil } }
  }

  private enum Field {
    case none
    case dtype
    case shape
    case offsets
    case other
  }

  private static let faultLimit = 20

  /// The tensors in the order of the header.
  private(set) var tensors: [Tensor] = []
  /// What is wrong with them one by one.
  private(set) var faults: [SafetensorsFault] = []
  private var depth = 0
  private var inMetadata = false
  private var field = Field.none
  private var lastName = 0
  private var current = Tensor(nameOffset: 0)
  private var seen: (dtype: Bool, shape: Bool, offsets: Int) = (false, false, 0)

  init() {}

  mutating func begin(object: Bool, at offset: Int) {
    depth += 1
    switch depth {
    case 1:
      if !object { add(.damage("expected an object as header, found an array", offset: offset)) }
    case 2:
      if !object { add(.damage("expected an object for a tensor, found an array", offset: offset)) }
      current = Tensor(nameOffset: lastName)
      seen = (false, false, 0)
      field = .none
    case 3 where !inMetadata && !object && (field == .shape || field == .offsets): break
    case 3 where inMetadata:
      add(.damage("expected a string as metadata, found an array or object", offset: offset))
    default:
      if depth < 8 {
        add(.unknown("expected dtype, shape and data_offsets, found something deeper", offset: offset))
      }
    }
  }

  mutating func end(object: Bool, at offset: Int) {
    depth -= 1
    if depth == 2, field == .shape, !inMetadata { seen.shape = true }
    guard depth == 1, !inMetadata else { return }
    guard seen.dtype, seen.shape, seen.offsets == 2 else {
      add(
        .damage(
          "expected dtype, shape and two data_offsets of a tensor, found some of them missing", offset: offset
        ))
      return
    }
    tensors.append(current)
  }

  mutating func name(_ token: JSONToken) {
    switch depth {
    case 1:
      lastName = token.offset
      inMetadata = token.text == "__metadata__"
    case 2 where !inMetadata:
      switch token.text {
      case "dtype": field = .dtype
      case "shape": field = .shape
      case "data_offsets": field = .offsets
      default:
        field = .other
        add(
          .unknown(
            "expected dtype, shape and data_offsets, found '\(token.text.escaped(limit: 40))'",
            offset: token.offset))
      }
    default: break
    }
  }

  mutating func scalar(_ token: JSONToken) {
    guard !inMetadata else {
      if depth == 2, token.kind != .string {
        add(.damage("expected a string as metadata, found another value", offset: token.offset))
      } else if depth == 1 {
        add(.damage("expected an object as metadata, found another value", offset: token.offset))
      }
      return
    }
    switch (depth, field) {
    case (1, _): add(.damage("expected an object for a tensor, found another value", offset: token.offset))
    case (2, .dtype):
      seen.dtype = true
      guard let width = Self.widths[token.text] else {
        add(
          .unknown(
            "expected a type of element, found '\(token.text.escaped(limit: 20))'", offset: token.offset))
        current.hasKnownType = false
        return
      }
      multiply(width)
    case (3, .shape):
      guard let length = whole(token) else { return }
      multiply(length)
    case (3, .offsets):
      guard let place = whole(token) else { return }
      if seen.offsets == 0 { current.begin = place } else { current.end = place }
      seen.offsets += 1
    case (2, .shape), (2, .offsets):
      add(.damage("expected an array, found another value", offset: token.offset))
    default: break
    }
  }

  private mutating func multiply(_ factor: UInt64) {
    guard let bits = current.bits else { return }
    let (product, overflow) = bits.multipliedReportingOverflow(by: factor)
    current.bits = overflow ? nil : product
  }

  private mutating func whole(_ token: JSONToken) -> UInt64? {
    guard token.kind == .number, let value = UInt64(String(decoding: token.bytes.prefix(24), as: UTF8.self))
    else {
      add(
        .structure(
          "expected a whole number that is not negative, found '\(token.text.escaped(limit: 30))'",
          offset: token.offset))
      if field == .offsets { seen.offsets += 1 }
      current.bits = nil
      return nil
    }
    return value
  }

  private mutating func add(_ fault: SafetensorsFault) {
    if faults.count < Self.faultLimit { faults.append(fault) }
  }

  /// How many bits an element of each type takes.
  private static let widths: [String: UInt64] = [
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32,
    "F32": 32,
    "C64": 64, "F64": 64, "I64": 64, "U64": 64,
  ]
}
