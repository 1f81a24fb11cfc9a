import enum Crypto.Curve25519
import Domain
import Encoding
import NIOConcurrencyHelpers
import Provenance

/// A witness as another program would be: it has its own state, its own key, and reads what it is sent by the text of C2SP
/// tlog-witness; of our code it has base 64, SHA-256 and the verification of proofs.
final class LittleWitness: Sendable {
  /// How it can be other than it should.
  enum Mood: Sendable {
    case honest
    /// Signs with a key of its own that nobody trusts.
    case otherKey
    /// Signs another checkpoint than the one that it was sent.
    case otherText
    /// Signs, remembers, and says nothing.
    case lostAnswer
    /// Answers what is no answer.
    case page
    case silent
    case endless
  }

  private struct State {
    var size = 0
    var root: Digest?
    var mood = Mood.honest
    var isKnown = true
  }

  let name: String
  private let key = Curve25519.Signing.PrivateKey()
  private let log: CheckpointVerificationKey
  private let state = NIOLockedValueBox(State())

  init(_ name: String, of log: CheckpointVerificationKey) {
    self.name = name
    self.log = log
  }

  /// Its public key, as it gives it to others.
  var publicKey: String { "\(name)+\(Hexadecimal.encode(keyID(key)))+\(Base64.encode([4] + bytes(key)))" }

  var size: Int { state.withLockedValue { $0.size } }
  func turn(_ mood: Mood) { state.withLockedValue { $0.mood = mood } }
  func forgetLog() { state.withLockedValue { $0.isKnown = false } }

  private func bytes(_ key: Curve25519.Signing.PrivateKey) -> [UInt8] {
    Array(key.publicKey.rawRepresentation)
  }

  private func keyID(_ key: Curve25519.Signing.PrivateKey) -> [UInt8] {
    Array(Digest(of: Array(name.utf8) + [0x0A, 4] + bytes(key)).bytes.prefix(4))
  }

  /// The answer to a request.
  func answer(_ request: LocalServer.Request) -> LocalServer.Answer {
    guard request.method == "POST", request.path == "/w/add-checkpoint" else { return .http(404) }
    return state.withLockedValue { state in
      switch state.mood {
      case .silent: return .silence
      case .endless: return .trickle
      case .page: return .http(200, body: Array("<html>sign in</html>\n".utf8))
      default: return add(String(decoding: request.body, as: UTF8.self), &state)
      }
    }
  }

  private func add(_ text: String, _ state: inout State) -> LocalServer.Answer {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let end = lines.firstIndex(of: ""), end <= 64, lines[0].hasPrefix("old "),
      let old = Int(lines[0].dropFirst(4)), String(old) == lines[0].dropFirst(4), old >= 0
    else { return .http(400) }
    let path = lines[1..<end].compactMap { Base64.decode($0).flatMap { Digest(bytes: $0) } }
    guard path.count == end - 1 else { return .http(400) }
    let note = lines[(end + 1)...].joined(separator: "\n")
    guard lines.count > end + 3, lines[end + 1] == log.name, state.isKnown else { return .http(404) }
    guard let checkpoint = try? Checkpoint(parsing: note, trusting: log) else { return .http(403) }
    guard old <= checkpoint.size else { return .http(400) }
    let conflict = LocalServer.Answer.http(
      409, [("Content-Type", "text/x.tlog.size")], body: Array("\(state.size)\n".utf8))
    guard old == state.size else { return conflict }
    if old == checkpoint.size, let root = state.root, root != checkpoint.root { return conflict }
    if old == 0 {
      guard path.isEmpty else { return .http(422) }
    } else {
      let proof = ConsistencyProof(oldSize: old, newSize: checkpoint.size, path: path)
      guard let root = state.root, proof.verifies(from: root, to: checkpoint.root) else { return .http(422) }
    }
    state.size = checkpoint.size
    state.root = checkpoint.root
    if case .lostAnswer = state.mood { return .end }
    let signed = lines[(end + 1)...(end + 3)].map { "\($0)\n" }.joined()
    return .http(200, body: Array(line(over: signed, state.mood).utf8))
  }

  private func line(over text: String, _ mood: Mood) -> String {
    var (key, text) = (key, text)
    if case .otherKey = mood { key = Curve25519.Signing.PrivateKey() }
    if case .otherText = mood { text = "other\n" + text }
    let time: UInt64 = 1_700_000_000
    guard let signature = try? key.signature(for: Array("cosignature/v1\ntime \(time)\n\(text)".utf8)) else {
      return ""
    }
    let stamp = (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * UInt64($0))) }
    return "\u{2014} \(name) \(Base64.encode(keyID(key) + stamp + Array(signature)))\n"
  }
}
