import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle

/// Who may do what: principals, grants, projects.
struct AccessRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("access", .known, use: mine)
    routes.get("access/history", .platform(.audit), use: history)
    routes.get("origins", .platform(.audit), use: origins)
    routes.delete("origins", .platform(.manageAccess), use: forgetOrigins)
    routes.get("principals", .platform(.audit), use: principals)
    routes.post("principals", .platform(.manageAccess), use: addPrincipal)
    routes.delete("principals/:principal", .platform(.manageAccess), use: removePrincipal)
    routes.get("grants", .platform(.audit), use: grants)
    routes.post("grants", .somewhere(.manageAccess), use: addGrant)
    routes.delete("grants/:id", .somewhere(.manageAccess), use: removeGrant)
    routes.get("projects", .known, use: projects)
    routes.post("projects", .platform(.manageAccess), use: addProject)
    routes.put("models/:name/project", .somewhere(.manageAccess), use: assign)
  }

  /// `GET /api/v1/access`: who asks, and what they may do where.
  @Sendable private func mine(_ request: Request, _ context: ControlContext) async throws -> Response {
    let actor = try context.requireActor()
    let state = try await control.rules.current()
    let grants = state.grantsInForce(of: actor, at: control.now())
    return .json(
      .ok,
      [
        "principal": .string(actor.principal.description),
        "rights": .array(state.rights(of: actor, at: control.now()).sorted().map { .string($0.rawValue) }),
        "grants": .array(grants.map(\.shown)),
      ])
  }

  /// `GET /api/v1/origins`: which addresses the handles in entries stand for.
  @Sendable private func origins(_ request: Request, _ context: ControlContext) async throws -> Response {
    let origins = try await control.knownOrigins()
    return .json(
      .ok,
      [
        "origins": .array(
          origins.map {
            [
              "origin": .string($0.handle), "address": .string($0.address),
              "since": .string($0.since.description),
            ]
          })
      ])
  }

  /// `DELETE /api/v1/origins?before=MILLISECONDS`: addresses that were first seen before are erased when the answer is there.
  @Sendable private func forgetOrigins(_ request: Request, _ context: ControlContext) async throws -> Response
  {
    guard let moment = try request.moment("before") else {
      throw Problem(.badInput, "request.query", "expected a moment as 'before', found nothing")
    }
    try await control.forgetOrigins(before: moment, by: context.requireActor())
    return Response(status: .noContent)
  }

  /// `GET /api/v1/principals`: all that are known, people with what they are called.
  @Sendable private func principals(_ request: Request, _ context: ControlContext) async throws -> Response {
    let people = Dictionary(
      uniqueKeysWithValues: try await control.people.people().map { ($0.principal, $0) })
    let known = try await control.rules.current().principals.values
      .sorted { ($0.since, $0.principal.description) < ($1.since, $1.principal.description) }
    return .json(
      .ok,
      [
        "principals": .array(
          known.map { known in
            var members: [String: JSON] = [
              "principal": .string(known.principal.description), "since": .string(known.since.description),
            ]
            if let person = people[known.principal] {
              members["name"] = .string(person.name)
              members["shownAs"] = .string(person.shownAs)
            }
            return .object(members)
          })
      ])
  }

  /// `POST /api/v1/principals` with `{"kind":"service"|"person","name"}`: it is known when the answer is there.
  @Sendable private func addPrincipal(_ request: Request, _ context: ControlContext) async throws -> Response
  {
    let body = try await request.json()
    try body.requireMembers(["kind", "name"])
    let name = try body.text("name")
    let known: KnownPrincipal
    switch try body.text("kind") {
    case "service": known = try await control.addService(name, by: context.requireActor())
    case "person": known = try await control.addPerson(name, by: context.requireActor())
    case let kind:
      throw Problem(
        .badInput, "request.member", "expected 'person' or 'service' as 'kind', found '\(kind.excerpt(40))'",
        position: "/kind")
    }
    return .json(
      .created,
      ["principal": .string(known.principal.description), "since": .string(known.since.description)])
  }

  /// `DELETE /api/v1/principals/{principal}`: it holds nothing and nothing is known of a person when the answer is there.
  @Sendable private func removePrincipal(_ request: Request, _ context: ControlContext) async throws
    -> Response
  {
    try await control.removePrincipal(context.principal("principal"), by: context.requireActor())
    return Response(status: .noContent)
  }

  /// `GET /api/v1/access/history[?until=MILLISECONDS]`: every change of who may do what, as it was recorded.
  @Sendable private func history(_ request: Request, _ context: ControlContext) async throws -> Response {
    let moves = try await RightsHistory(ledger: control.ledger).moves(
      recordedUntil: request.moment("until"))
    return .json(
      .ok,
      [
        "moves": .array(
          moves.map {
            [
              "time": .string($0.time.description), "entry": JSON($0.position),
              "by": .string($0.principal.description), "change": $0.change.json,
            ]
          })
      ])
  }

  /// `GET /api/v1/grants[?principal=][&at=MILLISECONDS[&recorded=MILLISECONDS]]`: all of them, or those of one principal; with
  /// `at` those that held at that moment, by what was recorded then, or at another moment.
  @Sendable private func grants(_ request: Request, _ context: ControlContext) async throws -> Response {
    let holder = request.uri.queryParameters.get("principal").flatMap(Principal.init(parsing:))
    let grants: [Grant]
    if let moment = try request.moment("at") {
      let recorded = try request.moment("recorded") ?? moment
      grants = try await RightsHistory(ledger: control.ledger).grants(heldAt: moment, recordedAt: recorded)
    } else {
      guard try request.moment("recorded") == nil else {
        throw Problem(
          .badInput, "request.query", "expected 'at' beside 'recorded', found nothing",
          hint: "say at which moment it is to have held")
      }
      grants = try await control.rules.current().grants.values.sorted { $0.id < $1.id }
    }
    return .json(
      .ok,
      [
        "grants": .array(
          grants.filter { holder == nil || $0.holder == holder.map { .principal($0) } }.map(\.shown))
      ])
  }

  /// `POST /api/v1/grants` with a grant as `Grant` reads one, its moments as texts: it is in force when the answer is there.
  @Sendable private func addGrant(_ request: Request, _ context: ControlContext) async throws -> Response {
    var members = try await request.json().object ?? [:]
    guard members["id"] == nil else {
      throw Problem(
        .badInput, "request.unknown-member", "expected a grant without an id, found one", position: "/id")
    }
    for name in ["from", "until"] {
      guard let text = members[name]?.string else { continue }
      members[name] = .integer(try KeyTerms.moment(parsing: text, from: control.now()).milliseconds)
    }
    let wish = try Grant(json: .object(members), id: "")
    return .json(.created, try await control.addGrant(wish, by: context.requireActor()).shown)
  }

  /// `DELETE /api/v1/grants/{id}`: it gives nothing any more when the answer is there.
  @Sendable private func removeGrant(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.removeGrant(context.parameter("id"), by: context.requireActor())
    return Response(status: .noContent)
  }

  /// `GET /api/v1/projects`: all of them, with the models that whoever asks may see.
  @Sendable private func projects(_ request: Request, _ context: ControlContext) async throws -> Response {
    let state = try await control.rules.current()
    var models: [ProjectName: [JSON]] = [:]
    for model in try await control.registry.modelNames() where try await context.maySee(model, control) {
      models[state.project(of: model), default: []].append(.string(model.description))
    }
    let projects = [(ProjectName.standard, nil)] + state.projects.map { ($0.key, Optional($0.value)) }
    return .json(
      .ok,
      [
        "projects": .array(
          projects.sorted { $0.0 < $1.0 }.map { project, since in
            [
              "name": .string(project.description), "since": since.map { .string($0.description) } ?? .null,
              "models": .array(models[project] ?? []),
            ]
          })
      ])
  }

  /// `POST /api/v1/projects` with `{"name"}`: there is one of this name when the answer is there.
  @Sendable private func addProject(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["name"])
    let project = try ProjectName(parsing: body.text("name"))
    try await control.addProject(project, by: context.requireActor())
    return .json(.created, ["name": .string(project.description)])
  }

  /// `PUT /api/v1/models/{name}/project` with `{"project"}`: it belongs there when the answer is there.
  @Sendable private func assign(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["project"])
    let project = try ProjectName(parsing: body.text("project"))
    try await control.assign(context.modelName(), to: project, by: context.requireActor())
    return .json(.ok, ["project": .string(project.description)])
  }
}

extension Grant {
  /// The grant as it is shown: as the ledger has it, its moments as texts.
  var shown: JSON {
    var members = json.object ?? [:]
    members["from"] = conditions.from.map { .string($0.description) }
    members["until"] = conditions.until.map { .string($0.description) }
    return .object(members)
  }
}
