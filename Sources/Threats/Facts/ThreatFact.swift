/// One fact that threats depend on, by the word that documents name it with.
public enum ThreatFact: String, Sendable, CaseIterable, Comparable {
  /// Who can reach the model.
  case exposure
  /// How sensitive its data is.
  case dataClass = "data-class"
  /// Who answers for it.
  case owner
  /// Who can call it, and how much each may ask.
  case callers
  /// What it reads and what it returns.
  case answers
  /// How much it takes on at a time.
  case limits
  /// What is written down of calls.
  case records
  /// Whether answers travel encrypted.
  case transport
  /// What inspection found in the artifact.
  case inspection
  /// What it was trained with.
  case framework
  /// The data that it was trained with.
  case trainingData = "training-data"
  /// Who sealed it.
  case seals
  /// What it replaced.
  case replaced
  /// What gates the policy in force asks.
  case policy
  /// What the process that serves it has given up.
  case confinement
  /// What is known to be weak of what it was made with.
  case advisories
  /// What its deployment does about attacks, and whether it can.
  case defences

  /// The order in which they are told.
  public static func < (left: ThreatFact, right: ThreatFact) -> Bool { left.rank < right.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// What people call it.
  public var title: String {
    switch self {
    case .dataClass: "data class"
    case .trainingData: "training data"
    default: rawValue
    }
  }
}
