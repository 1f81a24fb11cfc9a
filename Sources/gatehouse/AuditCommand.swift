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
    subcommands: [
      Log.self, Verify.self, ProveCommand.self, CheckCommand.self, OriginsCommand.self,
      AuditWitnessesCommand.self,
    ])

  /// `gatehouse audit log`.
  struct Log: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the entries of the ledger, oldest first.")

    @Option(help: "The first entry to print, from 0.")
    var from = 0

    @Option(help: "How many entries to print at most.")
    var count: Int?

    @Option(help: "Only acts about this model.")
    var model: String?

    @Option(help: "Only acts of this principal, such as person:ada.")
    var principal: String?

    @Option(help: "Only this act, such as set-alias.")
    var act: String?

    @Option(help: "Only entries from this moment on, in UTC: 2026-11-21T09:30:00Z.")
    var since: String?

    @Option(help: "Only entries up to this moment.")
    var until: String?

    @Flag(help: "Only acts that were refused or failed.")
    var refused = false

    @Option(
      help:
        "How entries are printed: text, jsonl (a JSON document a line) or cloudevents (a CloudEvent 1.0 a line)."
    )
    var format: Format?

    @Flag(help: "The same as --format jsonl.")
    var json = false

    @OptionGroup var server: ServerOptions

    /// How an entry is printed.
    enum Format: String, ExpressibleByArgument, CaseIterable {
      case text, jsonl, cloudevents
    }

    func run() async throws {
      let conditions = try self.conditions()
      let format = format ?? (json ? .jsonl : .text)
      try await server.withClient { client in
        var next = max(0, from)
        var left = count ?? .max
        while left > 0 {
          // A page in memory at a time, however long the ledger is.
          let page = try await client.get("/ledger?from=\(next)&count=\(min(left, 500))\(conditions)")
          let entries = page["entries"]?.array ?? []
          for entry in entries { show(entry, format, of: page["origin"]?.string ?? "gatehouse") }
          left -= entries.count
          guard !entries.isEmpty, let following = page["next"]?.int else { return }
          next = following
        }
      }
    }

    private func conditions() throws -> String {
      let moments = try [("since", since), ("until", until)].map { name, text in
        (name, try text.map { "\(try Timestamp(parsing: $0).milliseconds)" })
      }
      let named = [("model", model), ("principal", principal), ("act", act)] + moments
      let given = named.compactMap { name, text in text.map { "&\(name)=\(percentEncoded($0))" } }
      return given.joined() + (refused ? "&refused=true" : "")
    }

    private func show(_ value: JSON, _ format: Format, of ledger: String) {
      if format == .cloudevents, let entry = LedgerEntry(json: value), let index = value["index"]?.int {
        return Console.data(entry.cloudEvent(at: index, of: ledger))
      }
      guard format == .text else { return Console.data(value) }
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
      try show(try await DataAudit(directory)(), directory)
    }

    private func show(_ report: AuditReport, _ directory: DataDirectory) throws {
      if json {
        Console.data([
          "ok": .bool(report.problems.isEmpty), "entries": JSON(report.entries), "blobs": JSON(report.blobs),
          "bundles": JSON(report.bundles), "segments": JSON(report.segments),
          "records": JSON(report.records), "cosignatures": JSON(report.cosignatures),
          "root": report.checkpoint.map { .string($0.root.description) } ?? .null,
          "problems": .array(report.problems.map(\.json)),
        ])
      } else {
        for problem in report.problems { Console.prose(problem.description) }
        let root = report.checkpoint.map { ", root \($0.root.short)" } ?? ""
        Console.data(
          "\(report.entries) ledger entries\(root), \(report.blobs) blobs, \(report.bundles) bundles,"
            + " \(report.segments) segments with \(report.records) access records"
            + (report.cosignatures > 0 ? ", \(report.cosignatures) cosignatures" : "") + " verified")
        Console.data(
          report.problems.isEmpty
            ? "all is as it was written" : "\(report.problems.count) problems in \(directory.path)")
      }
      if !report.problems.isEmpty { throw CommandEnd(exitCode: 5) }
    }
  }
}

/// A value of a query, in which only letters, digits and four marks stand for themselves (RFC 3986).
private func percentEncoded(_ text: String) -> String {
  text.utf8.map { byte in
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: String(UnicodeScalar(byte))
    default: "%" + Hexadecimal.encode([byte]).uppercased()
    }
  }.joined()
}
