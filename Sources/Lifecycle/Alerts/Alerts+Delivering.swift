public import Alerting
public import Domain
import Encoding
import Gates

extension Alerts {
  /// Of how many alerts that are over receivers may still have to be told.
  private static let overLimit = 1000

  /// Tells every receiver what it is to be told now; what a person should see.
  ///
  /// To be called again and again, never twice at a time. A receiver that is slow holds up no other, one that fails is asked no
  /// more in this round.
  public func deliver() async -> [Problem] {
    do throws(Problem) {
      let receivers = try await registry.alertReceivers()
      guard !receivers.isEmpty else { return [] }
      let alerts = try await store.alerts(over: Self.overLimit)
      guard !alerts.isEmpty else { return [] }
      let silences = try await registry.silences()
      return await withTaskGroup(of: [Problem].self) { group in
        for receiver in receivers {
          group.addTask { await self.tell(receiver, alerts, silences) }
        }
        return await group.reduce(into: []) { $0 += $1 }
      }
    } catch {
      return [error]
    }
  }

  private func tell(_ receiver: AlertReceiver, _ alerts: [AlertRecord], _ silences: [Silence]) async
    -> [Problem]
  {
    do throws(Problem) {
      let alerts = alerts.filter { receiver.isMeant(for: $0) }
      guard !alerts.isEmpty, let endpoint = try await endpoint(of: receiver) else { return [] }
      let known = Dictionary(try await store.deliveries(to: receiver.name).map { ($0.alert, $0) }) {
        first, _ in first
      }
      for alert in alerts.sorted(by: {
        ($0.severity, $0.began, $0.source) < ($1.severity, $1.began, $1.source)
      }) {
        let now = time.now()
        let delivery = known[alert.id] ?? AlertDelivery(receiver: receiver.name, alert: alert.id)
        // What ended before it was there is nothing to it.
        guard known[alert.id] != nil || alert.isStanding else { continue }
        let isSilenced = silences.contains { $0.covers(alert, at: now) }
        guard let news = delivery.next(of: alert, to: receiver, isSilenced: isSilenced, at: now) else {
          continue
        }
        let answer = await sender.send(try request(news, of: alert, to: receiver, endpoint, at: now))
        // An attempt that was cut off says nothing of the receiver.
        if Task.isCancelled, !answer.isTaken { return [] }
        let chance = Double(entropy.bytes(1).first ?? 0) / 255
        // A crash before this has it sent again, under the same key.
        try await store.save(
          delivery.after(
            news, isTaken: answer.isTaken, answer.line, retryAfter: answer.pause, at: time.now(),
            chance: chance))
        if !answer.isAboutMessage { return [] }
      }
      return []
    } catch {
      return [error]
    }
  }

  /// Where a receiver is told; nil where it was removed meanwhile.
  ///
  /// Throws `receiver.lost` and `receiver.changed`.
  private func endpoint(of receiver: AlertReceiver) async throws(Problem) -> ReceiverEndpoint? {
    guard let endpoint = try await store.receivers().first(where: { $0.name == receiver.name }) else {
      guard try await registry.alertReceivers().contains(receiver) else { return nil }
      throw Problem(
        .integrity, "receiver.lost",
        "expected where receiver '\(receiver.name)' is told, found nothing kept of it",
        subject: receiver.name,
        hint: "remove it and add it again")
    }
    guard endpoint.binding == receiver.endpoint else {
      throw Problem(
        .integrity, "receiver.changed",
        "expected the URL and the secret that receiver '\(receiver.name)' was added with, found others",
        subject: receiver.name, hint: "remove it and add it again")
    }
    return endpoint
  }

  /// A message as its receiver reads it; throws `url.…` where the URL has no room for the path of its API.
  private func request(
    _ news: AlertNews, of alert: AlertRecord, to receiver: AlertReceiver, _ endpoint: ReceiverEndpoint,
    at now: Timestamp
  ) throws(Problem) -> WebhookRequest {
    let message = AlertMessage(alert, of: ledger, page: page)
    let secret = String(decoding: endpoint.secret, as: UTF8.self)
    switch receiver.kind {
    case .alertmanager:
      var fields = [(name: "Content-Type", value: "application/json")]
      if !secret.isEmpty { fields.append((name: "Authorization", value: "Bearer \(secret)")) }
      return WebhookRequest(
        url: try EndpointURL(parsing: "\(endpoint.url)/api/v2/alerts", allowingHTTP: receiver.allowsHTTP),
        fields: fields, body: message.alertmanager.canonicalBytes)
    case .pagerduty:
      return WebhookRequest(
        url: endpoint.url, fields: [(name: "Content-Type", value: "application/json")],
        body: message.pagerduty(news, routingKey: secret).canonicalBytes)
    case .webhook:
      let body = message.cloudEvent(news).canonicalBytes
      let seconds = now.milliseconds / 1000
      let key = message.key(news)
      guard let signer = WebhookSecret(bytes: endpoint.secret) else {
        throw Problem(
          .integrity, "receiver.changed", "expected a secret of 24 to 64 bytes, found another",
          subject: receiver.name, hint: "remove it and add it again")
      }
      return WebhookRequest(
        url: endpoint.url,
        fields: [
          ("Content-Type", "application/cloudevents+json"), ("webhook-id", key),
          ("webhook-timestamp", "\(seconds)"),
          ("webhook-signature", signer.signature(of: body, id: key, at: seconds)),
        ], body: body)
    }
  }

  /// Removes what is kept of receivers that the registry does not know: what a crash left of one that was being added, or
  /// removed.
  func sweep() async throws(Problem) {
    let known = Set(try await registry.alertReceivers().map(\.name))
    for endpoint in try await store.receivers() where !known.contains(endpoint.name) {
      try await store.removeReceiver(endpoint.name)
    }
  }
}

extension WebhookAnswer {
  /// Whether the next message may fare otherwise: it was taken, or the receiver has something against this one.
  fileprivate var isAboutMessage: Bool {
    if case .status(let status, _) = self { 200..<500 ~= status && status != 429 } else { false }
  }

  /// After how many milliseconds the receiver wants to be asked again; nil where it does not say.
  fileprivate var pause: Int64? {
    if case .status(429, let asked?) = self { return asked.components.seconds * 1000 }
    if case .status(503, let asked?) = self { return asked.components.seconds * 1000 }
    return nil
  }
}

extension RegistryReader {
  /// Who is told of alerts, by name.
  public func alertReceivers() async throws(Problem) -> [AlertReceiver] {
    var all: [AlertReceiver] = []
    for record in try await governance(.alertReceiver, startingWith: "") {
      all.append(try AlertReceiver(json: record.value))
    }
    return all
  }

  /// Of which alerts nobody is told, over or not, by id.
  public func silences() async throws(Problem) -> [Silence] {
    var all: [Silence] = []
    for record in try await governance(.silence, startingWith: "") {
      all.append(try Silence(json: record.value))
    }
    return all
  }
}
