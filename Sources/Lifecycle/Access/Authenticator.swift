public import Access
public import Domain
import Encoding
import Provenance
import Synchronization

/// Finds out who asks by what they present: the administrator's credential, a key of a principal, or a token of a provider
/// of identities.
public final class Authenticator: Sendable {
  /// The longest credential that is looked at, in bytes.
  private static let longest = 16_384
  /// How often the keys of a provider are asked for because a token names one that is not known.
  private static let patience = Duration.seconds(30)

  private let origins: Origins
  private let rules: AccessRules
  private let people: any PeopleDirectory
  private let keyUses: any KeyUses
  private let refusals: RefusalLog
  private let registry: any RegistryWriter
  private let time: any TimeSource
  private let entropy: any Entropy
  private let administrator: Digest?
  private let refresh: @Sendable (String) async -> Bool
  private let verifiers = Mutex([String: (provider: IdentityProvider, verifier: TokenVerifier)]())
  private let asked = Mutex([String: Duration]())
  /// When keys were used last, by id, as far as it is not saved yet.
  private let uses = Mutex([String: Timestamp]())

  /// `administrator` is the digest of the credential in the data directory; `refresh` fetches the keys of a provider and
  /// says whether they are others.
  init(
    origins: Origins, rules: AccessRules, people: any PeopleDirectory, keyUses: any KeyUses,
    refusals: RefusalLog,
    registry: any RegistryWriter,
    time: any TimeSource, entropy: any Entropy, administrator: Digest?,
    refresh: @escaping @Sendable (String) async -> Bool
  ) {
    self.origins = origins
    self.rules = rules
    self.people = people
    self.keyUses = keyUses
    self.refusals = refusals
    self.registry = registry
    self.time = time
    self.entropy = entropy
    self.administrator = administrator
    self.refresh = refresh
  }

  /// Who presents a credential, asking for `subject` from an address.
  ///
  /// Throws `auth.credential` whatever is wrong with it: a stranger learns nothing else. Why it is, is in the ledger.
  public func authenticate(
    _ credential: String?, asking subject: String, at face: Origin.Face, from address: String?
  ) async throws(Problem) -> Actor {
    do throws(Problem) {
      guard let credential else {
        throw Problem(.unauthenticated, "auth.none", "expected a credential, found none")
      }
      var actor = try await actor(of: credential)
      actor.origin = await origin(face, address, isKnown: true)
      return actor
    } catch  where error.category == .unauthenticated {
      // Somebody who presents nothing has tried nothing.
      if credential != nil {
        let stranger = Actor(
          principal: .anonymous, credential: .platform, origin: await origin(face, address, isKnown: false))
        await refusals.note(error, asked: subject, by: .anonymous, origin: stranger.statedOrigin)
      }
      throw Self.unknown
    }
  }

  private func origin(_ face: Origin.Face, _ address: String?, isKnown: Bool) async -> Origin {
    guard let address else { return Origin(face: face, address: nil) }
    return Origin(face: face, address: await origins.handle(of: address, isKnown: isKnown))
  }

  /// When each key was used last; a process that is killed loses what it had not saved yet.
  public func lastUses() async throws(Problem) -> [String: Timestamp] {
    try await keyUses.lastUses().merging(uses.withLock { $0 }) { max($0, $1) }
  }

  /// Saves when keys were used; where that fails, the next time saves it.
  public func saveUses() async {
    let unsaved = uses.withLock { uses in
      defer { uses = [:] }
      return uses
    }
    do throws(Problem) { try await keyUses.save(unsaved) } catch {
      uses.withLock { $0.merge(unsaved) { max($0, $1) } }
    }
  }

  /// What a stranger is told.
  public static let unknown = Problem(
    .unauthenticated, "auth.credential",
    "expected a bearer token that this platform issued, found none that is known",
    hint: "use the token in the file admin.token of the data directory")

