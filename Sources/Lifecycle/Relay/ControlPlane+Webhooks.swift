public import Access
public import Domain
import Encoding
public import Gates
import Provenance

/// A webhook that somebody wants.
public struct WebhookWish: Sendable {
  /// Where it is told.
  public var url: String
  /// What it is told of; never empty.
  public var events: Set<WebhookEvent>
  /// The models that it is told of.
  public var scope: Scope
  /// Whether it may be told over plain http.
  public var allowsHTTP: Bool

  /// States what is wanted.
  public init(
    url: String, events: Set<WebhookEvent> = Set(WebhookEvent.allCases), scope: Scope = .everything,
    allowsHTTP: Bool = false
  ) {
    self.url = url
    self.events = events
    self.scope = scope
    self.allowsHTTP = allowsHTTP
  }
}

extension ControlPlane {
  /// Tells somebody what happens from now on; the secret that its messages are signed with is shown this once.
  ///
  /// Whoever adds one has it told what the ledger says, and so has to be allowed to read that. Throws `url.…` and
  /// `webhook.too-many`.
  public func addWebhook(_ wish: WebhookWish, by actor: Actor) async throws(Problem) -> (
    webhook: Webhook, secret: WebhookSecret
  ) {
    try await require(.manageWebhooks, on: .platform, of: actor, asking: "add a webhook")
    try await require(.audit, on: .platform, of: actor, asking: "have a webhook told what the ledger says")
    let url = try EndpointURL(parsing: wish.url, allowingHTTP: wish.allowsHTTP)
    let secret = WebhookSecret(from: parts.entropy)
    let webhook = Webhook(
      id: Hexadecimal.encode(parts.entropy.bytes(6)), host: url.host, endpoint: secret.binding(url),
      events: wish.events, scope: wish.scope, allowsHTTP: wish.allowsHTTP, since: now())
    let position = try await ledger.checkpoint()?.size ?? 0
    // First, so that the registry names none that could not be told. A crash in between leaves what nothing names, which
    // the next start removes.
    try await parts.webhooks.put(
      WebhookEndpoint(
        id: webhook.id, url: url, secret: secret, progress: WebhookProgress(position: position)))
    do throws(Problem) {
      try await noting(.addWebhook, of: webhook.id, by: actor) {
        view throws(Problem) -> ActOutcome<Void> in
        guard try view.governance(.webhook, startingWith: "").count < Webhook.limit else {
          throw Problem(
            .conflict, "webhook.too-many", "expected at most \(Webhook.limit) webhooks, found one more",
            hint: "remove one with 'gatehouse webhooks remove ID'")
        }
        return .done(
          (), details: ["host": .string(webhook.host)],
          changes: [.governance(.relay(.addWebhook(webhook)))])
      }
    } catch {
      // It may be there all the same, as with every commit; then what is kept of it stays.
      let known = try? await registry.webhooks().contains { $0.id == webhook.id }
      if known == false { try? await parts.webhooks.remove(webhook.id) }
      throw error
    }
    return (webhook, secret)
  }

  /// Tells somebody nothing any more, and erases where that was and with which secret.
  public func removeWebhook(_ id: String, by actor: Actor) async throws(Problem) {
    try await require(.manageWebhooks, on: .platform, of: actor, asking: "remove a webhook")
    let webhook = try await webhook(id)
    let moment = now()
    try await noting(.removeWebhook, of: id, by: actor) { view throws(Problem) -> ActOutcome<Void> in
      guard try !view.governance(.webhook, startingWith: id).isEmpty else { throw .unknownWebhook(id) }
      return .done(
        (), details: ["host": .string(webhook.host)],
        changes: [.governance(.relay(.removeWebhook(id, at: moment)))])
    }
    // A crash before this leaves what nothing names, which the next start removes.
    try await parts.webhooks.remove(id)
  }

  /// Sends an event to a webhook once more; what became of it is in the ledger too.
  public func redeliver(_ position: Int, to id: String, by actor: Actor) async throws(Problem)
    -> WebhookDelivery
  {
    try await require(.manageWebhooks, on: .platform, of: actor, asking: "redeliver an event")
    let webhook = try await webhook(id)
    let recorder = recorder(for: actor)
    return try await webhooks.inTurn(of: webhook) { () async throws(Problem) in
      try await beside(recordedUnder: recorder.trace) { () async throws(Problem) in
        try await recorder.record(.redeliver, of: id, details: ["entry": JSON(position)]) {
          () async throws(Problem) in
          let delivery = try await webhooks.redeliver(position, to: webhook)
          return .done(
            delivery, details: ["entry": JSON(position), "state": .string(delivery.state.rawValue)])
        }
      }
    }
  }

  /// How far a webhook has come, and what became of its events, the newest first.
  public func deliveries(to id: String) async throws(Problem) -> (
    progress: WebhookProgress, deliveries: [WebhookDelivery]
  ) {
    guard let endpoint = try await webhooks.endpoint(of: webhook(id)) else { throw .unreadableWebhook(id) }
    return (endpoint.progress, try await parts.webhooks.deliveries(of: id))
  }

  /// How many entries the ledger has.
  public func ledgerSize() async throws(Problem) -> Int { try await ledger.checkpoint()?.size ?? 0 }

  /// The webhook with this id; throws `webhook.unknown`.
  public func webhook(_ id: String) async throws(Problem) -> Webhook {
    if let webhook = try await registry.webhooks().first(where: { $0.id == id }) { return webhook }
    throw .unknownWebhook(id)
  }
}

extension Problem {
  fileprivate static func unknownWebhook(_ id: String) -> Problem {
    Problem(
      .notFound, "webhook.unknown", "expected the id of a webhook, found '\(id.excerpt(40))'",
      hint: "list them with 'gatehouse webhooks list'")
  }
}
