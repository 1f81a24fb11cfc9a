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

  /// By `openssl pkcs8 -topk8 -v2 aes-256-cbc -iter 10000001`, the first number that is too many.
  private static let costly = """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIHuMFkGCSqGSIb3DQEFDTBMMCsGCSqGSIb3DQEFDDAeBAjPBgL8tRqX5wIEAJiW
    gTAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQRGc65fRnCZVPETbQOzhiTQSB
    kHRYbBhMR3iTB4f7mm9ibdUpXbOJvjXX1YhB1/BM+tp0qzHz/Lea+HOI5s4+l7qs
    XC+Gqjjv30GJW0vVIvX/P2IXHviLpy+VFF0C5JuOM8Pvsosw8jETP/tYLahjZT+H
    hYgDFsMqAQ19JXdCYf0fy4pjHB/KxNqj8sc2HKDBJLSOAVjv0pT929EKgxh4Ukjp
    DA==
    -----END ENCRYPTED PRIVATE KEY-----
    """

  @Test func `more rounds than the limit are refused before any is made`() throws {
    let problem = #expect(throws: Problem.self) {
      try SealingKey(pem: Self.costly, passphrase: Self.passphrase())
    }
    #expect(problem?.code == "key.too-costly")
    #expect(problem?.message.hasSuffix("takes 10000001") == true)
  }

  @Test func `a key with any bit of it changed opens as no other key`() throws {
    let key = SealingKey()
    let text = try key.pem(passphrase: Self.passphrase()).split(separator: "\n")
    let der = try #require(Base64.decode(text.dropFirst().dropLast().joined()))
    for bit in 0..<(der.count * 8) {
      var changed = der
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      // The lowest bits of what pads the last block are all that may go unseen.
      let read = try? SealingKey(pem: Self.pem(changed), passphrase: Self.passphrase())
      #expect(read == nil || read?.pem == key.pem, "bit \(bit)")
    }
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
