public import Domain
public import Encoding

extension RolloutStep {
  var json: JSON {
    var members: [String: JSON] = ["share": JSON(share.value), "leastTime": .integer(leastTime)]
    if needsApproval { members["needsApproval"] = true }
    return .object(members)
  }

  init(json: JSON) throws(Problem) {
    let fields = Fields(json, "step", code: RolloutPlan.malformedCode)
    try fields.allow(["share", "leastTime", "needsApproval"])
    self.init(
      share: try BasisPoints(parsing: try fields.whole("share", in: 0...10_000)),
      leastTime: Int64(
        try fields.whole("leastTime", in: 0...Int(RolloutPlan.longestLeastTime), default: 600_000)),
      needsApproval: try fields.flag("needsApproval"))
  }
}

extension RolloutPlan {
  /// The most bytes of a plan.
  public static let sizeLimit = 64 << 10

  /// The plan as an object.
  public var json: JSON { ["steps": .array(steps.map(\.json)), "criteria": criteria.json] }

  /// Reads what `json` writes; throws `plan.malformed` and `criteria.malformed`.
  ///
  /// Without criteria they are the standard ones.
  public init(json: JSON) throws(Problem) {
    let fields = Fields(json, "plan", code: Self.malformedCode)
    try fields.allow(["steps", "criteria"])
    var steps: [RolloutStep] = []
    for step in try fields.elements("steps", upTo: Self.stepLimit) {
      steps.append(try RolloutStep(json: step))
    }
    let criteria = fields.has("criteria") ? try Criteria(json: try fields.value("criteria")) : .standard
    try self.init(steps: steps, criteria: criteria)
  }

  /// Reads a document of at most 64 KiB.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    try self.init(json: try JSON(bounded: bytes, upTo: Self.sizeLimit, code: Self.malformedCode))
  }
}
