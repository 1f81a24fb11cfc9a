import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Provenance
import Storage

/// `gatehouse audit prove`.
struct ProveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove",
    abstract: "Prove that an act is in the ledger, or what the ledger knows of one answer, by its receipt.",
    discussion: """
      Of an act, by the number of its entry, it writes two files: entry-NUMBER.tlog-proof, the proof as C2SP has it, and \
      entry-NUMBER.json, the entry as it is stored. Whoever has both and the ledger's public key can verify them with \
      'gatehouse audit check', and needs nothing else. A receipt is what an answer of the data plane carries in its \
      field Gatehouse-Receipt. Reads the files themselves and trusts nothing but the ledger's key, so it needs no \
      server and runs beside one. Every step is verified before it is shown: the record under the root of its segment, \
      the entry under the signed checkpoint. With --json the proof is a document that anybody can verify who has the \
      public key, and no file is written. Exit status 5 where a step does not hold, 6 where the record is not collected \
      yet, 1 where there is no such entry, 2 where the receipt is none.
      """)

  @Argument(help: "The number of an entry, as 'gatehouse audit log' shows it, or a receipt: SEGMENT-INDEX.")
  var subject: String

  @Option(name: .shortAndLong, help: "The directory that the proof of an entry is written to.")
  var output = "."

  @Flag(help: "Prove an entry by the newest checkpoint that more than half of the witnesses have cosigned.")
  var witnessed = false

  @Flag(help: "Print the proof as JSON.")
  var json = false

  @OptionGroup var data: DataOption

  func run() async throws {
    if let index = Int(subject) { return try await prove(index) }
    let receipt = try Receipt(parsing: subject)
    let directory = data.directory
    let key = try KeyFiles.ledgerVerificationKey(at: "\(directory.keys)/ledger.pub")
    let prove = ProveRecord(
      ledger: try SQLiteRegistry(reading: directory.registry, trusting: key),
      records: DirectoryRecordStore(reading: directory.spool, records: directory.records))
    let (proof, verified) = try await prove(receipt, trusting: key)
    if json { return Console.data(proof.json) }
    Self.show(proof, verified, key)
    Console.prose("every step holds: record, segment, entry, signed checkpoint")
  }

  private func prove(_ index: Int) async throws {
    let directory = data.directory
    let key = try KeyFiles.ledgerVerificationKey(at: "\(directory.keys)/ledger.pub")
    let ledger = try SQLiteRegistry(reading: directory.registry, trusting: key)
    let cosigned = witnessed ? try await cosigned(ledger, key) : nil
    let proved = try await ProveEntry(ledger: ledger)(index, trusting: key, under: cosigned)
    if json {
      return Console.data([
        "index": JSON(index), "size": JSON(proved.checkpoint.size), "key": .string("\(key)"),
        "entry": .string(String(decoding: proved.entry, as: UTF8.self)), "proof": .string(proved.proof.text),
      ])
    }
    let name = "\(output)/entry-\(index)"
    try DurableFile.write(proved.entry, to: "\(name).json", mode: 0o644)
    try DurableFile.write(Array(proved.proof.text.utf8), to: "\(name).tlog-proof", mode: 0o644)
    CheckCommand.show(proved.entry, proved.proof, proved.checkpoint, key)
    Console.prose("wrote \(name).tlog-proof and \(name).json")
  }

  private func cosigned(_ ledger: SQLiteRegistry, _ key: CheckpointVerificationKey) async throws(Problem)
    -> CosignedCheckpoint
  {
    if let relay = try SQLiteRelay(reading: data.directory.relay),
      let cosigned = try await CosignedCheckpoint.newest(of: ledger, relay, trusting: key)
    {
      return cosigned
    }
    throw Problem(
      .unavailable, "ledger.not-cosigned",
      "expected a checkpoint that more than half of the witnesses have cosigned, found none",
      hint: "see 'gatehouse audit witnesses'")
  }

  /// Shows what a proof that holds says.
  static func show(_ proof: RecordProof, _ verified: VerifiedRecord, _ key: CheckpointVerificationKey) {
    let (record, entry, checkpoint) = (verified.record, verified.entry, verified.checkpoint)
    let answerer = record.deployment.map { name in
      " of \(name)" + (record.version.map { "@\($0)" } ?? "")
    }
    var rows = [
      ["time", "\(record.time)"],
      ["request", (record.request ?? "nothing that is served") + (answerer ?? "")],
      ["key", record.key ?? "none that is known"],
      ["answer", "\(record.status)" + (record.code.map { " \($0)" } ?? "")],
      ["rows", "\(record.rows), in \(readable(milliseconds: Double(record.nanoseconds) / 1e6))"],
      ["trace", record.trace],
    ]
    if let input = record.input { rows.append(["input", "\(input), salted"]) }
    if let output = record.output { rows.append(["output", "\(output), salted"]) }
    if let said = record.said { rows.append(["said", said.excerpt()]) }
    if let payload = record.payload { rows.append(["payload", payload.excerpt()]) }
    rows += [
      ["segment", "line \(proof.inSegment.index) of \(proof.inSegment.size), root \(verified.root)"],
      ["entry", "\(proof.inLedger.index) of \(checkpoint.size), kept at \(entry.time)"],
      ["ledger", "\(checkpoint.origin), \(checkpoint.size) entries, root \(checkpoint.root)"],
      ["signed by", "\(key)"],
    ]
    Console.table(rows)
  }
}
