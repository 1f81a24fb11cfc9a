import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import Packaging

/// What is in the repositories of images, and the end of what nothing needs.
struct RegistryRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("registry", .somewhere(.view), use: list)
    routes.post("registry/collections", .platform(.collect), use: collect)
  }

  /// `GET /api/v1/registry`: all repositories, with their tags and manifests.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    var seen: [JSON] = []
    for repository in try await control.repositories.summaries()
    where try await control.rules.allow(.view, on: .repository(repository.name), context.requireActor()) {
      seen.append(repository.json)
    }
    return .json(.ok, ["repositories": .array(seen)])
  }

  /// `POST /api/v1/registry/collections` with `{"untagged","dryRun","graceSeconds"}`, each of which may be left out: removes
  /// the blobs that nothing needs, or says which it would be.
  @Sendable private func collect(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["untagged", "dryRun", "graceSeconds"])
    var grace: Duration = .seconds(86_400)
    if let member = body["graceSeconds"] {
      guard let seconds = member.integer, seconds >= 0 else {
        throw Problem(
          .badInput, "request.member", "expected a number of seconds, found \(member.kind)",
          position: "/graceSeconds")
      }
      grace = .seconds(seconds)
    }
    let wish = try CollectionWish(
      untagged: Self.flag("untagged", in: body), isDryRun: Self.flag("dryRun", in: body), grace: grace)
    let report = try await control.collectBlobs(wish, by: context.requireActor())
    return .json(
      .ok,
      [
        "manifests": JSON(report.manifests), "blobs": JSON(report.blobs), "bytes": JSON(report.bytes),
        "kept": JSON(report.kept), "dryRun": .bool(wish.isDryRun),
        "problems": .array(report.problems.map(\.json)),
      ])
  }

  private static func flag(_ name: String, in body: JSON) throws(Problem) -> Bool {
    guard let member = body[name] else { return false }
    guard let flag = member.bool else {
      throw Problem(
        .badInput, "request.member", "expected true or false, found \(member.kind)", position: "/\(name)")
    }
    return flag
  }
}

extension RepositorySummary {
  fileprivate var json: JSON {
    [
      "name": .string(name.description), "bytes": JSON(bytes),
      "tags": .array(
        tags.map { tag in
          [
            "tag": .string(tag.tag.text), "digest": .string(tag.manifest.description),
            "bytes": JSON(sizes[tag.manifest] ?? 0), "since": .string(tag.since.description),
          ]
        }),
      "manifests": .array(manifests.map { $0.json(bytes: sizes[$0.digest] ?? 0) }),
    ]
  }
}

extension StoredManifest {
  /// `bytes` are those of all that it names, with its own.
  fileprivate func json(bytes: Int) -> JSON {
    var members = descriptor.json.object ?? [:]
    members["bytes"] = JSON(bytes)
    members["subject"] = subject.map { .string($0.description) }
    members["artifactType"] = artifactType.map { .string($0) }
    members["pushedBy"] = .string(pushedBy.description)
    members["at"] = .string(pushedAt.description)
    return .object(members)
  }
}
