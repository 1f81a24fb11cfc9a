import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle
import Provenance

/// Who cosigns checkpoints of the ledger.
struct WitnessRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("witnesses", .platform(.audit), use: list)
    routes.post("witnesses", .platform(.manageSeals), use: add)
    routes.delete("witnesses", .platform(.manageSeals), use: remove)
  }

  /// `GET /api/v1/witnesses`: all of them, how far each is, and what is the matter with it.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let rows = try await control.witnesses.report().map { report -> JSON in
      [
        "name": .string(report.witness.name), "key": .string(report.witness.key.description),
        "url": .string(report.witness.url.description), "since": .string(report.witness.since.description),
        "size": report.size.map { JSON($0) } ?? .null, "behind": JSON(report.behind),
        "alarm": report.alarm?.json ?? .null, "problem": report.problem?.json ?? .null,
      ]
    }
    let cosigned = try await control.witnesses.cosigned()?.checkpoint.size
    return .json(
      .ok,
      [
        "size": JSON(try await control.ledgerSize()), "cosigned": cosigned.map { JSON($0) } ?? .null,
        "witnesses": .array(rows),
      ])
  }

  /// `POST /api/v1/witnesses` with `{"key","url"}`.
  @Sendable private func add(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["key", "url"])
    let witness = try await control.addWitness(
      body.text("key"), at: body.text("url"), by: context.requireActor())
    return .json(.created, ["name": .string(witness.name)])
  }

  /// `DELETE /api/v1/witnesses?name=`: it is asked no more when the answer is there.
  @Sendable private func remove(_ request: Request, _ context: ControlContext) async throws -> Response {
    guard let name = request.uri.queryParameters.get("name") else {
      throw Problem(.badInput, "request.query", "expected the witness's name as 'name', found nothing")
    }
    try await control.removeWitness(name, by: context.requireActor())
    return Response(status: .noContent)
  }
}
