import Domain
import Encoding
import Lifecycle
import Provenance
import TestKit
import Testing

@testable import Storage

/// Every step of every durable write fails, once before and once after it took effect; then the store is opened
/// again and must be whole, and must have all that was acknowledged.
@Suite struct `After a failed write` {
  /// Runs `body` with a failing disk for step 1, 2, 3 … until the steps are used up; says how many there were.
  private func matrix(_ body: (FailingDisk, FaultPlan.Fault) async throws -> Void) async throws -> Int {
    var steps = 0
    for fault in FaultPlan.Fault.allCases {
      steps = 0
      while true {
        let failing = FailingDisk(step: steps + 1, fault)
        try await body(failing, fault)
        if failing.plan.writes <= steps { break }
        steps += 1
        try #require(steps < 1000)
      }
    }
    return steps
  }

  @Test func `the registry has every acknowledged commit and contradicts itself nowhere`() async throws {
    let steps = try await matrix { failing, _ in
      let scratch = try Scratch()
      var acknowledged = 0
      if let store = try? scratch.registry(failing.disk) {
        for number in 1...3 {
          let entry = Sample.entry(.sign, subject: "iris@\(number)")
          let next = try await store.versions(of: Sample.name()).count + 1
          guard (try? await store.commit([entry], [.addVersion(Sample.version(next))])) != nil else {
            continue
          }
          acknowledged += 1
        }
        try store.close()
      }
      let store = try scratch.registry()
      let size = try await store.checkpoint()?.size ?? 0
      #expect(acknowledged...3 ~= size)
      #expect(try await store.versions(of: Sample.name()).count == size)
      #expect(await store.audit(trusting: Scratch.ledgerKey.verificationKey).isEmpty)
      // And it goes on from there.
      let next = try await store.commit([Sample.entry()], [.addVersion(Sample.version(size + 1))])
      #expect(next.size == size + 1)
      #expect(await store.audit(trusting: Scratch.ledgerKey.verificationKey).isEmpty)
    }
    #expect(steps > 15)
  }

  @Test func `a batch is there whole or not at all, across the end of a tile`() async throws {
    let before = (0..<254).map { Sample.entry(subject: "\($0)") }
    let steps = try await matrix { failing, _ in
      let scratch = try Scratch()
      let founded = try scratch.registry()
      try await founded.commit(before, [])
      try founded.close()
      var acknowledged = before.count
      if let store = try? scratch.registry(failing.disk) {
        for _ in 0..<2 {
          let first = try await store.checkpoint()?.size ?? 0
          let batch = try? await store.commit(
            (0..<3).map { number in Proposal { _ in .make([Sample.entry(subject: "\(first + number)")]) } })
          guard let batch else { continue }
          #expect(batch.outcomes == (first..<(first + 3)).map { .made(at: $0..<($0 + 1)) })
          acknowledged = first + 3
        }
        try store.close()
      }
      let store = try scratch.registry()
      let size = try #require(try await store.checkpoint()).size
      #expect([254, 257, 260].contains(size))
      #expect(size >= acknowledged)
      #expect(try await store.tile(level: 1, index: 0, width: 1) != nil || size == 254)
      #expect(await store.audit(trusting: Scratch.ledgerKey.verificationKey).isEmpty)
      #expect(try await store.commit(before, []).size == size + before.count)
      #expect(await store.audit(trusting: Scratch.ledgerKey.verificationKey).isEmpty)
    }
    #expect(steps > 8)
  }

