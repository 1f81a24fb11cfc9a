import Domain
import Lifecycle
import Provenance
import Storage

/// Holds all that is stored in a data directory against its keys alone; needs no server and runs beside one.
struct DataAudit {
  private let directory: DataDirectory

  init(_ directory: DataDirectory) {
    self.directory = directory
  }

  /// What it finds; throws where there is no key to verify with.
  func callAsFunction() async throws(Problem) -> AuditReport {
    let checkpointKey = try ledgerKey()
    let registry: SQLiteRegistry
    do throws(Problem) {
      registry = try SQLiteRegistry(reading: directory.registry, trusting: checkpointKey)
    } catch {
      return AuditReport(problems: [error])
    }
    let audit = Audit(
      ledger: registry, blobs: FileBlobStore(reading: directory.blobs),
      bundles: DirectoryBundleStore(reading: directory.bundles),
      records: DirectoryRecordStore(reading: directory.spool, records: directory.records))
    // Retired and revoked ones too: an audit asks whether all is as it was written, not whether it may be served.
    var sealKeys: [SealVerificationKey] = []
    // A registry that does not read is what the audit is about to say.
    for key in (try? await registry.sealKeys()) ?? [] {
      sealKeys.append(try SealVerificationKey(pem: key.pem))
    }
    if sealKeys.isEmpty {
      sealKeys = [try KeyFiles.sealVerificationKey(at: "\(directory.keys)/seal.pub.pem")]
    }
    var report = await audit(trusting: checkpointKey, sealKeys)
    await check(&report, registry, trusting: checkpointKey)
    return report
  }

  /// The key that verifies the ledger's checkpoints.
  func ledgerKey() throws(Problem) -> CheckpointVerificationKey {
    try KeyFiles.ledgerVerificationKey(at: "\(directory.keys)/ledger.pub")
  }

  /// Holds the ledger against what witnesses have cosigned, where there are any.
  private func check(
    _ report: inout AuditReport, _ registry: SQLiteRegistry, trusting key: CheckpointVerificationKey
  ) async {
    do throws(Problem) {
      guard let relay = try SQLiteRelay(reading: directory.relay) else { return }
      let audited = await AuditCosignatures(ledger: registry, cosignatures: relay)(trusting: key)
      report.cosignatures = audited.count
      report.problems += audited.problems
    } catch {
      report.problems.append(error)
    }
  }
}
