public import Domain
public import Encoding

/// The steps of the road, as people see them.
public enum Stage: String, Sendable, CaseIterable {
  case push, inspect, lift, test, gate, sign, pack
  case rollOut = "roll-out"
}

/// One step of the road that was taken.
public struct StageReport: Equatable, Sendable {
  /// Which step.
  public let stage: Stage
  /// How long it took.
  public let milliseconds: Double
  /// What it found or made, one line.
  public let summary: String

  /// The report as JSON.
  public var json: JSON {
    [
      "stage": .string(stage.rawValue), "milliseconds": .number(milliseconds),
      "summary": .string(summary),
    ]
  }

  /// Reports a step.
  public init(stage: Stage, milliseconds: Double, summary: String) {
    self.stage = stage
    self.milliseconds = milliseconds
    self.summary = summary
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let stage = json["stage"]?.string.flatMap(Stage.init(rawValue:)),
      let milliseconds = json["milliseconds"]?.double, let summary = json["summary"]?.string
    else { return nil }
    self.init(stage: stage, milliseconds: milliseconds, summary: summary)
  }
}

/// How a push ended.
public struct PushOutcome: Equatable, Sendable {
  /// Where the model stands now.
  public enum Status: String, Sendable {
    /// It answers.
    case live
    /// It was refused; `problem` says why.
    case refused
    /// It is admitted, and something else is served or somebody must say yes.
    case waiting
  }

  /// The model's name.
  public var name: ModelName
  /// The version; nil where none was made.
  public var version: VersionNumber?
  /// Where the model stands.
  public var status: Status
  /// What happened, one sentence for people.
  public var message: String
  /// The address that answers predictions.
  public var url: String?
  /// The digest of the bundle.
  public var digest: Digest?
  /// The digest of the image's manifest; nil on a platform that packs none.
  public var image: Digest?
  /// Whether this push made the version.
  public var isNew = true
  /// How many features a row has.
  public var featureCount: Int?
  /// A first key to the deployment, shown this once; only with its first version.
  public var key: IssuedKey?
  /// The share of callers that it answers for now; nil where it answers all of them, or none for good.
  public var share: BasisPoints?
  /// Why it was refused.
  public var problem: Problem?
  /// What inspection found.
  public var findings: [Finding] = []
  /// The steps that were taken.
  public var stages: [StageReport] = []

  /// The outcome as scripts get it.
  public var json: JSON {
    var members: [String: JSON] = [
      "name": .string(name.description), "status": .string(status.rawValue),
      "version": version.map { JSON($0.value) } ?? .null, "url": url.map { .string($0) } ?? .null,
      "digest": digest.map { .string($0.description) } ?? .null,
      "image": image.map { .string($0.description) } ?? .null, "message": .string(message),
      "new": .bool(isNew), "findings": .array(findings.map(\.json)),
      "stages": .array(stages.map(\.json)),
    ]
    if let featureCount { members["featureCount"] = JSON(featureCount) }
    if let key { members["key"] = .string(key.key) }
    if let key { members["keyId"] = .string(key.id) }
    if let share { members["share"] = JSON(share.value) }
    if let problem { members["problem"] = problem.json }
    return .object(members)
  }
}

/// What somebody who follows a push gets to see as it happens.
public enum RoadEvent: Sendable {
  /// A step begins.
  case started(Stage)
  /// A step was taken.
  case finished(StageReport)
  /// Inspection found something.
  case found([Finding])
  /// The push is over.
  case ended(PushOutcome)
}
