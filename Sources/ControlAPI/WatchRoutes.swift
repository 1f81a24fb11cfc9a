import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle

/// What live data look like beside training.
struct WatchRoutes: Sendable {
  /// The spans of time that can be asked about, in seconds: a minute to 35 days.
  private static let spans: ClosedRange<Int64> = 60...(35 * 86_400)

  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("deployments/:name/watch", .model(.view), use: report)
    routes.put("deployments/:name/watch", .model(.deploy), use: set)
  }

  /// `GET /api/v1/deployments/{name}/watch`, with `?span=SECONDS` for another span than the last hour: what was seen of each
  /// version, how far its columns are from training, and what was found.
  @Sendable private func report(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try context.modelName()
    let span = try request.number("span") ?? 3600
    guard Self.spans.contains(span) else {
      throw Problem.unreadable(
        "\(Self.spans.lowerBound) to \(Self.spans.upperBound) seconds", "span", "\(span)")
    }
    let (reports, silent, alerts) = try await control.watched(name, over: .seconds(span))
    let policy = try await control.registry.settings().first { $0.deployment == name }?.policy ?? .standard
    return .json(
      .ok,
      [
        "name": .string(name.description), "watch": policy.isWatched ? "on" : "off", "span": .integer(span),
        "falseAlertsPerYear": .number(control.falseAlertsPerYear), "versions": .array(reports.map(\.json)),
        "silent": .array(silent.map { JSON($0.value) }), "alerts": .array(alerts.map(\.json)),
        "feedback": try await control.feedbackJSON(of: name, over: .seconds(span)),
      ])
  }

  /// `PUT /api/v1/deployments/{name}/watch` with `{"watch":"on"}` or `"off"`: in force when the answer is there.
  @Sendable private func set(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["watch"])
    guard let word = body["watch"]?.string, word == "on" || word == "off" else {
      throw Problem(
        .badInput, "request.member", "expected 'on' or 'off' as watch, found another", position: "/watch")
    }
    try await control.setWatched(word == "on", of: context.modelName(), by: context.requireActor())
    return .json(.ok, ["watch": .string(word)])
  }
}
