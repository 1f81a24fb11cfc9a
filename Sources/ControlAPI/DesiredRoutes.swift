import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle

/// What deployments are to be, and how versions share them.
struct DesiredRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    // Whoever may see what a file names may ask what it would change; to apply it takes the right to deploy each, asked behind it.
    routes.put("deployments", .somewhere(.view), use: apply)
    routes.get("deployments/:name/desired", .model(.view), use: desired)
    routes.get("deployments/:name/shares", .model(.view), use: shares)
    routes.put("deployments/:name/shares", .model(.deploy), use: setShares)
    routes.delete("deployments/:name/shares", .model(.deploy), use: removeShares)
  }

  /// `PUT /api/v1/deployments` with a file of deployments, YAML or JSON: what they are to be from here on.
  ///
  /// Answered with how far each has come and in what it differs. With `?diff=true` nothing changes; `prune=true` lets go of those that
  /// the file does not name, `despiteMark=true` brings back what was rolled back from.
  @Sendable private func apply(_ request: Request, _ context: ControlContext) async throws -> Response {
    let bytes = try await request.bytes(upTo: DesiredDeploymentsReading.sizeLimit, of: "deployments")
    let isDifference = try request.flag("diff")
    let applied = try await control.apply(
      bytes, isDifference: isDifference, prunes: try request.flag("prune"),
      isDespiteMarks: try request.flag("despiteMark"), by: context.requireActor())
    return .json(
      isDifference ? .ok : .accepted,
      [
        "deployments": .array(applied.deployments.map(\.json)),
        "pruned": .array(applied.pruned.map { .string($0.description) }),
      ])
  }

  /// `GET /api/v1/deployments/{name}/desired`: what it is to be, how far it has come, and in what it differs.
  @Sendable private func desired(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    guard let status = try await control.desiredStatus(of: name) else {
      throw Problem(
        .notFound, "deployments.not-applied",
        "expected a deployment of which somebody has applied what it is to be, found '\(name)'",
        subject: name.description, hint: "name it in a file, and apply that with 'gatehouse apply -f FILE'")
    }
    return .json(.ok, status.json)
  }

  // MARK: Shares

  /// `GET /api/v1/deployments/{name}/shares`: how versions share it; `{"shares": null}` where the live one answers all callers.
  @Sendable private func shares(_ request: Request, _ context: ControlContext) async throws -> Response {
    let shares = try await control.registry.present(context.modelName()).shares
    return .json(.ok, ["shares": shares?.json ?? .null])
  }

  /// `PUT /api/v1/deployments/{name}/shares` with `{"arms":[[3,9000],[4,1000]],"affinity","shadows"}`: they share it when the answer
  /// is there.
  @Sendable private func setShares(_ request: Request, _ context: ControlContext) async throws -> Response {
    let shares = try StandingShares(json: try await request.json())
    let present = try await control.share(
      context.modelName(), by: shares, as: context.requireActor())
    return .json(.ok, ["shares": present?.json ?? .null])
  }

  /// `DELETE /api/v1/deployments/{name}/shares`: the live version answers all callers when the answer is there.
  @Sendable private func removeShares(_ request: Request, _ context: ControlContext) async throws -> Response
  {
    _ = try await control.share(context.modelName(), by: nil, as: context.requireActor())
    return .json(.ok, ["shares": .null])
  }
}
