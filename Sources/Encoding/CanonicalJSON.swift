extension JSON {
  /// The one spelling of this value: RFC 8785, the JSON Canonicalization Scheme.
  ///
  /// No white space, members sorted by the UTF-16 units of their names, numbers in ECMAScript's shortest
  /// form. Two departures: an `integer` beyond 2^53 keeps all its digits, and a number that JSON cannot
  /// spell (NaN, an infinity) is written as `null`.
  public var canonicalBytes: [UInt8] {
    var writer = CanonicalWriter()
    writer.write(self)
    return writer.bytes
  }

  /// The canonical bytes as text.
  public var canonicalText: String { String(decoding: canonicalBytes, as: UTF8.self) }
}

private struct CanonicalWriter {
  var bytes: [UInt8] = []

  mutating func write(_ value: JSON) {
    switch value {
    case .null: bytes += "null".utf8
    case .bool(let value): bytes += (value ? "true" : "false").utf8
    case .integer(let value): bytes += String(value).utf8
    case .number(let value): bytes += JSON.shortestText(of: value).utf8
    case .string(let text): bytes.append(jsonString: text)
    case .array(let elements):
      bytes.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        write(element)
      }
      bytes.append(UInt8(ascii: "]"))
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      let sorted = members.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
      for (index, member) in sorted.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        bytes.append(jsonString: member.key)
        bytes.append(UInt8(ascii: ":"))
        write(member.value)
      }
      bytes.append(UInt8(ascii: "}"))
    }
  }
}

extension JSON {
  /// The shortest text that reads back as the same number, in the form of ECMA-262's Number::toString;
  /// `null` for NaN and the infinities, which JSON cannot spell.
  public static func shortestText(of value: Double) -> String {
    guard value.isFinite else { return "null" }
    if value == 0 { return "0" }
    if value < 0 { return "-" + shortestText(of: -value) }
    // Swift's description has the same shortest digits; only the placing of the point differs.
    let (digits, point) = decimalParts(of: value.description)
    let count = digits.count
    if count <= point, point <= 21 { return digits + String(repeating: "0", count: point - count) }
    if 0 < point, point <= 21 { return "\(digits.prefix(point)).\(digits.dropFirst(point))" }
    if -6 < point, point <= 0 { return "0." + String(repeating: "0", count: -point) + digits }
    let exponent = point - 1
    let sign = exponent < 0 ? "-" : "+"
    let mantissa = count == 1 ? digits : "\(digits.prefix(1)).\(digits.dropFirst())"
    return "\(mantissa)e\(sign)\(exponent.magnitude)"
  }

  /// Splits `12.5e-3` into its digits without outer zeros and the place of the point: 0.digits × 10^point.
  private static func decimalParts(of text: String) -> (digits: String, point: Int) {
    let parts = text.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    let all = mantissa[0] + fraction
    let leading = all.prefix { $0 == "0" }.count
    var digits = all.dropFirst(leading)
    while digits.last == "0" { digits.removeLast() }
    return (String(digits), mantissa[0].count + exponent - leading)
  }
}
