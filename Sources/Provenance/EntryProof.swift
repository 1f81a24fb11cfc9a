public import Domain
import Encoding

/// That one entry stands in the ledger: its way up to a signed checkpoint, as text that is handed on with the entry.
///
/// Anybody who has the ledger's public key can verify it, and needs nothing else. It is written in one way alone: no byte
/// of it, of the entry or of the checkpoint can be another. https://c2sp.org/tlog-proof
public struct EntryProof: Equatable, Sendable {
  private static let heading = "c2sp.org/tlog-proof@v1"
  /// The most bytes that a proof may have: 63 levels, and a checkpoint.
  public static let longest = 32_768

  /// The entry's place in the ledger, from 0.
  public let index: Int
  /// The siblings from the entry upward.
  public let path: [Digest]
  /// The signed checkpoint, a C2SP signed note.
  public let checkpoint: String

  /// States a proof; nothing is checked before `verify`.
  public init(index: Int, path: [Digest], checkpoint: String) {
    self.index = index
    self.path = path
    self.checkpoint = checkpoint
  }

  /// The proof as it is handed on.
  public var text: String {
    var lines = [Self.heading, "index \(index)"]
    lines += path.map { Base64.encode($0.bytes) }
    return lines.joined(separator: "\n") + "\n\n\(checkpoint)"
  }

  /// Reads what `text` writes.
  ///
  /// Throws `proof.malformed`. The opaque extra data that the format allows is refused: nothing would vouch for it.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= Self.longest else {
      throw Self.malformed("at most \(Self.longest) bytes", "\(bytes.count)")
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    guard lines[0] == Self.heading else {
      throw Self.malformed("'\(Self.heading)' in the first line", "'\(lines[0].excerpt(60))'")
    }
    guard let end = lines.firstIndex(where: \.isEmpty), end >= 2, end <= 2 + 63 else {
      throw Self.malformed("an index and at most 63 hashes before an empty line", "\(lines.count) lines")
    }
    let prefix = "index "
    guard lines[1].hasPrefix(prefix), let index = Int(lines[1].dropFirst(prefix.count)), index >= 0 else {
      throw Self.malformed("'index <number>' in the second line", "'\(lines[1].excerpt(60))'")
    }
    var path: [Digest] = []
    for line in lines[2..<end] {
      guard let digest = Base64.decode(line).flatMap({ Digest(bytes: $0) }) else {
        throw Self.malformed("32 bytes in base 64 in line \(path.count + 3)", "'\(line.excerpt(60))'")
      }
      path.append(digest)
    }
    self.init(index: index, path: path, checkpoint: lines[(end + 1)...].joined(separator: "\n"))
    guard Array(text.utf8) == bytes else {
      throw Self.malformed("a proof as it is written", "another spelling of it")
    }
  }

  /// Verifies that an entry is where the proof says, trusting the key alone.
  ///
  /// Throws `checkpoint.…` of the checkpoint, which must have no signature but the key's and those of the witnesses, and
  /// `proof.entry` where the entry is not under it.
  public func verify(
    _ entry: [UInt8], trusting key: CheckpointVerificationKey, witnessedBy witnesses: [WitnessKey] = []
  ) throws(Problem) -> Checkpoint {
    let head = try Checkpoint(parsing: checkpoint, trusting: key)
    try head.requireSignatures(of: key, and: witnesses)
    let proof = InclusionProof(index: index, size: head.size, path: path)
    guard proof.verifies(MerkleTree.leafHash(entry), under: head.root) else {
      throw Problem(
        .integrity, "proof.entry",
        "expected entry \(index) under the signed root \(head.root.short) of \(head.size) entries, found no way from it"
          + " to there")
    }
    return head
  }

  private static func malformed(_ expected: String, _ found: String) -> Problem {
    Problem(.integrity, "proof.malformed", "expected \(expected), found \(found)")
  }
}
