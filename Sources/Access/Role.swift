/// A set of rights with a name that people in the field know.
public enum Role: String, Sendable, CaseIterable {
  case viewer, pusher, tester, approver, `operator`, security, admin

  /// What it gives.
  public var rights: Set<Right> {
    switch self {
    case .viewer: [.view, .audit]
    case .pusher: [.view, .push, .test]
    case .tester: [.view, .test]
    case .approver: [.view, .approve]
    case .operator:
      [
        .view, .audit, .deploy, .moveAlias, .issueKeys, .giveFeedback, .manageImages, .manageWebhooks,
        .collect,
      ]
    case .security:
      [
        .view, .audit, .test, .approve, .decideThreats, .investigate, .revoke, .manageSeals, .manageIssuers,
        .managePolicy, .manageAdvisories, .manageWebhooks,
      ]
    case .admin: Set(Right.allCases)
    }
  }

  /// The roles that give a right, for whoever lacks it.
  public static func giving(_ right: Right) -> [Role] { allCases.filter { $0.rights.contains(right) } }
}
