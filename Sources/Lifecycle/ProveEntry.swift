public import Domain
public import Provenance

/// Proves that the ledger has an entry, by the newest checkpoint, or by one that witnesses have cosigned.
///
/// Reads only; trusts only the key.
public struct ProveEntry: Sendable {
  /// An entry with its proof.
  public struct Proved: Equatable, Sendable {
    /// The entry, as it is stored.
    public let entry: [UInt8]
    /// Its way up to the checkpoint.
    public let proof: EntryProof
    /// The checkpoint, verified.
    public let checkpoint: Checkpoint
  }

  private let ledger: any LedgerReader

  /// Looks at this ledger.
  public init(ledger: any LedgerReader) {
    self.ledger = ledger
  }

  /// The entry at a place and its proof, which was verified.
  ///
  /// Throws `ledger.unknown-entry` where there is none, `ledger.not-cosigned` where it came after the checkpoint that was
  /// cosigned, and problems of category `integrity` where the ledger is not what
  /// was written.
  public func callAsFunction(
    _ index: Int, trusting key: CheckpointVerificationKey, under cosigned: CosignedCheckpoint? = nil
  ) async throws(Problem) -> Proved {
    let head = try await ledger.checkpoint()
    if let cosigned, index >= cosigned.checkpoint.size, index < head?.size ?? 0 {
      throw Problem(
        .unavailable, "ledger.not-cosigned",
        "expected one of the \(cosigned.checkpoint.size) entries that witnesses have cosigned, found \(index)",
        hint: "try again in a few seconds; 'gatehouse audit witnesses' says how far they are")
    }
    let under = cosigned?.checkpoint ?? head
    guard let checkpoint = under, 0..<checkpoint.size ~= index,
      let entry = try await ledger.entryBytes(from: index, count: 1).first,
      let path = try await ledger.inclusionProof(of: index, in: checkpoint.size)?.path
    else {
      throw Problem(
        .notFound, "ledger.unknown-entry",
        "expected the number of an entry below \(head?.size ?? 0), found \(index)",
        hint: "list them with 'gatehouse audit log'")
    }
    let proof = EntryProof(index: index, path: path, checkpoint: cosigned?.text ?? checkpoint.text)
    return Proved(
      entry: entry, proof: proof,
      checkpoint: try proof.verify(entry, trusting: key, witnessedBy: cosigned?.witnesses ?? []))
  }
}
