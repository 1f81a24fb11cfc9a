public import Domain
import Encoding

/// What a deployment does about attacks on a version, and what the version was brought along for it.
///
/// Settings are in force in the data plane before they are anywhere else, and it goes by the same bytes of training's statistics:
/// what stands here is what it does.
public struct DefenceFacts: Equatable, Sendable {
  /// What is done.
  public let policy: DefencePolicy
  /// Whether what comes is held against training over time.
  public let isWatched: Bool
  /// Whether it is known what the columns looked like in training.
  public let knowsColumns: Bool
  /// Whether it is known what honest callers ask.
  public let knowsCallers: Bool

  /// States what is done, and by what.
  public init(policy: DefencePolicy, isWatched: Bool, knowsColumns: Bool, knowsCallers: Bool) {
    self.policy = policy
    self.isWatched = isWatched
    self.knowsColumns = knowsColumns
    self.knowsCallers = knowsCallers
  }

  /// Whether each caller's rows are held against what honest ones ask.
  var watchesCallers: Bool { policy.callers != .off && knowsCallers }

  /// In a few words.
  var text: String {
    var words: [String] = []
    let hold = policy.inputs.action == .refuse ? "refused" : "noted"
    words.append(
      policy.inputs.isEmpty
        ? "inputs not checked" : knowsColumns ? "inputs unlike training \(hold)" : "inputs checked by nothing"
    )
    words.append(
      policy.callers == .off
        ? "callers not watched"
        : knowsCallers
          ? policy.callers == .refuse ? "callers watched and held back" : "callers watched"
          : "callers watched by nothing")
    words.append(isWatched && knowsColumns ? "drift watched" : "drift not watched")
    return words.joined(separator: "; ")
  }

  var json: JSON {
    [
      "policy": policy.json, "watched": .bool(isWatched), "columns": .bool(knowsColumns),
      "callers": .bool(knowsCallers),
    ]
  }

  init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "defences", code: ThreatModel.malformedCode)
    self.init(
      policy: try DefencePolicy(json: try fields.value("policy")), isWatched: try fields.flag("watched"),
      knowsColumns: try fields.flag("columns"), knowsCallers: try fields.flag("callers"))
  }
}

extension AnswerFacts {
  /// What of the answers leaves where a deployment blunts them.
  public func leaving(by disclosure: DefencePolicy.Disclosure) -> AnswerFacts {
    switch disclosure {
    case .full: self
    case .digits(let digits): AnswerFacts(features: features, kinds: Set(kinds), digits: digits)
    case .labels where kinds.contains(.labels): AnswerFacts(features: features, kinds: [.labels])
    case .labels where kinds.contains(.values): AnswerFacts(features: features, kinds: [.values])
    case .labels: self
    }
  }
}
