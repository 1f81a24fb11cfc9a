import Domain

/// The key that a request presents.
struct PresentedKey {
  private let key: Substring.UTF8View

  /// Takes it from the head; a problem where there is none.
  init(_ head: RequestHead) throws(Problem) {
    guard let authorization = head.authorization else {
      throw Problem(
        .unauthenticated, "key.missing", "expected a key, found no Authorization field",
        hint: "send 'Authorization: Bearer KEY'")
    }
    // The scheme in any case (RFC 9110 section 11.1).
    let parts = authorization.utf8.split(separator: UInt8(ascii: " "), maxSplits: 1)
    guard parts.count == 2, parts[0].count == 6, Substring(parts[0]).lowercased() == "bearer" else {
      throw Problem(
        .unauthenticated, "key.malformed", "expected 'Bearer' and a key, found another Authorization",
        hint: "send 'Authorization: Bearer KEY'")
    }
    key = parts[1]
  }

  /// Sees that the key opens `deployment` and may be used now, and writes down whose it is.
  func authorize(
    for deployment: String, _ table: RoutingTable, _ draft: inout AccessDraft
  ) throws(Problem) {
    switch table.keys.access(key, to: deployment) {
    case .granted(let caller): try draft.admit(caller)
    case .unknown: throw Self.unknown
    case .otherDeployment(let caller):
      try draft.admit(caller)
      // To a known caller a name that nothing is served under is not found rather than forbidden.
      if table.deployments[deployment] == nil, !deployment.isEmpty { return }
      throw Problem(
        .forbidden, "key.other-deployment", "expected a key to this deployment, found one to another")
    }
  }

  /// The names of what is served and the key opens, sorted.
  func opened(_ table: RoutingTable, _ draft: inout AccessDraft) throws(Problem) -> [String] {
    guard let (names, caller) = table.keys.opened(by: key) else { throw Self.unknown }
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
