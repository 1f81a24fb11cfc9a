import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle
import Provenance

/// What there is: models, versions, deployments, refused artifacts, the ledger.
struct QueryRoutes: Sendable {
  let control: ControlPlane
  let version: String
  /// Where the registry of images is answered; nil where it is not.
  let registry: String?

  func add(to routes: GuardedRoutes) {
    routes.get("status", .known, use: status)
    routes.get("models", .somewhere(.view), use: models)
    routes.get("models/:name", .model(.view), use: model)
    routes.get("models/:name/history", .model(.view), use: history)
    routes.get("models/:name/account", .model(.view), use: account)
    routes.get("quarantine", .somewhere(.investigate), use: quarantine)
    routes.get("ledger", .platform(.audit), use: ledger)
    routes.get("ledger/checkpoint", .platform(.audit), use: checkpoint)
  }

  /// `GET /api/v1/status`: which program answers, what the platform is there for, where predictions are answered, and metrics of them, where images are, and
  /// what the process that answers has given up.
  @Sendable private func status(_ request: Request, _ context: ControlContext) async throws -> Response {
    .json(
      .ok,
      [
        "version": .string(version), "plane": .string(control.planeURL),
        "admin": control.adminURL.map { .string($0) } ?? .null,
        "registry": registry.map { .string($0) } ?? .null,
        "environment": try await control.registry.environment().map { .string($0.description) } ?? .null,
        "confinement": await control.planeConfinement()?.json ?? .null,
      ])
  }

  /// `GET /api/v1/models`: every model, its newest version and the one that is served.
  @Sendable private func models(_ request: Request, _ context: ControlContext) async throws -> Response {
    let served = try await control.registry.deployments()
    var models: [JSON] = []
    for name in try await control.registry.modelNames() where try await context.maySee(name, control) {
      guard let latest = try await control.registry.versions(of: name).last else { continue }
      let deployment = served.first { $0.name == name }
      models.append([
        "name": .string(name.description), "latest": JSON(latest.reference.version.value),
        "serving": deployment.map { JSON($0.version.value) } ?? .null,
        "framework": .string(latest.framework),
        "url": deployment.map { $0.json(url: control.planeURL)["url"] ?? .null } ?? .null,
      ])
    }
    return .json(.ok, ["models": .array(models)])
  }

  /// `GET /api/v1/models/{name}`: all its versions, from where they were promoted, its aliases, its images, what is served, and the keys to it.
  @Sendable private func model(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    let versions = try await control.registry.versions(ofKnown: name)
    let deployment = try await control.registry.deployments().first { $0.name == name }
    let keys = try await control.registry.keys().filter { $0.deployment == name }
    let aliases = try await control.registry.aliases().filter { $0.model == name }
    let images = try await control.registry.images().filter { $0.reference.name == name }
    let revoked = try await control.registry.revokedVersions().filter { $0.reference.name == name }
    let promotions = try await control.registry.promotions(of: name)
    let shown = versions.map { version in
      version.json(
        revocation: revoked.first { $0.reference == version.reference },
        promotion: promotions.first { $0.version == version.reference })
    }
    return .json(
      .ok,
      [
        "name": .string(name.description), "versions": .array(shown),
        "aliases": .array(aliases.map(\.json)), "images": .array(images.map(\.json)),
        "deployment": deployment?.json(url: control.planeURL) ?? .null,
        "keys": .array(keys.map(\.json)),
      ])
  }

  /// `GET /api/v1/models/{name}/history[?at=MILLISECONDS]`: what served when.
  @Sendable private func history(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    _ = try await control.registry.versions(ofKnown: name)
    let moment = try request.moment("at")
    let history = try await History(ledger: control.ledger)(of: name, at: moment)
    return .json(
      .ok,
      [
        "name": .string(name.description), "served": .array(history.served.map(\.json)),
        "aliases": .array(history.aliases.map(\.json)),
      ])
  }

