public import Domain

/// Where everything stands in a data directory.
public struct DataDirectory: Sendable {
  /// The directory itself.
  public let path: String

  /// Names a data directory; nothing is made.
  public init(path: String) {
    self.path = path
  }

  /// Makes the directory, for its owner alone, where it is missing.
  public func create() throws(Problem) {
    try Disk().createDirectory(path)
  }

  /// The lock that the control plane holds.
  public var lock: String { "\(path)/lock" }
  /// The registry and the ledger.
  public var registry: String { "\(path)/registry.sqlite" }
  /// Who the people are whose handles stand in them.
  public var people: String { "\(path)/people.sqlite" }
  /// Whom the platform tells and asks of its own accord: where, with which secrets, and how far they have come.
  public var relay: String { "\(path)/relay.sqlite" }
  /// What is kept of watching: windows of live data, how far tests have come, alerts.
  public var monitor: String { "\(path)/monitor.sqlite" }
  /// What is kept of predictions until their labels come.
  public var feedback: String { "\(path)/feedback.sqlite" }
  /// The directory of blobs.
  public var blobs: String { "\(path)/blobs" }
  /// The directory of blobs that are coming in.
  public var ingest: String { "\(path)/ingest" }
  /// The directory of sealed bundles.
  public var bundles: String { "\(path)/bundles" }
  /// The directory of access records that the data plane writes.
  public var spool: String { "\(path)/spool" }
  /// The directory of access records that were taken over from the data plane.
  public var records: String { "\(path)/records" }
  /// The directory of what was seen at the steps of roll-outs.
  public var rollouts: String { "\(path)/rollouts" }
  /// The directory of notes of what was taken back while no control plane was there.
  public var rollBacks: String { "\(path)/roll-backs" }
  /// The directory of keys.
  public var keys: String { "\(path)/keys" }
  /// The directory of keys of seals that were made after the first.
  public var sealKeys: String { "\(keys)/\(KeyEncryption.sealKeys)" }
  /// What the operator says of programs that sign for the platform, where there are any.
  public var signers: String { "\(keys)/signers.json" }
  /// The administrator's credential.
  public var adminToken: String { "\(path)/admin.token" }
}
