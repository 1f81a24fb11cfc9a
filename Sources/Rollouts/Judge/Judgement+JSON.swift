public import Domain
public import Encoding

extension Reading {
  /// The reading as an object.
  var json: JSON {
    [
      "criterion": .string(criterion.rawValue), "canary": canary.json, "champion": champion.json,
      "worse": .number(worse), "worseWanted": .number(worseWanted), "notWorse": .number(notWorse),
      "notWorseWanted": .number(notWorseWanted), "finding": .string(finding.rawValue),
      "words": .string(words),
    ]
  }

  /// Reads what `json` writes.
  init(json: JSON) throws(Problem) {
    let fields = Fields(json, "reading", code: Judgement.malformedCode)
    try fields.allow([
      "criterion", "canary", "champion", "worse", "worseWanted", "notWorse", "notWorseWanted", "finding",
      "words",
    ])
    // The logarithm of a mean of as many products as are kept of a test is no larger.
    let range = -1e7...1e7
    self.init(
      criterion: try fields.word("criterion", Criterion.self), canary: try Tally(fields, "canary"),
      champion: try Tally(fields, "champion"), worse: try fields.number("worse", in: range),
      worseWanted: try fields.number("worseWanted", in: range),
      notWorse: try fields.number("notWorse", in: range),
      notWorseWanted: try fields.number("notWorseWanted", in: range),
      finding: try fields.word("finding", Finding.self),
      words: try fields.line("words", upTo: Judgement.reasonLimit))
  }
}

extension Judgement {
  /// The code of what is thrown where a document is none of these.
  static let malformedCode = "judgement.malformed"
  /// The most bytes of a judgement.
  public static let sizeLimit = 256 << 10

  /// The judgement as an object.
  public var json: JSON {
    [
      "step": JSON(step), "decision": .string(decision.rawValue), "reason": .string(reason),
      "readings": .array(readings.map(\.json)), "alarms": .array(alarms.map(\.json)),
    ]
  }

  /// Reads what `json` writes; throws `judgement.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = Fields(json, "judgement", code: Self.malformedCode)
    try fields.allow(["step", "decision", "reason", "readings", "alarms"])
    var readings: [Reading] = []
    for reading in try fields.elements("readings", upTo: Criterion.allCases.count) {
      readings.append(try Reading(json: reading))
    }
    var alarms: [DriftAlarm] = []
    for alarm in try fields.elements("alarms", upTo: DriftAlarm.limit) {
      alarms.append(try DriftAlarm(json: alarm))
    }
    let reason = try fields.line("reason", upTo: Self.reasonLimit)
    // A character that is written as an escape is several: reading and writing again would differ.
    guard reason == reason.asReason else {
      throw fields.unexpected("a line of at most \(Self.reasonLimit / 4) characters", "reason")
    }
    self.init(
      step: try fields.whole("step", in: 0...(RolloutPlan.stepLimit - 1)),
      try fields.word("decision", Decision.self), reason, readings: readings, alarms: alarms)
  }

  /// Reads a document of at most 256 KiB.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    try self.init(json: try JSON(bounded: bytes, upTo: Self.sizeLimit, code: Self.malformedCode))
  }
}
