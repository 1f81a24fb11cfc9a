/// How simple numbers are to read: by their digits.
enum SimpleNumber {
  /// 10 to a power that a double has exactly.
  private static func power(_ exponent: Int) -> Double {
    var power = 1.0
    for _ in 0..<exponent { power *= 10 }
    return power
  }

  /// The multiple of 10 to `exponent` next to a number, as near as a decimal comes.
  static func rounded(_ value: Double, to exponent: Int, _ rule: FloatingPointRoundingRule) -> Double {
    if exponent >= 0 {
      let unit = power(min(exponent, 22))
      return (value / unit).rounded(rule) * unit
    }
    // Dividing by an exact power gives the double that the decimal is read as.
    let unit = power(min(-exponent, 22))
    return (value * unit).rounded(rule) / unit
  }

  /// How many digits a number has between its outer zeros, at most 17, 0 for 0.
  static func digits(of value: Double) -> Int {
    guard value != 0, value.isFinite else { return value == 0 ? 0 : 17 }
    let text = abs(value).description.utf8.prefix { $0 != UInt8(ascii: "e") }
    var digits = text.filter { $0 != UInt8(ascii: ".") }[...].drop { $0 == UInt8(ascii: "0") }
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return digits.count
  }

  /// The simplest number of a range: 0, else the one of fewest digits, the nearest to 0 of those.
  static func simplest(of range: ClosedRange<Double>) -> Double {
    let (low, high) = (range.lowerBound, range.upperBound)
    if range.contains(0) { return 0 }
    for exponent in stride(from: 22, through: -22, by: -1) {
      let candidate =
        low > 0 ? rounded(low, to: exponent, .up) : rounded(high, to: exponent, .down)
      if candidate.isFinite, range.contains(candidate) { return candidate }
    }
    return low > 0 ? low : high
  }

  /// Numbers that are simpler than this one and lie towards it from `simplest`, the simplest first.
  static func simpler(than value: Double, towards simplest: Double) -> [Double] {
    guard value.isFinite, value != simplest else { return [] }
    var candidates = [simplest]
    let magnitude = exponent(of: value)
    for count in 1...6 {
      for rule in [FloatingPointRoundingRule.towardZero, .awayFromZero] {
        candidates.append(rounded(value, to: magnitude - count + 1, rule))
      }
    }
    // One less of the first digit, which halves step over.
    let unit = magnitude >= 0 ? power(min(magnitude, 22)) : 1 / power(min(-magnitude, 22))
    candidates.append(
      rounded(value > simplest ? value - unit : value + unit, to: magnitude, .toNearestOrEven))
    var halfway = value
    for _ in 0..<8 {
      halfway = simplest + (halfway - simplest) / 2
      for count in 1...2 {
        candidates.append(rounded(halfway, to: exponent(of: halfway) - count + 1, .toNearestOrEven))
      }
    }
    var kept: [Double] = []
    for candidate in candidates where candidate.isFinite && candidate != value && !kept.contains(candidate) {
      kept.append(candidate)
    }
    return kept.sorted { measure($0, simplest) < measure($1, simplest) }
  }

  /// Fewer digits first, then nearer to the simplest.
  static func measure(_ value: Double, _ simplest: Double) -> (Int, Double) {
    value == simplest ? (-1, 0) : (digits(of: value), abs(value - simplest))
  }

  /// The power of ten of the first digit.
  private static func exponent(of value: Double) -> Int {
    var (rest, exponent) = (abs(value), 0)
    guard rest > 0, rest.isFinite else { return 0 }
    while rest >= 10, exponent < 308 { (rest, exponent) = (rest / 10, exponent + 1) }
    while rest < 1, exponent > -308 { (rest, exponent) = (rest * 10, exponent - 1) }
    return exponent
  }
}
