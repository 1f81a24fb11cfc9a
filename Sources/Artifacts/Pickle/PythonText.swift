/// Numbers and strings as Python spells them.
enum PythonText {
  /// What reading an integer gave.
  enum IntegerReading {
    case value(PickleValue)
    case tooLong
    case malformed
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

  private static func digit(_ byte: UInt8) -> UInt64 {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: 255
    }
  }

  /// C's `strtol(text, &end, 0)`, where it takes the whole text and the number fits 64 bits; a leading `0`
  /// makes it octal, as in C and unlike in Python.
  static func cLong(_ text: ArraySlice<UInt8>) -> Int64? {
    var rest = text.drop(while: isSpace)
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    var radix: UInt64 = 10
    if rest.first == UInt8(ascii: "0"), rest.count > 1 {
      let isHexadecimal = rest.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x")
      radix = isHexadecimal ? 16 : 8
      rest.removeFirst(isHexadecimal ? 2 : 1)
    }
    guard !rest.isEmpty else { return nil }
    var magnitude: UInt64 = 0
    for byte in rest {
      let digit = digit(byte)
      guard digit < radix else { return nil }
      let (product, overflow) = magnitude.multipliedReportingOverflow(by: radix)
      let (sum, carry) = product.addingReportingOverflow(digit)
      guard !overflow, !carry else { return nil }
      magnitude = sum
    }
    if isNegative {
      return magnitude == 1 << 63 ? .min : Int64(exactly: magnitude).map { -$0 }
    }
    return Int64(exactly: magnitude)
  }

