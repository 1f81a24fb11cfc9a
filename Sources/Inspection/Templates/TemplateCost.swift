import Artifacts

/// What a template would spend, as far as its literal numbers say.
enum TemplateCost {
  /// The largest number that a template has an honest use for, and more rounds than any needs.
  static let numberLimit = 10_000_000

  /// What is too much in a tag, in words; nil where nothing is.
  static func excess(in tokens: [JinjaToken], inLoop: Bool) -> String? {
    for index in tokens.indices {
      let token = tokens[index]
      if token.kind == .number {
        var value = number(token)
        // A product or power of literal numbers, from left to right.
        var next = index + 1
        while next + 1 < tokens.count, tokens[next + 1].kind == .number {
          if tokens[next].text == "**" {
            value = power(value, number(tokens[next + 1]))
          } else if tokens[next].text == "*" {
            value *= number(tokens[next + 1])
          } else {
            break
          }
          next += 2
        }
        if value >= Double(numberLimit) { return "would count to \(Int(min(value, 1e15))) and more" }
      }
      if inLoop, token.text == "~" || token.text == "+", doubles(tokens, at: index) {
        return "would double a text each time round a loop"
      }
    }
    return nil
  }

  /// How many rounds a `for` over a literal `range` goes.
  static func rangeLength(in tokens: [JinjaToken]) -> Int? {
    guard let place = tokens.firstIndex(where: { $0.text == "range" }) else { return nil }
    let numbers = tokens[place...].filter { $0.kind == .number }.map { number($0) }
    guard let largest = numbers.max() else { return nil }
    return Int(min(largest, 1e15))
  }

  private static func number(_ token: JinjaToken) -> Double {
    let text = token.text.filter { $0 != "_" }.lowercased()
    if text.hasPrefix("0x") { return UInt64(text.dropFirst(2), radix: 16).map(Double.init) ?? 1e15 }
    if text.hasPrefix("0o") { return UInt64(text.dropFirst(2), radix: 8).map(Double.init) ?? 1e15 }
    if text.hasPrefix("0b") { return UInt64(text.dropFirst(2), radix: 2).map(Double.init) ?? 1e15 }
    guard text.utf8.count < 400, let value = Double(text) else {
      return text.utf8.allSatisfy { 0x30...0x39 ~= $0 } ? 1e15 : 0
    }
    return value
  }

  private static func power(_ base: Double, _ exponent: Double) -> Double {
    guard base > 1 else { return base }
    var value = 1.0
    var left = min(exponent, 1_100)
    while left >= 1, value < 1e300 {
      value *= base
      left -= 1
    }
    return value
  }

  /// Whether the same name stands on both sides of a sign: `x ~ x`, `ns.x ~ ns.x`.
  private static func doubles(_ tokens: [JinjaToken], at sign: Int) -> Bool {
    func path(_ indices: some Sequence<Int>) -> [String] {
      var parts: [String] = []
      for index in indices {
        let token = tokens[index]
        guard token.kind == .name || token.text == "." else { break }
        parts.append(token.text)
        if parts.count > 16 { return [] }
      }
      return parts
    }
    let left = Array(path(stride(from: sign - 1, through: 0, by: -1)).reversed())
    let right = path((sign + 1)..<tokens.count)
    // A statement's own words may stand before: `set x = x ~ x` ends at the sign `=`.
    return !left.isEmpty && left == right
  }
}
