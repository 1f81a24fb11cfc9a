import Domain
import Encoding
import Provenance
import Testing

struct RevocationListTests {
  private static let key = SealingKey()

  private static func list(_ hint: String = key.verificationKey.hint) -> RevocationList {
    RevocationList(
      number: 7, issuedAt: Timestamp(milliseconds: 1000),
      revocations: Revocations(keys: [.init(hint: hint, since: Timestamp(milliseconds: 5), reason: "stolen")])
    )
  }

  private static func line(_ list: RevocationList, by keys: SealingKey...) throws -> [UInt8] {
    list.line(
      signatures: try keys.map { ($0.verificationKey, try $0.sign(list.message)) })
  }

  private static func code(_ line: [UInt8], trusting key: SealingKey = key) -> String? {
    do throws(Problem) {
      _ = try RevocationList(parsing: line, trusting: [key.verificationKey])
      return nil
    } catch {
      return error.code
    }
  }

  @Test(arguments: SealCurve.allCases)
  func `a signed list reads back, whichever of its signers is trusted`(curve: SealCurve) throws {
    let other = SealingKey(curve)
    let line = try Self.line(Self.list(), by: Self.key, other)
    for key in [Self.key, other] {
      #expect(try RevocationList(parsing: line, trusting: [key.verificationKey]) == Self.list())
    }
    #expect(Self.code(line, trusting: SealingKey()) == "revocations.untrusted")
  }

  @Test func `a list is refused with any byte of it changed`() throws {
    let line = try Self.line(Self.list(), by: Self.key)
    for index in line.indices.dropLast() {
      var changed = line
      changed[index] ^= 1
      #expect(Self.code(changed) != nil, "byte \(index)")
    }
    #expect(Self.code(line) == nil)
  }

  @Test func `a signature over another list does not do`() throws {
    let (one, other) = (Self.list(), Self.list(SealingKey().verificationKey.hint))
    let line = one.line(signatures: [(Self.key.verificationKey, try Self.key.sign(other.message))])
    #expect(Self.code(line) == "revocations.bad-signature")
    #expect(Self.code(one.line(signatures: [])) == "revocations.malformed")
    // A seal is signed over another type of payload.
    let seal = try UnsealedBundle(files: [BundleFile(path: "a", bytes: [1])]).sealed(
      with: Self.key, name: "a"
    ).seal
    #expect(Self.code(seal) == "revocations.malformed")
  }

  @Test func `what any line of a file revokes is revoked, and the line that is none is named`() throws {
    let other = SealingKey()
    let lines =
      try Self.line(Self.list(), by: Self.key) + [0x0A]
      + Self.line(Self.list(other.verificationKey.hint), by: Self.key)
    let all = try RevocationList.read(lines, trusting: [Self.key.verificationKey])
    #expect(all.keys.map(\.hint) == [Self.key.verificationKey.hint, other.verificationKey.hint])
    #expect(try RevocationList.read([], trusting: []).isEmpty)
    let problem = #expect(throws: Problem.self) {
      try RevocationList.read(lines + Array("{}\n".utf8), trusting: [Self.key.verificationKey])
    }
    #expect(problem?.code == "revocations.malformed")
    #expect(problem?.position == "line 4")
  }

  @Test func `a seal by a revoked key, and a revoked bundle, do not verify`() throws {
    let files = [BundleFile(path: "manifest.json", bytes: [1])]
    let sealed = try UnsealedBundle(files: files).sealed(with: Self.key, name: "iris@3")
    let keys = [Self.key.verificationKey]
    let revokedKey = #expect(throws: Problem.self) {
      try SealedBundle(files: sealed.files, trusting: keys, revoked: Self.list().revocations)
    }
    #expect(revokedKey?.code == "seal.revoked-key")
    let version = Revocations(versions: [
      .init(
        reference: try VersionReference(parsing: "iris@3"), bundle: sealed.digest,
        since: Timestamp(milliseconds: 1), reason: "wrong")
    ])
    let revokedVersion = #expect(throws: Problem.self) {
      try SealedBundle(files: sealed.files, trusting: keys, revoked: version)
    }
    #expect(revokedVersion?.code == "bundle.revoked")
    #expect(try SealedBundle(files: sealed.files, trusting: keys).key == keys[0])
  }

  @Test func `what does not go into one line goes into several, none of which is too long`() throws {
    let reason = String(repeating: "\"", count: RevocationReason.longest)
    let versions = try (1...3000).map { number in
      Revocations.Version(
        reference: try VersionReference(parsing: "iris@\(number)"),
        bundle: Digest(of: Array("\(number)".utf8)),
        since: Timestamp(milliseconds: 5), reason: reason)
    }
    let all = Revocations(versions: versions)
    let list = RevocationList(number: 7, issuedAt: Timestamp(milliseconds: 1000), revocations: all)
    #expect(list.parts.count == 2)
    var file: [UInt8] = []
    for part in list.parts {
      let line = try Self.line(part, by: Self.key)
      #expect(line.count < RevocationList.lineLimit)
      file += line
    }
    #expect(try RevocationList.read(file, trusting: [Self.key.verificationKey]) == all)
    #expect(file.count <= RevocationList.fileSize(of: all, signedBy: 1))
    #expect(RevocationList.fileSize(of: all, signedBy: 65) > 2 * file.count)
    #expect(RevocationList.fileSize(of: all, signedBy: 64) < 2 * file.count)
  }
}
