public import Domain
public import Encoding

extension RolloutEntry {
  var json: JSON {
    var members: [String: JSON] = [
      "turn": .string(turn.rawValue), "step": JSON(step), "at": .integer(at.milliseconds),
      "reason": .string(reason),
    ]
    if let by { members["by"] = .string(by.description) }
    if let judgement { members["judgement"] = judgement.json }
    return .object(members)
  }

  init(json: JSON) throws(Problem) {
    let code = RolloutState.malformedCode
    let fields = Fields(json, "entry", code: code)
    try fields.allow(["turn", "step", "at", "reason", "by", "judgement"])
    self.init(
      turn: try fields.word("turn", Turn.self),
      step: try fields.whole("step", in: 0...(RolloutPlan.stepLimit - 1)), at: try fields.moment("at"),
      by: fields.has("by") ? try RecordFields(json, "entry", code: code).principal("by") : nil,
      reason: try fields.line("reason", upTo: Judgement.reasonLimit),
      judgement: fields.has("judgement") ? try Judgement(json: try fields.value("judgement")) : nil)
  }
}

extension RolloutState {
  /// The most bytes of a state.
  public static let sizeLimit = 4 << 20

  /// The state as an object.
  public var json: JSON {
    [
      "deployment": .string(deployment.description),
      "before": .array(before.map { [JSON($0.version.value), JSON($0.share.value)] }),
      "version": JSON(version.value), "plan": plan.json, "began": .integer(began.milliseconds),
      "phase": .string(phase.rawValue), "step": JSON(step), "since": .integer(since.milliseconds),
      "reason": .string(reason), "journal": .array(journal.map(\.json)),
    ]
  }

  /// Reads what `json` writes; throws `rollout.malformed`, and what the parts throw.
  public init(json: JSON) throws(Problem) {
    let fields = Fields(json, "roll-out", code: Self.malformedCode)
    try fields.allow([
      "deployment", "before", "version", "plan", "began", "phase", "step", "since", "reason", "journal",
    ])
    var before: [TrafficSplit.Arm] = []
    for arm in try fields.elements("before", upTo: TrafficSplit.armLimit) {
      let numbers = arm.array?.prefix(3).compactMap(\.int) ?? []
      guard numbers.count == 2, let version = VersionNumber(numbers[0]), let share = BasisPoints(numbers[1])
      else { throw fields.unexpected("a version and its share for each", "before") }
      before.append(TrafficSplit.Arm(version: version, share: share))
    }
    guard let version = VersionNumber(try fields.whole("version", in: 1...Int(Int32.max))) else {
      throw fields.unexpected("a version", "version")
    }
    // What could not have been ordered is no state either.
    let order = try RolloutOrder(
      deployment: try ModelName(parsing: try fields.text("deployment")), before: before, version: version,
      plan: try RolloutPlan(json: try fields.value("plan")))
    var journal: [RolloutEntry] = []
    for entry in try fields.elements("journal", upTo: RolloutEntry.limit) {
      journal.append(try RolloutEntry(json: entry))
    }
    self.init(
      deployment: order.deployment, before: before, version: version, plan: order.plan,
      began: try fields.moment("began"), phase: try fields.word("phase", Phase.self),
      step: try fields.whole("step", in: 0...(order.plan.steps.count - 1)),
      since: try fields.moment("since"), reason: try fields.line("reason", upTo: Judgement.reasonLimit),
      journal: journal)
    guard (phase == .shadowing) == (!phase.isOver && phase != .held && share == .none),
      phase != .finished || step == plan.steps.count - 1
    else { throw fields.unexpected("a phase that step \(step + 1) of the plan can be in", "phase") }
  }

  /// Reads a document of at most 4 MiB.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    try self.init(json: try JSON(bounded: bytes, upTo: Self.sizeLimit, code: Self.malformedCode))
  }
}
