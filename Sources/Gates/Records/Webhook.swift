public import Access
public import Domain
public import Encoding

/// What webhooks tell of: something that an entry of the ledger says.
public enum WebhookEvent: String, Sendable, CaseIterable, Comparable {
  /// A version waits for people, or for a time.
  case waiting
  /// Somebody said yes to a version.
  case approved
  /// Somebody said no to a version.
  case declined
  /// A version waits no more, and is not served.
  case stopped
  /// A version was made: inspection, lifting and policy took it.
  case admitted
  /// Inspection, lifting or policy said no.
  case refused
  /// A version came into service, and none or an older one was served before.
  case rolledOut = "rolled-out"
  /// A version came into service in the place of a newer one.
  case rolledBack = "rolled-back"
  /// An alias names another version, or none.
  case aliasMoved = "alias-moved"
  /// A policy waits for somebody else to agree.
  case policyProposed = "policy-proposed"
  /// A policy came into force.
  case policyApplied = "policy-applied"
  /// A proposed policy is off the table.
  case policyWithdrawn = "policy-withdrawn"
  /// Advisories came into force; how many versions that are served they are about is in the entry.
  case advisoriesImported = "advisories-imported"
  /// A version was withdrawn for good.
  case versionRevoked = "version-revoked"
  /// A key was revoked: of seals, or of callers.
  case keyRevoked = "key-revoked"
  /// A witness says what contradicts the ledger.
  case alarm

  /// The order in which they are listed.
  public static func < (left: WebhookEvent, right: WebhookEvent) -> Bool { left.rawValue < right.rawValue }
}

/// Whom the platform tells what happens here, as registry and ledger have it: neither has the URL or the secret.
public struct Webhook: Equatable, Sendable {
  /// The most webhooks that there can be.
  public static let limit = 32

  /// What tells it from others: twelve digits.
  public let id: String
  /// The host of its URL.
  public let host: String
  /// The SHA-256 of its secret and its URL: what binds what is kept of it elsewhere to the ledger.
  public let endpoint: Digest
  /// What it is told of; never empty.
  public let events: Set<WebhookEvent>
  /// The models that it is told of; of what concerns no model, only who is told of all of them.
  public let scope: Scope
  /// Whether it may be told over plain http.
  public let allowsHTTP: Bool
  /// Since when it is there.
  public let since: Timestamp

  /// States a webhook.
  public init(
    id: String, host: String, endpoint: Digest, events: Set<WebhookEvent>, scope: Scope, allowsHTTP: Bool,
    since: Timestamp
  ) {
    self.id = id
    self.host = host
    self.endpoint = endpoint
    self.events = events
    self.scope = scope
    self.allowsHTTP = allowsHTTP
    self.since = since
  }

  /// The record as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "id": .string(id), "host": .string(host), "endpoint": .string(endpoint.description),
      "events": .array(events.sorted().map { .string($0.rawValue) }),
      "projects": .string(scope.projects.description), "models": .string(scope.models.description),
      "allowHTTP": .bool(allowsHTTP), "since": .integer(since.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `webhook.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "webhook", code: "webhook.malformed")
    let id = try fields.text("id")
    guard let bytes = Hexadecimal.decode(id), bytes.count == 6 else {
      throw Problem(
        .badInput, "webhook.malformed", "expected twelve digits as the id, found another text",
        position: "/id")
    }
    let host = try fields.text("host")
    guard host.isOneLine(upTo: 253) else {
      throw Problem(
        .badInput, "webhook.malformed", "expected a host in one line, found another text", position: "/host")
    }
    self.init(
      id: id, host: host, endpoint: try fields.digest("endpoint"),
      events: try Self.events(named: fields.texts("events")), scope: try Self.scope(fields),
      allowsHTTP: try fields.flag("allowHTTP"), since: try fields.requiredMoment("since"))
  }

  /// The events of these names, all of them for none; throws `webhook.unknown-event`.
  public static func events(named names: [String]) throws(Problem) -> Set<WebhookEvent> {
    guard !names.isEmpty else { return Set(WebhookEvent.allCases) }
    var events: Set<WebhookEvent> = []
    for name in names {
      guard let event = WebhookEvent(rawValue: name) else {
        let known = WebhookEvent.allCases.map(\.rawValue)
        throw Problem(
          .badInput, "webhook.unknown-event",
          "expected one of \(known.joined(separator: ", ")), found '\(name.excerpt(40))'",
          position: "/events", hint: NearName.nearest(to: name, among: known).map { "use '\($0)'" })
      }
      events.insert(event)
    }
    return events
  }

  /// The models of the members 'projects' and 'models', all of them where there are none.
  public static func scope(_ fields: RecordFields) throws(Problem) -> Scope {
    Scope(
      projects: try NamePattern(parsing: fields.text("projects", default: "*")),
      models: try NamePattern(parsing: fields.text("models", default: "*")))
  }

  /// Whether it is told whatever project a model is of.
  public var isForEveryProject: Bool { scope.projects.description == "*" }

  /// Whether it is told of an event of a model in a project, or of none.
  public func isTold(of event: WebhookEvent, _ model: (name: ModelName, project: ProjectName)?) -> Bool {
    guard events.contains(event) else { return false }
    guard let model else { return scope == .everything }
    return scope.models.matches(model.name.description) && scope.projects.matches(model.project.description)
  }
}
