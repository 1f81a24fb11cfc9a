import Access
import Alerting
import Domain
import Encoding
import Gates
import Hummingbird
import Lifecycle

/// What people are told of, and what they say to it.
struct AlertRoutes: Sendable {
  /// The most alerts that are over in one answer.
  private static let overLimit: Int64 = 1000

  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("alerts", .somewhere(.view), use: list)
    routes.get("alerts/rules", .somewhere(.view), use: rules)
    routes.post("alerts/rules", .platform(.deploy), use: apply)
    routes.get("alerts/silences", .somewhere(.view), use: silences)
    routes.post("alerts/silences", .somewhere(.deploy), use: silence)
    routes.delete("alerts/silences/:id", .somewhere(.deploy), use: endSilence)
    routes.get("deployments/:name/diagnosis", .model(.view), use: diagnose)
    routes.get("alerts/:id", .somewhere(.view), use: show)
    routes.post("alerts/:id/acknowledgement", .somewhere(.deploy), use: acknowledge)
  }

  private func maySee(_ alert: AlertRecord, _ context: ControlContext) async throws -> Bool {
    guard let deployment = alert.source.deployment else { return true }
    return try await context.maySee(deployment, control)
  }

  /// `GET /api/v1/alerts`, with `?over=N` for so many of those that are over too: those that stand, the newest first.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    let over = try request.number("over") ?? 0
    guard over <= Self.overLimit else {
      throw Problem.unreadable("at most \(Self.overLimit)", "over", "\(over)")
    }
    let (silences, now) = (try await control.registry.silences(), control.now())
    var rows: [JSON] = []
    for alert in try await control.alertRecords(over: Int(over)) where try await maySee(alert, context) {
      rows.append(Self.row(alert, silences, now))
    }
    return .json(.ok, ["alerts": .array(rows)])
  }

  private static func row(_ alert: AlertRecord, _ silences: [Silence], _ now: Timestamp) -> JSON {
    var members = alert.json.object ?? [:]
    let silence = silences.first { $0.covers(alert, at: now) }
    members["silence"] = alert.isStanding ? silence.map { .string($0.id) } ?? .null : .null
    return .object(members)
  }

  /// `GET /api/v1/alerts/{id}`: an alert, and how far each receiver has been told of it.
  @Sendable private func show(_ request: Request, _ context: ControlContext) async throws -> Response {
    let alert = try await visible(context)
    var members = Self.row(alert, try await control.registry.silences(), control.now()).object ?? [:]
    members["receivers"] = .array(try await control.deliveries(of: alert).map(\.json))
    return .json(.ok, .object(members))
  }

  /// The alert that the path names; of a model that whoever asks may not see there is none.
  private func visible(_ context: ControlContext) async throws -> AlertRecord {
    let alert = try await control.alertRecord(context.parameter("id"))
    guard try await maySee(alert, context) else {
      throw Problem(
        .notFound, "alert.unknown", "expected the id of an alert, found '\(alert.id)'",
        hint: "list them with 'gatehouse alerts'")
    }
    return alert
  }

  /// `POST /api/v1/alerts/{id}/acknowledgement`: whoever asks has taken it on, unless somebody had.
  @Sendable private func acknowledge(_ request: Request, _ context: ControlContext) async throws -> Response {
    let alert = try await visible(context)
    return .json(.ok, try await control.acknowledgeAlert(alert.id, by: context.requireActor()).json)
  }

  /// `GET /api/v1/deployments/{name}/diagnosis`, with `?span=SECONDS` for another span than the last hour, a day at most: what is
  /// likely to be the matter, and what says so.
  @Sendable private func diagnose(_ request: Request, _ context: ControlContext) async throws -> Response {
    let span = try request.number("span") ?? 3600
    guard 60...86_400 ~= span else { throw Problem.unreadable("60 to 86400 seconds", "span", "\(span)") }
    let (evidence, diagnosis) = try await control.diagnose(context.modelName(), over: .seconds(span))
    var members = diagnosis.json.object ?? [:]
    members["evidence"] = evidence.json
    return .json(.ok, .object(members))
  }

  /// `GET /api/v1/alerts/rules`, with `?deployment=NAME` for those of one: which rules are in force, and since when.
  @Sendable private func rules(_ request: Request, _ context: ControlContext) async throws -> Response {
    let name = try request.uri.queryParameters.get("deployment").map { text throws(Problem) in
      try ModelName(parsing: String(text))
    }
    let applied = try await control.appliedAlertRules()
    return .json(
      .ok,
      [
        "digest": applied.map { .string($0.digest.description) } ?? .null,
        "appliedBy": applied.map { .string($0.by.description) } ?? .null,
        "appliedAt": applied.map { .string($0.at.description) } ?? .null,
        "rules": try await control.alerts.rules().json(for: name),
      ])
  }

  /// `POST /api/v1/alerts/rules` with a file of rules as the body: in force when the answer is there.
  @Sendable private func apply(_ request: Request, _ context: ControlContext) async throws -> Response {
    let bytes = try await request.bytes(upTo: AlertRulesReading.sizeLimit, of: "rules of alerts")
    let applied = try await control.applyAlertRules(bytes, by: context.requireActor())
    return .json(.ok, ["digest": .string(applied.digest.description)])
  }

  /// `GET /api/v1/alerts/silences`: those that are not over.
  @Sendable private func silences(_ request: Request, _ context: ControlContext) async throws -> Response {
    let now = control.now()
    let lasting = try await control.registry.silences().filter { now < $0.until }
    return .json(.ok, ["silences": .array(lasting.map(\.shown))])
  }

  /// `POST /api/v1/alerts/silences` with `{"rule","deployments","for","reason"}`, the length in seconds.
  @Sendable private func silence(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    let fields = RecordFields(body, "silence", code: "silence.malformed")
    try fields.allow(["rule", "deployments", "for", "reason"])
    guard let seconds = body["for"]?.integer, 1...(Silence.longest / 1000) ~= seconds else {
      throw Problem(
        .badInput, "silence.malformed",
        "expected 1 to \(Silence.longest / 1000) seconds, found another length",
        position: "/for")
    }
    let wish = SilenceWish(
      rule: try fields.word("rule", AlertRule.self),
      deployments: try NamePattern(parsing: fields.text("deployments", default: "*")), length: seconds * 1000,
      reason: try fields.text("reason"))
    return .json(.created, try await control.silenceAlerts(wish, by: context.requireActor()).shown)
  }

  /// `DELETE /api/v1/alerts/silences/{id}`: people are told again.
  @Sendable private func endSilence(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.endSilence(context.parameter("id"), by: context.requireActor())
    return Response(status: .noContent)
  }
}

