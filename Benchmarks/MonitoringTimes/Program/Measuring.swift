import Domain
import Encoding
import Glibc
import Monitoring

/// Answers what `scripts/verify-drift` asks on standard input: measures of pairs of samples, made the way that windows
/// are measured.
func measure() throws {
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = unsafe read(0, &chunk, chunk.count)
    guard count > 0 else { break }
    bytes += chunk[..<count]
  }
  let asked = try JSON(parsing: bytes, limits: JSONLimits(values: 100_000_000))
  func list(_ json: JSON, _ name: String) -> [Double] { (json[name]?.array ?? []).compactMap(\.double) }
  func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }

  var answers: [String: JSON] = [:]
  answers["numbers"] = .array(
    (asked["numbers"]?.array ?? []).map { json in
      var (left, right) = (QuantileSketch(), QuantileSketch())
      for value in list(json, "left") { left.observe(value) }
      for value in list(json, "right") { right.observe(value) }
      let test = KolmogorovSmirnov(left.distribution, right.distribution)
      return .object([
        "ks": number(test?.statistic), "ksP": number(test?.pValue),
        "wasserstein": number(left.distribution.wassersteinDistance(to: right.distribution)),
        "error": .number(left.rankError() + right.rankError()),
      ])
    })
  answers["whole"] = .array(
    (asked["whole"]?.array ?? []).map { json in
      let (left, right) = (WeightedValues(list(json, "left")), WeightedValues(list(json, "right")))
      let test = KolmogorovSmirnov(left, right)
      return .object([
        "ks": number(test?.statistic), "ksP": number(test?.pValue),
        "wasserstein": number(left.wassersteinDistance(to: right)),
      ])
    })
  answers["counts"] = .array(
    (asked["counts"]?.array ?? []).map { json in
      let (left, right) = (list(json, "left"), list(json, "right"))
      let test = ChiSquared(left, right)
      let scale = left.reduce(0, +) / right.reduce(0, +)
      let single = ChiSquared(observed: left, expected: right.map { $0 * scale })
      return .object([
        "chi2": number(test?.statistic), "chi2P": number(test?.pValue), "single": number(single?.statistic),
        "singleP": number(single?.pValue),
        "jensenShannon": number(ShareDistance.jensenShannon(left, right)),
        "psi": number(ShareDistance.stabilityIndex(live: left, training: right)),
      ])
    })
  print(JSON.object(answers).canonicalText)
}