  private func actor(of credential: String) async throws(Problem) -> Actor {
    guard credential.utf8.count <= Self.longest else {
      throw Self.refusal(
        "auth.too-long", "expected a credential of at most \(Self.longest) bytes, found a longer one")
    }
    let digest = Digest(of: Array(credential.utf8))
    if let administrator, Self.isEqual(digest, administrator) { return .administrator }
    if let key = try await rules.current().key(hash: digest) { return try use(key) }
    guard UnverifiedToken.isToken(credential.utf8) else {
      throw Self.refusal("auth.unknown", "expected a credential that is known, found another")
    }
    return try await bearer(of: try UnverifiedToken(parsing: credential.utf8))
  }

  private func use(_ key: APIKey) throws(Problem) -> Actor {
    let now = time.now()
    guard key.isInForce(at: now) else {
      throw Self.refusal("auth.key-ended", "expected a key in force, found '\(key.id)', which has ended")
    }
    uses.withLock { $0[key.id] = now }
    return Actor(principal: key.principal, credential: .apiKey(key.id))
  }

  private func bearer(of token: UnverifiedToken) async throws(Problem) -> Actor {
    do throws(Problem) {
      return try await verified(token)
    } catch  where error.code == "token.unknown-key" {
      // The provider may have new keys. A token is no proof of that: it is asked seldom.
      guard mayAsk(token.issuer), await refresh(token.issuer) else { throw error }
      return try await verified(token)
    }
  }

  private func verified(_ token: UnverifiedToken) async throws(Problem) -> Actor {
    let state = try await rules.current()
    guard let provider = state.providers[token.issuer] else {
      throw Self.refusal(
        "token.unknown-issuer", "expected a token of a provider that is known, found another's")
    }
    let verified = try verifier(of: provider).verify(token, at: time.now())
    let name = "\(provider.url)|\(verified.subject)"
    let shown = verified.claims[provider.nameClaim]?.string.flatMap { $0.isOneLine(upTo: 255) ? $0 : nil }
    let person = try await self.person(named: name, shownAs: shown ?? verified.subject.excerpt(255), state)
    return Actor(
      principal: person.principal,
      credential: .token(provider: provider.url, words: provider.words(in: verified.claims)))
  }

  /// The person of this name, who becomes known with their first token that verifies.
  private func person(
    named name: String, shownAs shown: String, _ state: AccessState
  ) async throws(Problem) -> Person {
    let present = try await people.person(named: name)
    if let present, present.shownAs == shown, state.principals[present.principal] != nil { return present }
    // Before the ledger names the handle: one without a person behind it would stay nobody's.
    let person = try await people.put(Person(name: name, shownAs: shown, salt: entropy.bytes(16)))
    guard state.principals[person.principal] == nil else { return person }
    let now = time.now()
    let entry = LedgerEntry(
      time: now, principal: .platform, act: .addPrincipal, phase: .done,
      subject: person.principal.description, trace: Hexadecimal.encode(entropy.bytes(8)))
    do throws(Problem) {
      try await registry.commit(
        [entry], [.access(.addPrincipal(KnownPrincipal(principal: person.principal, since: now)))])
      rules.change()
    } catch {
      rules.change()
      // Two requests of one person may come at a time: the second finds what the first has done.
      guard try await rules.current().principals[person.principal] != nil else { throw error }
    }
    return person
  }

  private func verifier(of provider: IdentityProvider) throws(Problem) -> TokenVerifier {
    let known = verifiers.withLock { $0[provider.url] }
    if let known, known.provider == provider { return known.verifier }
    let verifier = try TokenVerifier(provider.tokens)
    verifiers.withLock { $0[provider.url] = (provider, verifier) }
    return verifier
  }

  private func mayAsk(_ issuer: String) -> Bool {
    let now = time.uptime()
    return asked.withLock { asked in
      if let last = asked[issuer], now - last < Self.patience { return false }
      asked[issuer] = now
      return true
    }
  }

  /// Takes the same time whether and where they differ.
  private static func isEqual(_ left: Digest, _ right: Digest) -> Bool {
    var difference: UInt8 = 0
    for (left, right) in zip(left.bytes, right.bytes) { difference |= left ^ right }
    return difference == 0
  }

  private static func refusal(_ code: String, _ message: String) -> Problem {
    Problem(.unauthenticated, code, message)
  }
}
