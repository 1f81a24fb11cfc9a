public import Domain

/// Takes from an answer what a caller does not need and an attacker does: the digits, or the scores altogether.
extension DefencePolicy {
  /// A number with so many digits behind the point, half to even on the shortest digits that name the number.
  ///
  /// 0.125 with two digits is 0.12 and 0.375 is 0.38; 2.675, whose double is a little less, is what it says and becomes
  /// 2.68. What is rounded once stays as it is. Numbers of 2^53 or more and what is not finite are as they were.
  public static func rounded(_ value: Double, digits: Int) -> Double {
    guard value.isFinite, abs(value) < 0x1p53, digits >= 0, digits <= digitLimit else { return value }
    if value == value.rounded() { return value }
    return DecimalDigits(abs(value)).rounded(digits).map { value < 0 ? -$0 : $0 } ?? value
  }

  /// Probabilities of classes as they leave: rounded each, and what is missing to or beyond one put right at those that
  /// rounding moved most, so that they still add up to one (the method of largest remainders).
  ///
  /// A row that did not add up to one within a hundredth is rounded number by number. The likeliest class stays a likeliest one.
  public static func roundedProbabilities(_ row: [Double], digits: Int) -> [Double] {
    let digits = min(max(digits, 0), digitLimit)
    let sum = row.reduce(0, +)
    guard abs(sum - 1) <= 0.01, row.allSatisfy({ $0 >= 0 }), row.count <= 1 << 16 else {
      return row.map { rounded($0, digits: digits) }
    }
    var unit = 1
    for _ in 0..<digits { unit *= 10 }
    let scaled = row.map { $0 / sum * Double(unit) }
    var whole = scaled.map { Int($0.rounded(.down)) }
    var rest = unit - whole.reduce(0, +)
    // The largest remainder first, of equal ones the likelier class, so that no class overtakes another.
    let order = row.indices.sorted {
      let (left, right) = (scaled[$0] - Double(whole[$0]), scaled[$1] - Double(whole[$1]))
      return (right, row[$1], $0) < (left, row[$0], $1)
    }
    for place in order where rest > 0 {
      whole[place] += 1
      rest -= 1
    }
    return whole.map { Double($0) / Double(unit) }
  }
}

/// The shortest decimal digits of a number that is finite and not negative: 0.d₁d₂d₃… × 10^point.
private struct DecimalDigits {
  private var digits: [UInt8] = []
  private var point = 0

  init(_ value: Double) {
    var (isFraction, isExponent, isNegative, exponent, whole) = (false, false, false, 0, 0)
    // What the library writes: digits, perhaps a point, perhaps an exponent.
    for byte in value.description.utf8 {
      switch byte {
      case UInt8(ascii: "."): isFraction = true
      case UInt8(ascii: "e"): isExponent = true
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "0")...UInt8(ascii: "9") where isExponent:
        exponent = exponent * 10 + Int(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        digits.append(byte - UInt8(ascii: "0"))
        if !isFraction { whole += 1 }
      default: break
      }
    }
    point = whole + (isNegative ? -exponent : exponent)
  }

  /// The number with so many digits behind the point; nil where it has no more than those.
  func rounded(_ places: Int) -> Double? {
    let kept = point + places
    guard kept < digits.count else { return nil }
    guard kept >= 0 else { return 0 }
    var number = digits[..<kept].reduce(UInt64(0)) { $0 * 10 + UInt64($1) }
    let rest = digits[kept...]
    let isMore = rest.dropFirst().contains { $0 > 0 }
    if let first = rest.first, first > 5 || (first == 5 && (isMore || number % 2 == 1)) { number += 1 }
    guard number < 1 << 53 else { return nil }
    var unit = 1.0
    for _ in 0..<places { unit *= 10 }
    // Both are whole numbers that a double has, so that the quotient is the double nearest to the decimal number.
    return Double(number) / unit
  }
}
