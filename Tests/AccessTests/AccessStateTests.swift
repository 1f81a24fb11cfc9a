import Access
import Domain
import Encoding
import Testing

/// What the ledger says of rights, and what a store keeps of it.
struct AccessStateTests {
  private static let at = Timestamp(milliseconds: 1_700_000_000_000)
  private static let ci = Principal(kind: .service, name: "ci")

  /// Every kind of change, each possible after those before it.
  private static func changes() throws -> [AccessChange] {
    let issuer = try TokenIssuer(
      url: "https://id.example", audiences: ["gatehouse"], algorithms: [.rs256], claim: "groups",
      keySet: ["keys": []],
      keySetURL: KeySetURL(parsing: "https://id.example/keys"))
    let retail = try ProjectName(parsing: "retail")
    let key = APIKey(
      id: "k1", hash: digest, principal: ci, rights: [.push, .view],
      scope: Scope(projects: try NamePattern(parsing: "retail")), createdAt: at,
      expiresAt: Timestamp(milliseconds: at.milliseconds + 10), replaces: "k0")
    return [
      .addPrincipal(KnownPrincipal(principal: ci, since: at)), .addProject(retail, at: at),
      .setProvider(try IdentityProvider(tokens: issuer, nameClaim: "email"), at: at),
      .addGrant(
        Grant(
          id: "g1", holder: .principal(ci), gift: .rights([.push, .moveAlias]),
          scope: Scope(models: try NamePattern(parsing: "a*")),
          conditions: .init(
            exceptAliases: [try AliasName(parsing: "champion")], othersOnly: true, from: at,
            until: Timestamp(milliseconds: at.milliseconds + 1))), at: at),
      .addGrant(
        Grant(
          id: "g2", holder: .claim("ml ops", of: "https://id.example"), gift: .role(.operator),
          scope: .everything),
        at: at),
      .addAPIKey(key), .assign(try ModelName(parsing: "basket"), to: retail, at: at),
      .endAPIKey(id: "k1", end: at, at: at), .removeGrant(id: "g1", at: at),
      .removeProvider(url: "https://id.example", at: at),
      .assign(try ModelName(parsing: "basket"), to: .standard, at: at), .removePrincipal(ci, at: at),
    ]
  }

  @Test func `every change reads again as it was written`() throws {
    for change in try Self.changes() {
      let text = change.json.canonicalText
      #expect(AccessChange(json: try JSON(parsing: text.utf8)) == change)
    }
  }

  @Test func `records put together give the state they are of`() throws {
    var state = AccessState()
    for change in try Self.changes() {
      try state.apply(change)
      #expect(try AccessState(records: state.records) == state)
    }
  }

  @Test func `a change that contradicts what is there changes nothing`() throws {
    let changes = try Self.changes()
    for (index, change) in changes.enumerated() {
      var state = AccessState()
      for former in changes[..<index] { try state.apply(former) }
      // Before what it needs is there, and after it is made: setting the same again is no contradiction.
      try state.apply(change)
      let after = state
      switch change {
      case .setProvider, .assign, .endAPIKey: try state.apply(change)
      default:
        let problem = #expect(throws: Problem.self) { try state.apply(change) }
        #expect(problem?.code == "registry.conflict")
      }
      #expect(state == after)
    }
  }

  @Test func `a grant names a holder that is known`() throws {
    var state = AccessState()
    for holder in [Grant.Holder.principal(Self.ci), .claim("x", of: "https://nobody")] {
      let grant = Grant(id: "g", holder: holder, gift: .role(.viewer), scope: .everything)
      #expect(throws: Problem.self) { try state.apply(.addGrant(grant, at: Self.at)) }
    }
    #expect(state == AccessState())
  }

  @Test(arguments: [
    #"{"id":"g","role":"viewer"}"#, #"{"id":"g","principal":"service:ci"}"#,
    #"{"id":"g","principal":"service:ci","role":"viewer","rights":["view"]}"#,
    #"{"id":"g","principal":"service:ci","claim":"a","provider":"b","role":"viewer"}"#,
    #"{"id":"g","principal":"ci","role":"viewer"}"#, #"{"id":"g","principal":"service:ci","role":"viewr"}"#,
    #"{"id":"g","principal":"service:ci","rights":[]}"#,
    #"{"id":"g","principal":"service:ci","rights":["all"]}"#,
    #"{"id":"g","principal":"service:ci","role":"viewer","from":2,"until":2}"#,
    #"{"id":"g","principal":"service:ci","role":"viewer","scope":{"models":"A"}}"#,
    #"{"id":"g","principal":"service:ci","role":"viewer","exceptAliases":["7"]}"#,
    #"{"id":"g","principal":"service:ci","role":"viewer","stranger":1}"#, "[]", "7",
  ])
  func `a grant that is none is refused`(text: String) throws {
    #expect(throws: Problem.self) { try Grant(json: try JSON(parsing: text.utf8)) }
  }

  @Test func `a role that is not known is told with the one that was meant`() throws {
    let json = try JSON(parsing: #"{"id":"g","principal":"service:ci","role":"operater"}"#.utf8)
    let problem = #expect(throws: Problem.self) { try Grant(json: json) }
    #expect(problem?.code == "access.unknown-role")
    #expect(problem?.hint == "use 'operator'")
  }

  @Test func `words of a claim are found flat and inward`() throws {
    func provider(_ claim: String) throws -> IdentityProvider {
      try IdentityProvider(
        tokens: TokenIssuer(
          url: "https://id", audiences: ["a"], algorithms: [.es256], claim: claim, keySet: ["keys": []]))
    }
    let claims: JSON = [
      "groups": ["a", "b", 7], "scope": "x y", "realm_access": ["roles": ["r"]], "a.b": ["flat"],
    ]
    #expect(try provider("groups").words(in: claims) == ["a", "b"])
    #expect(try provider("scope").words(in: claims) == ["x", "y"])
    #expect(try provider("realm_access.roles").words(in: claims) == ["r"])
    #expect(try provider("a.b").words(in: claims) == ["flat"])
    #expect(try provider("none").words(in: claims) == [])
  }
}
