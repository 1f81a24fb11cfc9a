import Access
import Domain
import Encoding
import Testing

/// Who may do what, by a state of few grants.
struct DecisionTests {
  private static let now = Timestamp(milliseconds: 1_000_000)
  private static let ci = Principal(kind: .service, name: "ci")
  private static let actor = Actor(principal: ci, credential: .token(provider: "none", words: []))
  private static func model(_ name: String) throws -> AccessObject { .model(try ModelName(parsing: name)) }

  private func state(_ grants: Grant...) throws -> AccessState {
    var state = AccessState()
    try state.apply(.addPrincipal(KnownPrincipal(principal: Self.ci, since: Self.now)))
    try state.apply(.addProject(try ProjectName(parsing: "retail"), at: Self.now))
    try state.apply(
      .assign(try ModelName(parsing: "basket"), to: try ProjectName(parsing: "retail"), at: Self.now))
    for grant in grants { try state.apply(.addGrant(grant, at: Self.now)) }
    return state
  }

  private func grant(
    _ gift: Grant.Gift, projects: String = "*", models: String = "*",
    _ conditions: Grant.Conditions = .init(), id: String = "g"
  ) throws -> Grant {
    Grant(
      id: id, holder: .principal(Self.ci), gift: gift,
      scope: Scope(projects: try NamePattern(parsing: projects), models: try NamePattern(parsing: models)),
      conditions: conditions)
  }

  private func allows(
    _ state: AccessState, _ right: Right, _ object: AccessObject, by actor: Actor = actor,
    madeBy author: Principal? = nil,
    at moment: Timestamp = now
  ) -> Bool {
    state.refusal(actor, right, on: object, madeBy: author, at: moment) == nil
  }

  @Test func `who was granted nothing may nothing`() throws {
    let state = try state()
    for right in Right.allCases {
      #expect(!allows(state, right, .platform))
      #expect(!allows(state, right, .somewhere))
    }
  }

  @Test(arguments: Role.allCases)
  func `a role on everything gives its rights and no others`(role: Role) throws {
    let state = try state(grant(.role(role)))
    for right in Right.allCases {
      #expect(allows(state, right, .platform) == role.rights.contains(right))
    }
  }

  @Test func `a grant reaches the models of its pattern alone`() throws {
    let state = try state(grant(.role(.pusher), models: "fraud-*"))
    #expect(allows(state, .push, try Self.model("fraud-cards")))
    #expect(!allows(state, .push, try Self.model("basket")))
    #expect(allows(state, .push, .somewhere))
    #expect(!allows(state, .push, .platform))
  }

  @Test func `a grant on a project reaches its models and what becomes one`() throws {
    let state = try state(grant(.role(.pusher), projects: "retail"))
    let retail = try ProjectName(parsing: "retail")
    let other = try ModelName(parsing: "other")
    #expect(allows(state, .push, try Self.model("basket")))
    #expect(allows(state, .push, .project(retail)))
    #expect(allows(state, .push, .newModel(other, in: retail)))
    #expect(!allows(state, .push, .newModel(other, in: .standard)))
    #expect(!allows(state, .push, try Self.model("other")))
  }

  @Test func `any alias but champion may be moved`() throws {
    let champion = try AliasName(parsing: "champion")
    let state = try state(grant(.rights([.moveAlias]), .init(exceptAliases: [champion])))
    let model = try ModelName(parsing: "basket")
    #expect(!allows(state, .moveAlias, .alias(champion, of: model)))
    #expect(allows(state, .moveAlias, .alias(try AliasName(parsing: "challenger"), of: model)))
  }

