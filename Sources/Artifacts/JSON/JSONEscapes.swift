/// The spelling of JSON strings: escapes, and UTF-8 around them.
enum JSONEscapes {
  /// How many bytes the escape at the start of `bytes` takes; nil where JSON has no such escape.
  static func length(of bytes: ArraySlice<UInt8>) -> Int? {
    guard let kind = bytes.dropFirst().first else { return nil }
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return 2
    case UInt8(ascii: "u"): return codeUnit(bytes.dropFirst(2)) == nil ? nil : 6
    default: return nil
    }
  }

  /// How many bytes the scalar at the start of `bytes` takes; nil where they are not UTF-8 (Unicode, table 3-7).
  static func scalarLength(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = bytes.first else { return nil }
    let count: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch first {
    case 0..<0x80: return 1
    case 0xC2...0xDF: count = 2
    case 0xE0: (count, second) = (3, 0xA0...0xBF)
    case 0xED: (count, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: count = 3
    case 0xF0: (count, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: count = 4
    case 0xF4: (count, second) = (4, 0x80...0x8F)
    default: return nil
    }
    let rest = bytes.prefix(count).dropFirst()
    guard rest.count == count - 1, let next = rest.first, second ~= next,
      rest.dropFirst().allSatisfy({ 0x80...0xBF ~= $0 })
    else { return nil }
    return count
  }

  /// The bytes that a string stands for; half a surrogate pair is spelled as three bytes, as if it were a scalar.
  static func decoded(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count)
    var rest = bytes
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let kind = rest.popFirst() else {
        text.append(byte)
        continue
      }
      switch kind {
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"):
        guard var value = codeUnit(rest) else { continue }
        rest = rest.dropFirst(4)
        if 0xD800..<0xDC00 ~= value, rest.prefix(2).elementsEqual("\\u".utf8),
          let low = codeUnit(rest.dropFirst(2)), 0xDC00..<0xE000 ~= low
        {
          value = 0x10000 + ((value - 0xD800) << 10 | (low - 0xDC00))
          rest = rest.dropFirst(6)
        }
        append(value, to: &text)
      default: text.append(kind)
      }
    }
    return text
  }

  private static func append(_ value: UInt32, to text: inout [UInt8]) {
    func tail(_ shift: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value >> shift & 0x3F | 0x80) }
    switch value {
    case 0..<0x80: text.append(UInt8(truncatingIfNeeded: value))
    case 0x80..<0x800: text += [UInt8(truncatingIfNeeded: value >> 6 | 0xC0), tail(0)]
    case 0x800..<0x10000: text += [UInt8(truncatingIfNeeded: value >> 12 | 0xE0), tail(6), tail(0)]
    default: text += [UInt8(truncatingIfNeeded: value >> 18 | 0xF0), tail(12), tail(6), tail(0)]
    }
  }

  private static func codeUnit(_ bytes: ArraySlice<UInt8>) -> UInt32? {
    guard bytes.count >= 4 else { return nil }
    var value: UInt32 = 0
    for byte in bytes.prefix(4) {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - 0x30)
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - 0x61 + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - 0x41 + 10)
      default: return nil
      }
    }
    return value
  }
}
