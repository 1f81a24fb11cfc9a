import Access
public import Domain
public import Encoding

extension ControlPlane {
  /// Writes into the ledger that what there is was restored from a backup, by the digest of what that has; once, however often
  /// it is told.
  ///
  /// What was acknowledged after the backup was made is not there, and this is the entry that says why.
  public func noteRestored(from backup: Digest, details: [String: JSON]) async throws(Problem) {
    let subject = backup.description
    let notes = try await parts.registry.entries(
      matching: LedgerFilter(act: .restore), from: 0, count: 1000)
    let isNoted = notes.contains { note in
      (try? JSON(parsing: note.bytes)).flatMap { LedgerEntry(json: $0) }?.subject == subject
    }
    guard !isNoted else { return }
    try await recorder(for: .platform).note(.restore, of: subject, details: details, changes: [])
  }
}
