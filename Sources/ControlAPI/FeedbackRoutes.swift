import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle

/// What turned out to be true of what models said.
struct FeedbackRoutes: Sendable {
  /// The spans of time that can be asked about, in seconds: a minute to 400 days.
  private static let spans: ClosedRange<Int64> = 60...(400 * 86_400)

  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.post("feedback", .somewhere(.giveFeedback), use: give)
    routes.get("deployments/:name/feedback", .model(.view), use: report)
    routes.put("deployments/:name/feedback", .model(.deploy), use: set)
  }

  /// `POST /api/v1/feedback` with an array of `{"deployment","receipt" or "key","row","label","at"}`, or with one of them in each
  /// line: what became of each, in their order.
  @Sendable private func give(_ request: Request, _ context: ControlContext) async throws -> Response {
    let bytes = try await request.bytes(upTo: ControlPlane.feedbackBytes, of: "labels")
    return .json(.ok, try await control.giveFeedback(bytes, by: context.requireActor()).json)
  }

  /// `GET /api/v1/deployments/{name}/feedback`, with `?span=SECONDS` for another span than the last 35 days: how good its
  /// predictions were, by version and day, as far as labels came, and what is expected where they are missing.
  @Sendable private func report(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    let span = try request.number("span") ?? 35 * 86_400
    guard Self.spans.contains(span) else {
      throw Problem.unreadable(
        "\(Self.spans.lowerBound) to \(Self.spans.upperBound) seconds", "span", "\(span)")
    }
    return .json(.ok, try await control.feedbackJSON(of: name, over: .seconds(span)))
  }

  /// `PUT /api/v1/deployments/{name}/feedback` with `{"millionths": N}`: in force when the answer is there.
  @Sendable private func set(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["millionths"])
    let name = try context.modelName()
    let millionths = try DeploymentPolicy.feedbackMillionths(body["millionths"] ?? .null)
    try await control.setFeedback(millionths, of: name, by: context.requireActor())
    return .json(
      .ok,
      [
        "millionths": JSON(millionths),
        "obstacle": try await control.feedbackObstacle(name).map { .string($0) } ?? .null,
      ])
  }
}

extension ControlPlane {
  /// The figures of a deployment as the HTTP face has them.
  func feedbackJSON(of name: ModelName, over span: Duration) async throws -> JSON {
    let policy = try await registry.settings().first { $0.deployment == name }?.policy ?? .standard
    var members = try await feedbackFigures(of: name, over: span).json.object ?? [:]
    members["name"] = .string(name.description)
    members["millionths"] = JSON(policy.feedbackMillionths)
    members["obstacle"] = try await feedbackObstacle(name).map { .string($0) } ?? .null
    return .object(members)
  }
}
