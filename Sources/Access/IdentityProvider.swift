public import Domain
public import Encoding

/// Somebody whose signed tokens say who a person is and what groups they are in: an OpenID Connect issuer.
public struct IdentityProvider: Equatable, Sendable {
  /// How its tokens are verified; its `claim` is where the words stand that grants name.
  public let tokens: TokenIssuer
  /// The claim that a person is shown by, such as `email` or `preferred_username`.
  public let nameClaim: String

  /// States whose word is taken; throws `issuer.malformed`.
  public init(tokens: TokenIssuer, nameClaim: String = "preferred_username") throws(Problem) {
    guard nameClaim.isOneLine(upTo: 255) else {
      throw Problem(
        .badInput, "issuer.malformed", "expected a claim of 1 to 255 bytes as 'nameClaim', found another",
        position: "/nameClaim")
    }
    self.tokens = tokens
    self.nameClaim = nameClaim
  }

  /// What `iss` says in its tokens.
  public var url: String { tokens.url }

  /// The same provider with another key set.
  public func with(keySet: JSON) throws(Problem) -> IdentityProvider {
    try IdentityProvider(tokens: tokens.with(keySet: keySet), nameClaim: nameClaim)
  }

  /// The words of a token's claim of roles: texts in an array, or words in one text.
  ///
  /// The claim is a member of this name; where there is none, dots in the name lead inward, as `realm_access.roles`.
  public func words(in claims: JSON) -> Set<String> {
    var value = claims[tokens.claim]
    if value == nil {
      value = tokens.claim.split(separator: ".").reduce(Optional(claims)) { inner, name in
        inner?[String(name)]
      }
    }
    let words =
      value?.array?.compactMap(\.string) ?? value?.string?.split(separator: " ").map(String.init) ?? []
    // A token is small; its words are fewer still, and each may be what a grant names.
    return Set(words.prefix(1000))
  }
}

extension IdentityProvider {
  /// The provider as the ledger and the HTTP face carry it.
  public var json: JSON {
    var members = tokens.json.object ?? [:]
    members["rolesClaim"] = members.removeValue(forKey: "claim")
    members["prefix"] = nil
    members["limits"] = nil
    members["nameClaim"] = .string(nameClaim)
    return .object(members)
  }

  /// Reads what `json` writes, where what has a default may be left out; throws `issuer.malformed`.
  public init(json: JSON) throws(Problem) {
    guard var members = json.object else {
      throw Problem(.badInput, "issuer.malformed", "expected a provider in an object, found \(json.kind)")
    }
    for stranger in ["claim", "prefix", "limits"] where members[stranger] != nil {
      throw Problem(
        .badInput, "issuer.malformed", "expected only known members of a provider, found '\(stranger)'",
        position: "/\(stranger)")
    }
    members["claim"] = members.removeValue(forKey: "rolesClaim") ?? "groups"
    let name = members.removeValue(forKey: "nameClaim") ?? "preferred_username"
    guard let nameClaim = name.string else {
      throw Problem(
        .badInput, "issuer.malformed", "expected a text as 'nameClaim', found \(name.kind)",
        position: "/nameClaim")
    }
    try self.init(tokens: try TokenIssuer(json: .object(members)), nameClaim: nameClaim)
  }
}