  @Test func `what one has made oneself is not reached where the grant says so`() throws {
    let state = try state(grant(.role(.approver), .init(othersOnly: true)))
    #expect(!allows(state, .approve, try Self.model("basket"), madeBy: Self.ci))
    #expect(
      allows(state, .approve, try Self.model("basket"), madeBy: Principal(kind: .service, name: "other")))
  }

  @Test func `a grant holds from its first moment until before its last`() throws {
    let (from, until) = (Timestamp(milliseconds: 2_000_000), Timestamp(milliseconds: 3_000_000))
    let state = try state(grant(.role(.viewer), .init(from: from, until: until)))
    for (moment, expected) in [(1_999_999, false), (2_000_000, true), (2_999_999, true), (3_000_000, false)] {
      let moment = Timestamp(milliseconds: Int64(moment))
      #expect(allows(state, .view, .platform, at: moment) == expected)
    }
  }

  @Test func `a key can do what its principal may and it is made for`() throws {
    var state = try state(grant(.role(.operator)))
    let key = APIKey(
      id: "k", hash: digest, principal: Self.ci, rights: [.view, .push],
      scope: Scope(models: try NamePattern(parsing: "basket")), createdAt: Self.now,
      expiresAt: Timestamp(milliseconds: 2_000_000))
    try state.apply(.addAPIKey(key))
    let actor = Actor(principal: Self.ci, credential: .apiKey("k"))
    #expect(allows(state, .view, try Self.model("basket"), by: actor))
    #expect(!allows(state, .view, try Self.model("other"), by: actor))
    #expect(!allows(state, .deploy, try Self.model("basket"), by: actor))
    #expect(!allows(state, .push, try Self.model("basket"), by: actor))
    #expect(
      !allows(state, .view, try Self.model("basket"), by: actor, at: Timestamp(milliseconds: 2_000_000)))
  }

  @Test func `a word of a token gives what was granted to it, of its own provider alone`() throws {
    var state = try state()
    for url in ["https://a", "https://b"] {
      state = try adding(url, to: state)
      try state.apply(
        .addGrant(
          Grant(
            id: url, holder: .claim("ops", of: url), gift: .role(url == "https://a" ? .operator : .viewer),
            scope: .everything),
          at: Self.now))
    }
    func actor(_ provider: String, _ words: Set<String>) -> Actor {
      Actor(principal: Self.ci, credential: .token(provider: provider, words: words))
    }
    #expect(allows(state, .deploy, .platform, by: actor("https://a", ["ops"])))
    #expect(!allows(state, .deploy, .platform, by: actor("https://b", ["ops"])))
    #expect(!allows(state, .view, .platform, by: actor("https://a", ["Ops"])))
    try state.apply(.removeProvider(url: "https://a", at: Self.now))
    #expect(!allows(state, .deploy, .platform, by: actor("https://a", ["ops"])))
  }

  @Test func `a refusal names the right, the object, what there is instead and who can give it`() throws {
    let state = try state(grant(.role(.operator), models: "fraud-*"))
    let refusal = try #require(
      state.refusal(Self.actor, .deploy, on: try Self.model("basket"), at: Self.now))
    #expect(refusal.category == .forbidden)
    #expect(refusal.code == "access.denied")
    #expect(
      refusal.message
        == "expected the right 'deploy' on model 'basket', found that service:ci has it on models fraud-*")
    #expect(
      refusal.hint == "have somebody who may 'manage-access' grant it; roles that give it: operator, admin")
  }

  @Test func `whoever is removed holds nothing, and their keys have ended`() throws {
    var state = try state(grant(.role(.admin)))
    try state.apply(
      .addAPIKey(APIKey(id: "k", hash: digest, principal: Self.ci, createdAt: Self.now)))
    try state.apply(.removePrincipal(Self.ci, at: Self.now))
    #expect(state.grants.isEmpty)
    #expect(!allows(state, .view, .platform, by: Actor(principal: Self.ci, credential: .apiKey("k"))))
    // Known again, the same name holds nothing of what it did.
    try state.apply(.addPrincipal(KnownPrincipal(principal: Self.ci, since: Self.now)))
    #expect(!allows(state, .view, .platform, by: Actor(principal: Self.ci, credential: .apiKey("k"))))
  }

  private func adding(_ url: String, to state: AccessState) throws -> AccessState {
    var state = state
    let issuer = try TokenIssuer(
      url: url, audiences: ["gatehouse"], algorithms: [.es256], keySet: ["keys": []])
    try state.apply(.setProvider(try IdentityProvider(tokens: issuer), at: Self.now))
    return state
  }
}

/// Some digest; which one is all the same.
let digest: Digest = {
  guard let digest = Digest(bytes: [UInt8](repeating: 7, count: 32)) else { preconditionFailure("32 bytes") }
  return digest
}()
