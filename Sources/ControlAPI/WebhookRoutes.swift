import Access
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle

/// Who is told what happens.
struct WebhookRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("webhooks", .platform(.audit), use: list)
    routes.post("webhooks", .platform(.manageWebhooks), use: add)
    routes.delete("webhooks/:id", .platform(.manageWebhooks), use: remove)
    routes.get("webhooks/:id/deliveries", .platform(.audit), use: deliveries)
    routes.post("webhooks/:id/deliveries/:index", .platform(.manageWebhooks), use: redeliver)
  }

  /// `GET /api/v1/webhooks`: all of them; neither a URL nor a secret is among it.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    var rows: [JSON] = []
    for webhook in try await control.registry.webhooks() {
      var members = webhook.json.object ?? [:]
      members["since"] = .string(webhook.since.description)
      rows.append(.object(members))
    }
    return .json(.ok, ["webhooks": .array(rows)])
  }

  /// `POST /api/v1/webhooks` with `{"url","events","models","projects","allowHTTP"}`; the secret is in this answer alone.
  @Sendable private func add(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    let fields = RecordFields(body, "webhook", code: "webhook.malformed")
    try fields.allow(["url", "events", "models", "projects", "allowHTTP"])
    let wish = WebhookWish(
      url: try fields.text("url"), events: try Webhook.events(named: fields.texts("events")),
      scope: try Webhook.scope(fields), allowsHTTP: try fields.flag("allowHTTP"))
    let (webhook, secret) = try await control.addWebhook(wish, by: context.requireActor())
    return .json(
      .created,
      ["id": .string(webhook.id), "host": .string(webhook.host), "secret": .string(secret.encoded)])
  }

  /// `DELETE /api/v1/webhooks/{id}`: when the answer is there, it is sent nothing but what was on its way.
  @Sendable private func remove(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.removeWebhook(context.parameter("id"), by: context.requireActor())
    return Response(status: .noContent)
  }

  /// `GET /api/v1/webhooks/{id}/deliveries`: how far it has come, and what became of its events, the newest first.
  @Sendable private func deliveries(_ request: Request, _ context: ControlContext) async throws -> Response {
    let (progress, deliveries) = try await control.deliveries(to: context.parameter("id"))
    let size = try await control.ledgerSize()
    return .json(
      .ok,
      [
        "position": JSON(progress.position), "behind": JSON(max(0, size - progress.position)),
        "attempts": JSON(progress.attempts), "stopped": .bool(progress.isStopped),
        "failure": progress.failure.map { .string($0) } ?? .null,
        "notBefore": progress.notBefore.map { .string($0.description) } ?? .null,
        "deliveries": .array(deliveries.map(Self.row)),
      ])
  }

  /// `POST /api/v1/webhooks/{id}/deliveries/{index}`: sends an event once more; the answer has what became of it.
  @Sendable private func redeliver(_ request: Request, _ context: ControlContext) async throws -> Response {
    let text = try context.parameter("index")
    guard let index = Int(text), index >= 0, String(index) == text else {
      throw Problem(
        .badInput, "request.path", "expected the number of an entry, found '\(text.excerpt(40))'",
        hint: "list them with 'gatehouse webhooks deliveries ID'")
    }
    let delivery = try await control.redeliver(
      index, to: context.parameter("id"), by: context.requireActor())
    return .json(.ok, Self.row(delivery))
  }

  private static func row(_ delivery: WebhookDelivery) -> JSON {
    [
      "index": JSON(delivery.position), "event": .string(delivery.event),
      "state": .string(delivery.state.rawValue), "attempts": JSON(delivery.attempts),
      "answer": .string(delivery.answer), "at": .string(delivery.at.description),
    ]
  }
}
