public import Access
public import Alerting
public import Domain
import Encoding
public import Gates
import Provenance

/// A receiver of alerts that somebody wants.
public struct ReceiverWish: Sendable {
  /// What it is to be called.
  public var name: String
  /// What it speaks.
  public var kind: ReceiverKind
  /// Where it is told; nil for PagerDuty's own address.
  public var url: String?
  /// A routing key, or a token; of a webhook the key is made here.
  public var secret: String?
  /// What it is told of.
  public var severities: Set<AlertSeverity>
  /// The deployments that it is told of.
  public var deployments: NamePattern
  /// How long an alert has to have stood with nobody acknowledging it, in milliseconds.
  public var after: Int64
  /// Whether it may be told over plain http.
  public var allowsHTTP: Bool

  /// States what is wanted.
  public init(
    name: String, kind: ReceiverKind, url: String? = nil, secret: String? = nil,
    severities: Set<AlertSeverity> = Set(AlertSeverity.allCases), deployments: NamePattern = .any,
    after: Int64 = 0, allowsHTTP: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.url = url
    self.secret = secret
    self.severities = severities
    self.deployments = deployments
    self.after = after
    self.allowsHTTP = allowsHTTP
  }
}

/// A silence that somebody wants.
public struct SilenceWish: Sendable {
  /// Of which rule; nil for all.
  public var rule: AlertRule?
  /// Of which deployments.
  public var deployments: NamePattern
  /// For how long, in milliseconds.
  public var length: Int64
  /// Why.
  public var reason: String

  /// States what is wanted.
  public init(rule: AlertRule?, deployments: NamePattern, length: Int64, reason: String) {
    self.rule = rule
    self.deployments = deployments
    self.length = length
    self.reason = reason
  }
}

extension ControlPlane {
  /// Alerts that stand, and so many of those that are over, the newest first.
  public func alertRecords(over count: Int) async throws(Problem) -> [AlertRecord] {
    try await parts.alerts.alerts(over: count)
  }

  /// One alert; throws `alert.unknown`.
  public func alertRecord(_ id: String) async throws(Problem) -> AlertRecord {
    guard let alert = try await parts.alerts.alert(id) else { throw .unknownAlert(id) }
    return alert
  }

  /// How far each receiver has been told of an alert, by name.
  public func deliveries(of alert: AlertRecord) async throws(Problem) -> [AlertDelivery] {
    var all: [AlertDelivery] = []
    for receiver in try await registry.alertReceivers() {
      all += try await parts.alerts.deliveries(to: receiver.name).filter { $0.alert == alert.id }
    }
    return all
  }

  /// Says that somebody has taken an alert on; who did so first stays the one who has.
  ///
  /// Throws `alert.unknown` and `alert.over`.
  public func acknowledgeAlert(_ id: String, by actor: Actor) async throws(Problem) -> AlertRecord {
    let alert = try await alertRecord(id)
    if let deployment = alert.source.deployment {
      try await require(.deploy, on: .model(deployment), of: actor, asking: "acknowledge an alert")
    } else {
      try await require(.deploy, on: .platform, of: actor, asking: "acknowledge an alert")
    }
    guard alert.isStanding else {
      throw Problem(
        .conflict, "alert.over", "expected an alert that stands, found one that ended", subject: id)
    }
    return try await alerts.acknowledge(id, at: now(), by: recorder(for: actor))
  }

  /// Has nobody be told of some alerts for a while.
  ///
  /// Throws `silence.malformed` and `silence.too-many`. Silences that are over make room.
  public func silenceAlerts(_ wish: SilenceWish, by actor: Actor) async throws(Problem) -> Silence {
    try await requireSilencing(wish.deployments, by: actor)
    let moment = now()
    guard 1...Silence.longest ~= wish.length else {
      throw Problem(
        .badInput, "silence.malformed", "expected a silence of at most 30 days, found another length",
        position: "/for")
    }
    let silence = try Silence(
      id: Hexadecimal.encode(parts.entropy.bytes(6)), rule: wish.rule, deployments: wish.deployments,
      until: Timestamp(milliseconds: moment.milliseconds + wish.length), reason: wish.reason,
      by: actor.principal, since: moment)
    try await noting(.silenceAlerts, of: silence.id, by: actor) { view throws(Problem) -> ActOutcome<Void> in
      var changes: [RegistryChange] = []
      var count = 0
      for record in try view.governance(.silence, startingWith: "") {
        if try Silence(json: record.value).until <= moment {
          changes.append(.governance(.alerting(.endSilence(record.id, at: moment))))
        } else {
          count += 1
        }
      }
      guard count < Silence.limit else {
        throw Problem(
          .conflict, "silence.too-many", "expected at most \(Silence.limit) silences, found one more",
          hint: "end one with 'gatehouse alerts unsilence ID'")
      }
      return .done(
        (), details: ["deployments": .string(silence.deployments.description)],
        changes: changes + [.governance(.alerting(.addSilence(silence)))])
    }
    return silence
  }

