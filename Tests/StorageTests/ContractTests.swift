import Lifecycle
import Provenance
import TestKit
import Testing

@testable import Storage

/// The directories of the stores that one contract made; they go when the contract has run.
private actor ScratchPile {
  private var pile: [Scratch] = []

  func add() throws -> Scratch {
    let scratch = try Scratch()
    pile.append(scratch)
    return scratch
  }
}

@Suite struct `Every adapter keeps the contract of its port` {
  private let pile = ScratchPile()
  private let ledgerKey = Scratch.ledgerKey

  @Test func `the registry in SQLite`() async throws {
    try await RegistryContract(trusting: ledgerKey.verificationKey) { [pile] in
      try await pile.add().registry()
    }
    .run()
  }

  @Test func `the registry in memory`() async throws {
    try await RegistryContract(trusting: ledgerKey.verificationKey) { [ledgerKey] in
      InMemoryRegistry(signingKey: ledgerKey)
    }.run()
  }

  @Test func `blobs in files`() async throws {
    try await BlobStoreContract { [pile] in try await pile.add().blobs() }.run()
  }

  @Test func `blobs in memory`() async throws {
    try await BlobStoreContract { InMemoryBlobStore() }.run()
  }

  @Test func `bundles in directories`() async throws {
    try await BundleStoreContract { [pile] in try await pile.add().bundles() }.run()
  }

  @Test func `access records in files`() async throws {
    try await RecordStoreContract { [pile] in
      let scratch = try await pile.add()
      return RecordStoreContract.Store(try scratch.records(), spool: scratch.spool)
    }
    .run()
  }

  @Test func `access records in memory`() async throws {
    try await RecordStoreContract {
      let store = InMemoryRecordStore()
      return RecordStoreContract.Store(store) { await store.spool($0, $1, $2) }
    }
    .run()
  }

  @Test func `bundles in memory`() async throws {
    try await BundleStoreContract { InMemoryBundleStore() }.run()
  }
}
