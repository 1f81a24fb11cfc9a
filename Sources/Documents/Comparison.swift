/// How two values are to stand to each other.
package enum Comparison: String, CaseIterable, Sendable {
  case atLeast = ">="
  case atMost = "<="
  case equal = "=="
  case unequal = "!="
  case more = ">"
  case less = "<"

  package static let expected = "'>=', '<=', '==', '!=', '>' or '<'"

  package func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
    switch self {
    case .atLeast: left >= right
    case .atMost: left <= right
    case .equal: left == right
    case .unequal: left != right
    case .more: left > right
    case .less: left < right
    }
  }

  /// Takes a sign off the front of a text; nil where none stands there.
  package static func taken(from text: inout Substring) -> Comparison? {
    // Those of two characters come first.
    guard let sign = allCases.first(where: { text.hasPrefix($0.rawValue) }) else { return nil }
    text = text.dropFirst(sign.rawValue.count).trimmed
    return sign
  }
}

extension Substring {
  /// The text without blanks around it.
  package var trimmed: Substring {
    var text = drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return text
  }
}

/// A decimal number as such documents have it: digits, perhaps with a sign, a point and an exponent; never `nan` or `inf`.
package func decimal(_ text: some StringProtocol) -> Double? {
  guard 1...40 ~= text.utf8.count, text.utf8.first.map({ $0 == 0x2D || 0x30...0x39 ~= $0 }) == true,
    text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || "+-.eE".utf8.contains($0) }), let value = Double(text),
    value.isFinite
  else { return nil }
  return value
}
