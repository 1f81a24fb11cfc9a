public import Domain
import Gates
public import Provenance

/// Holds the ledger against what witnesses have cosigned.
///
/// Reads only; trusts only the keys. It needs no witness to answer: whoever puts the ledger back and leaves the cosignatures is
/// found out by these.
public struct AuditCosignatures: Sendable {
  private let ledger: any RegistryReader & LedgerReader
  private let cosignatures: any CosignatureReader

  /// Looks at these stores.
  public init(ledger: any RegistryReader & LedgerReader, cosignatures: any CosignatureReader) {
    self.ledger = ledger
    self.cosignatures = cosignatures
  }

  /// How many cosignatures hold, and what is wrong; alarms that stand are among it.
  public func callAsFunction(trusting key: CheckpointVerificationKey) async -> (
    count: Int, problems: [Problem]
  ) {
    var (count, problems) = (0, [Problem]())
    do throws(Problem) {
      // First what is kept: what is cosigned meanwhile is of what the ledger has by then.
      let kept = try await cosignatures.cosignatures()
      guard let head = try await ledger.checkpoint() else { return (0, []) }
      let witnesses = try await ledger.witnesses()
      // Of whom the registry does not know a witness, it may have been put back to before it did. The checkpoint is by the
      // ledger's own key.
      for cosignature in kept where !witnesses.contains(where: { $0.name == cosignature.witness }) {
        do throws(Problem) {
          try await ledger.requireHistory(
            of: cosignature.witness, try Checkpoint(parsing: cosignature.checkpoint, trusting: key), in: head)
        } catch {
          problems.append(error)
        }
      }
      for witness in witnesses {
        for cosignature in kept where cosignature.witness == witness.name {
          do throws(Problem) {
            let checkpoint = try Checkpoint(parsing: cosignature.checkpoint, trusting: key)
            _ = try Cosignature(
              answer: Array("\(cosignature.line)\n".utf8), of: witness.key, over: checkpoint)
            try await ledger.requireHistory(of: witness.name, checkpoint, in: head)
            count += 1
          } catch {
            problems.append(error)
          }
        }
      }
      let names = Set(witnesses.map(\.name))
      problems += try await cosignatures.alarms().filter { names.contains($0.key) }.sorted { $0.key < $1.key }
        .map(\.value).filter { !problems.contains($0) }
    } catch {
      problems.append(error)
    }
    return (count, problems)
  }
}

extension LedgerTreeReader {
  /// Throws where the ledger is not what a witness has cosigned grown by some entries.
  func requireHistory(
    of witness: String, _ cosigned: Checkpoint, in head: Checkpoint
  ) async throws(Problem) {
    guard cosigned.size <= head.size else { throw .witnessAhead(witness, cosigned.size, head.size) }
    let proof = try await consistencyProof(from: cosigned.size, to: head.size)
    guard proof?.verifies(from: cosigned.root, to: head.root) == true else {
      throw .splitView(witness, cosigned.size)
    }
  }
}
