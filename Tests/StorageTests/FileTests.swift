import Domain
import Glibc
import Lifecycle
import Provenance
import TestKit
import Testing

@testable import Storage

@Suite struct `Key files` {
  private func open(_ scratch: Scratch) throws(Problem) -> KeyFiles {
    try KeyFiles.openOrCreate(in: "\(scratch.path)/keys", ledgerName: "test.example/ledger")
  }

  @Test func `are made once and for their owner alone`() throws {
    let scratch = try Scratch()
    let (first, second) = (try open(scratch), try open(scratch))
    #expect(first.sealing.pem == second.sealing.pem)
    #expect(first.ledger.encoded == second.ledger.encoded)
    let keys = "\(scratch.path)/keys"
    #expect(Scratch.mode(of: keys) == 0o700)
    #expect(Scratch.mode(of: "\(keys)/seal.key.pem") == 0o600)
    #expect(Scratch.mode(of: "\(keys)/ledger.key") == 0o600)
    #expect(
      try KeyFiles.sealVerificationKey(at: "\(keys)/seal.pub.pem") == first.sealing.verificationKey)
    #expect(try KeyFiles.ledgerVerificationKey(at: "\(keys)/ledger.pub") == first.ledger.verificationKey)
  }

  @Test(arguments: ["seal.key.pem", "ledger.key"], [0o640, 0o604, 0o620] as [UInt32])
  func `that others may read or write are refused`(file: String, mode: UInt32) throws {
    let scratch = try Scratch()
    _ = try open(scratch)
    let path = "\(scratch.path)/keys/\(file)"
    #expect(unsafe chmod(path, mode) == 0)
    let problem = #expect(throws: Problem.self) { try open(scratch) }
    #expect(problem?.code == "secret.exposed")
    #expect(problem?.hint?.hasPrefix("chmod 600 \(path)") == true)
  }

  @Test(arguments: ["seal.key.pem", "ledger.key"]) func `are not made anew when the private one is lost`(
    file: String
  ) throws {
    let scratch = try Scratch()
    _ = try open(scratch)
    try Disk().remove("\(scratch.path)/keys/\(file)")
    let problem = #expect(throws: Problem.self) { try open(scratch) }
    #expect(problem?.code == "key.missing")
  }

  @Test(arguments: ["seal.pub.pem", "ledger.pub"]) func `that are no pair are refused`(file: String) throws {
    let (scratch, other) = (try Scratch(), try Scratch())
    _ = (try open(scratch), try open(other))
    Scratch.overwrite(
      "\(scratch.path)/keys/\(file)", with: try Scratch.read("\(other.path)/keys/\(file)"))
    let problem = #expect(throws: Problem.self) { try open(scratch) }
    #expect(problem?.code == "key.mismatch")
  }

  @Test(arguments: ["seal.key.pem", "ledger.key"]) func `cut off are refused without a word of them`(
    file: String
  ) throws {
    let scratch = try Scratch()
    _ = try open(scratch)
    let path = "\(scratch.path)/keys/\(file)"
    let text = try Scratch.read(path)
    for count in [0, 1, text.count / 2, text.count - 30] {
      Scratch.overwrite(path, with: Array(text.prefix(count)))
      let problem = #expect(throws: Problem.self) { try open(scratch) }
      #expect(problem?.category == .integrity)
      #expect(
        problem?.description.contains(String(decoding: text.suffix(60).prefix(20), as: UTF8.self)) == false)
    }
  }

  @Test func `of a platform whose seals are signed elsewhere are the ledger's and a public one`() throws {
    let scratch = try Scratch()
    let directory = "\(scratch.path)/keys"
    #expect(try KeyFiles.publishedAlone(in: directory) == nil)
    let key = SealingKey(.p384).verificationKey
    try KeyFiles.publish(key, in: directory)
    let ledger = try KeyFiles.openOrCreateLedger(in: directory, ledgerName: "l")
    #expect(try KeyFiles.publishedAlone(in: directory) == key)
    #expect(try KeyFiles.openOrCreateLedger(in: directory, ledgerName: "l").encoded == ledger.encoded)
    #expect(
      try DirectoryListing.entries(of: directory).map(\.name) == ["ledger.key", "ledger.pub", "seal.pub.pem"])
  }

  @Test func `give way to no signer's once there is one in a file`() throws {
    let scratch = try Scratch()
    let keys = try open(scratch)
    let directory = "\(scratch.path)/keys"
    #expect(try KeyFiles.publishedAlone(in: directory) == nil)
    let problem = #expect(throws: Problem.self) {
      try KeyFiles.publish(SealingKey().verificationKey, in: directory)
    }
    #expect(problem?.code == "seal-key.made")
    #expect(try open(scratch).sealing.pem == keys.sealing.pem)
    // Taken away after a rotation, it is known by its public one.
    try Disk().remove("\(directory)/seal.key.pem")
    #expect(try KeyFiles.publishedAlone(in: directory) == keys.sealing.verificationKey)
  }

  @Test func `behind a link are not followed`() throws {
    let scratch = try Scratch()
    _ = try open(scratch)
    let path = "\(scratch.path)/keys/seal.key.pem"
    #expect(unsafe rename(path, "\(path).real") == 0)
    #expect(unsafe symlink("\(path).real", path) == 0)
    #expect(throws: Problem.self) { try open(scratch) }
  }
}

