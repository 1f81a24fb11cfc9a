public import Domain

/// What a witness answers to a checkpoint.
public enum WitnessAnswer: Equatable, Sendable {
  /// Signature lines, which nobody has verified yet.
  case lines([UInt8])
  /// It has cosigned a tree of another size last than the one that it was told.
  case conflict(size: Int)
  /// Another status.
  case refused(Int)
  /// None came, or not in time; why, one line.
  case none(String)
}

/// Asks witnesses for cosignatures.
public protocol CheckpointWitness: Sendable {
  /// Sends a checkpoint and waits for the answer, not longer than some seconds; follows no redirection.
  func add(_ submission: [UInt8], to url: EndpointURL) async -> WitnessAnswer
}

/// A cosignature that was verified when it came, as it is kept.
public struct KeptCosignature: Equatable, Sendable {
  /// What the witness calls itself.
  public let witness: String
  /// The size of the tree.
  public let size: Int
  /// The checkpoint, a signed note.
  public let checkpoint: String
  /// The witness's line, without its line feed.
  public let line: String

  /// States a cosignature.
  public init(witness: String, size: Int, checkpoint: String, line: String) {
    self.witness = witness
    self.size = size
    self.checkpoint = checkpoint
    self.line = line
  }
}

/// Reads what is kept of witnesses.
public protocol CosignatureReader: Sendable {
  /// All cosignatures that are kept, by witness and size.
  func cosignatures() async throws(Problem) -> [KeptCosignature]
  /// What is the matter with witnesses that say what the ledger does not, by name.
  func alarms() async throws(Problem) -> [String: Problem]
}

/// Keeps what witnesses said.
///
/// It is no part of what the ledger accounts for: each entry makes a new checkpoint, and nothing would come to rest.
public protocol CosignatureStore: CosignatureReader {
  /// Keeps a cosignature, and the newest `cosignatureLimit` of its witness beside it and the one over `served` entries; ends
  /// the witness's alarm. Durable when this returns.
  func keep(_ cosignature: KeptCosignature, beside served: Int?) async throws(Problem)
  /// Keeps what is the matter with a witness, in the place of what was. Durable when this returns.
  func alarm(_ problem: Problem, of witness: String) async throws(Problem)
  /// Erases all that is kept of a witness.
  func forget(_ witness: String) async throws(Problem)
}

extension CosignatureStore {
  /// How many cosignatures of a witness are kept, beside the one that is served.
  public static var cosignatureLimit: Int { 16 }
}

/// No witness is asked.
public struct NoWitnesses: CheckpointWitness, CosignatureStore {
  /// Makes the store that keeps nothing.
  public init() {}

  /// No answer, always.
  public func add(_ submission: [UInt8], to url: EndpointURL) -> WitnessAnswer { .none("nobody asks") }
  /// None.
  public func cosignatures() -> [KeptCosignature] { [] }
  /// None.
  public func alarms() -> [String: Problem] { [:] }
  /// Keeps nothing.
  public func keep(_ cosignature: KeptCosignature, beside served: Int?) {}
  /// Keeps nothing.
  public func alarm(_ problem: Problem, of witness: String) {}
  /// There is nothing to erase.
  public func forget(_ witness: String) {}
}
