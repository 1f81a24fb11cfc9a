import Alerting
import Domain
public import Lifecycle
import Testing

/// What every store of alerts keeps.
public struct AlertStoreContract {
  private let store: any AlertStore

  /// Holds an empty store to the contract.
  public init(_ store: any AlertStore) { self.store = store }

  private func alert(_ id: String, _ began: Int64, ended: Int64? = nil) throws -> AlertRecord {
    AlertRecord(
      id: id, source: AlertSource(.drift, of: try ModelName(parsing: "iris"), "iris@1"), severity: .ticket,
      runbook: "https://wiki.example/drift", began: Timestamp(milliseconds: began),
      seen: Timestamp(milliseconds: began), ended: ended.map { Timestamp(milliseconds: $0) },
      figures: "unlike training: 'age'")
  }

  /// Runs all of it.
  public func run() async throws {
    #expect(try await store.alerts(over: 10).isEmpty)
    #expect(try await store.alert("a") == nil)
    try await store.save([try alert("a", 10), try alert("b", 20)])
    #expect(try await store.alerts(over: 0).map(\.id) == ["b", "a"])
    #expect(try await store.alert("a") == alert("a", 10))
    #expect(try await store.unrecorded(10).map(\.news) == [.began, .began])

    // Who has taken it on stays, whoever else would and whatever is kept of it afterwards.
    let first = AlertRecord.Acknowledgement(
      by: Principal(kind: .person, name: "ana"), at: Timestamp(milliseconds: 30))
    try await store.acknowledge("a", first)
    try await store.acknowledge(
      "a", .init(by: Principal(kind: .person, name: "ben"), at: Timestamp(milliseconds: 40)))
    try await store.save([try alert("a", 10, ended: 50)])
    #expect(try await store.alert("a")?.acknowledgement == first)
    #expect(try await store.alert("a")?.ended == Timestamp(milliseconds: 50))
    #expect(try await store.alerts(over: 0).map(\.id) == ["b"])
    #expect(try await store.alerts(over: 1).map(\.id) == ["b", "a"])

    // A beginning comes before its end, and each is named until it is noted.
    #expect(
      try await store.unrecorded(2).map { "\($0.alert.id) \($0.news.rawValue)" }
        == ["a began", "a acknowledged"])
    try await store.noteRecorded("a", .began)
    #expect(
      try await store.unrecorded(9).map { "\($0.alert.id) \($0.news.rawValue)" }
        == ["a acknowledged", "a ended", "b began"])
    try await store.noteRecorded("a", .acknowledged)
    #expect(
      try await store.unrecorded(9).map { "\($0.alert.id) \($0.news.rawValue)" } == ["a ended", "b began"])

    // What the ledger does not know stays.
    try await store.prune(before: Timestamp(milliseconds: 100), keeping: 0)
    #expect(try await store.alert("a") != nil)
    try await runReceivers()
    try await store.noteRecorded("a", .ended)
    try await store.prune(before: Timestamp(milliseconds: 50), keeping: 1)
    #expect(try await store.alert("a") != nil)
    try await store.prune(before: Timestamp(milliseconds: 51), keeping: 1)
    #expect(try await store.alert("a") == nil)
    #expect(try await store.deliveries(to: "on-call").map(\.alert) == ["b"])
    try await runCount()
  }

  /// Of more than are kept the one that ended first goes, and none that stands.
  private func runCount() async throws {
    for (place, id) in ["c", "d", "e"].enumerated() {
      try await store.save([try alert(id, 100, ended: 200 + Int64(place))])
      try await store.noteRecorded(id, .began)
      if id != "d" { try await store.noteRecorded(id, .ended) }
    }
    try await store.prune(before: Timestamp(milliseconds: 0), keeping: 2)
    #expect(try await store.alerts(over: 9).map(\.id) == ["b", "e", "d"])
    try await store.prune(before: Timestamp(milliseconds: 0), keeping: 0)
    // The ledger does not know yet that this one is over.
    #expect(try await store.alerts(over: 9).map(\.id) == ["b", "d"])
    try await store.noteRecorded("d", .ended)
    try await store.prune(before: Timestamp(milliseconds: 0), keeping: 0)
    #expect(try await store.alerts(over: 9).map(\.id) == ["b"])
  }

  private func runReceivers() async throws {
    let endpoint = ReceiverEndpoint(
      name: "on-call", url: try EndpointURL(parsing: "https://events.example/v2"), secret: [1, 2, 3])
    try await store.put(endpoint)
    await #expect(throws: Problem.self) { try await store.put(endpoint) }
    #expect(try await store.receivers() == [endpoint])
    let told = AlertDelivery(
      receiver: "on-call", alert: "a", told: .began, toldAt: Timestamp(milliseconds: 60), trying: .ended,
      attempts: 2,
      notBefore: Timestamp(milliseconds: 70), failure: "status 500")
    try await store.save(told, at: endpoint)
    try await store.save(AlertDelivery(receiver: "on-call", alert: "b"), at: endpoint)
    #expect(
      try await store.deliveries(to: "on-call") == [told, AlertDelivery(receiver: "on-call", alert: "b")])
    // Of whom, and of what, nothing is known leaves nothing.
    try await store.save(AlertDelivery(receiver: "nobody", alert: "a"), at: endpoint)
    try await store.save(AlertDelivery(receiver: "on-call", alert: "nothing"), at: endpoint)
    #expect(try await store.deliveries(to: "nobody").isEmpty)
    #expect(try await store.deliveries(to: "on-call").count == 2)
    // Nor does what another was told that had its name.
    let former = ReceiverEndpoint(
      name: "on-call", url: try EndpointURL(parsing: "https://former.example/v2"), secret: [1, 2, 3])
    try await store.save(AlertDelivery(receiver: "on-call", alert: "b", told: .began), at: former)
    #expect(try await store.deliveries(to: "on-call").last?.told == nil)
    // Removed and added again it has been told nothing.
    try await store.removeReceiver("on-call")
    #expect(try await store.receivers().isEmpty)
    try await store.put(endpoint)
    #expect(try await store.deliveries(to: "on-call").isEmpty)
    try await store.save(told, at: endpoint)
    try await store.save(AlertDelivery(receiver: "on-call", alert: "b"), at: endpoint)
  }
}
