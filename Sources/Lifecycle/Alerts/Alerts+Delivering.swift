public import Alerting
public import Domain
import Encoding
import Gates
import Synchronization

extension Alerts {
  /// What receivers are being told now.
  struct Rounds {
    /// The receivers that are being told something.
    var underWay: Set<String> = []
    /// What went wrong in the last round of each, by name.
    var problems: [String: [Problem]] = [:]
  }

  /// What a receiver is to be told next.
  private struct Due {
    let alert: AlertRecord
    let delivery: AlertDelivery
    /// When it was told the same before, of what is repeated.
    let repeats: Timestamp?
  }

  /// Of how many alerts that are over receivers may still have to be told.
  private static let overLimit = 1000
  /// After how many milliseconds a round ends with what is on its way: the next begins with what is most urgent by then.
  private static let roundLength: Int64 = 10_000

  /// Tells receivers what they are to be told, each at its own pace, until the task is cancelled.
  ///
  /// After each pause those begin that nothing is on its way to: one that takes long for its answers holds up no other.
  /// `tell` is given what went wrong last, after each pause.
  public func keepDelivering(every pause: Duration, _ tell: ([Problem]) -> Void) async {
    await withDiscardingTaskGroup { group in
      while !Task.isCancelled {
        var problems: [Problem] = []
        do throws(Problem) {
          for receiver in try await beginRounds() { group.addTask { await self.round(of: receiver) } }
        } catch {
          problems.append(error)
        }
        tell(problems + rounds.withLock { $0.problems.sorted { $0.key < $1.key }.flatMap(\.value) })
        try? await Task.sleep(for: pause)
      }
    }
  }

  /// Has every receiver that is not being told anything be told what there is now, and waits until all were; what a person should see.
  public func deliver() async -> [Problem] {
    do throws(Problem) {
      let receivers = try await beginRounds()
      await withDiscardingTaskGroup { group in
        for receiver in receivers { group.addTask { await self.round(of: receiver) } }
      }
      return rounds.withLock { rounds in receivers.flatMap { rounds.problems[$0.name] ?? [] } }
    } catch {
      return [error]
    }
  }

  /// The receivers that nothing is on its way to, each marked as being told.
  private func beginRounds() async throws(Problem) -> [AlertReceiver] {
    let receivers = try await registry.alertReceivers()
    let names = Set(receivers.map(\.name))
    return rounds.withLock { rounds in
      rounds.problems = rounds.problems.filter { names.contains($0.key) }
      return receivers.filter { rounds.underWay.insert($0.name).inserted }
    }
  }

  private func round(of receiver: AlertReceiver) async {
    var problems: [Problem] = []
    do throws(Problem) { try await tell(receiver) } catch { problems.append(error) }
    rounds.withLock { rounds in
      rounds.underWay.remove(receiver.name)
      rounds.problems[receiver.name] = problems
    }
  }

  private func tell(_ receiver: AlertReceiver) async throws(Problem) {
    let start = time.now()
    for due in try await due(to: receiver, at: start) {
      // All of it as it is now: answers may have taken long since the round began.
      guard let endpoint = try await endpoint(of: receiver) else { return }
      guard let alert = try await store.alert(due.alert.id) else { continue }
      let now = time.now()
      let isSilenced = try await registry.silences().contains { $0.covers(alert, at: now) }
      guard let news = due.delivery.next(of: alert, to: receiver, isSilenced: isSilenced, at: now) else {
        continue
      }
      let answer = await sender.send(try request(news, of: alert, to: receiver, endpoint, at: now))
      // An attempt that was cut off says nothing of the receiver.
      if Task.isCancelled, !answer.isTaken { return }
      let chance = Double(entropy.bytes(1).first ?? 0) / 255
      // A crash before this has it sent again, under the same key.
      try await store.save(
        due.delivery.after(
          news, isTaken: answer.isTaken, answer.line, retryAfter: answer.pause, at: time.now(), chance: chance
        ),
        at: endpoint)
      let length = time.now().milliseconds - start.milliseconds
      guard answer.isAboutMessage, 0..<Self.roundLength ~= length else { return }
    }
  }

  /// What a receiver is to be told, what it does not know before what it is told again, and then the most severe first.
  private func due(to receiver: AlertReceiver, at now: Timestamp) async throws(Problem) -> [Due] {
    let alerts = try await store.alerts(over: Self.overLimit).filter { receiver.isMeant(for: $0) }
    guard !alerts.isEmpty else { return [] }
    let known = Dictionary(try await store.deliveries(to: receiver.name).map { ($0.alert, $0) }) { first, _ in
      first
    }
    let silences = try await registry.silences()
    var all: [Due] = []
    // What ended before it was there is nothing to it.
    for alert in alerts where known[alert.id] != nil || alert.isStanding {
      let delivery = known[alert.id] ?? AlertDelivery(receiver: receiver.name, alert: alert.id)
      let isSilenced = silences.contains { $0.covers(alert, at: now) }
      guard let news = delivery.next(of: alert, to: receiver, isSilenced: isSilenced, at: now) else {
        continue
      }
      all.append(
        Due(alert: alert, delivery: delivery, repeats: news == delivery.told ? delivery.toldAt : nil))
    }
    return all.sorted { left, right in
      let (first, second) = (left.repeats?.milliseconds ?? .min, right.repeats?.milliseconds ?? .min)
      return (first, left.alert.severity, left.alert.began, left.alert.source)
        < (second, right.alert.severity, right.alert.began, right.alert.source)
    }
  }

  /// Where a receiver is told; nil where it was removed meanwhile.
  ///
  /// Throws `receiver.lost` and `receiver.changed`.
  private func endpoint(of receiver: AlertReceiver) async throws(Problem) -> ReceiverEndpoint? {
    let endpoint = try await store.receivers().first { $0.name == receiver.name }
    guard try await registry.alertReceivers().contains(receiver) else { return nil }
    if let problem = receiver.loss(of: endpoint) { throw problem }
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

extension AlertReceiver {
  /// Why it cannot be told, by what is kept of where it is; nil where that is what the ledger binds it to.
  func loss(of endpoint: ReceiverEndpoint?) -> Problem? {
    guard let endpoint else {
      return Problem(
        .integrity, "receiver.lost", "expected where receiver '\(name)' is told, found nothing kept of it",
        subject: name, hint: "remove it and add it again")
    }
    guard endpoint.binding != self.endpoint else { return nil }
    return Problem(
      .integrity, "receiver.changed",
      "expected the URL and the secret that receiver '\(name)' was added with, found others", subject: name,
      hint: "remove it and add it again")
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
