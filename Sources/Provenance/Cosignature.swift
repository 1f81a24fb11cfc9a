public import Domain
import Encoding

/// What is said between a log and a witness that cosigns its checkpoints.
///
/// https://c2sp.org/tlog-witness
public enum WitnessExchange {
  /// The most bytes of a witness's answer that are read.
  public static let longestAnswer = 8192

  /// What a witness is sent: the size that it is known to have cosigned, the way from there, and the checkpoint.
  public static func submission(of checkpoint: Checkpoint, after proof: ConsistencyProof) -> [UInt8] {
    let lines = ["old \(proof.oldSize)"] + proof.path.map { Base64.encode($0.bytes) }
    return Array((lines.joined(separator: "\n") + "\n\n" + checkpoint.text).utf8)
  }

  /// The size that a witness says it has cosigned last, in digits and a line feed; nil for anything else.
  public static func size(parsing bytes: [UInt8]) -> Int? {
    guard bytes.last == UInt8(ascii: "\n"), 2...20 ~= bytes.count else { return nil }
    let text = String(decoding: bytes.dropLast(), as: UTF8.self)
    guard let size = Int(text), size >= 0, String(size) == text else { return nil }
    return size
  }
}

/// That a witness saw a checkpoint to be consistent with all that it had seen before of the log.
///
/// A value of this type was verified against the witness's key. https://c2sp.org/tlog-cosignature
public struct Cosignature: Equatable, Sendable {
  /// The witness's signature line, without its line feed.
  public let line: String
  /// When the witness signed it, in seconds since 1970, by its own clock.
  public let seconds: UInt64

  /// Reads what a witness answers, and verifies its line over a checkpoint; lines of other keys are left alone.
  ///
  /// Throws `witness.malformed-answer`, `witness.other-key` where no line is of the key, and `witness.bad-cosignature`.
  public init(answer: [UInt8], of key: WitnessKey, over checkpoint: Checkpoint) throws(Problem) {
    guard answer.count <= WitnessExchange.longestAnswer, let text = String(validating: answer, as: UTF8.self),
      case let signed = checkpoint.signedAlone, text.utf8.last == UInt8(ascii: "\n"),
      let note = try? UnverifiedCheckpoint(parsing: signed + text)
    else {
      throw Problem(
        .unavailable, "witness.malformed-answer",
        "expected signature lines of '\(key.name)', found something else", subject: key.name)
    }
    let lines = note.signatures.dropFirst().filter { $0.name == key.name && $0.keyID == key.keyID }
    guard let line = lines.first else {
      throw Problem(
        .integrity, "witness.other-key",
        "expected a cosignature by the key '\(key.description)', found \(note.signatures.count - 1) by others",
        subject: key.name, hint: "ask whose witness it is for its key, and add it again with that")
    }
    guard lines.allSatisfy({ key.isValid($0.signature, for: note.signedText) }),
      let seconds = WitnessKey.time(of: line.signature)
    else {
      throw Problem(
        .integrity, "witness.bad-cosignature",
        "expected a cosignature by '\(key.name)' over the checkpoint of \(checkpoint.size) entries, found one that"
          + " does not verify", subject: key.name)
    }
    self.line = line.text
    self.seconds = seconds
  }
}

extension Checkpoint {
  /// The checkpoint with the lines of witnesses behind its own.
  public func text(with cosignatures: [Cosignature]) -> String {
    signedAlone + cosignatures.map { "\($0.line)\n" }.joined()
  }

  /// The signed text with the first signature line, which is the ledger's own in what its key has signed.
  fileprivate var signedAlone: String {
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return lines.prefix(5).map { String(Substring($0)) + "\n" }.joined()
  }
}
