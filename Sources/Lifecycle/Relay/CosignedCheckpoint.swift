public import Domain
import Gates
public import Provenance

/// A checkpoint that more than half of the witnesses have cosigned.
public struct CosignedCheckpoint: Sendable {
  /// The checkpoint.
  public let checkpoint: Checkpoint
  /// The signed note, with the lines of the witnesses behind that of the ledger.
  public let text: String
  /// Whose lines those are.
  public let witnesses: [WitnessKey]

  private struct Note: Hashable {
    let size: Int
    let text: String
  }

  /// The newest such checkpoint, each line verified once more; nil where there is none.
  public static func newest(
    of registry: any RegistryReader, _ cosignatures: any CosignatureReader,
    trusting key: CheckpointVerificationKey
  ) async throws(Problem) -> CosignedCheckpoint? {
    let witnesses = try await registry.witnesses()
    guard !witnesses.isEmpty else { return nil }
    let kept = try await cosignatures.cosignatures()
    for note in Set(kept.map { Note(size: $0.size, text: $0.checkpoint) }).sorted(by: { $0.size > $1.size }) {
      guard let checkpoint = try? Checkpoint(parsing: note.text, trusting: key) else { continue }
      let lines = witnesses.compactMap { witness -> (WitnessKey, Cosignature)? in
        let line = kept.last { $0.witness == witness.name && $0.checkpoint == note.text }?.line
        guard let line else { return nil }
        let cosignature = try? Cosignature(answer: Array("\(line)\n".utf8), of: witness.key, over: checkpoint)
        return cosignature.map { (witness.key, $0) }
      }
      guard lines.count * 2 > witnesses.count else { continue }
      return CosignedCheckpoint(
        checkpoint: checkpoint, text: checkpoint.text(with: lines.map(\.1)), witnesses: lines.map(\.0))
    }
    return nil
  }
}
