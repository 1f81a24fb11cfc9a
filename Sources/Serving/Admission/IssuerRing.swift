import Domain
import Encoding
import Provenance

/// The bearer of a token that was verified.
final class Bearer: Sendable {
  let caller: Caller
  let token: VerifiedToken

  init(caller: Caller, token: VerifiedToken) {
    self.caller = caller
    self.token = token
  }
}

/// The issuers of a snapshot, and the tokens that were verified under it.
///
/// A token is verified once; after that its hash is enough, until it ends or the next snapshot comes.
final class IssuerRing: Sendable {
  /// Nobody's tokens are taken.
  static let none = IssuerRing([:], accounts: CallerAccounts(), salt: [])

  /// By the text that `iss` has to be.
  private let verifiers: [String: TokenVerifier]
  private let accounts: CallerAccounts
  /// What the digests begin with that stand for subjects.
  private let salt: [UInt8]
  private let verified = VerifiedTokens()

  private init(_ verifiers: [String: TokenVerifier], accounts: CallerAccounts, salt: [UInt8]) {
    self.verifiers = verifiers
    self.accounts = accounts
    self.salt = salt
  }

  /// Reads the keys of all issuers; throws `issuer.keys`.
  convenience init(_ issuers: [TokenIssuer], accounts: CallerAccounts, salt: [UInt8]) throws(Problem) {
    var verifiers: [String: TokenVerifier] = [:]
    for issuer in issuers { verifiers[issuer.url] = try TokenVerifier(issuer) }
    self.init(verifiers, accounts: accounts, salt: salt)
  }

  /// Whether a credential is to be verified here; else it is a key.
  func takes(_ credential: some Collection<UInt8>) -> Bool {
    !verifiers.isEmpty && UnverifiedToken.isToken(credential)
  }

  /// Whose token it is; throws why it is not taken, in words for whoever shows it.
  func bearer(of text: some Collection<UInt8>, at arrival: Arrival) throws(Problem) -> Bearer {
    let hash = Digest(of: text)
    if let bearer = verified.bearer(hash), bearer.token.notBefore <= arrival.time,
      arrival.time < bearer.token.end
    {
      return bearer
    }
    do throws(Problem) {
      let bearer = try verify(text, at: arrival)
      verified.keep(bearer, hash, at: arrival.time)
      return bearer
    } catch {
      throw error.forBearer
    }
  }

  private func verify(_ text: some Collection<UInt8>, at arrival: Arrival) throws(Problem) -> Bearer {
    let unverified = try UnverifiedToken(parsing: text)
    guard let verifier = verifiers[unverified.issuer] else {
      throw Problem(
        .unauthenticated, "token.unknown-issuer",
        "expected a token of an issuer that is known, found another's")
    }
    let token = try verifier.verify(unverified, at: arrival.time)
    let issuer = verifier.issuer
    let id = "\(issuer.id)#\(pseudonym(of: token.subject, issuer))"
    guard let account = issuer.limits == .none ? CallerAccount() : account(of: id, at: arrival) else {
      throw Problem(
        .unavailable, "plane.too-many-callers", "the plane has as many callers with limits as it counts for",
        retryAfter: 60)
    }
    return Bearer(
      caller: Caller(id: id, terms: KeyTerms(limits: issuer.limits), account: account), token: token)
  }

  private func account(of id: String, at arrival: Arrival) -> CallerAccount? {
    if let account = accounts.account(ofSubject: id) { return account }
    // What was verified holds accounts too: two of one subject would count for themselves.
    verified.removeAll()
    accounts.removeIdleSubjects(at: arrival)
    return accounts.account(ofSubject: id)
  }

  /// What stands for a subject in records and counts: nobody learns who it is who has not the salt.
  private func pseudonym(of subject: String, _ issuer: TokenIssuer) -> Substring {
    Digest(of: salt + issuer.url.utf8 + [0] + subject.utf8).hexadecimal.prefix(32)
  }
}

/// Who may call, by one snapshot.
struct Callers: Sendable {
  let keys: KeyRing
  let issuers: IssuerRing

  /// Reads keys and issuers; throws `issuer.keys`.
  init(
    _ keys: [PlaneState.Key], _ issuers: [TokenIssuer], _ accounts: CallerAccounts, salt: [UInt8]
  ) throws(Problem) {
    self.keys = KeyRing(keys, accounts: accounts)
    self.issuers = issuers.isEmpty ? .none : try IssuerRing(issuers, accounts: accounts, salt: salt)
  }
}

extension Problem {
  /// What whoever shows a token learns of its refusal: that it is malformed, or when it holds; of all else the reason
  /// stays in `cause`, for the record.
  fileprivate var forBearer: Problem {
    let told = ["token.malformed", "token.expired", "token.not-yet-valid"]
    guard category == .unauthenticated, !told.contains(code) else { return self }
    return Problem(
      .unauthenticated, "token.refused", "expected a token that can be verified here, found another",
      cause: code)
  }
}
