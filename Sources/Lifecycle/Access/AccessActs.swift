public import Access
import Domain
import Encoding

/// Changes who may do what: principals, grants, projects.
///
/// Nothing but the registry changes, so that an act is one commit.
struct AccessActs: Sendable {
  let people: any PeopleDirectory
  let rules: AccessRules
  let entropy: any Entropy
  let time: any TimeSource

  /// Makes a service known; one that is known stays as it is.
  func addService(_ name: String, recorder: Recorder) async throws(Problem) -> KnownPrincipal {
    // The rules of models' names serve: it stands in lines of the ledger.
    do throws(Problem) { _ = try ModelName(parsing: name) } catch {
      throw Problem(
        .badInput, "principal.malformed",
        "expected a service of 1 to 63 lower-case letters, digits, '.', '_' and '-', found '\(name.excerpt(80))'",
        hint: "name it like 'ci' or 'training-jobs'")
    }
    return try await add(Principal(kind: .service, name: name), recorder: recorder)
  }

  /// Makes a person known, under a name that stays out of the ledger.
  func addPerson(_ name: String, recorder: Recorder) async throws(Problem) -> KnownPrincipal {
    guard name.isOneLine(upTo: 255), !name.utf8.contains(UInt8(ascii: "|")) else {
      throw Problem(
        .badInput, "principal.malformed",
        "expected a name of 1 to 255 bytes in one line without '|', found another")
    }
    // First, so that the ledger names nobody who is not there. A crash in between leaves a handle that nothing names; it is
    // taken up when the same person is added again.
    let person = try await people.put(Person(name: name, shownAs: name, salt: entropy.bytes(16)))
    return try await add(person.principal, recorder: recorder)
  }

  private func add(_ principal: Principal, recorder: Recorder) async throws(Problem) -> KnownPrincipal {
    if let known = try await rules.current().principals[principal] { return known }
    let known = KnownPrincipal(principal: principal, since: time.now())
    return try await change(.addPrincipal, principal.description, .addPrincipal(known), recorder) { known }
  }

  /// Makes a principal unknown: what it holds is taken back, its keys end, and what is known of a person is erased.
  func remove(_ principal: Principal, recorder: Recorder) async throws(Problem) {
    let isPerson = principal.kind == .person
    guard try await rules.current().principals[principal] != nil else {
      // One who holds nothing, whom a crash has left half forgotten.
      guard isPerson, try await people.people().contains(where: { $0.principal == principal }) else {
        throw Problem.unknownPrincipal(principal)
      }
      return try await people.forget(handle: principal.name)
    }
    try await change(
      .removePrincipal, principal.description, .removePrincipal(principal, at: time.now()), recorder
    ) {}
    // After the ledger: a crash in between leaves a person who holds nothing, whom asking again erases.
    if isPerson { try await people.forget(handle: principal.name) }
  }

  /// Gives somebody rights.
  ///
  /// Throws `access.beyond` where `actor` would give what they do not have themselves, and `principal.unknown` or
  /// `provider.unknown` for a holder that is not known.
  func add(_ wish: Grant, by actor: Actor, recorder: Recorder) async throws(Problem) -> Grant {
    let state = try await rules.current()
    switch wish.holder {
    case .principal(let principal):
      guard state.principals[principal] != nil else { throw Problem.unknownPrincipal(principal) }
    case .claim(_, let url):
      guard state.providers[url] != nil else {
        throw Problem.unknownProvider(url, among: state.providers.keys)
      }
    }
    let object = wish.scope.governed
    for right in wish.gift.rights.sorted()
    where !state.mayGive(right, on: object, under: wish.conditions, actor, at: time.now()) {
      throw Problem(
        .forbidden, "access.beyond",
        "expected a grant of what whoever gives it has under no narrower conditions, found '\(right.rawValue)' on"
          + " \(object.description)",
        hint: "have it given by somebody who has it")
    }
    if case .project(let project) = object, project != .standard, state.projects[project] == nil {
      throw Problem.unknownProject(project, among: state.projects.keys)
    }
    let grant = Grant(
      id: wish.id.isEmpty ? Hexadecimal.encode(entropy.bytes(6)) : wish.id, holder: wish.holder,
      gift: wish.gift,
      scope: wish.scope, conditions: wish.conditions)
    return try await change(.grant, grant.holder.description, .addGrant(grant, at: time.now()), recorder) {
      grant
    }
  }

  /// Takes a grant back.
  func removeGrant(_ id: String, recorder: Recorder) async throws(Problem) {
    let grant = try await self.grant(id)
    try await change(
      .removeGrant, grant.holder.description, .removeGrant(id: id, at: time.now()), recorder
    ) {}
  }

  /// The grant with this id; throws `grant.unknown`.
  func grant(_ id: String) async throws(Problem) -> Grant {
    if let grant = try await rules.current().grants[id] { return grant }
    throw Problem(
      .notFound, "grant.unknown", "expected the id of a grant, found '\(id.excerpt(40))'",
      hint: "list them with 'gatehouse grants list'")
  }

  /// Makes a project; one that is there stays as it is.
  func addProject(_ project: ProjectName, recorder: Recorder) async throws(Problem) {
    guard try await rules.current().projects[project] == nil, project != .standard else { return }
    try await change(.addProject, project.description, .addProject(project, at: time.now()), recorder) {}
  }

  /// Has a model belong to another project.
  func assign(_ model: ModelName, to project: ProjectName, recorder: Recorder) async throws(Problem) {
    let state = try await rules.current()
    guard project == .standard || state.projects[project] != nil else {
      throw Problem.unknownProject(project, among: state.projects.keys)
    }
    guard state.project(of: model) != project else { return }
    try await change(
      .assignModel, model.description, .assign(model, to: project, at: time.now()), recorder
    ) {}
  }

  /// Makes one change of the registry as an act.
  func change<Result: Sendable>(
    _ act: Act, _ subject: String, _ change: AccessChange, _ recorder: Recorder,
    _ result: @Sendable () -> Result
  ) async throws(Problem) -> Result {
    // Whatever becomes of the commit: it may have been made though it failed.
    defer { rules.change() }
    try await recorder.note(act, of: subject, changes: [.access(change)])
    return result()
  }
}

extension Scope {
  /// What somebody has to govern to give rights in this scope: one project where it names one, else the platform.
  public var governed: AccessObject {
    if let project = try? ProjectName(parsing: projects.description) { return .project(project) }
    return .platform
  }
}

extension Problem {
  static func unknownPrincipal(_ principal: Principal) -> Problem {
    Problem(
      .notFound, "principal.unknown",
      "expected a principal that is known, found '\(principal.description.excerpt(80))'",
      hint: "list them with 'gatehouse principals list'")
  }

  static func unknownProvider(_ url: String, among known: some Sequence<String>) -> Problem {
    Problem(
      .notFound, "provider.unknown",
      "expected the URL of a provider of identities, found '\(url.excerpt(80))'",
      hint: NearName.nearest(to: url, among: known).map { "use '\($0)'" }
        ?? "list them with 'gatehouse providers list'")
  }

  static func unknownProject(_ project: ProjectName, among known: some Sequence<ProjectName>) -> Problem {
    Problem(
      .notFound, "project.unknown", "expected a project that exists, found '\(project)'",
      hint: NearName.nearest(to: project.description, among: known.map(\.description)).map { "use '\($0)'" }
        ?? "make it with 'gatehouse projects add \(project)'")
  }
}