@Suite struct `A secret file` {
  @Test func `is written once`() throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/admin.token"
    #expect(try SecretFile.read(path) == nil)
    try SecretFile.create("one", at: path)
    let problem = #expect(throws: Problem.self) { try SecretFile.create("two", at: path) }
    #expect(problem?.code == "file.exists")
    #expect(try SecretFile.read(path) == "one")
    #expect(Scratch.mode(of: path) == 0o600)
    #expect(try DirectoryListing.entries(of: scratch.path).map(\.name) == ["admin.token"])
  }
}

@Suite struct `A credential of systemd` {
  /// 440 is what a file of root's shows that an access list opens to one user.
  @Test(arguments: [0o400, 0o440, 0o600, 0o640] as [UInt32])
  func `may be open to a group`(mode: UInt32) throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/gatehouse-passphrase"
    #expect(try SecretFile.readCredential(path) == nil)
    try SecretFile.create("one", at: path)
    #expect(unsafe chmod(path, mode) == 0)
    #expect(try SecretFile.readCredential(path) == "one")
  }

  @Test(arguments: [0o404, 0o444, 0o402, 0o420, 0o460] as [UInt32])
  func `that others may read, or its group may write, is refused`(mode: UInt32) throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/gatehouse-passphrase"
    try SecretFile.create("one", at: path)
    #expect(unsafe chmod(path, mode) == 0)
    let problem = #expect(throws: Problem.self) { try SecretFile.readCredential(path) }
    #expect(problem?.code == "secret.exposed")
    #expect(
      problem?.message
        == "expected a file that nobody but its owner and its group can read (mode 440), found mode"
        + " \(String(mode, radix: 8))")
    #expect(problem?.hint?.hasPrefix("chmod 440 \(path)") == true)
  }
}

@Suite struct `The lock of a data directory` {
  @Test func `keeps a second holder away and says who holds it`() throws {
    let scratch = try Scratch()
    let path = DataDirectory(path: scratch.path).lock
    var held: DirectoryLock? = try DirectoryLock(path: path)
    let problem = #expect(throws: Problem.self) { try DirectoryLock(path: path) }
    #expect(problem?.code == "data.locked")
    #expect(problem?.category == .unavailable)
    #expect(problem?.message.hasSuffix("found it locked by process \(getpid())") == true)
    #expect(held != nil)
    held = nil
    _ = try DirectoryLock(path: path)
  }
}

@Suite struct `Blobs in files` {
  @Test func `stand under their digest, for their owner alone`() async throws {
    let scratch = try Scratch()
    let session = try await scratch.blobs().beginIngest()
    try await session.write([1])
    let hexadecimal = try await session.finish().hexadecimal
    let path = "\(scratch.path)/blobs/sha256/\(hexadecimal.prefix(2))/\(hexadecimal)"
    #expect(try Scratch.read(path) == [1])
    #expect(Scratch.mode(of: path) == 0o600)
    #expect(Scratch.mode(of: "\(scratch.path)/blobs") == 0o700)
  }

