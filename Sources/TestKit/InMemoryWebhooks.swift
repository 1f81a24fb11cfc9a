public import Domain
public import Lifecycle
import Synchronization

/// Where webhooks are told, in memory, with faults on request.
public final class InMemoryWebhooks: WebhookStore {
  private struct State {
    var endpoints: [String: WebhookEndpoint] = [:]
    var deliveries: [String: [Int: WebhookDelivery]] = [:]
  }

  private let faults: FaultPlan
  // Progress and deliveries change together.
  private let state = Mutex(State())

  /// Keeps nothing yet; `faults` numbers the calls of `save`.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// All of them, by id.
  public func endpoints() -> [WebhookEndpoint] {
    state.withLock { $0.endpoints.values.sorted { $0.id < $1.id } }
  }

  /// One of them.
  public func endpoint(_ id: String) -> WebhookEndpoint? { state.withLock { $0.endpoints[id] } }

  /// Adds one.
  public func put(_ endpoint: WebhookEndpoint) { state.withLock { $0.endpoints[endpoint.id] = endpoint } }

  /// Erases one.
  public func remove(_ id: String) {
    state.withLock {
      $0.endpoints[id] = nil
      $0.deliveries[id] = nil
    }
  }

  /// Saves how far one has come and what became of an event.
  public func save(_ progress: WebhookProgress?, of id: String, _ delivery: WebhookDelivery?) throws(Problem)
  {
    try faults.write { () throws(Problem) in
      state.withLock { state in
        guard state.endpoints[id] != nil else { return }
        if let progress { state.endpoints[id]?.progress = progress }
        guard let delivery else { return }
        state.deliveries[id, default: [:]][delivery.position] = delivery
        let kept = state.deliveries[id, default: [:]].values
        guard kept.count > Self.deliveryLimit else { return }
        let oldest = kept.min {
          ($0.state == .dead ? 1 : 0, $0.position) < ($1.state == .dead ? 1 : 0, $1.position)
        }
        if let oldest { state.deliveries[id]?[oldest.position] = nil }
      }
    }
  }

  /// What became of the events of one, the newest first.
  public func deliveries(of id: String) -> [WebhookDelivery] {
    state.withLock { $0.deliveries[id, default: [:]].values.sorted { $0.position > $1.position } }
  }
}

/// A receiver in memory, which answers what it is told to, and success else.
public final class InMemoryReceiver: WebhookSender {
  private struct State {
    var answers: [WebhookAnswer] = []
    var requests: [WebhookRequest] = []
    var follow: @Sendable () -> Void = {}
  }

  // What was received is in the order in which it was answered.
  private let state = Mutex(State())

  /// Answers so, in order, and 200 afterwards.
  public init(_ answers: [WebhookAnswer] = []) {
    state.withLock { $0.answers = answers }
  }

  /// What was received, in order.
  public var requests: [WebhookRequest] { state.withLock { $0.requests } }

  /// Answers so from now on, in order, and 200 afterwards.
  public func answer(_ answers: [WebhookAnswer]) { state.withLock { $0.answers = answers } }

  /// Has something happen while each message is on its way.
  public func follow(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.follow = body } }

  /// Takes a message.
  public func send(_ request: WebhookRequest) -> WebhookAnswer {
    let (answer, follow) = state.withLock { state in
      state.requests.append(request)
      return (state.answers.isEmpty ? .status(200) : state.answers.removeFirst(), state.follow)
    }
    follow()
    return answer
  }
}