  /// `GET /api/v1/models/{name}/account?at=MILLISECONDS`: what served then, now where no moment is named, and how that came to
  /// be.
  @Sendable private func account(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    _ = try await control.registry.versions(ofKnown: name)
    let moment = try request.moment("at") ?? control.now()
    let account = try await AccountForMoment(ledger: control.ledger, registry: control.registry)(
      of: name, at: moment)
    var members = account.json.object ?? [:]
    if let policy = account.served?.policy ?? account.version?.policy {
      // The file of a policy is kept for as long as a verdict names it; one of a former release has none.
      members["policyName"] = (try? await control.policies.policy(policy)).map { .string($0.name) } ?? .null
    }
    let image: VersionImage? =
      if let version = account.version?.reference { try await control.registry.image(of: version) } else {
        nil
      }
    members["image"] = image.map { .string($0.manifest.description) } ?? .null
    return .json(.ok, .object(members))
  }

  /// `GET /api/v1/quarantine`: what was refused and is kept.
  @Sendable private func quarantine(_ request: Request, _ context: ControlContext) async throws -> Response {
    var kept: [JSON] = []
    for refused in try await control.registry.quarantined()
    where try await control.rules.allow(.investigate, on: .model(refused.name), context.requireActor()) {
      kept.append(refused.json)
    }
    return .json(.ok, ["quarantine": .array(kept)])
  }

  /// `GET /api/v1/ledger[?from=N][&count=N][&model=…][&principal=…][&act=…][&since=MILLISECONDS][&until=…][&refused=true]`:
  /// entries in order, at most 1000 at a time; `next` is where to go on, nil at the end.
  @Sendable private func ledger(_ request: Request, _ context: ControlContext) async throws -> Response {
    let first = Int(try request.number("from") ?? 0)
    let count = Int(min(try request.number("count") ?? 100, 1000))
    let size = try await control.ledger.checkpoint()?.size ?? 0
    var entries: [JSON] = []
    let found = try await control.ledger.entries(matching: try filter(request), from: first, count: count)
    for placed in found {
      guard var entry = try? JSON(parsing: placed.bytes).object else {
        throw Problem(
          .integrity, "ledger.entry", "expected a ledger entry, found bytes that are none",
          position: "entry \(placed.position)", hint: "run 'gatehouse audit verify'")
      }
      entry["index"] = JSON(placed.position)
      entries.append(.object(entry))
    }
    let next = found.count < count ? nil : found.last.map { $0.position + 1 }
    return .json(
      .ok,
      [
        "size": JSON(size), "entries": .array(entries), "next": next.map { JSON($0) } ?? .null,
        "origin": .string(control.ledgerName),
      ])
  }

  /// `GET /api/v1/ledger/checkpoint`: the signed note over all entries, as C2SP writes it.
  @Sendable private func checkpoint(_ request: Request, _ context: ControlContext) async throws -> Response {
    guard let checkpoint = try await control.ledger.checkpoint() else {
      throw Problem(.notFound, "ledger.empty", "expected a checkpoint, found an empty ledger")
    }
    return .document(.ok, "text/plain; charset=utf-8", Array(checkpoint.text.utf8))
  }

  private func filter(_ request: Request) throws(Problem) -> LedgerFilter {
    let query = request.uri.queryParameters
    var filter = LedgerFilter()
    if let text = query.get("model") { filter.model = try ModelName(parsing: text) }
    if let text = query.get("principal") {
      guard let principal = Principal(parsing: text) else {
        throw Problem.unreadable("a principal such as person:ada", "principal", text)
      }
      filter.principal = principal
    }
    if let text = query.get("act") {
      guard let act = Act(rawValue: text) else {
        throw Problem.unreadable("an act of the ledger", "act", text)
      }
      filter.act = act
    }
    filter.since = try request.moment("since")
    filter.until = try request.moment("until")
    switch query.get("refused") {
    case nil, "false": break
    case "true": filter.isRefused = true
    case let text?: throw Problem.unreadable("true or false", "refused", text)
    }
    return filter
  }
}
