import Domain
import Glibc
import Lifecycle
import Provenance
import TestKit
import Testing

@testable import Storage

@Suite struct `Encrypted key files` {
  private static func passphrase(_ text: String) throws(Problem) -> Passphrase {
    // A thousandth of the rounds, which a test does not wait for.
    try Passphrase(parsing: text, rounds: 600)
  }

  private static let first = "the first passphrase"
  private static let second = "the second passphrase"

  private static func open(
    _ scratch: Scratch, _ text: String?, _ curve: SealCurve = .p256
  ) throws(Problem) -> KeyFiles {
    var passphrase: Passphrase?
    if let text { passphrase = try Self.passphrase(text) }
    return try KeyFiles.openOrCreate(
      in: "\(scratch.path)/keys", ledgerName: "test.example/ledger", passphrase: passphrase, curve: curve)
  }

  private static func isEncrypted(_ scratch: Scratch, _ name: String) throws -> Bool {
    SealingKey.isEncrypted(String(decoding: try Scratch.read("\(scratch.path)/keys/\(name)"), as: UTF8.self))
  }

  @Test func `are made under a passphrase where there is one, and open under it alone`() throws {
    let scratch = try Scratch()
    let made = try Self.open(scratch, Self.first, .p384)
    #expect(made.sealing.verificationKey.curve == .p384)
    #expect(try Self.isEncrypted(scratch, "seal.key.pem") && Self.isEncrypted(scratch, "ledger.key"))
    let again = try Self.open(scratch, Self.first)
    #expect(again.sealing.pem == made.sealing.pem)
    #expect(again.ledger.encoded == made.ledger.encoded)
    let refusal1 = #expect(throws: Problem.self) { try Self.open(scratch, nil) }
    #expect(refusal1?.code == "key.encrypted")
    let refusal2 = #expect(throws: Problem.self) { try Self.open(scratch, Self.second) }
    #expect(refusal2?.code == "key.wrong-passphrase")
  }

  @Test func `are encrypted where they stand, and brought under another passphrase`() async throws {
    let scratch = try Scratch()
    let made = try Self.open(scratch, nil)
    let store = SealKeyFiles(directory: "\(scratch.path)/keys/seal-keys", passphrase: nil)
    let later = try await store.provide(.file(.p521)).verificationKey
    let encryption = KeyEncryption(directory: "\(scratch.path)/keys")
    let names = ["seal.key.pem", "seal-keys/\(later.hint).key.pem", "ledger.key"]
    #expect(try encryption.encrypt(under: Self.passphrase(Self.first), formerly: nil) == names)
    for name in names {
      #expect(try Self.isEncrypted(scratch, name))
      #expect(Scratch.mode(of: "\(scratch.path)/keys/\(name)") == 0o600)
    }
    #expect(try encryption.encrypt(under: Self.passphrase(Self.first), formerly: nil).isEmpty)
    #expect(
      try encryption.encrypt(under: Self.passphrase(Self.second), formerly: Self.passphrase(Self.first))
        == names)
    #expect(try Self.open(scratch, Self.second).ledger.encoded == made.ledger.encoded)
    let reopened = SealKeyFiles(
      directory: "\(scratch.path)/keys/seal-keys", passphrase: try Self.passphrase(Self.second))
    #expect(try await reopened.signer(for: later.hint)?.verificationKey == later)
    let other = #expect(throws: Problem.self) {
      try encryption.encrypt(
        under: Self.passphrase(Self.first), formerly: Self.passphrase("a third passphrase"))
    }
    #expect(other?.code == "key.wrong-passphrase")
    let none = #expect(throws: Problem.self) {
      try encryption.encrypt(under: Self.passphrase(Self.first), formerly: nil)
    }
    #expect(none?.code == "key.wrong-passphrase")
  }

  /// Each step fails once, before and after it took effect: every file is whole, and the same command ends the work.
  @Test(arguments: FaultPlan.Fault.allCases)
  func `are the former or the new ones wherever encrypting is cut off`(fault: FaultPlan.Fault) throws {
    var step = 0
    while true {
      let scratch = try Scratch()
      let made = try Self.open(scratch, nil)
      let failing = FailingDisk(step: step + 1, fault)
      let isDone =
        (try? KeyEncryption(directory: "\(scratch.path)/keys", disk: failing.disk)
          .encrypt(under: Self.passphrase(Self.first), formerly: nil)) != nil
      // A mixture of both opens under the passphrase.
      #expect(try Self.open(scratch, Self.first).sealing.pem == made.sealing.pem)
      if failing.plan.writes <= step {
        #expect(isDone)
        break
      }
      _ = try KeyEncryption(directory: "\(scratch.path)/keys")
        .encrypt(under: Self.passphrase(Self.first), formerly: nil)
      #expect(try Self.isEncrypted(scratch, "seal.key.pem") && Self.isEncrypted(scratch, "ledger.key"))
      #expect(try DirectoryListing.entries(of: "\(scratch.path)/keys").count == 4)
      step += 1
      try #require(step < 100)
    }
    #expect(step >= 10)
  }

  @Test func `of later keys are whole or not there, and found by their hints alone`() async throws {
    for fault in FaultPlan.Fault.allCases {
      var step = 0
      while true {
        let scratch = try Scratch()
        let failing = FailingDisk(step: step + 1, fault)
        let directory = "\(scratch.path)/seal-keys"
        let key = try? await SealKeyFiles(directory: directory, passphrase: nil, disk: failing.disk)
          .provide(.file(.p256)).verificationKey
        let store = SealKeyFiles(directory: directory, passphrase: nil)
        if let key { #expect(try await store.signer(for: key.hint)?.verificationKey == key) }
        for hint in ["", "../seal", String(repeating: "0", count: 64)] {
          #expect(try await store.signer(for: hint) == nil)
        }
        // Another is made beside whatever was left.
        let next = try await store.provide(.file(.p256)).verificationKey
        #expect(try await store.signer(for: next.hint) != nil)
        if failing.plan.writes <= step { break }
        step += 1
        try #require(step < 100)
      }
      #expect(step >= 8)
    }
  }

  @Test func `under another's name are refused`() async throws {
    let scratch = try Scratch()
    let directory = "\(scratch.path)/seal-keys"
    let store = SealKeyFiles(directory: directory, passphrase: nil)
    let (one, other) = (try await store.provide(.file(.p256)), try await store.provide(.file(.p256)))
    let hints = [one, other].map(\.verificationKey.hint)
    Scratch.overwrite(
      "\(directory)/\(hints[0]).key.pem", with: try Scratch.read("\(directory)/\(hints[1]).key.pem"))
    let problem = await #expect(throws: Problem.self) {
      _ = try await SealKeyFiles(directory: directory, passphrase: nil).signer(for: hints[0])
    }
    #expect(problem?.code == "key.mismatch")
  }
}
