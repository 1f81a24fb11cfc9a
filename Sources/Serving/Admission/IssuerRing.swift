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

  /// Takes the tokens of issuers.
  convenience init(_ verifiers: [TokenVerifier], accounts: CallerAccounts, salt: [UInt8]) {
    self.init(
      Dictionary(verifiers.map { ($0.issuer.url, $0) }) { first, _ in first }, accounts: accounts, salt: salt)
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
    guard accounts.removeIdleSubjects(at: arrival) else { return nil }
    // What was verified holds accounts too: two of one subject would count for themselves.
    verified.removeAll()
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
  /// Why the tokens of some issuers are not taken: their keys are none that can be used here.
  private(set) var unusable: [Problem] = []

  init(
    _ keys: [PlaneState.Key], _ issuers: [TokenIssuer], _ accounts: CallerAccounts, salt: [UInt8]
  ) {
    self.keys = KeyRing(keys, accounts: accounts)
    var verifiers: [TokenVerifier] = []
    for issuer in issuers {
      do throws(Problem) { verifiers.append(try TokenVerifier(issuer)) } catch {
        var problem = error
        problem.subject = issuer.url
        unusable.append(problem)
      }
    }
    self.issuers = verifiers.isEmpty ? .none : IssuerRing(verifiers, accounts: accounts, salt: salt)
  }

  /// Tells the operator whose tokens are not taken.
  func tell(_ log: RuntimeLog?) {
    for problem in unusable { log?.write(.error, "the tokens of an issuer are not taken", problem) }
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
