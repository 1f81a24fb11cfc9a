public import Domain

/// Where a webhook is told, with what, and how far it has come: beside registry and ledger, which have no secret.
public struct WebhookEndpoint: Equatable, Sendable {
  /// Which webhook it is of.
  public let id: String
  /// Where it is told; the path may be a secret.
  public let url: EndpointURL
  /// What its messages are signed with.
  public let secret: WebhookSecret
  /// How far it has come.
  public var progress: WebhookProgress

  /// States where a webhook is told.
  public init(id: String, url: EndpointURL, secret: WebhookSecret, progress: WebhookProgress) {
    self.id = id
    self.url = url
    self.secret = secret
    self.progress = progress
  }
}

/// What became of one event for one webhook.
public struct WebhookDelivery: Equatable, Sendable {
  /// How it ended.
  public enum State: String, Sendable, CaseIterable {
    /// The receiver has it.
    case delivered
    /// It was tried as often as it is, and is not tried again by itself.
    case dead
  }

  /// The entry of the ledger that it tells of.
  public let position: Int
  /// What that says.
  public let event: String
  /// How it ended.
  public let state: State
  /// How often it was tried.
  public let attempts: Int
  /// The last answer's status, or why there was none; one line.
  public let answer: String
  /// When it ended.
  public let at: Timestamp

  /// States what became of an event.
  public init(position: Int, event: String, state: State, attempts: Int, answer: String, at: Timestamp) {
    self.position = position
    self.event = event
    self.state = state
    self.attempts = attempts
    self.answer = answer
    self.at = at
  }
}

/// Keeps where webhooks are told and how far they have come.
///
/// It is no part of what the ledger accounts for: it has secrets, and changes without anybody's act.
public protocol WebhookStore: Sendable {
  /// All of them, by id.
  func endpoints() async throws(Problem) -> [WebhookEndpoint]
  /// One of them; nil where there is none.
  func endpoint(_ id: String) async throws(Problem) -> WebhookEndpoint?
  /// Adds one; durable when this returns.
  func put(_ endpoint: WebhookEndpoint) async throws(Problem)
  /// Erases one and what became of its events: nothing of its URL and its secret is in the store when this returns.
  func remove(_ id: String) async throws(Problem)
  /// Saves how far one has come and what became of an event, both or neither; what is nil stays as it is. Durable when this
  /// returns.
  ///
  /// Of what became of events the newest `deliveryLimit` of each webhook are kept, those that are dead the longest.
  func save(_ progress: WebhookProgress?, of id: String, _ delivery: WebhookDelivery?) async throws(Problem)
  /// What became of the events of one, the newest first.
  func deliveries(of id: String) async throws(Problem) -> [WebhookDelivery]
}

extension WebhookStore {
  /// Of how many events what became of them is kept for each webhook.
  public static var deliveryLimit: Int { 500 }
}

/// A message on its way to a receiver.
public struct WebhookRequest: Equatable, Sendable {
  /// Where it goes.
  public let url: EndpointURL
  /// The header fields, in order.
  public let fields: [(name: String, value: String)]
  /// The body.
  public let body: [UInt8]

  /// States a message.
  public init(url: EndpointURL, fields: [(name: String, value: String)], body: [UInt8]) {
    self.url = url
    self.fields = fields
    self.body = body
  }

  /// Whether both say the same to the same.
  public static func == (left: WebhookRequest, right: WebhookRequest) -> Bool {
    left.url == right.url && left.body == right.body
      && left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
  }
}

/// What a receiver answered.
public enum WebhookAnswer: Equatable, Sendable {
  /// A status, and after how long it wants to be asked again, where it says.
  case status(Int, retryAfter: Duration? = nil)
  /// None came, or not in time; why, one line without the URL.
  case none(String)
}

/// Sends messages to receivers: once each, whatever comes of it.
public protocol WebhookSender: Sendable {
  /// Sends a message and waits for its answer, not longer than some seconds; follows no redirection.
  func send(_ request: WebhookRequest) async -> WebhookAnswer
}

/// Nobody is told anything.
public struct NoWebhooks: WebhookStore, WebhookSender {
  /// Makes the store that keeps nothing.
  public init() {}

  /// None.
  public func endpoints() -> [WebhookEndpoint] { [] }
  /// None.
  public func endpoint(_ id: String) -> WebhookEndpoint? { nil }
  /// Throws `webhook.none`.
  public func put(_ endpoint: WebhookEndpoint) throws(Problem) {
    throw Problem(
      .unavailable, "webhook.none", "expected a place to keep webhooks in, found a platform without one")
  }
  /// There is nothing to remove.
  public func remove(_ id: String) {}
  /// There is nothing to save.
  public func save(_ progress: WebhookProgress?, of id: String, _ delivery: WebhookDelivery?) {}
  /// None.
  public func deliveries(of id: String) -> [WebhookDelivery] { [] }
  /// No answer, always.
  public func send(_ request: WebhookRequest) -> WebhookAnswer { .none("nobody sends") }
}
