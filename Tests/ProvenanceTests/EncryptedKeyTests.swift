import Domain
import Encoding
import Provenance
import Testing

struct EncryptedKeyTests {
  private static func passphrase(_ text: String = "a long passphrase") throws -> Passphrase {
    // A thousandth of the rounds, which a test does not wait for.
    try Passphrase(parsing: text, rounds: 600)
  }

  @Test func `the rounds are those that are asked for today`() {
    #expect(Passphrase.standardRounds == 600_000)
  }

  @Test(arguments: SealCurve.allCases)
  func `a key reads back under its passphrase and no other`(curve: SealCurve) throws {
    let key = SealingKey(curve)
    let pem = try key.pem(passphrase: Self.passphrase())
    #expect(pem.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
    #expect(SealingKey.isEncrypted(pem))
    #expect(try SealingKey(pem: pem, passphrase: Self.passphrase("a long passphrase\n")).pem == key.pem)
    let other = #expect(throws: Problem.self) {
      try SealingKey(pem: pem, passphrase: Self.passphrase("another passphrase"))
    }
    #expect(other?.code == "key.wrong-passphrase")
    let none = #expect(throws: Problem.self) { try SealingKey(pem: pem, passphrase: nil) }
    #expect(none?.code == "key.encrypted")
    // In the clear it reads with a passphrase too: a start takes any mixture.
    #expect(try SealingKey(pem: key.pem, passphrase: Self.passphrase()).pem == key.pem)
  }

  @Test func `the ledger's key reads back under its passphrase, with the name that it is given`() throws {
    let key = try CheckpointSigningKey(name: "ledger")
    let pem = try key.pem(passphrase: Self.passphrase())
    let read = try CheckpointSigningKey(text: pem, name: "ledger", passphrase: Self.passphrase())
    #expect(read.encoded == key.encoded)
    #expect(
      try CheckpointSigningKey(text: key.encoded + "\n", name: "x", passphrase: nil).encoded == key.encoded)
    let seal = #expect(throws: Problem.self) { try SealingKey(pem: pem, passphrase: Self.passphrase()) }
    #expect(seal?.code == "seal.malformed-key")
    let ledger = #expect(throws: Problem.self) {
      try CheckpointSigningKey(
        text: try SealingKey().pem(passphrase: Self.passphrase()), name: "l", passphrase: Self.passphrase())
    }
    #expect(ledger?.code == "checkpoint.malformed-key")
  }

  @Test func `a passphrase is one line, and long enough for what is written`() throws {
    for text in ["", "\n", "a\nb", "a\0b", String(repeating: "a", count: 1025)] {
      let problem = #expect(throws: Problem.self) { try Passphrase(parsing: text) }
      #expect(problem?.code == "passphrase.malformed")
    }
    let short = #expect(throws: Problem.self) {
      try SealingKey().pem(passphrase: Self.passphrase("eleven byte"))
    }
    #expect(short?.code == "passphrase.too-short")
    let passphrase = try Self.passphrase()
    #expect("\(passphrase)" == "Passphrase(…)")
  }

  /// `openssl pkcs8 -topk8 -iter N`, whose count of rounds is replaced in place: what follows is never reached.
  @Test func `more rounds than the limit are refused before any is made`() throws {
    // A P-256 key under 'a long passphrase' by 50,000,000 rounds, of which nothing but the head has to be right.
    let head: [UInt8] = [
      0x30, 0x46, 0x30, 0x42, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D, 0x30, 0x35,
      0x30,
      0x14, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C, 0x30, 0x07, 0x04, 0x00, 0x02,
      0x04,
      0x02, 0xFA, 0xF0, 0x80,
    ]
    let rest = [UInt8](repeating: 0, count: 72 - head.count)
    let problem = #expect(throws: Problem.self) {
      try SealingKey(pem: Self.pem(head + rest), passphrase: Self.passphrase())
    }
    #expect(problem?.code == "key.too-costly")
    #expect(problem?.message.contains("50000000") == true)
  }

  @Test func `what is no such key is refused, whatever it is`() throws {
    let pem = try SealingKey().pem(passphrase: Self.passphrase())
    let text = pem.split(separator: "\n")
    for broken in [
      Self.pem([]), Self.pem([0x30, 0]), Self.pem(Array(repeating: 0x30, count: 300)),
      pem.replacing("ENCRYPTED", with: "ENCRYPTED "), text.dropLast(2).joined(separator: "\n"),
    ] {
      #expect(throws: Problem.self) { try SealingKey(pem: broken, passphrase: Self.passphrase()) }
    }
  }

  private static func pem(_ bytes: [UInt8]) -> String {
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\(base64(bytes))\n-----END ENCRYPTED PRIVATE KEY-----\n"
  }

  private static func base64(_ bytes: [UInt8]) -> String { Base64.encode(bytes) }
}