  @Test func `the blob store has every acknowledged blob, and no other under a wrong name`() async throws {
    let steps = try await matrix { failing, _ in
      let scratch = try Scratch()
      var acknowledged: [Digest] = []
      if let store = try? scratch.blobs(failing.disk) {
        for number in 0..<2 {
          guard let session = try? await store.beginIngest() else { continue }
          do {
            try await session.write([1, UInt8(number)])
            acknowledged.append(try await session.finish())
          } catch {
            await session.abandon()
          }
        }
      }
      let store = try scratch.blobs()
      let digests = try await store.digests()
      #expect(Set(digests).isSuperset(of: acknowledged))
      for digest in digests { #expect(try await store.read(digest, limit: 10).count == 2) }
      #expect(try DirectoryListing.entries(of: "\(scratch.path)/ingest").isEmpty)
      let session = try await store.beginIngest()
      try await session.write([1, 0])
      #expect(try await store.contains(try await session.finish()))
    }
    #expect(steps > 10)
  }

  @Test func `a bundle is whole or not there, and can be published`() async throws {
    let key = SealingKey()
    let unsealed = try UnsealedBundle(files: [
      BundleFile(path: "manifest.json", bytes: [1]), BundleFile(path: "weights/a", bytes: [2, 3]),
    ])
    let sealed = try unsealed.sealed(with: key, name: "iris@1")
    let resealed = try unsealed.sealed(with: key, name: "iris@1")
    let steps = try await matrix { failing, _ in
      let scratch = try Scratch()
      if let store = try? scratch.bundles(failing.disk) {
        for bundle in [sealed, resealed] {
          let path = try? await store.publish(bundle)
          if path != nil { try await store.verify(bundle.digest, trusting: [key.verificationKey]) }
        }
      }
      let store = try scratch.bundles()
      for digest in try await store.digests() {
        try await store.verify(digest, trusting: [key.verificationKey])
      }
      _ = try await store.publish(sealed)
      try await store.verify(sealed.digest, trusting: [key.verificationKey])
      #expect(try DirectoryListing.entries(of: "\(scratch.path)/bundles").count == 1)
    }
    #expect(steps > 15)
  }

  @Test func `the keys are one pair each, the one that was used if any was`() async throws {
    let steps = try await matrix { failing, _ in
      let scratch = try Scratch()
      let directory = "\(scratch.path)/keys"
      let used = try? KeyFiles.openOrCreate(in: directory, ledgerName: "l", disk: failing.disk)
      let again = try KeyFiles.openOrCreate(in: directory, ledgerName: "l", disk: Disk())
      if let used {
        #expect(again.sealing.pem == used.sealing.pem)
        #expect(again.ledger.encoded == used.ledger.encoded)
      }
      #expect(
        try DirectoryListing.entries(of: directory).map(\.name)
          == ["ledger.key", "ledger.pub", "seal.key.pem", "seal.pub.pem"])
    }
    #expect(steps > 15)
  }

  @Test func `the public key of a signer is published whole or not at all, and can be`() async throws {
    let key = SealingKey().verificationKey
    let steps = try await matrix { failing, _ in
      let scratch = try Scratch()
      let directory = "\(scratch.path)/keys"
      let isPublished = (try? KeyFiles.publish(key, in: directory, disk: failing.disk)) != nil
      let found = try KeyFiles.publishedAlone(in: directory)
      #expect(found == nil || found == key)
      #expect(!isPublished || found == key)
      try KeyFiles.publish(key, in: directory)
      #expect(try KeyFiles.publishedAlone(in: directory) == key)
      #expect(try DirectoryListing.entries(of: directory).map(\.name) == ["seal.pub.pem"])
    }
    #expect(steps > 4)
  }

  @Test func `a first start with a signer's key is completed by the next, which knows it`() async throws {
    let key = SealingKey().verificationKey
    let steps = try await matrix { failing, _ in
      let scratch = try Scratch()
      let directory = "\(scratch.path)/keys"
      func start(_ disk: Disk) throws(Problem) -> CheckpointSigningKey {
        if try KeyFiles.publishedAlone(in: directory) == nil {
          try KeyFiles.publish(key, in: directory, disk: disk)
        }
        return try KeyFiles.openOrCreateLedger(in: directory, ledgerName: "l", disk: disk)
      }
      let used = try? start(failing.disk)
      let again = try start(Disk())
      if let used { #expect(again.encoded == used.encoded) }
      #expect(try KeyFiles.publishedAlone(in: directory) == key)
      #expect(
        try DirectoryListing.entries(of: directory).map(\.name) == [
          "ledger.key", "ledger.pub", "seal.pub.pem",
        ])
    }
    #expect(steps > 12)
  }

  @Test func `a durable file is the former or the new one`() async throws {
    let steps = try await matrix { failing, _ in
      let scratch = try Scratch()
      let path = "\(scratch.path)/file"
      try DurableFile.write([1], to: path)
      let isAcknowledged = (try? failing.disk.replaceDurably(path, with: [2, 2])) != nil
      let found = try Scratch.read(path)
      #expect(found == [2, 2] || (found == [1] && !isAcknowledged))
    }
    #expect(steps == 5)
  }
}