  /// Ends a silence; throws `silence.unknown`.
  public func endSilence(_ id: String, by actor: Actor) async throws(Problem) {
    guard let silence = try await registry.silences().first(where: { $0.id == id }) else {
      throw .unknownSilence(id)
    }
    try await requireSilencing(silence.deployments, by: actor)
    let moment = now()
    try await noting(.endSilence, of: id, by: actor) { view throws(Problem) -> ActOutcome<Void> in
      guard try view.governance(.silence, startingWith: id).contains(where: { $0.id == id }) else {
        throw .unknownSilence(id)
      }
      return .done((), changes: [.governance(.alerting(.endSilence(id, at: moment)))])
    }
  }

  /// Whoever may deploy a model may have its alerts be silent; whoever may deploy any, those of all.
  private func requireSilencing(_ deployments: NamePattern, by actor: Actor) async throws(Problem) {
    let name = try? ModelName(parsing: deployments.description)
    try await require(
      .deploy, on: name.map { .model($0) } ?? .platform, of: actor, asking: "silence alerts")
  }

  /// Has rules of alerts come into force: the file as it is.
  ///
  /// Throws what is wrong with it, at its place.
  public func applyAlertRules(_ bytes: [UInt8], by actor: Actor) async throws(Problem) -> AppliedAlertRules {
    try await require(.deploy, on: .platform, of: actor, asking: "apply rules of alerts")
    _ = try AlertRules(parsing: bytes)
    // Before anything names it; a crash in between leaves bytes that nothing needs.
    let digest = try await blobs.keep(bytes)
    let applied = AppliedAlertRules(digest: digest, by: actor.principal, at: now())
    try await noting(.applyAlertRules, of: digest.description, by: actor) {
      _ throws(Problem) -> ActOutcome<Void> in
      .done((), changes: [.governance(.alerting(.applyRules(applied)))])
    }
    return applied
  }

  /// Which file of rules is in force; nil where none was applied.
  public func appliedAlertRules() async throws(Problem) -> AppliedAlertRules? {
    try await registry.record(.alertRules, AlertingChange.inForce).map { record throws(Problem) in
      try AppliedAlertRules(json: record.value)
    }
  }

  /// Tells somebody of alerts from now on; the secret that a webhook's messages are signed with is shown this once.
  ///
  /// Throws `url.…`, `receiver.malformed`, `receiver.exists` and `receiver.too-many`.
  public func addReceiver(_ wish: ReceiverWish, by actor: Actor) async throws(Problem) -> (
    receiver: AlertReceiver, secret: WebhookSecret?
  ) {
    try await require(.manageWebhooks, on: .platform, of: actor, asking: "add a receiver of alerts")
    try await require(.audit, on: .platform, of: actor, asking: "have a receiver told of alerts")
    let (endpoint, signing) = try endpoint(wish)
    let receiver = try AlertReceiver(
      name: wish.name, kind: wish.kind, host: endpoint.url.host, endpoint: endpoint.binding,
      severities: wish.severities, deployments: wish.deployments, after: wish.after,
      allowsHTTP: wish.allowsHTTP, since: now())
    try await alerts.addressing.perform { () async throws(Problem) in
      try await add(receiver, at: endpoint, by: actor)
    }
    return (receiver, signing)
  }

  /// To be called in a turn of `addressing`.
  private func add(_ receiver: AlertReceiver, at endpoint: ReceiverEndpoint, by actor: Actor)
    async throws(Problem)
  {
    let known = try await registry.alertReceivers()
    guard !known.contains(where: { $0.name == receiver.name }) else {
      throw .existingReceiver(receiver.name)
    }
    // What a removal left that came as far as the registry and no further.
    try await parts.alerts.removeReceiver(receiver.name)
    // First, so that the registry names none that could not be told. A crash in between leaves what nothing names, which the
    // next start removes.
    try await parts.alerts.put(endpoint)
    do throws(Problem) {
      try await noting(.addReceiver, of: receiver.name, by: actor) {
        view throws(Problem) -> ActOutcome<Void> in
        let present = try view.governance(.alertReceiver, startingWith: "")
        guard !present.contains(where: { $0.id == receiver.name }) else {
          throw .existingReceiver(receiver.name)
        }
        guard present.count < AlertReceiver.limit else {
          throw Problem(
            .conflict, "receiver.too-many",
            "expected at most \(AlertReceiver.limit) receivers of alerts, found one more",
            hint: "remove one with 'gatehouse receivers remove NAME'")
        }
        return .done(
          (), details: ["host": .string(receiver.host)],
          changes: [.governance(.alerting(.addReceiver(receiver)))])
      }
    } catch {
      // It may be there all the same, as with every commit; then what is kept of it stays.
      let isKnown = try? await registry.alertReceivers().contains { $0.name == receiver.name }
      if isKnown == false { try? await parts.alerts.removeReceiver(receiver.name) }
      throw error
    }
  }

