public import Domain

/// An address that somebody asked from, behind its handle.
public struct KnownOrigin: Equatable, Sendable {
  /// What the ledger knows it by: random, and another each day.
  public let handle: String
  /// The address, as the connection had it.
  public let address: String
  /// When it was first seen under this handle.
  public let since: Timestamp

  /// Gives an address a handle.
  public init(handle: String, address: String, since: Timestamp) {
    self.handle = handle
    self.address = address
    self.since = since
  }
}

/// Which addresses the ledger's handles stand for; no part of what it accounts for, so that they can be forgotten.
public protocol OriginDirectory: Sendable {
  /// Keeps an address under its handle; durable when this returns.
  func keep(_ origin: KnownOrigin) async throws(Problem)
  /// All that are known, oldest first.
  func origins() async throws(Problem) -> [KnownOrigin]
  /// Erases those that were first seen before a moment; says how many. Nothing of them is in the store when this returns.
  func forgetOrigins(before moment: Timestamp) async throws(Problem) -> Int
}
