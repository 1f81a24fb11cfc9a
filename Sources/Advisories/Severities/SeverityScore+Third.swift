extension SeverityScore {
  /// The base score of versions 3.0 and 3.1, which differ in nothing that counts here (specification 3.1, section 7.1).
  static func third(_ vector: SeverityVector) -> Int? {
    guard let isChanged = vector("S", ["U": false, "C": true]),
      let attack = vector("AV", ["N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2]),
      let complexity = vector("AC", ["L": 0.77, "H": 0.44]),
      let privileges = vector(
        "PR", isChanged ? ["N": 0.85, "L": 0.68, "H": 0.5] : ["N": 0.85, "L": 0.62, "H": 0.27]),
      let interaction = vector("UI", ["N": 0.85, "R": 0.62]),
      let confidentiality = vector("C", harm), let integrity = vector("I", harm),
      let availability = vector("A", harm)
    else { return nil }
    let base = 1 - (1 - confidentiality) * (1 - integrity) * (1 - availability)
    let impact =
      isChanged ? 7.52 * (base - 0.029) - 3.25 * power(base - 0.02, 15) : 6.42 * base
    guard impact > 0 else { return 0 }
    let exploitability = 8.22 * attack * complexity * privileges * interaction
    return roundedUp(min((isChanged ? 1.08 : 1) * (impact + exploitability), 10))
  }

  private static let harm: KeyValuePairs<Substring, Double> = ["H": 0.56, "L": 0.22, "N": 0]

  private static func power(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { product, _ in product * base }
  }

  /// The smallest tenth that is not below: by whole numbers, as appendix A has it, so that no last bit decides.
  private static func roundedUp(_ score: Double) -> Int {
    let hundredThousandths = Int((score * 100_000).rounded())
    let (tenths, rest) = hundredThousandths.quotientAndRemainder(dividingBy: 10_000)
    return rest == 0 ? tenths : tenths + 1
  }
}

extension SeverityScore {
  /// The base score of version 2.0 (https://www.first.org/cvss/v2/guide, section 3.2.1).
  static func second(_ vector: SeverityVector) -> Int? {
    let harm: KeyValuePairs<Substring, Double> = ["N": 0, "P": 0.275, "C": 0.66]
    guard let access = vector("AV", ["L": 0.395, "A": 0.646, "N": 1]),
      let complexity = vector("AC", ["H": 0.35, "M": 0.61, "L": 0.71]),
      let authentication = vector("Au", ["M": 0.45, "S": 0.56, "N": 0.704]),
      let confidentiality = vector("C", harm), let integrity = vector("I", harm),
      let availability = vector("A", harm)
    else { return nil }
    let impact = 10.41 * (1 - (1 - confidentiality) * (1 - integrity) * (1 - availability))
    let exploitability = 20 * access * complexity * authentication
    let score = (0.6 * impact + 0.4 * exploitability - 1.5) * (impact == 0 ? 0 : 1.176)
    return Int((score * 10).rounded())
  }
}
