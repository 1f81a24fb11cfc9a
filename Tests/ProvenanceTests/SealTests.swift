import Domain
import Encoding
import Provenance
import Testing

@Suite struct `A seal` {
  static let key = SealingKey()
  static let files = [
    BundleFile(path: "manifest.json", bytes: Array("{\"name\":\"iris\"}".utf8)),
    BundleFile(path: "weights/a.bin", bytes: [1, 2, 3]),
    BundleFile(path: "weights-b.bin", bytes: []),
  ]

  static func sealed() throws -> SealedBundle {
    try UnsealedBundle(files: files).sealed(with: key, name: "iris@3")
  }

  /// The code of the problem that verifying ends with; nil where it verifies.
  static func code(
    _ seal: [UInt8], _ files: [BundleFile] = files,
    trusting keys: [SealVerificationKey] = [key.verificationKey]
  ) -> String? {
    problem(seal, files, trusting: keys)?.code
  }

  static func problem(
    _ seal: [UInt8], _ files: [BundleFile] = files,
    trusting keys: [SealVerificationKey] = [key.verificationKey]
  ) -> Problem? {
    do throws(Problem) {
      _ = try SealVerifier.verify(seal: seal, files: digests(of: files), trusting: keys)
      return nil
    } catch {
      return error
    }
  }

  @Test func `verifies over the files it was made for`() throws {
    let bundle = try Self.sealed()
    let verified = try SealVerifier.verify(
      seal: bundle.seal, files: digests(of: bundle.files),
      trusting: [SealingKey().verificationKey, Self.key.verificationKey])
    #expect(verified.bundle == bundle.digest)
    #expect(verified.name == "iris@3")
    #expect(verified.key == Self.key.verificationKey)
    #expect(verified.files == digests(of: Self.files))
  }

  @Test func `of the model-signing package verifies`() throws {
    let fixture = try OpenSSFFixture()
    let unsealed = try UnsealedBundle(files: fixture.files)
    let bundle = try SealedBundle(unsealed, seal: fixture.seal, trusting: [fixture.key])
    let verified = try SealVerifier.verify(
      seal: fixture.seal, files: digests(of: fixture.files), trusting: [fixture.key])
    #expect(verified.bundle == bundle.digest)
    #expect(!verified.name.isEmpty)
    #expect(unsealed.files.map(\.path) == OpenSSFFixture.paths)
  }

  @Test func `is refused with any bit of it flipped`() throws {
    let fixture = try OpenSSFFixture()
    let ours = try Self.sealed().seal
    #expect(ours.count > 1000)
    for index in ours.indices {
      for bit in 0..<8 {
        var flipped = ours
        flipped[index] ^= 1 << bit
        #expect(Self.problem(flipped)?.category == .integrity)
      }
    }
    for index in fixture.seal.indices {
      var flipped = fixture.seal
      flipped[index] ^= 1
      #expect(Self.problem(flipped, fixture.files, trusting: [fixture.key])?.category == .integrity)
    }
  }

  @Test func `is refused cut off anywhere`() throws {
    let seal = try Self.sealed().seal
    for count in seal.indices { #expect(Self.code(Array(seal.prefix(count))) == "seal.malformed") }
  }

  @Test func `is refused with any byte of any file flipped, and the file is named`() throws {
    let seal = try Self.sealed().seal
    for (number, file) in Self.files.enumerated() {
      for index in file.bytes.indices {
        var bytes = file.bytes
        bytes[index] ^= 0x80
        var files = Self.files
        files[number] = BundleFile(path: file.path, bytes: bytes)
        let problem = try #require(Self.problem(seal, files))
        #expect(problem.code == "seal.file-changed")
        #expect(problem.subject == file.path)
        #expect(
          problem.message
            == "expected '\(file.path)' to be \(Digest(of: file.bytes).short) as it was sealed, found"
            + " \(Digest(of: bytes).short)")
      }
    }
  }