  private func endpoint(_ wish: ReceiverWish) throws(Problem) -> (ReceiverEndpoint, WebhookSecret?) {
    try AlertReceiver.check(name: wish.name)
    if wish.url == nil, wish.kind != .pagerduty {
      throw Problem(
        .badInput, "receiver.malformed",
        "expected a URL for a receiver of kind '\(wish.kind.rawValue)', found none",
        position: "/url")
    }
    let text = wish.url ?? "https://events.pagerduty.com/v2/enqueue"
    let isBase = wish.kind == .alertmanager
    let url = try EndpointURL(
      parsing: isBase && text.hasSuffix("/") ? String(text.dropLast()) : text, allowingHTTP: wish.allowsHTTP)
    if isBase {
      // It has to have room for the path of the API.
      guard !text.utf8.contains(UInt8(ascii: "?")) else {
        throw Problem(
          .badInput, "receiver.malformed",
          "expected the URL of Alertmanager without a query, found one with it",
          position: "/url")
      }
      _ = try EndpointURL(parsing: "\(url)/api/v2/alerts", allowingHTTP: wish.allowsHTTP)
    }
    switch (wish.kind, wish.secret) {
    case (.webhook, nil):
      let secret = WebhookSecret(from: parts.entropy)
      return (ReceiverEndpoint(name: wish.name, url: url, secret: secret.bytes), secret)
    case (.webhook, _?):
      throw Problem(
        .badInput, "receiver.malformed",
        "expected no secret for a webhook, whose key is made here, found one",
        position: "/secret")
    case (.pagerduty, nil):
      throw Problem(
        .badInput, "receiver.malformed", "expected a routing key as the secret, found none",
        position: "/secret")
    case (_, let secret):
      let text = secret ?? ""
      guard text.utf8.count <= 512, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
        throw Problem(
          .badInput, "receiver.malformed",
          "expected a secret of at most 512 visible ASCII characters, found another", position: "/secret")
      }
      return (ReceiverEndpoint(name: wish.name, url: url, secret: Array(text.utf8)), nil)
    }
  }

  /// Tells somebody of alerts no more, and erases where that was and with which secret; throws `receiver.unknown`.
  public func removeReceiver(_ name: String, by actor: Actor) async throws(Problem) {
    try await require(.manageWebhooks, on: .platform, of: actor, asking: "remove a receiver of alerts")
    try await alerts.addressing.perform { () async throws(Problem) in
      let moment = now()
      try await noting(.removeReceiver, of: name.excerpt(64), by: actor) {
        view throws(Problem) -> ActOutcome<Void> in
        guard try view.governance(.alertReceiver, startingWith: name).contains(where: { $0.id == name })
        else {
          throw Problem(
            .notFound, "receiver.unknown", "expected the name of a receiver, found '\(name.excerpt(40))'",
            hint: "list them with 'gatehouse receivers list'")
        }
        return .done((), changes: [.governance(.alerting(.removeReceiver(name, at: moment)))])
      }
      // Where this fails, and after a crash before it, is left what nothing names: the next start erases it, and whoever adds one
      // of that name.
      try await parts.alerts.removeReceiver(name)
    }
  }

  /// Why a receiver cannot be told, whatever there is to tell; nil where it can: `receiver.lost` and `receiver.changed`.
  public func loss(of receiver: AlertReceiver) async throws(Problem) -> Problem? {
    try await alerts.evidence.loss(of: receiver)
  }

  /// How far a receiver has been told, by alert.
  public func alertDeliveries(to name: String) async throws(Problem) -> [AlertDelivery] {
    try await parts.alerts.deliveries(to: name)
  }
}

extension Problem {
  fileprivate static func unknownSilence(_ id: String) -> Problem {
    Problem(
      .notFound, "silence.unknown", "expected the id of a silence, found '\(id.excerpt(40))'",
      hint: "list them with 'gatehouse alerts silences'")
  }

  fileprivate static func existingReceiver(_ name: String) -> Problem {
    Problem(
      .conflict, "receiver.exists", "expected a new name of a receiver, found '\(name)', which there is",
      subject: name, hint: "remove it first, or take another name")
  }
}
