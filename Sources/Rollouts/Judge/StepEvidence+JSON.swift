public import Domain
public import Encoding

extension StepEvidence {
  /// The most bytes of what is kept of a step.
  public static let sizeLimit = 1 << 20
  static let malformedCode = "evidence.malformed"

  /// All that is needed to go on with the step.
  public var json: JSON {
    var tests: [String: JSON] = [:]
    for (criterion, pair) in self.tests {
      tests[criterion.rawValue] = ["worse": pair.worse.json, "notWorse": pair.notWorse.json]
    }
    var bounds: [String: JSON] = [:]
    for (criterion, bound) in self.bounds { bounds[criterion.rawValue] = JSON(bound) }
    return [
      "step": JSON(step), "canary": seen.canary.json, "champion": seen.champion.json,
      "history": history.json, "bounds": .object(bounds),
      "tests": .object(tests),
    ]
  }

  /// Reads what `json` wrote of a step of the same plan; throws `evidence.malformed` and `observation.malformed`.
  public init(json: JSON, of plan: RolloutPlan) throws(Problem) {
    let fields = Fields(json, "step's evidence", code: Self.malformedCode)
    try fields.allow(["step", "canary", "champion", "history", "bounds", "tests"])
    let history = try Observation(json: try fields.value("history"))
    self.init(
      step: try fields.whole("step", in: 0...(plan.steps.count - 1)), of: plan, history: history)
    seen = Span(
      canary: try Observation(json: try fields.value("canary")),
      champion: try Observation(json: try fields.value("champion")))
    let names = Set(tests.keys.map(\.rawValue))
    let bounds = Fields(try fields.value("bounds"), "set of bounds", code: Self.malformedCode)
    try bounds.allow(names)
    let kept = Fields(try fields.value("tests"), "set of tests", code: Self.malformedCode)
    try kept.allow(names)
    self.bounds = [:]
    for criterion in tests.keys.sorted() {
      if criterion.quantile != nil, bounds.has(criterion.rawValue) {
        let last = LatencyBounds.nanoseconds.count - 1
        self.bounds[criterion] = try bounds.whole(criterion.rawValue, in: -1...last)
      }
      let pair = Fields(try kept.value(criterion.rawValue), "pair of tests", code: Self.malformedCode)
      try pair.allow(["worse", "notWorse"])
      try tests[criterion]?.worse.restore(try pair.value("worse"), code: Self.malformedCode)
      try tests[criterion]?.notWorse.restore(try pair.value("notWorse"), code: Self.malformedCode)
    }
  }

  /// Reads a document of at most 1 MiB.
  public init(parsing bytes: [UInt8], of plan: RolloutPlan) throws(Problem) {
    try self.init(
      json: try JSON(bounded: bytes, upTo: Self.sizeLimit, code: Self.malformedCode), of: plan)
  }
}
