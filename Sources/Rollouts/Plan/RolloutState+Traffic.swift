public import Domain

extension RolloutState {
  /// The share that the version has now.
  public var share: BasisPoints {
    switch phase {
    case .undone: .none
    case .finished: .whole
    case .shadowing, .stepping, .held: plan.steps[step].share
    }
  }

  /// Who answers what share, the version first, and then those before it in the proportion that they had: whoever comes to
  /// the version comes of one of these, and nobody moves between them (`TrafficSplit`).
  public var arms: [TrafficSplit.Arm] {
    let share = share
    guard share > .none else { return before }
    let own = TrafficSplit.Arm(version: version, share: share)
    guard share < .whole else { return [own] }
    return [own] + Self.scaled(before, to: share.rest)
  }

  /// Where it is, for people: `step 2 of 4, 10 % of callers`.
  public var words: String {
    let place = "step \(step + 1) of \(plan.steps.count)"
    return switch phase {
    case .shadowing: "\(place), in the shadow of what answers"
    case .stepping: "\(place), \(share) of callers"
    case .held: "\(place), \(share) of callers, and waits for a person's yes"
    case .finished: "all callers"
    case .undone: "no callers: it was undone"
    }
  }

  /// Who answers what share, by version.
  public var shares: [VersionNumber: BasisPoints] {
    Dictionary(arms.map { ($0.version, $0.share) }, uniquingKeysWith: { first, _ in first })
  }

  /// Who is asked what others answer, without anybody seeing the answer.
  public var shadows: [VersionNumber] {
    guard !phase.isOver, plan.criteria.disagreement != nil, share < .whole else { return [] }
    return [version]
  }

  /// The split of the traffic under a deployment's salt.
  public func split(salt: TrafficSplit.Salt) throws(Problem) -> TrafficSplit {
    try TrafficSplit(arms, salt: salt)
  }

  /// The same versions with so much together: rounded down, and what is left for those that lost most by it, the first of
  /// equals first.
  private static func scaled(_ arms: [TrafficSplit.Arm], to sum: BasisPoints) -> [TrafficSplit.Arm] {
    let products = arms.map { $0.share.value * sum.value }
    var shares = products.map { $0 / 10_000 }
    let left = sum.value - shares.reduce(0, +)
    let order = arms.indices.sorted { (products[$1] % 10_000, $0) < (products[$0] % 10_000, $1) }
    for place in order.prefix(left) { shares[place] += 1 }
    return zip(arms, shares).map { TrafficSplit.Arm(version: $0.version, share: BasisPoints($1) ?? .none) }
  }
}
