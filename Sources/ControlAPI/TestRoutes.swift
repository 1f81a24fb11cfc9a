import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle

/// How the tests of versions went, and running them again.
struct TestRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("models/:name/versions/:version/tests", .model(.view), use: report)
    routes.post("models/:name/versions/:version/tests", .model(.test), use: run)
  }

  /// `GET /api/v1/models/{name}/versions/{version}/tests`: the report as the bundle has it, with what it was made of.
  @Sendable private func report(_ request: Request, _ context: ControlContext) async throws -> Response {
    let (record, report) = try await control.tests(of: context.versionReference())
    return .json(.ok, ["record": record.json, "report": report])
  }

  /// `POST /api/v1/models/{name}/versions/{version}/tests`, perhaps with `{"seed"}`: runs them again, of the same bytes.
  ///
  /// `same` is whether the report is what it was. Nothing is kept of it.
  @Sendable private func run(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["seed"])
    let seed = try RecordFields(body, "run of tests", code: "request.member").wholeNumber("seed")
    let repeated = try await control.repeatTests(of: context.versionReference(), seed: seed)
    return .json(.ok, repeated.json)
  }
}
