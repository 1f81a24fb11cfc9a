public import Encoding

/// How a token may be signed: the asymmetric algorithms of RFC 7518 section 3.1, and EdDSA of RFC 8037.
///
/// `none` and the algorithms with a shared secret are no cases, so that nothing can allow them.
public enum TokenAlgorithm: String, Sendable, CaseIterable {
  case rs256 = "RS256"
  case rs384 = "RS384"
  case rs512 = "RS512"
  case ps256 = "PS256"
  case ps384 = "PS384"
  case ps512 = "PS512"
  case es256 = "ES256"
  case es384 = "ES384"
  case es512 = "ES512"
  case edDSA = "EdDSA"
}

/// Somebody whose signed tokens are taken for who may call what.
public struct TokenIssuer: Equatable, Sendable {
  /// What `iss` says in its tokens, to the byte.
  public let url: String
  /// What `aud` has to name one of.
  public let audiences: [String]
  /// How its tokens may be signed.
  public let algorithms: [TokenAlgorithm]
  /// The claim that says what its bearer may call: words in one text, or texts in an array.
  public let claim: String
  /// What a word begins with that names a deployment; behind it the name, or `*` for all.
  public let prefix: String
  /// By how many seconds its clock may differ from ours.
  public let leeway: Int
  /// How much each subject may ask.
  public let limits: CallerLimits
  /// Its public keys, a JSON Web Key Set (RFC 7517).
  public let keySet: JSON
  /// Where its key set is fetched anew; nil where it stays as it is.
  public let keySetURL: KeySetURL?

  /// States whose tokens are taken for what.
  ///
  /// Throws `issuer.malformed` where a text is empty or too long, where there is no audience or no algorithm, or for a
  /// leeway beyond five minutes. The key set is looked at by whoever verifies with it.
  public init(
    url: String, audiences: [String], algorithms: [TokenAlgorithm], claim: String = "scope",
    prefix: String = "predict:", leeway: Int = 30, limits: CallerLimits = .none, keySet: JSON,
    keySetURL: KeySetURL? = nil
  ) throws(Problem) {
    try Self.check(url, "the URL of an issuer")
    for audience in audiences { try Self.check(audience, "an audience") }
    try Self.check(claim, "the name of a claim")
    guard 1...16 ~= audiences.count else {
      throw Self.malformed("expected 1 to 16 audiences, found \(audiences.count)")
    }
    guard !algorithms.isEmpty else { throw Self.malformed("expected an algorithm, found none") }
    guard prefix.utf8.count <= 255, !prefix.utf8.contains(UInt8(ascii: " ")) else {
      throw Self.malformed("expected a prefix of at most 255 bytes without blanks, found another")
    }
    guard 0...300 ~= leeway else {
      throw Self.malformed("expected a leeway of 0 to 300 seconds, found \(leeway)")
    }
    self.url = url
    self.audiences = audiences
    self.algorithms = TokenAlgorithm.allCases.filter(algorithms.contains)
    self.claim = claim
    self.prefix = prefix
    self.leeway = leeway
    self.limits = limits
    self.keySet = keySet
    self.keySetURL = keySetURL
  }

  private static func check(_ text: String, _ what: String) throws(Problem) {
    guard 1...255 ~= text.utf8.count, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
      throw malformed("expected \(what) of 1 to 255 visible characters, found '\(text.excerpt(80))'")
    }
  }

  private static func malformed(_ message: String) -> Problem {
    Problem(.badInput, "issuer.malformed", message)
  }

  /// The same issuer with another key set.
  public func with(keySet: JSON) throws(Problem) -> TokenIssuer {
    try TokenIssuer(
      url: url, audiences: audiences, algorithms: algorithms, claim: claim, prefix: prefix, leeway: leeway,
      limits: limits, keySet: keySet, keySetURL: keySetURL)
  }
}

extension TokenIssuer {
  /// The most bytes of an issuer as the ledger has it, of whose entry it is a part.
  public static let sizeLimit = 60_000

  /// The URL that several of these issuers have; nil where each has its own.
  public static func repeatedURL(of issuers: [TokenIssuer]) -> String? {
    var seen: Set<String> = []
    return issuers.first { !seen.insert($0.url).inserted }?.url
  }

  /// The issuer as a snapshot, the ledger and the registry carry it.
  public var json: JSON {
    var members: [String: JSON] = [
      "url": .string(url), "audiences": .array(audiences.map { .string($0) }),
      "algorithms": .array(algorithms.map { .string($0.rawValue) }), "claim": .string(claim),
      "prefix": .string(prefix), "leeway": JSON(leeway), "keySet": keySet,
    ]
    members["limits"] = limits.json
    members["keySetURL"] = keySetURL.map { .string($0.description) }
    return .object(members)
  }

  /// Reads what `json` writes, where what has a default may be left out; throws `issuer.malformed` and what the
  /// initialiser throws.
  public init(json: JSON) throws(Problem) {
    guard let members = json.object else {
      throw Self.malformed("expected an issuer in an object, found \(json.kind)")
    }
    let known: Set = [
      "url", "audiences", "algorithms", "claim", "prefix", "leeway", "keySet", "limits", "keySetURL",
    ]
    if let stranger = members.keys.filter({ !known.contains($0) }).min() {
      throw Self.malformed("expected only known members of an issuer, found '\(stranger.excerpt(40))'")
    }
    func text(_ name: String, default standard: String? = nil) throws(Problem) -> String {
      if let text = members[name]?.string { return text }
      guard members[name] == nil, let standard else {
        throw Self.malformed("expected a text as '\(name)', found \(members[name]?.kind ?? "nothing")")
      }
      return standard
    }
    func texts(_ name: String) throws(Problem) -> [String] {
      guard let elements = members[name]?.array else {
        throw Self.malformed("expected an array as '\(name)', found \(members[name]?.kind ?? "nothing")")
      }
      let texts = elements.compactMap(\.string)
      guard texts.count == elements.count else {
        throw Self.malformed("expected texts alone in '\(name)', found others")
      }
      return texts
    }
    var algorithms: [TokenAlgorithm] = []
    for name in try texts("algorithms") {
      guard let algorithm = TokenAlgorithm(rawValue: name) else {
        throw Self.malformed(
          "expected one of \(TokenAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")) as an algorithm,"
            + " found '\(name.excerpt(40))'")
      }
      algorithms.append(algorithm)
    }
    let leeway = members["leeway"] ?? 30
    guard let seconds = leeway.int else {
      throw Self.malformed("expected a whole number as 'leeway', found \(leeway.kind)")
    }
    var url: KeySetURL?
    if members["keySetURL"] != nil { url = try KeySetURL(parsing: text("keySetURL")) }
    guard let keySet = members["keySet"] else { throw Self.malformed("expected a 'keySet', found nothing") }
    try self.init(
      url: try text("url"), audiences: try texts("audiences"), algorithms: algorithms,
      claim: try text("claim", default: "scope"), prefix: try text("prefix", default: "predict:"),
      leeway: seconds, limits: try CallerLimits(json: members["limits"]), keySet: keySet, keySetURL: url)
  }
}

/// An issuer as it was configured.
public struct ConfiguredIssuer: Equatable, Sendable {
  /// Whose tokens are taken for what.
  public let issuer: TokenIssuer
  /// Since when, as it is now.
  public let since: Timestamp

  /// Records an issuer.
  public init(issuer: TokenIssuer, since: Timestamp) {
    self.issuer = issuer
    self.since = since
  }
}
