public import Alerting
public import Domain
import Provenance

/// Where a receiver of alerts is told, and with what: beside registry and ledger, which have no secret.
///
/// Its description does not show the secret.
public struct ReceiverEndpoint: Equatable, Sendable, CustomStringConvertible {
  /// Which receiver it is of.
  public let name: String
  /// Where it is told; the path may be a secret.
  public let url: EndpointURL
  /// A key that messages are signed with, a routing key, or a token; empty where the receiver wants none.
  public let secret: [UInt8]

  /// States where a receiver is told.
  public init(name: String, url: EndpointURL, secret: [UInt8]) {
    self.name = name
    self.url = url
    self.secret = secret
  }

  /// Nothing but whose it is.
  public var description: String { "ReceiverEndpoint(\(name))" }

  /// What binds it to its record in the ledger, and tells nothing to who has not the secret.
  var binding: Digest { Digest(of: secret + [0] + Array(url.description.utf8)) }
}

/// Keeps alerts, who was told of them, and where that is.
///
/// It is no part of what the ledger accounts for: it has secrets, and changes without anybody's act. Of each beginning and each
/// end there is an entry.
public protocol AlertStore: Sendable {
  /// Those that stand, then those that are over, the newest first, at most so many of the latter.
  func alerts(over count: Int) async throws(Problem) -> [AlertRecord]
  /// One of them; nil where there is none.
  func alert(_ id: String) async throws(Problem) -> AlertRecord?
  /// Keeps alerts as they are now but for who acknowledged them, all of them or none; durable when this returns.
  ///
  /// What is kept for the first time has no entry in the ledger yet.
  func save(_ alerts: [AlertRecord]) async throws(Problem)
  /// Keeps who has taken an alert on, unless somebody has already.
  func acknowledge(_ id: String, _ acknowledgement: AlertRecord.Acknowledgement) async throws(Problem)
  /// What has no entry in the ledger yet, the oldest first, at most so many: of an alert that it began, that somebody has it, that it
  /// ended, in this order.
  func unrecorded(_ count: Int) async throws(Problem) -> [(alert: AlertRecord, news: AlertNews)]
  /// Says that what became of an alert has its entry.
  func noteRecorded(_ id: String, _ news: AlertNews) async throws(Problem)
  /// Removes alerts that ended before a moment, and those that ended first beyond so many that are over, with what was told of
  /// them; such that the ledger does not know stay.
  func prune(before moment: Timestamp, keeping count: Int) async throws(Problem)
  /// Where receivers are told, by name.
  func receivers() async throws(Problem) -> [ReceiverEndpoint]
  /// Adds one; durable when this returns.
  func put(_ endpoint: ReceiverEndpoint) async throws(Problem)
  /// Erases one and what it was told: nothing of its URL and its secret is in the store when this returns.
  func removeReceiver(_ name: String) async throws(Problem)
  /// How far a receiver has been told, by alert.
  func deliveries(to receiver: String) async throws(Problem) -> [AlertDelivery]
  /// Saves how far a receiver has been told of an alert, if both are there still; durable when this returns.
  ///
  /// Of another receiver by the same name, which was told nothing, nothing is saved: `endpoint` is what was told.
  func save(_ delivery: AlertDelivery, at endpoint: ReceiverEndpoint) async throws(Problem)
}

/// Nobody is told of anything.
public struct NoAlerts: AlertStore {
  /// Makes the store that keeps nothing.
  public init() {}

  /// None.
  public func alerts(over count: Int) -> [AlertRecord] { [] }
  /// None.
  public func alert(_ id: String) -> AlertRecord? { nil }
  /// Nothing is kept.
  public func save(_ alerts: [AlertRecord]) {}
  /// Nothing is kept.
  public func acknowledge(_ id: String, _ acknowledgement: AlertRecord.Acknowledgement) {}
  /// None.
  public func unrecorded(_ count: Int) -> [(alert: AlertRecord, news: AlertNews)] { [] }
  /// There is nothing to note.
  public func noteRecorded(_ id: String, _ news: AlertNews) {}
  /// There is nothing to remove.
  public func prune(before moment: Timestamp, keeping count: Int) {}
  /// None.
  public func receivers() -> [ReceiverEndpoint] { [] }
  /// Throws `receiver.none`.
  public func put(_ endpoint: ReceiverEndpoint) throws(Problem) {
    throw Problem(
      .unavailable, "receiver.none", "expected a place to keep receivers in, found a platform without one")
  }
  /// There is nothing to remove.
  public func removeReceiver(_ name: String) {}
  /// None.
  public func deliveries(to receiver: String) -> [AlertDelivery] { [] }
  /// There is nothing to save.
  public func save(_ delivery: AlertDelivery, at endpoint: ReceiverEndpoint) {}
}
