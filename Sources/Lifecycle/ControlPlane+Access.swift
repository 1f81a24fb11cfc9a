public import Access
public import Domain
import Encoding
import Provenance

// Who may do what: each change of it is an act of somebody who may manage access.

extension ControlPlane {
  /// Makes a service known.
  public func addService(_ name: String, by actor: Actor) async throws(Problem) -> KnownPrincipal {
    try await perform(by: actor, .manageAccess, on: .platform) {
      [accessActs] recorder async throws(Problem) in
      try await accessActs.addService(name, recorder: recorder)
    }
  }

  /// Makes a person known under a name, which stays out of the ledger.
  public func addPerson(_ name: String, by actor: Actor) async throws(Problem) -> KnownPrincipal {
    try await perform(by: actor, .manageAccess, on: .platform) {
      [accessActs] recorder async throws(Problem) in
      try await accessActs.addPerson(name, recorder: recorder)
    }
  }

  /// Makes a principal unknown and erases what there is to know of a person.
  public func removePrincipal(_ principal: Principal, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .manageAccess, on: .platform) {
      [accessActs] recorder async throws(Problem) in
      try await accessActs.remove(principal, recorder: recorder)
    }
  }

  /// Gives somebody rights that whoever gives them has; the grant's id is made here.
  public func addGrant(_ wish: Grant, by actor: Actor) async throws(Problem) -> Grant {
    try await perform(by: actor, .manageAccess, on: wish.scope.governed) {
      [accessActs] recorder async throws(Problem) in
      try await accessActs.add(wish, by: actor, recorder: recorder)
    }
  }

  /// Takes a grant back.
  public func removeGrant(_ id: String, by actor: Actor) async throws(Problem) {
    let scope = try await rules.current().grants[id]?.scope
    try await perform(by: actor, .manageAccess, on: scope?.governed ?? .somewhere) {
      [accessActs] recorder async throws(Problem) in
      try await accessActs.removeGrant(id, recorder: recorder)
    }
  }

  /// Makes a key for a principal: for oneself, or for anybody by who may manage access.
  public func createAPIKey(_ wish: APIKeyWish, by actor: Actor) async throws(Problem) -> IssuedKey {
    try await perform(onKeysOf: wish.principal, by: actor) { [accessActs] recorder async throws(Problem) in
      try await accessActs.createKey(wish, by: actor, recorder: recorder)
    }
  }

  /// Makes a key in the place of another, which goes on for as long as `overlap`.
  public func rotateAPIKey(_ id: String, overlap: Duration, by actor: Actor) async throws(Problem)
    -> IssuedKey
  {
    let owner = try await rules.current().keys[id]?.principal
    return try await perform(onKeysOf: owner, by: actor) { [accessActs] recorder async throws(Problem) in
      try await accessActs.rotateKey(id, overlap: overlap, by: actor, recorder: recorder)
    }
  }

  /// Ends a key at once.
  public func revokeAPIKey(_ id: String, by actor: Actor) async throws(Problem) {
    let owner = try await rules.current().keys[id]?.principal
    try await perform(onKeysOf: owner, by: actor) { [accessActs] recorder async throws(Problem) in
      try await accessActs.revokeKey(id, by: actor, recorder: recorder)
    }
  }

  /// Whoever a key is of may do with it what they like; it can do nothing that they cannot.
  private func perform<Result: Sendable>(
    onKeysOf owner: Principal?, by actor: Actor,
    _ act: @escaping @Sendable (Recorder) async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    guard let owner, owner == actor.principal else {
      return try await perform(by: actor, .manageAccess, on: .platform, act)
    }
    return try await perform(for: actor, act)
  }

  /// Takes the word of a provider of identities, whose key set is fetched where none is given.
  public func setProvider(_ provider: IdentityProvider, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .manageAccess, on: .platform) {
      [accessActs] recorder async throws(Problem) in
      try await accessActs.setProvider(provider, recorder: recorder)
    }
  }

  /// Takes the word of a provider no more.
  public func removeProvider(_ url: String, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .manageAccess, on: .platform) {
      [accessActs] recorder async throws(Problem) in
      try await accessActs.removeProvider(url, recorder: recorder)
    }
  }

  /// Makes a project.
  public func addProject(_ project: ProjectName, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .manageAccess, on: .platform) {
      [accessActs] recorder async throws(Problem) in
      try await accessActs.addProject(project, recorder: recorder)
    }
  }

  /// Has a model belong to another project: for who may manage both.
  public func assign(_ model: ModelName, to project: ProjectName, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .manageAccess, on: .project(project)) {
      [self] recorder async throws(Problem) in
      // In its turn: it may have been assigned elsewhere meanwhile.
      let former = try await rules.current().project(of: model)
      try await require(
        .manageAccess, on: .project(former), of: actor,
        asking: "\(Right.manageAccess.rawValue) on project '\(former)'")
      _ = try await registry.versions(ofKnown: model)
      try await accessActs.assign(model, to: project, recorder: recorder)
    }
  }

  /// Which addresses the handles in the ledger stand for, oldest first.
  public func knownOrigins() async throws(Problem) -> [KnownOrigin] { try await parts.people.origins() }

  /// Erases the addresses that were first seen before a moment; the ledger keeps their handles.
  public func forgetOrigins(before moment: Timestamp, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .manageAccess, on: .platform) {
      [parts, origins] recorder async throws(Problem) in
      // A crash between the two leaves what is erased erased, and an act that has begun and is closed at the next start.
      try await recorder.record(
        .forgetOrigins, of: "addresses", details: ["before": .string(moment.description)]
      ) {
        () async throws(Problem) in
        let count = try await parts.people.forgetOrigins(before: moment)
        origins.forget()
        return .done((), details: ["count": JSON(count)])
      }
    }
  }

  /// Finds out who asks.
  public func authenticator() -> Authenticator {
    Authenticator(
      origins: origins, rules: rules, people: parts.people, keyUses: parts.people, refusals: refusals,
      registry: parts.registry,
      time: parts.time,
      entropy: parts.entropy, administrator: administrator
    ) { [self] url in await hasNewKeySet(url) }
  }

  /// What people wrote.
  public var remarks: any Remarks { parts.people }

  /// Who the people are that act.
  public var people: any PeopleDirectory { parts.people }

  /// Where a push is going: the model, or a new one of the project that it names.
  func pushed(_ request: PushRequest) async throws(Problem) -> AccessObject {
    let state = try await rules.current()
    let isNew = try await registry.versions(of: request.name).isEmpty
    guard let project = request.project else {
      return isNew ? .newModel(request.name, in: state.project(of: request.name)) : .model(request.name)
    }
    guard project == .standard || state.projects[project] != nil else {
      throw Problem.unknownProject(project, among: state.projects.keys)
    }
    let present = state.project(of: request.name)
    guard isNew || present == project else {
      throw Problem(
        .conflict, "project.other",
        "expected '\(request.name)' to be pushed to its project '\(present)', found '\(project)'",
        hint:
          "leave the project out, or have it assigned with 'gatehouse projects assign \(request.name) \(project)'"
      )
    }
    return isNew ? .newModel(request.name, in: project) : .model(request.name)
  }
}