  /// Python's `int(text, 0)`, or `int(text)` without `anyBase`.
  static func integer(_ text: ArraySlice<UInt8>, anyBase: Bool, maximumDigits: Int) -> IntegerReading {
    var rest = text.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    var radix: UInt64 = 10
    if anyBase, rest.first == UInt8(ascii: "0"), let prefix = rest.dropFirst().first {
      switch prefix | 0x20 {
      case UInt8(ascii: "x"): radix = 16
      case UInt8(ascii: "o"): radix = 8
      case UInt8(ascii: "b"): radix = 2
      default:
        guard rest.allSatisfy({ $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: "_") }) else {
          return .malformed
        }
      }
      if radix != 10 {
        rest.removeFirst(2)
        // An underscore may stand between the prefix and the digits.
        if rest.first == UInt8(ascii: "_") { rest.removeFirst() }
      }
    }
    guard rest.count <= maximumDigits else { return .tooLong }
    var digits: [UInt64] = []
    digits.reserveCapacity(rest.count)
    var afterDigit = false
    for byte in rest {
      if byte == UInt8(ascii: "_"), afterDigit {
        afterDigit = false
        continue
      }
      let digit = digit(byte)
      guard digit < radix else { return .malformed }
      digits.append(digit)
      afterDigit = true
    }
    guard afterDigit else { return .malformed }
    return .value(integer(digits: digits, radix: radix, isNegative: isNegative))
  }

  private static func integer(digits: [UInt64], radix: UInt64, isNegative: Bool) -> PickleValue {
    // Up to 18 decimal digits at a time, so that the work stays small next to the input.
    let chunk = 15
    var limbs: [UInt64] = [0]
    var start = 0
    while start < digits.count {
      let end = min(start + chunk, digits.count)
      var scale: UInt64 = 1
      var carry: UInt64 = 0
      for digit in digits[start..<end] {
        scale *= radix
        carry = carry * radix + digit
      }
      for index in limbs.indices {
        let (high, low) = limbs[index].multipliedFullWidth(by: scale)
        let (sum, overflow) = low.addingReportingOverflow(carry)
        limbs[index] = sum
        carry = high + (overflow ? 1 : 0)
      }
      if carry > 0 { limbs.append(carry) }
      start = end
    }
    // One limb more for the sign.
    limbs.append(0)
    if isNegative {
      var carry = true
      for index in limbs.indices {
        let (sum, overflow) = (~limbs[index]).addingReportingOverflow(carry ? 1 : 0)
        limbs[index] = sum
        carry = overflow
      }
    }
    let bytes = limbs.flatMap { limb in (0..<8).map { UInt8(truncatingIfNeeded: limb >> ($0 * 8)) } }
    return integer(twosComplement: bytes[...])
  }

  /// The integer of two's complement, least significant byte first, in its shortest form.
  static func integer(twosComplement bytes: ArraySlice<UInt8>) -> PickleValue {
    var bytes = bytes
    while let last = bytes.last, let before = bytes.dropLast().last,
      (last == 0 && before < 0x80) || (last == 0xFF && before >= 0x80)
    {
      bytes.removeLast()
    }
    guard bytes.count <= 8 else { return .largeInteger(bytes) }
    var value: UInt64 = bytes.last.map { $0 >= 0x80 } == true ? .max : 0
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return .integer(Int64(bitPattern: value))
  }

  /// The double that `PyOS_string_to_double` reads.
  static func double(_ text: ArraySlice<UInt8>) -> Double? {
    let string = String(decoding: text, as: UTF8.self)
    let unsigned =
      (text.first == UInt8(ascii: "-") || text.first == UInt8(ascii: "+")) ? text.dropFirst() : text
    switch String(decoding: unsigned, as: UTF8.self).lowercased() {
    case "inf", "infinity": return text.first == UInt8(ascii: "-") ? -.infinity : .infinity
    case "nan": return .nan
    default: break
    }
    guard unsigned.allSatisfy({ digit($0) < 10 || "eE.+-".utf8.contains($0) }) else { return nil }
    // What overflows is an error in C, and no infinity.
    return Double(string).flatMap { $0.isFinite ? $0 : nil }
  }

  /// What Python's `float()` reads beyond `double`: white space around, underscores between digits.
  static func looseDouble(_ text: ArraySlice<UInt8>) -> Double? {
    var rest = text.drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    var plain: [UInt8] = []
    plain.reserveCapacity(rest.count)
    var before: UInt8 = 0
    for (index, byte) in zip(rest.indices, rest) {
      if byte == UInt8(ascii: "_") {
        let after = index + 1 < rest.endIndex ? rest[index + 1] : 0
        guard digit(before) < 10, digit(after) < 10 else { return nil }
      } else {
        plain.append(byte)
      }
      before = byte
    }
    // `float('1e400')` is infinite, where C's function is an error.
    return double(plain[...]) ?? overflowing(plain[...])
  }

  private static func overflowing(_ text: ArraySlice<UInt8>) -> Double? {
    guard !text.isEmpty, text.allSatisfy({ digit($0) < 10 || "eE.+-".utf8.contains($0) }) else { return nil }
    return Double(String(decoding: text, as: UTF8.self))
  }

  /// Whether every byte is ASCII.
  static func isASCII(_ bytes: ArraySlice<UInt8>) -> Bool {
    var all: UInt8 = 0
    for byte in bytes { all |= byte }
    return all < 0x80
  }

  /// Whether the bytes are UTF-8 without halves of surrogate pairs.
  static func isUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
    (try? UTF8Span(validating: bytes.span)) != nil
  }

  /// Whether the bytes are UTF-8 that also spells halves of surrogate pairs, as Python's `surrogatepass` does.
  static func isSurrogateUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while let byte = rest.popFirst() {
      let count: Int
      switch byte {
      case 0..<0x80: continue
      case 0xC2...0xDF: count = 1
      case 0xE0...0xEF: count = 2
      case 0xF0...0xF4: count = 3
      default: return false
      }
      let more = rest.prefix(count)
      guard more.count == count, more.allSatisfy({ $0 & 0xC0 == 0x80 }), let second = more.first else {
        return false
      }
      switch (byte, second) {
      case (0xE0, ..<0xA0), (0xF0, ..<0x90), (0xF4, 0x90...): return false
      default: rest.removeFirst(count)
      }
    }
    return true
  }

  /// The bytes of a bytes literal without its quotes; nil where an escape is incomplete.
  static func unescaped(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var rest = text
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      guard let escape = rest.popFirst() else { return nil }
      switch escape {
      case UInt8(ascii: "\n"): break
      case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(escape)
      case UInt8(ascii: "a"): bytes.append(0x07)
      case UInt8(ascii: "b"): bytes.append(0x08)
      case UInt8(ascii: "t"): bytes.append(0x09)
      case UInt8(ascii: "n"): bytes.append(0x0A)
      case UInt8(ascii: "v"): bytes.append(0x0B)
      case UInt8(ascii: "f"): bytes.append(0x0C)
      case UInt8(ascii: "r"): bytes.append(0x0D)
      case UInt8(ascii: "0")...UInt8(ascii: "7"):
        var value = digit(escape)
        for _ in 0..<2 {
          guard let next = rest.first, digit(next) < 8 else { break }
          value = value * 8 + digit(next)
          rest.removeFirst()
        }
        bytes.append(UInt8(truncatingIfNeeded: value))
      case UInt8(ascii: "x"):
        guard let high = rest.popFirst(), let low = rest.popFirst(), digit(high) < 16, digit(low) < 16 else {
          return nil
        }
        bytes.append(UInt8(digit(high) * 16 + digit(low)))
      default: bytes += [UInt8(ascii: "\\"), escape]
      }
    }
    return bytes
  }

  /// What reading text in the codec `raw-unicode-escape` gave.
  enum RawUnicode {
    case text(String)
    /// With halves of surrogate pairs, each replaced.
    case surrogates(String)
    /// An escape is incomplete or names no character.
    case malformed
  }

  /// The text of the codec `raw-unicode-escape`: Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
  static func rawUnicode(_ text: ArraySlice<UInt8>) -> RawUnicode {
    var scalars = String.UnicodeScalarView()
    var hasSurrogates = false
    var rest = text
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\"), let escape = rest.first else {
        scalars.append(Unicode.Scalar(byte))
        continue
      }
      rest.removeFirst()
      guard escape == UInt8(ascii: "u") || escape == UInt8(ascii: "U") else {
        scalars.append(Unicode.Scalar(byte))
        scalars.append(Unicode.Scalar(escape))
        continue
      }
      let count = escape == UInt8(ascii: "u") ? 4 : 8
      let digits = rest.prefix(count)
      guard digits.count == count else { return .malformed }
      var value: UInt64 = 0
      for byte in digits {
        guard digit(byte) < 16 else { return .malformed }
        value = value << 4 | digit(byte)
      }
      guard value <= 0x10_FFFF, let code = UInt32(exactly: value) else { return .malformed }
      hasSurrogates = hasSurrogates || 0xD800...0xDFFF ~= code
      scalars.append(Unicode.Scalar(code) ?? "\u{FFFD}")
      rest.removeFirst(count)
    }
    return hasSurrogates ? .surrogates(String(scalars)) : .text(String(scalars))
  }
}

extension String {
  /// The text with everything that could change a terminal or a line spelled out, cut to about `limit`
  /// characters: control and format characters, line separators, text that runs from right to left.
  public func escaped(limit: Int) -> String {
    var text = ""
    var count = 0
    for scalar in unicodeScalars {
      guard count < limit else { return text + "…" }
      count += 1
      switch scalar {
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case "\r": text += "\\r"
      default:
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
          text += "\\u{\(String(scalar.value, radix: 16))}"
        default: text.unicodeScalars.append(scalar)
        }
      }
    }
    return text
  }
}
