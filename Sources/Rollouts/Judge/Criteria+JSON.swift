public import Domain
public import Encoding

extension RateBoundary {
  var json: JSON { ["ratio": .number(ratio), "margin": .number(margin)] }

  init(json: JSON, code: String) throws(Problem) {
    let fields = Fields(json, "line", code: code)
    try fields.allow(["ratio", "margin"])
    let ratio = try fields.number("ratio", in: 0...100)
    let margin = try fields.number("margin", in: 0...1)
    // Neither nothing nor all can be gone beyond.
    guard let line = RateBoundary(ratio: ratio, margin: margin), ratio > 0 || margin < 1 else {
      throw fields.unexpected("a ratio above 0, or a margin between 0 and 1", "margin")
    }
    self = line
  }
}

extension Criteria {
  /// The criteria as an object, each with its value.
  public var json: JSON {
    func lines(_ lines: Lines?) -> JSON {
      guard let lines else { return .null }
      return ["undo": lines.undo.json, "pass": lines.pass.json]
    }
    return [
      "falseUndos": .number(falseUndos), "falsePasses": .number(falsePasses), "failures": lines(failures),
      "refusals": lines(refusals), "latency": lines(latency), "disagreement": lines(disagreement),
      "drift": .string(drift.rawValue), "failuresAlone": .number(failuresAlone),
      "minimumRequests": JSON(minimumRequests), "longest": .integer(longest),
      "lateness": .string(lateness.rawValue), "tolerance": .number(tolerance),
    ]
  }

  /// Reads what `json` writes; throws `criteria.malformed`.
  ///
  /// What is left out is as in the standard; a criterion that is null is not asked.
  public init(json: JSON) throws(Problem) {
    self = .standard
    let fields = Fields(json, "set of criteria", code: Self.malformedCode)
    try fields.allow([
      "falseUndos", "falsePasses", "failures", "refusals", "latency", "disagreement", "drift",
      "failuresAlone", "minimumRequests", "longest", "lateness", "tolerance",
    ])
    func lines(_ name: String, default standard: Lines?) throws(Problem) -> Lines? {
      guard let value = json[name] else { return standard }
      return value == .null ? nil : try Lines(json: value)
    }
    func number(_ name: String, default standard: Double) throws(Problem) -> Double {
      fields.has(name) ? try fields.number(name, in: 1e-6...0.5) : standard
    }
    falseUndos = try number("falseUndos", default: falseUndos)
    falsePasses = try number("falsePasses", default: falsePasses)
    failures = try lines("failures", default: failures)
    refusals = try lines("refusals", default: refusals)
    latency = try lines("latency", default: latency)
    disagreement = try lines("disagreement", default: disagreement)
    failuresAlone = try number("failuresAlone", default: failuresAlone)
    minimumRequests = try fields.whole("minimumRequests", in: 0...1_000_000_000, default: minimumRequests)
    longest = Int64(try fields.whole("longest", in: 0...31_536_000_000, default: Int(longest)))
    if fields.has("tolerance") { tolerance = try fields.number("tolerance", in: 0...1) }
    if fields.has("drift") { drift = try fields.word("drift", DriftAnswer.self) }
    if fields.has("lateness") { lateness = try fields.word("lateness", Lateness.self) }
  }
}

extension Criteria.Lines {
  fileprivate init(json: JSON) throws(Problem) {
    let fields = Fields(json, "criterion", code: Criteria.malformedCode)
    try fields.allow(["undo", "pass"])
    self.init(
      undo: try RateBoundary(json: try fields.value("undo"), code: Criteria.malformedCode),
      pass: try RateBoundary(json: try fields.value("pass"), code: Criteria.malformedCode))
    guard undo.ratio <= pass.ratio, undo.margin <= pass.margin else {
      throw fields.unexpected("a line no lower than that of 'undo'", "pass")
    }
  }
}
