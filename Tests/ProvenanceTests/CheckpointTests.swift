import Domain
import Encoding
import Provenance
import Testing

@Suite struct `A checkpoint` {
  /// The log key of the example in golang.org/x/mod/sumdb/note.
  static let known = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
  static let root = Digest(of: "root".utf8)

  static func key(_ name: String = "gatehouse.example/ledger") throws -> CheckpointSigningKey {
    try CheckpointSigningKey(name: name)
  }

  @Test func `is a signed note with origin, size and root`() throws {
    let key = try Self.key()
    let checkpoint = try key.sign(size: 42, root: Self.root)
    let lines = checkpoint.text.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 6)
    #expect(lines[0] == "gatehouse.example/ledger")
    #expect(lines[1] == "42")
    #expect(lines[2] == Base64.encode(Self.root.bytes)[...])
    #expect(lines[3].isEmpty)
    #expect(lines[4].hasPrefix("— gatehouse.example/ledger "))
    #expect(lines[5].isEmpty)
  }

  @Test func `reads back as it was signed`() throws {
    let key = try Self.key()
    for size in [0, 1, 10, Int.max] {
      let checkpoint = try key.sign(size: size, root: Self.root)
      #expect(try Checkpoint(parsing: checkpoint.text, trusting: key.verificationKey) == checkpoint)
    }
  }

  @Test func `with any bit of its text flipped is refused`() throws {
    let key = try Self.key()
    let bytes = Array(try key.sign(size: 42, root: Self.root).text.utf8)
    for index in bytes.indices {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        let text = String(decoding: flipped, as: UTF8.self)
        let problem = #expect(throws: Problem.self) {
          try Checkpoint(parsing: text, trusting: key.verificationKey)
        }
        #expect(problem?.category == .integrity)
      }
    }
  }

  @Test func `cut off anywhere is refused`() throws {
    let key = try Self.key()
    let bytes = Array(try key.sign(size: 42, root: Self.root).text.utf8)
    for count in bytes.indices {
      #expect(throws: Problem.self) {
        try Checkpoint(
          parsing: String(decoding: bytes.prefix(count), as: UTF8.self), trusting: key.verificationKey)
      }
    }
  }

  @Test func `by another key of the same name is refused`() throws {
    let checkpoint = try Self.key().sign(size: 1, root: Self.root)
    let problem = #expect(throws: Problem.self) {
      try Checkpoint(parsing: checkpoint.text, trusting: Self.key().verificationKey)
    }
    #expect(problem?.code == "checkpoint.untrusted-key")
  }

  @Test func `of another ledger is refused`() throws {
    let checkpoint = try Self.key("other").sign(size: 1, root: Self.root)
    let problem = #expect(throws: Problem.self) {
      try Checkpoint(parsing: checkpoint.text, trusting: Self.key().verificationKey)
    }
    #expect(problem?.code == "checkpoint.untrusted-key")
  }

  @Test func `signed by a witness as well still verifies`() throws {
    let key = try Self.key()
    let checkpoint = try key.sign(size: 1, root: Self.root)
    let witness = try Self.key("witness").sign(size: 1, root: Self.root).text
      .split(separator: "\n").last.map(String.init)
    let text = checkpoint.text + (try #require(witness)) + "\n"
    #expect(try Checkpoint(parsing: text, trusting: key.verificationKey).size == 1)
  }

  @Test(arguments: [
    "", "\n", "a\n1\n\n\n— a AAAA\n", "a\n-1\nAAAA\n\n— a AAAA\n", "a\n01\nAAAA\n\n— a AAAA\n",
    "a\n99999999999999999999\nAAAA\n\n— a AAAA\n", "a\r\n1\r\nAAAA\r\n\r\n— a AAAA\r\n",
  ])
  func `that is none is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try UnverifiedCheckpoint(parsing: text) }
    #expect(problem?.code == "checkpoint.malformed")
  }

  @Test func `beyond the limits is refused`() throws {
    let key = try Self.key()
    let text = try key.sign(size: 1, root: Self.root).text
    let line = try #require(text.split(separator: "\n").last)
    for copies in [101, 1000] {
      let long = text + String(repeating: "\(line)\n", count: copies)
      #expect(throws: Problem.self) { try Checkpoint(parsing: long, trusting: key.verificationKey) }
    }
  }

  @Test func `a known key of another implementation reads and prints the same`() throws {
    let key = try CheckpointVerificationKey(parsing: Self.known)
    #expect(key.name == "PeterNeumann")
    #expect(key.description == Self.known)
  }

  @Test func `a signing key reads back from its text`() throws {
    let key = try Self.key()
    let again = try CheckpointSigningKey(parsing: key.encoded)
    #expect(again.verificationKey == key.verificationKey)
    #expect(again.encoded == key.encoded)
  }

  @Test func `a signing key does not show in its description or in a problem`() throws {
    let encoded = try Self.key().encoded
    let secret = encoded.suffix(30)
    let key = try CheckpointSigningKey(parsing: encoded)
    #expect(!"\(key)".contains(secret))
    #expect(!String(reflecting: key).contains(secret))
    let problem = #expect(throws: Problem.self) { try CheckpointSigningKey(parsing: "x" + encoded) }
    #expect(problem?.description.contains(secret) == false)
  }

  @Test(arguments: ["", "a b", "a+b", "a\nb", "ä"]) func `a key name that breaks notes is refused`(
    name: String
  ) {
    let problem = #expect(throws: Problem.self) { try CheckpointSigningKey(name: name) }
    #expect(problem?.code == "checkpoint.malformed-key")
  }

  @Test func `a key whose id does not fit is refused`() throws {
    let text = Self.known.replacing("c74f20a3", with: "c74f20a4")
    let problem = #expect(throws: Problem.self) { try CheckpointVerificationKey(parsing: text) }
    #expect(problem?.code == "checkpoint.malformed-key")
  }
}
