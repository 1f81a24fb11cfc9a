extension NumPyType {
  /// How many fields a structured type may have.
  static let maximumFields = 256

  /// Reads `f8`, `<i4`, `|b1`, `U12`, `M8[ns]` and the like; nil for anything else.
  ///
  /// Without a mark the order is little endian.
  public init?(typeString text: String) {
    var rest = Array(text.utf8)[...]
    var order = ByteOrder.little
    switch rest.first {
    case UInt8(ascii: "<"), UInt8(ascii: "="), UInt8(ascii: "|"): rest.removeFirst()
    case UInt8(ascii: ">"):
      order = .big
      rest.removeFirst()
    default: break
    }
    guard let kind = rest.popFirst() else { return nil }
    var unit = ""
    if kind | 0x20 == UInt8(ascii: "m"), rest.last == UInt8(ascii: "]"),
      let bracket = rest.firstIndex(of: UInt8(ascii: "["))
    {
      unit = String(decoding: rest[(bracket + 1)...].dropLast(), as: UTF8.self)
      rest = rest[..<bracket]
    }
    var size = 0
    for digit in rest {
      // NumPy keeps item sizes in 32 bits.
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit, size < 100_000_000 else { return nil }
      size = size * 10 + Int(digit - UInt8(ascii: "0"))
    }
    switch (kind, size) {
    case (UInt8(ascii: "b"), 1), (UInt8(ascii: "?"), 0): self = .bool
    case (UInt8(ascii: "i"), 1), (UInt8(ascii: "i"), 2), (UInt8(ascii: "i"), 4), (UInt8(ascii: "i"), 8):
      self = .integer(size: size, order)
    case (UInt8(ascii: "u"), 1), (UInt8(ascii: "u"), 2), (UInt8(ascii: "u"), 4), (UInt8(ascii: "u"), 8):
      self = .unsigned(size: size, order)
    case (UInt8(ascii: "f"), 2), (UInt8(ascii: "f"), 4), (UInt8(ascii: "f"), 8):
      self = .float(size: size, order)
    // What C calls long double differs between machines; its bytes are kept as they are.
    case (UInt8(ascii: "f"), 12), (UInt8(ascii: "f"), 16), (UInt8(ascii: "c"), 24), (UInt8(ascii: "c"), 32):
      self = .void(length: size)
    case (UInt8(ascii: "c"), 8), (UInt8(ascii: "c"), 16): self = .complex(size: size, order)
    case (UInt8(ascii: "U"), _): self = .unicode(length: size, order)
    case (UInt8(ascii: "S"), _): self = .bytes(length: size)
    case (UInt8(ascii: "V"), _): self = .void(length: size)
    case (UInt8(ascii: "M"), 8): self = .datetime(unit: unit, isSpan: false, order)
    case (UInt8(ascii: "m"), 8): self = .datetime(unit: unit, isSpan: true, order)
    case (UInt8(ascii: "O"), 0), (UInt8(ascii: "O"), 8), (UInt8(ascii: "O"), 4): self = .object
    default: return nil
    }
  }

  /// A structured type; nil where a field reaches out of the item, is structured itself more than once over, or
  /// there are too many.
  init?(fields: [Field], itemSize: Int) {
    guard (0...Int(Int32.max)).contains(itemSize), fields.count <= Self.maximumFields else { return nil }
    for field in fields {
      let (end, overflow) = field.offset.addingReportingOverflow(field.type.itemSize)
      guard field.offset >= 0, !overflow, end <= itemSize, field.type.nesting < 2 else { return nil }
    }
    self = .structured(fields, itemSize: itemSize)
  }

  /// Whether its items are, or hold, references to Python objects.
  public var holdsObjects: Bool {
    switch self {
    case .object: true
    case .structured(let fields, _): fields.contains { $0.type.holdsObjects }
    default: false
    }
  }

  /// How many structured types lie inside each other.
  private var nesting: Int {
    guard case .structured(let fields, _) = self else { return 0 }
    return 1 + (fields.lazy.map(\.type.nesting).max() ?? 0)
  }

  /// The same type with another order of bytes.
  func ordered(_ order: ByteOrder) -> NumPyType {
    switch self {
    case .integer(let size, _): .integer(size: size, order)
    case .unsigned(let size, _): .unsigned(size: size, order)
    case .float(let size, _): .float(size: size, order)
    case .complex(let size, _): .complex(size: size, order)
    case .unicode(let length, _): .unicode(length: length, order)
    case .datetime(let unit, let isSpan, _): .datetime(unit: unit, isSpan: isSpan, order)
    case .bool, .bytes, .void, .object, .structured: self
    }
  }
}

extension NumPyType: CustomStringConvertible {
  /// The type as NumPy spells it, `<f8`.
  public var description: String {
    switch self {
    case .bool: "|b1"
    case .integer(let size, let order): Self.spelled("i\(size)", order, size)
    case .unsigned(let size, let order): Self.spelled("u\(size)", order, size)
    case .float(let size, let order): Self.spelled("f\(size)", order, size)
    case .complex(let size, let order): Self.spelled("c\(size)", order, size)
    case .unicode(let length, let order): Self.spelled("U\(length)", order, 4)
    case .bytes(let length): "|S\(length)"
    case .void(let length): "|V\(length)"
    case .datetime(let unit, let isSpan, let order):
      Self.spelled("\(isSpan ? "m" : "M")8\(unit.isEmpty ? "" : "[\(unit.escaped(limit: 16))]")", order, 8)
    case .object: "|O"
    case .structured(let fields, _):
      "[\(fields.prefix(16).map { "\($0.name.escaped(limit: 40)): \($0.type)" }.joined(separator: ", "))]"
    }
  }

  private static func spelled(_ text: String, _ order: ByteOrder, _ size: Int) -> String {
    (size == 1 ? "|" : order == .little ? "<" : ">") + text
  }
}
