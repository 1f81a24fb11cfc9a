public import Domain
public import Encoding

/// Verifies the tokens of one issuer: a token and a moment in, the word of the issuer out.
///
/// Asks nobody: the keys are the issuer's, as they were configured.
public struct TokenVerifier: Sendable {
  /// Whose tokens it verifies.
  public let issuer: TokenIssuer
  private let keys: TokenKeySet

  /// Reads the keys of an issuer; throws `issuer.keys`.
  public init(_ issuer: TokenIssuer) throws(Problem) {
    self.issuer = issuer
    keys = try TokenKeySet(json: issuer.keySet)
  }

  /// Verifies a token.
  ///
  /// In this order: that it is the issuer's to the letter, that its algorithm is allowed, its key, its signature, and only
  /// then its claims: audience, times, subject (RFC 7519 section 4.1, RFC 8725 section 3). Throws
  /// `token.unknown-issuer`, `token.algorithm`, `token.unknown-key`, `token.signature`, `token.audience`,
  /// `token.claims`, `token.expired` or `token.not-yet-valid`.
  public func verify(_ token: UnverifiedToken, at now: Timestamp) throws(Problem) -> VerifiedToken {
    // By bytes: Swift's own comparison of strings would take canonically equivalent spellings for equal.
    guard token.issuer.utf8.elementsEqual(issuer.url.utf8) else {
      throw refusal("unknown-issuer", "expected a token of an issuer that is known, found another's")
    }
    guard issuer.algorithms.contains(token.algorithm) else {
      throw refusal(
        "algorithm",
        "expected one of \(issuer.algorithms.map(\.rawValue).joined(separator: ", ")), found"
          + " \(token.algorithm.rawValue)")
    }
    guard try keys.key(for: token).isValid(token.signature, over: token.signed, token.algorithm) else {
      throw refusal("signature", "expected a signature by the issuer's key, found another")
    }
    try checkAudience(token.claims["aud"])
    let times = try checkTimes(token.claims, now)
    guard let subject = token.claims["sub"]?.string, 1...1024 ~= subject.utf8.count else {
      throw refusal("claims", "expected a text of 1 to 1024 bytes as 'sub', found another or none")
    }
    return VerifiedToken(
      subject: subject, grant: grant(token.claims[issuer.claim]), claims: token.claims,
      notBefore: times.notBefore, end: times.end)
  }

  private func checkAudience(_ claim: JSON?) throws(Problem) {
    let found = claim?.string.map { [$0] } ?? claim?.array?.compactMap(\.string) ?? []
    guard found.contains(where: { name in issuer.audiences.contains { $0.utf8.elementsEqual(name.utf8) } })
    else {
      throw refusal("audience", "expected a token for this platform, found one for another")
    }
  }

  private func checkTimes(_ claims: JSON, _ now: Timestamp) throws(Problem) -> (
    notBefore: Timestamp, end: Timestamp
  ) {
    let leeway = Int64(issuer.leeway) * 1000
    guard let expiry = try moment(claims, "exp") else {
      throw refusal("claims", "expected a number as 'exp', found nothing")
    }
    let end = Timestamp(milliseconds: expiry + leeway)
    guard now < end else { throw refusal("expired", "expected a token in force, found one that has expired") }
    // A token from the future is by a clock that is wrong.
    let start = try [moment(claims, "nbf"), moment(claims, "iat")].compactMap(\.self).max() ?? .min / 2
    let notBefore = Timestamp(milliseconds: start - leeway)
    guard now >= notBefore else {
      throw refusal("not-yet-valid", "expected a token in force, found one that is not yet")
    }
    return (notBefore, end)
  }

  /// The milliseconds of a NumericDate; nil where there is none.
  private func moment(_ claims: JSON, _ name: String) throws(Problem) -> Int64? {
    guard let claim = claims[name] else { return nil }
    // Some 30,000 years on either side, so that nothing computed of it overflows.
    guard let seconds = claim.double, abs(seconds) <= 1e12 else {
      throw refusal("claims", "expected seconds since 1970 as '\(name)', found another value")
    }
    return Int64((seconds * 1000).rounded(.down))
  }

  private func grant(_ claim: JSON?) -> VerifiedToken.Grant {
    let words: [Substring] =
      claim?.array?.compactMap { $0.string?[...] } ?? claim?.string?.split(separator: " ") ?? []
    var names: Set<String> = []
    for word in words where word.utf8.starts(with: issuer.prefix.utf8) {
      // By bytes as above; what a prefix would end within is no word for us.
      guard let name = String(word.utf8.dropFirst(issuer.prefix.utf8.count)) else { continue }
      if name == "*" { return .all }
      names.insert(name)
    }
    return .deployments(names)
  }

  private func refusal(_ code: String, _ message: String) -> Problem {
    Problem(.unauthenticated, "token.\(code)", message)
  }
}

/// What an issuer's word is, once its token was verified.
public struct VerifiedToken: Equatable, Sendable {
  /// What its bearer may call.
  public enum Grant: Equatable, Sendable {
    case all
    /// The deployments of these names, whether they exist or not.
    case deployments(Set<String>)

    /// Whether it has a deployment of this name in it.
    public func contains(_ name: String) -> Bool {
      switch self {
      case .all: true
      case .deployments(let names): names.contains(name)
      }
    }
  }

  /// Whom it is about, in the words of the issuer.
  public let subject: String
  /// What its bearer may call.
  public let grant: Grant
  /// All that the issuer says.
  public let claims: JSON
  /// From when on it holds, the leeway taken off.
  public let notBefore: Timestamp
  /// From when on it does not hold any more, the leeway put on.
  public let end: Timestamp

  fileprivate init(subject: String, grant: Grant, claims: JSON, notBefore: Timestamp, end: Timestamp) {
    self.subject = subject
    self.grant = grant
    self.claims = claims
    self.notBefore = notBefore
    self.end = end
  }
}

extension TokenIssuer {
  /// A public handle for it, the same wherever it is configured: the first 12 digits of the SHA-256 of its URL.
  public var id: String { String(Digest(of: url.utf8).hexadecimal.prefix(12)) }
}
