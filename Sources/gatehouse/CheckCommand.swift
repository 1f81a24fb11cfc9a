import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Provenance
import Storage

/// `gatehouse audit check`.
struct CheckCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Check a proof with the ledger's public key alone.",
    discussion: """
      Takes what 'gatehouse audit prove' wrote, and neither a server nor a data directory. Of an act the entry is read \
      from the file beside the proof that has its name and ends in .json, unless --entry names another; the proof of a \
      receipt, as 'gatehouse audit prove RECEIPT --json' prints it, has all in one file. Every signature under the \
      checkpoint has to be of the ledger or of a witness that is named, so that no byte of it can be another. Exit status \
      5 where proof, entry and key do not belong together.
      """)

  @Argument(help: "The proof, a file.")
  var proof: String

  @Option(help: "The ledger's public key, a file: ledger.pub.")
  var key: String

  @Option(help: "The entry, a file.")
  var entry: String?

  @Option(
    help: "The public key of a witness whose cosignature the checkpoint has, a file; may be named again.")
  var witness: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  func run() async throws {
    let key = try KeyFiles.ledgerVerificationKey(at: key)
    let text = try LocalFiles.read(proof, limit: max(EntryProof.longest, RecordProof.longest))
    // The proof of an entry begins with the name of its form.
    if text.first == UInt8(ascii: "{") { return try checkRecord(text, key) }
    var witnesses: [WitnessKey] = []
    for path in witness {
      let text = String(decoding: try LocalFiles.read(path, limit: 4096), as: UTF8.self)
      witnesses.append(try WitnessKey(parsing: String(text.split(separator: "\n").first ?? "")))
    }
    let read = try EntryProof(parsing: text)
    let bytes = try LocalFiles.read(entry ?? besideProof, limit: LedgerEntry.sizeLimit)
    let checkpoint = try read.verify(bytes, trusting: key, witnessedBy: witnesses)
    guard json else {
      Self.show(bytes, read, checkpoint, key)
      return Console.prose("every step holds: entry, signed checkpoint")
    }
    Console.data([
      "ok": true, "index": JSON(read.index), "size": JSON(checkpoint.size),
      "root": .string(checkpoint.root.description), "origin": .string(checkpoint.origin),
      "entry": .string(String(decoding: bytes, as: UTF8.self)),
    ])
  }

  private func checkRecord(_ text: [UInt8], _ key: CheckpointVerificationKey) throws {
    guard entry == nil, witness.isEmpty else {
      throw Problem(
        .usage, "check.record", "expected no --entry or --witness for the proof of a receipt, found one",
        hint: "leave it out: all that is proved is in the one file")
    }
    let limits = JSONLimits(depth: 8, values: 1000)
    guard let json = try? JSON(parsing: text, limits: limits), let read = RecordProof(json: json) else {
      throw Problem(
        .badInput, "proof.malformed", "expected the proof of a receipt, found another document",
        subject: proof.excerpt(200), hint: "take what 'gatehouse audit prove RECEIPT --json' prints")
    }
    let verified = try read.verify(trusting: key)
    if self.json {
      return Console.data([
        "ok": true, "receipt": .string(read.receipt.description),
        "record": .string(String(decoding: read.record, as: UTF8.self)),
        "root": .string(verified.root.description), "index": JSON(read.inLedger.index),
        "size": JSON(verified.checkpoint.size), "origin": .string(verified.checkpoint.origin),
      ])
    }
    ProveCommand.show(read, verified, key)
    Console.prose("every step holds: record, segment, entry, signed checkpoint")
  }

  private var besideProof: String {
    let ending = ".tlog-proof"
    return (proof.hasSuffix(ending) ? String(proof.dropLast(ending.count)) : proof) + ".json"
  }

  /// Shows what a proof that holds says.
  static func show(
    _ bytes: [UInt8], _ proof: EntryProof, _ checkpoint: Checkpoint, _ key: CheckpointVerificationKey
  ) {
    var rows: [[String]] = []
    // A later release may know acts that this one does not: the proof holds all the same.
    if let entry = (try? JSON(parsing: bytes)).flatMap({ LedgerEntry(json: $0) }) {
      rows = [
        ["time", "\(entry.time)"], ["act", "\(entry.act.rawValue) \(entry.phase.rawValue)"],
        ["subject", entry.subject.excerpt(200)], ["principal", "\(entry.principal)"],
        ["trace", entry.trace.excerpt(80)],
      ]
    }
    rows += [
      ["entry", "\(proof.index) of \(checkpoint.size), \(MerkleTree.leafHash(bytes))"],
      ["ledger", "\(checkpoint.origin), root \(checkpoint.root)"], ["signed by", "\(key)"],
    ]
    Console.table(rows)
  }
}