  @Test func `is refused when a file is missing, and the file is named`() throws {
    let seal = try Self.sealed().seal
    for (number, file) in Self.files.enumerated() {
      var files = Self.files
      files.remove(at: number)
      let problem = try #require(Self.problem(seal, files))
      #expect(problem.code == "seal.file-missing")
      #expect(problem.subject == file.path)
    }
  }

  @Test(arguments: ["extra", "weights/b.bin", ".git", ".gitignore", "seal.json.bak"])
  func `is refused when there is a file more, whatever it ignores`(path: String) throws {
    let fixture = try OpenSSFFixture()
    let extra = BundleFile(path: path, bytes: [])
    for problem in [
      Self.problem(try Self.sealed().seal, Self.files + [extra]),
      // This seal's ignore_paths name .git and others.
      Self.problem(fixture.seal, fixture.files + [extra], trusting: [fixture.key]),
    ] {
      #expect(problem?.code == "seal.file-extra")
      #expect(problem?.subject == path)
    }
  }

  @Test func `is refused when files have changed places`() throws {
    let seal = try Self.sealed().seal
    let swapped = zip(Self.files, Self.files.reversed()).map {
      BundleFile(path: $0.path, bytes: $1.bytes)
    }
    #expect(Self.code(seal, swapped) == "seal.file-changed")
  }

  @Test func `by a key that is not trusted is refused`() throws {
    let seal = try Self.sealed().seal
    #expect(Self.code(seal, trusting: [SealingKey().verificationKey]) == "seal.untrusted-key")
    #expect(Self.code(seal, trusting: []) == "seal.untrusted-key")
  }

  @Test func `with another's hint is refused`() throws {
    let other = SealingKey().verificationKey
    let seal = try Self.sealed().seal
    let text = String(decoding: seal, as: UTF8.self)
      .replacing(Self.key.verificationKey.hint, with: other.hint)
    #expect(Self.code(Array(text.utf8), trusting: [other]) == "seal.bad-signature")
  }

  @Test func `beyond the size limit is refused unread`() {
    let seal = [UInt8](repeating: UInt8(ascii: " "), count: SealVerifier.sealSizeLimit + 1)
    #expect(Self.code(seal) == "seal.malformed")
  }

  @Test func `is signed over the same statement each time, with another nonce`() throws {
    let (first, second) = (try Self.sealed(), try Self.sealed())
    #expect(first.seal != second.seal)
    #expect(first.digest == second.digest)
    #expect(first.contents == second.contents)
  }
}

@Suite struct `A sealing key` {
  @Test func `reads back from its PEM`() throws {
    let key = SealingKey()
    let again = try SealingKey(pem: key.pem)
    #expect(again.pem == key.pem)
    #expect(again.verificationKey == key.verificationKey)
    #expect(try SealVerificationKey(pem: key.verificationKey.pem) == key.verificationKey)
  }

  @Test func `has the hint that the model-signing package gives it`() throws {
    let fixture = try OpenSSFFixture()
    let seal = try JSON(parsing: fixture.seal)
    #expect(seal["verificationMaterial"]?["publicKey"]?["hint"]?.string == fixture.key.hint)
  }

  @Test func `does not show in its description or in a problem`() throws {
    let key = SealingKey()
    let body = try #require(key.pem.split(separator: "\n").dropFirst().first)
    #expect(!"\(key)".contains(body))
    #expect(!String(reflecting: key).contains(body))
    let problem = #expect(throws: Problem.self) { try SealingKey(pem: key.pem.replacing("KEY", with: "KEI")) }
    #expect(problem?.code == "seal.malformed-key")
    #expect(problem?.description.contains(body) == false)
  }

  @Test(arguments: ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
  func `that is none is refused`(pem: String) {
    #expect(throws: Problem.self) { try SealingKey(pem: pem) }
    #expect(throws: Problem.self) { try SealVerificationKey(pem: pem) }
  }
}
