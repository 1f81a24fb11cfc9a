import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Provenance
import Storage

/// `gatehouse audit`.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract:
      "Read the ledger, verify all that is stored, prove a single act or access record, and check a proof.",
    subcommands: [Log.self, Verify.self, ProveCommand.self, CheckCommand.self])

  /// `gatehouse audit log`.
  struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the entries of the ledger, oldest first.")

    @Option(help: "The first entry to print, from 0.")
    var from = 0

    @Option(help: "How many entries to print at most.")
    var count: Int?

    @Flag(help: "Print a JSON document a line.")
    var json = false

    @OptionGroup var server: ServerOptions

    func run() async throws {
      try await server.withClient { client in
        var next = max(0, from)
        var left = count ?? .max
        while left > 0 {
          let page = try await client.get("/ledger?from=\(next)&count=\(min(left, 500))")
          let entries = page["entries"]?.array ?? []
          guard !entries.isEmpty else { return }
          for entry in entries { show(entry) }
          next += entries.count
          left -= entries.count
        }
      }
    }

    private func show(_ value: JSON) {
      if json { return Console.data(value) }
      guard let entry = LedgerEntry(json: value) else { return Console.data(value) }
      let detail =
        ["code", "event", "verdict", "bundle", "root"].compactMap { entry.details[$0]?.string }.first ?? ""
      Console.data(
        [
          Optional.some(value["index"] ?? .null).cell.padded(to: 5), entry.time.description,
          entry.act.rawValue.padded(to: 10), entry.phase.rawValue.padded(to: 6),
          entry.principal.description.padded(to: 18), entry.subject, detail,
        ].joined(separator: "  "))
    }
  }

  /// `gatehouse audit verify`.
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Verify ledger, blobs, bundles and access records of a data directory.",
      discussion: """
        Reads the files themselves and trusts nothing but the keys, so it needs no server and runs beside one. \
        Every entry is hashed again up to the signed checkpoint, every registry row is held against the \
        entries, every blob is hashed, every bundle's seal verified and every segment of access records held \
        against its root, line by line. Exit status 5 where anything differs.
        """)

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var data: DataOption

    func run() async throws {
      let directory = data.directory
      let checkpointKey = try KeyFiles.ledgerVerificationKey(at: "\(directory.keys)/ledger.pub")
      let registry: SQLiteRegistry
      do throws(Problem) {
        registry = try SQLiteRegistry(reading: directory.registry, trusting: checkpointKey)
      } catch {
        return try show(AuditReport(problems: [error]), directory)
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
      let report = await audit(trusting: checkpointKey, sealKeys)
      try show(report, directory)
    }

    private func show(_ report: AuditReport, _ directory: DataDirectory) throws {
      if json {
        Console.data([
          "ok": .bool(report.problems.isEmpty), "entries": JSON(report.entries), "blobs": JSON(report.blobs),
          "bundles": JSON(report.bundles), "segments": JSON(report.segments),
          "records": JSON(report.records),
          "root": report.checkpoint.map { .string($0.root.description) } ?? .null,
          "problems": .array(report.problems.map(\.json)),
        ])
      } else {
        for problem in report.problems { Console.prose(problem.description) }
        let root = report.checkpoint.map { ", root \($0.root.short)" } ?? ""
        Console.data(
          "\(report.entries) ledger entries\(root), \(report.blobs) blobs, \(report.bundles) bundles,"
            + " \(report.segments) segments with \(report.records) access records verified")
        Console.data(
          report.problems.isEmpty
            ? "all is as it was written" : "\(report.problems.count) problems in \(directory.path)")
      }
      if !report.problems.isEmpty { throw CommandEnd(exitCode: 5) }
    }
  }
}
