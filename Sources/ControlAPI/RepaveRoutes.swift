import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle

/// Replacing the process that serves, and when it is done.
struct RepaveRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("repaves", .somewhere(.view), use: status)
    routes.post("repaves", .somewhere(.deploy), use: repave)
    routes.put("repaves/schedule", .platform(.deploy), use: schedule)
    routes.delete("repaves/schedule", .platform(.deploy), use: end)
  }

  /// `GET /api/v1/repaves`: the process that serves, how old it is, what was done last and when it is done next.
  @Sendable private func status(_ request: Request, _ context: ControlContext) async throws -> Response {
    let status = try await control.repaveStatus()
    var members: [String: JSON] = [
      "process": status.process?.json ?? .null, "schedule": status.schedule?.json ?? .null,
      "next": status.next.map { .string($0.description) } ?? .null, "last": status.last ?? .null,
      "serves": .array([]), "ageSeconds": .null,
    ]
    if let process = status.process {
      let (age, overflow) = status.now.milliseconds.subtractingReportingOverflow(
        process.startedAt.milliseconds)
      members["ageSeconds"] = .integer(overflow ? 0 : max(0, age / 1000))
      members["serves"] = try await served(by: process, context)
    }
    return .json(.ok, .object(members))
  }

  /// `POST /api/v1/repaves`, perhaps with `{"deployment"}`: a new process serves when the answer is there.
  @Sendable private func repave(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["deployment"])
    let fields = RecordFields(body, "repave", code: "request.member")
    let name = fields.has("deployment") ? try ModelName(parsing: fields.text("deployment")) : nil
    let repaved = try await control.repave(name, by: context.requireActor())
    var replays: [JSON] = []
    for replay in repaved.replays where try await context.maySee(replay.version.name, control) {
      replays.append(replay.json)
    }
    return .json(
      .ok,
      [
        "old": repaved.old.json, "new": repaved.new.json,
        "serves": try await served(by: repaved.new, context),
        "replay": .array(replays),
      ])
  }

  /// `PUT /api/v1/repaves/schedule` with `{"every","windows"}`.
  @Sendable private func schedule(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["every", "windows"])
    let fields = RecordFields(body, "schedule", code: "request.member")
    let schedule = try await control.scheduleRepaves(
      every: fields.text("every"), windows: fields.texts("windows"), by: context.requireActor())
    return .json(.ok, schedule.json)
  }

  /// `DELETE /api/v1/repaves/schedule`: none is replaced by the clock any more.
  @Sendable private func end(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.endRepaves(by: context.requireActor())
    return Response(status: .noContent)
  }

  private func served(by process: PlaneProcess, _ context: ControlContext) async throws -> JSON {
    var served: [JSON] = []
    for model in process.models where try await context.maySee(model.name, control) {
      served.append(
        ["version": .string("\(model.name)@\(model.version)"), "bundle": .string(model.bundle.description)])
    }
    return .array(served)
  }
}
