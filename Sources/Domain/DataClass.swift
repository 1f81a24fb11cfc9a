/// How sensitive the data is that a model was trained with or answers about, least first.
public enum DataClass: String, Sendable, CaseIterable {
  /// Anyone may have it.
  case `public`
  /// For the organisation alone.
  case `internal`
  /// For those alone who need it.
  case gold
  /// What harms people or the organisation when it gets out; never behind an external endpoint.
  case platinum
}

/// Who can reach a deployment.
public enum Exposure: String, Sendable, CaseIterable {
  /// The organisation's own network alone.
  case `internal`
  /// Anyone outside of it.
  case external
}

/// How grave an open threat is, least first.
public enum RiskLevel: String, Sendable, Comparable, CaseIterable {
  /// Hardly any harm.
  case low
  /// Harm that can be borne.
  case medium
  /// Harm that has to be dealt with first.
  case high
  /// Harm that cannot be borne at all.
  case critical

  /// Whether the left is less grave.
  public static func < (left: RiskLevel, right: RiskLevel) -> Bool { left.rank < right.rank }

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