  @Test func `that were changed are refused, and replaced by the same bytes pushed again`() async throws {
    let scratch = try Scratch()
    let store = try scratch.blobs()
    func ingest() async throws -> Digest {
      let session = try await store.beginIngest()
      try await session.write([1, 2, 3])
      return try await session.finish()
    }
    let digest = try await ingest()
    let path = "\(scratch.path)/blobs/sha256/\(digest.hexadecimal.prefix(2))/\(digest.hexadecimal)"
    for index in 0..<3 {
      var bytes: [UInt8] = [1, 2, 3]
      bytes[index] ^= 0x10
      Scratch.overwrite(path, with: bytes)
      let problem = await #expect(throws: Problem.self) { try await store.read(digest, limit: 10) }
      #expect(problem?.code == "blob.corrupt")
      #expect(problem?.subject == path)
    }
    #expect(try await ingest() == digest)
    #expect(try await store.read(digest, limit: 10) == [1, 2, 3])
  }

  @Test func `left unfinished are removed at the next start`() async throws {
    let scratch = try Scratch()
    let session = try await scratch.blobs().beginIngest()
    try await session.write([1])
    #expect(try DirectoryListing.entries(of: "\(scratch.path)/ingest").count == 1)
    #expect(try await scratch.blobs().digests().isEmpty)
    #expect(try DirectoryListing.entries(of: "\(scratch.path)/ingest").isEmpty)
  }
}

@Suite struct `Bundles in directories` {
  private static let key = SealingKey()

  private func published(_ scratch: Scratch) async throws -> (store: DirectoryBundleStore, digest: Digest) {
    let unsealed = try UnsealedBundle(files: [
      BundleFile(path: "manifest.json", bytes: [1, 2, 3]), BundleFile(path: "weights/a", bytes: [4]),
    ])
    let store = try scratch.bundles()
    let sealed = try unsealed.sealed(with: Self.key, name: "iris@1")
    _ = try await store.publish(sealed)
    return (store, sealed.digest)
  }

  /// Of the seal every seventh byte: the verifier's own tests flip them all.
  @Test func `with any byte of any file flipped are refused`() async throws {
    let scratch = try Scratch()
    let (store, digest) = try await published(scratch)
    var flips = 0
    for file in ["manifest.json", "weights/a", "seal.json"] {
      let path = "\(store.path(of: digest))/\(file)"
      let sound = try Scratch.read(path)
      for index in stride(from: 0, to: sound.count, by: file == "seal.json" ? 7 : 1) {
        var bytes = sound
        bytes[index] ^= 1
        Scratch.overwrite(path, with: bytes)
        let problem = await #expect(throws: Problem.self) {
          try await store.verify(digest, trusting: [Self.key.verificationKey])
        }
        #expect(problem?.category == .integrity)
        #expect(problem?.subject?.hasPrefix(store.path(of: digest)) == true)
        flips += 1
      }
      Scratch.overwrite(path, with: sound)
    }
    #expect(flips > 150)
    try await store.verify(digest, trusting: [Self.key.verificationKey])
  }

  @Test func `with a link among their files are refused`() async throws {
    let scratch = try Scratch()
    let (store, digest) = try await published(scratch)
    #expect(unsafe symlink("/etc/hostname", "\(store.path(of: digest))/link") == 0)
    let problem = await #expect(throws: Problem.self) {
      try await store.verify(digest, trusting: [Self.key.verificationKey])
    }
    #expect(problem?.code == "bundle.foreign-file")
  }

  @Test func `under the name of another are refused`() async throws {
    let scratch = try Scratch()
    let (store, digest) = try await published(scratch)
    let other = Sample.digest(1)
    #expect(unsafe rename(store.path(of: digest), store.path(of: other)) == 0)
    let problem = await #expect(throws: Problem.self) {
      try await store.verify(other, trusting: [Self.key.verificationKey])
    }
    #expect(problem?.code == "bundle.misplaced")
  }

  @Test func `that were damaged are mended by publishing them again`() async throws {
    let scratch = try Scratch()
    let (store, digest) = try await published(scratch)
    let path = store.path(of: digest)
    Scratch.overwrite("\(path)/weights/a", with: [9, 9])
    Scratch.overwrite("\(path)/stranger", with: [9])
    try Disk().remove("\(path)/manifest.json")
    _ = try await published(scratch)
    try await store.verify(digest, trusting: [Self.key.verificationKey])
  }
}
