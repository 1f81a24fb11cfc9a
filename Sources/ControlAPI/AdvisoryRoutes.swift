import Access
import Advisories
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle

/// Which advisories are in force, and what they say of versions.
struct AdvisoryRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("advisories", .somewhere(.view), use: status)
    routes.post("advisories", .platform(.manageAdvisories), use: take)
    routes.get("advisories/affected", .somewhere(.view), use: affected)
    routes.get("advisories/records/:id", .somewhere(.view), use: record)
  }

  /// `GET /api/v1/advisories`: `inForce` is what was imported last, null where nothing ever was.
  @Sendable private func status(_ request: Request, _ context: ControlContext) async throws -> Response {
    .json(.ok, ["inForce": try await control.advisoriesInForce()?.shown ?? .null])
  }

  /// `POST /api/v1/advisories[?older=true]` with a document that `gatehouse advisories import` makes as the body: it is in
  /// force when the answer is there, 201, or was before, 200.
  @Sendable private func take(_ request: Request, _ context: ControlContext) async throws -> Response {
    let allowsOlder = try request.flag("older")
    let bytes = try await request.bytes(upTo: AdvisoryDatabase.sizeLimit, of: "advisories")
    let outcome = try await control.importAdvisories(
      bytes, allowingOlder: allowsOlder, by: context.requireActor())
    var members = outcome.imported.shown.object ?? [:]
    members["imported"] = .bool(outcome.isNew)
    members["served"] = JSON(outcome.served)
    members["affected"] = JSON(outcome.affected)
    return .json(outcome.isNew ? .created : .ok, .object(members))
  }

  /// `GET /api/v1/advisories/affected[?model=NAME][&all=true]`: versions that are served, or all, each with the advisories about
  /// its parts, the gravest first; null where nobody knows what it is made of.
  @Sendable private func affected(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try request.uri.queryParameters.get("model").map { text throws(Problem) in
      try ModelName(parsing: String(text))
    }
    let versions = try await control.advisedVersions(of: name, all: try request.flag("all")) {
      model throws(Problem) in try await context.maySee(model, control)
    }
    return .json(.ok, ["versions": .array(versions.map(\.json))])
  }

  /// `GET /api/v1/advisories/records/{id}`: an advisory under any of its names.
  @Sendable private func record(_ request: Request, _ context: ControlContext) async throws -> Response {
    let weakness = try await control.weakness(named: context.parameter("id"))
    return .json(.ok, weakness.shown(with: weakness.json.object ?? [:]))
  }
}

extension ImportedAdvisories {
  /// The record with its moments as texts.
  fileprivate var shown: JSON {
    var members = json.object ?? [:]
    members["newest"] = newest.map { .string($0.description) } ?? .null
    members["at"] = .string(at.description)
    return .object(members)
  }
}

extension AdvisedVersion {
  fileprivate var json: JSON {
    [
      "version": .string(version.reference.description), "live": .bool(isLive),
      "aliases": .array(aliases.map { .string($0.description) }),
      "advisories": found.map { .array($0.map(\.json)) } ?? .null,
    ]
  }
}

extension FoundWeakness {
  fileprivate var json: JSON {
    weakness.shown(with: ["id": .string(weakness.id), "parts": .array(parts.map(\.json))])
  }
}

extension FoundWeakness.Part {
  fileprivate var json: JSON {
    [
      "name": .string(component.name), "version": component.version.map { .string($0) } ?? .null,
      "scope": .string(component.scope.rawValue),
      "statedBy": .array(component.statedBy.map { .string($0) }),
      "fixedIn": .array(fixes.map { .string($0) }), "certain": .bool(isCertain),
    ]
  }
}

extension Weakness {
  /// What is told of it beside these members: how grave it counts, whether anybody says so, and its moments as texts.
  fileprivate func shown(with members: [String: JSON]) -> JSON {
    var members = members
    members["aliases"] = .array(aliases.map { .string($0) })
    members["severity"] = .string(gravity.rawValue)
    members["severityStated"] = .bool(severity != nil)
    members["published"] = published.map { .string($0.description) } ?? .null
    members["modified"] = .string(modified.description)
    members["summary"] = .string(summary)
    return .object(members)
  }
}