/// Who is told of alerts.
struct ReceiverRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("receivers", .platform(.audit), use: list)
    routes.post("receivers", .platform(.manageWebhooks), use: add)
    routes.delete("receivers/:name", .platform(.manageWebhooks), use: remove)
  }

  /// `GET /api/v1/receivers`: all of them, and what they did not take; neither a URL nor a secret is among it.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    var rows: [JSON] = []
    for receiver in try await control.registry.alertReceivers() {
      var members = receiver.json.object ?? [:]
      members["since"] = .string(receiver.since.description)
      let failing = try await control.alertDeliveries(to: receiver.name).failing(at: control.now())
      members["failing"] = JSON(failing.count)
      let failure =
        try await control.loss(of: receiver).map { "\($0.code): \($0.message)" }
        ?? failing.max { $0.attempts < $1.attempts }?.failure
      members["failure"] = failure.map { .string($0) } ?? .null
      rows.append(.object(members))
    }
    return .json(.ok, ["receivers": .array(rows)])
  }

  /// `POST /api/v1/receivers` with `{"name","kind","url","secret","severities","deployments","after","allowHTTP"}`, the wait in
  /// seconds; the secret of a webhook is in this answer alone.
  @Sendable private func add(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    let fields = RecordFields(body, "receiver", code: "receiver.malformed")
    try fields.allow(["name", "kind", "url", "secret", "severities", "deployments", "after", "allowHTTP"])
    guard let kind = try fields.word("kind", ReceiverKind.self) else {
      throw Problem(
        .badInput, "receiver.malformed",
        "expected alertmanager, pagerduty or webhook as the kind, found none",
        position: "/kind")
    }
    let seconds = body["after"]?.integer ?? 0
    guard 0...(AlertReceiver.longestAfter / 1000) ~= seconds else {
      throw Problem(
        .badInput, "receiver.malformed", "expected a wait of at most 7 days in seconds, found another",
        position: "/after")
    }
    let wish = ReceiverWish(
      name: try fields.text("name"), kind: kind, url: fields.has("url") ? try fields.text("url") : nil,
      secret: fields.has("secret") ? try fields.text("secret") : nil,
      severities: try AlertReceiver.severities(fields.texts("severities")),
      deployments: try NamePattern(parsing: fields.text("deployments", default: "*")), after: seconds * 1000,
      allowsHTTP: try fields.flag("allowHTTP"))
    let (receiver, secret) = try await control.addReceiver(wish, by: context.requireActor())
    return .json(
      .created,
      [
        "name": .string(receiver.name), "host": .string(receiver.host),
        "secret": secret.map { .string($0.encoded) } ?? .null,
      ])
  }

  /// `DELETE /api/v1/receivers/{name}`: when the answer is there, it is told nothing but what was on its way.
  @Sendable private func remove(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.removeReceiver(context.parameter("name"), by: context.requireActor())
    return Response(status: .noContent)
  }
}

extension Silence {
  /// The record with its moments as texts.
  fileprivate var shown: JSON {
    var members = json.object ?? [:]
    members["until"] = .string(until.description)
    members["since"] = .string(since.description)
    return .object(members)
  }
}

extension AlertDelivery {
  fileprivate var json: JSON {
    [
      "receiver": .string(receiver), "told": told.map { .string($0.rawValue) } ?? .null,
      "toldAt": toldAt.map { .string($0.description) } ?? .null, "attempts": JSON(attempts),
      "notBefore": notBefore.map { .string($0.description) } ?? .null,
      "failure": failure.map { .string($0) } ?? .null,
    ]
  }
}
