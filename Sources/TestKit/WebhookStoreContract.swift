import Domain
public import Lifecycle
import Testing

/// What every store of webhooks keeps.
public struct WebhookStoreContract {
  private let store: any WebhookStore

  /// Holds an empty store to the contract.
  public init(_ store: any WebhookStore) { self.store = store }

  private func endpoint(_ id: String, at position: Int) throws -> WebhookEndpoint {
    WebhookEndpoint(
      id: id, url: try EndpointURL(parsing: "https://\(id).example/in?key=7"),
      secret: try #require(WebhookSecret(bytes: [UInt8](repeating: 7, count: 32))),
      progress: WebhookProgress(position: position))
  }

  private func delivery(_ position: Int, _ state: WebhookDelivery.State) -> WebhookDelivery {
    WebhookDelivery(
      position: position, event: "waiting", state: state, attempts: 2, answer: "status 200",
      at: Timestamp(milliseconds: Int64(position)))
  }

  /// Runs all of it.
  public func run() async throws {
    #expect(try await store.endpoints().isEmpty)
    #expect(try await store.endpoint("a") == nil)
    let (a, b) = (try endpoint("a", at: 3), try endpoint("b", at: 9))
    try await store.put(b)
    try await store.put(a)
    #expect(try await store.endpoints() == [a, b])
    #expect(try await store.endpoint("b") == b)

    // Progress and delivery are saved together, and what is not given stays.
    let failed = WebhookProgress(
      position: 4, attempts: 2, notBefore: Timestamp(milliseconds: 70), failure: "status 500", isStopped: true
    )
    try await store.save(failed, of: "a", delivery(3, .delivered))
    #expect(try await store.endpoint("a")?.progress == failed)
    #expect(try await store.endpoint("b") == b)
    try await store.save(nil, of: "a", delivery(2, .dead))
    #expect(try await store.endpoint("a")?.progress == failed)
    #expect(try await store.deliveries(of: "a") == [delivery(3, .delivered), delivery(2, .dead)])
    try await store.save(WebhookProgress(position: 5), of: "a", nil)
    #expect(try await store.endpoint("a")?.progress == WebhookProgress(position: 5))

    // Delivered after all, it stands there once.
    try await store.save(nil, of: "a", delivery(2, .delivered))
    #expect(try await store.deliveries(of: "a").map(\.state) == [.delivered, .delivered])

    // The oldest that were delivered make room, not those that are dead.
    try await store.save(nil, of: "a", delivery(0, .dead))
    let limit = type(of: store).deliveryLimit
    for position in 10..<(limit + 20) { try await store.save(nil, of: "a", delivery(position, .delivered)) }
    let kept = try await store.deliveries(of: "a")
    #expect(kept.count == limit)
    #expect(kept.first?.position == limit + 19)
    #expect(kept.last == delivery(0, .dead))
    #expect(try await store.deliveries(of: "b").isEmpty)

    try await store.remove("a")
    #expect(try await store.endpoints() == [b])
    #expect(try await store.deliveries(of: "a").isEmpty)
    // What was under way when it was removed leaves nothing.
    try await store.save(failed, of: "a", delivery(3, .delivered))
    #expect(try await store.endpoint("a") == nil)
    #expect(try await store.deliveries(of: "a").isEmpty)
    try await store.remove("a")
  }
}
