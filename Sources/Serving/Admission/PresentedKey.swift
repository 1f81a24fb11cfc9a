import Domain
import Provenance

/// The credential that a request presents: a key, or a token of an issuer.
struct PresentedKey {
  private let credential: Substring.UTF8View

  /// Takes it from the head; a problem where there is none.
  init(_ head: RequestHead) throws(Problem) {
    guard let authorization = head.authorization else {
      throw Problem(
        .unauthenticated, "key.missing", "expected a key, found no Authorization field",
        hint: "send 'Authorization: Bearer KEY'")
    }
    // The scheme in any case (RFC 9110 section 11.1).
    guard authorization.hasPrefix(ignoringCase: "bearer "), authorization.utf8.count > 7 else {
      throw Problem(
        .unauthenticated, "key.malformed", "expected 'Bearer' and a key, found another Authorization",
        hint: "send 'Authorization: Bearer KEY'")
    }
    credential = authorization.utf8.dropFirst(7)
  }

  /// Sees that the credential opens `deployment` and may be used now, and writes down whose it is.
  func authorize(
    for deployment: String, _ table: RoutingTable, _ draft: inout AccessDraft
  ) throws(Problem) {
    if table.issuers.takes(credential) {
      let bearer = try table.issuers.bearer(of: credential, at: draft.arrival)
      try draft.admit(bearer.caller)
      if !bearer.token.grant.contains(deployment) { try refuse(deployment, table) }
      return
    }
    switch table.keys.access(credential, to: deployment) {
    case .granted(let caller): try draft.admit(caller)
    case .unknown: throw Self.unknown
    case .otherDeployment(let caller):
      try draft.admit(caller)
      try refuse(deployment, table)
    }
  }

  /// Refuses a known caller what it may not call; a name that nothing is served under is not found rather than
  /// forbidden, as whoever goes on will find.
  private func refuse(_ deployment: String, _ table: RoutingTable) throws(Problem) {
    if table.deployments[deployment] == nil, !deployment.isEmpty { return }
    throw Problem(
      .forbidden, "key.other-deployment", "expected a key to this deployment, found one to another")
  }

  /// The names of what is served and the credential opens, sorted.
  func opened(_ table: RoutingTable, _ draft: inout AccessDraft) throws(Problem) -> [String] {
    if table.issuers.takes(credential) {
      let bearer = try table.issuers.bearer(of: credential, at: draft.arrival)
      try draft.admit(bearer.caller)
      return table.deployments.keys.filter(bearer.token.grant.contains).sorted()
    }
    guard let (names, caller) = table.keys.opened(by: credential) else { throw Self.unknown }
    try draft.admit(caller)
    return names.filter { table.deployments[$0] != nil }
  }

  private static var unknown: Problem {
    Problem(.unauthenticated, "key.unknown", "expected a known key, found one that is unknown or revoked")
  }
}

extension AccessDraft {
  /// Writes down whose request it is, and counts it against what that caller may ask.
  fileprivate mutating func admit(_ caller: Caller) throws(Problem) {
    record.key = caller.id
    try caller.admit(at: arrival)
  }
}
