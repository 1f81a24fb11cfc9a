import Domain
import GRDB
import Lifecycle
import Provenance
import TestKit
import Testing

@testable import Storage

@Suite struct `The registry in SQLite` {
  @Test func `has what it had when it is opened again`() async throws {
    let scratch = try Scratch()
    let store = try scratch.registry()
    let checkpoint = try await store.commit([Sample.entry()], [.addVersion(Sample.version(1))])
    try store.close()
    let again = try scratch.registry()
    #expect(try await again.checkpoint() == checkpoint)
    #expect(try await again.versions(of: Sample.name()) == [Sample.version(1)])
    #expect(try await again.commit([Sample.entry()], []).size == 2)
  }

  @Test func `has what it had when the process ends without closing it`() async throws {
    let scratch = try Scratch()
    let copy = try Scratch()
    let store = try scratch.registry()
    let checkpoint = try await store.commit([Sample.entry()], [.addVersion(Sample.version(1))])
    // As the files stand at that moment: the database without the commit, and the log that has it.
    for suffix in ["", "-wal", ".head"] {
      Scratch.overwrite(copy.registryPath + suffix, with: try Scratch.read(scratch.registryPath + suffix))
    }
    #expect(try await copy.registry().checkpoint() == checkpoint)
  }

  @Test func `refuses to open when the end of its log is gone`() async throws {
    let scratch = try Scratch()
    let copy = try Scratch()
    let store = try scratch.registry()
    for _ in 0..<3 { try await store.commit([Sample.entry()], []) }
    var log = try Scratch.read(scratch.registryPath + "-wal")
    // One flipped byte in the log: SQLite takes all from there on for never written.
    log[log.count - 100] ^= 1
    Scratch.overwrite(copy.registryPath + "-wal", with: log)
    for suffix in ["", ".head"] {
      Scratch.overwrite(copy.registryPath + suffix, with: try Scratch.read(scratch.registryPath + suffix))
    }
    let problem = #expect(throws: Problem.self) { try copy.registry() }
    #expect(problem?.code == "ledger.rolled-back")
  }

  @Test func `syncs its log at every commit, and holds foreign keys`() async throws {
    let store = try Scratch().registry()
    let pool = try #require(store.writer).pool
    let settings = try await pool.writeWithoutTransaction { database in
      try ["synchronous", "journal_mode", "foreign_keys"].map {
        try String.fetchOne(database, sql: "PRAGMA \($0)")
      }
    }
    #expect(settings == ["2", "wal", "1"])
  }

  @Test func `is for its owner alone`() async throws {
    let scratch = try Scratch()
    let store = try scratch.registry()
    try await store.commit([Sample.entry()], [])
    for suffix in ["", "-wal", "-shm", ".head"] {
      #expect(Scratch.mode(of: scratch.registryPath + suffix) == 0o600, "\(suffix)")
    }
  }

  @Test func `refuses the ledger of another key`() async throws {
    let scratch = try Scratch()
    let store = try scratch.registry()
    try await store.commit([Sample.entry()], [])
    try store.close()
    let other = try CheckpointSigningKey(name: "test.example/ledger")
    let problem = #expect(throws: Problem.self) {
      try SQLiteRegistry(path: scratch.registryPath, signingKey: other)
    }
    #expect(problem?.code == "checkpoint.untrusted-key")
  }

  @Test func `opened to be read alone reads what stands there and writes nothing`() async throws {
    let scratch = try Scratch()
    let key = Scratch.ledgerKey.verificationKey
    let missing = #expect(throws: Problem.self) {
      try SQLiteRegistry(reading: scratch.registryPath, trusting: key)
    }
    #expect(missing?.code == "storage.missing")
    let store = try scratch.registry()
    let checkpoint = try await store.commit([Sample.entry()], [])
    // Beside the process that writes it, then without one.
    #expect(
      try await SQLiteRegistry(reading: scratch.registryPath, trusting: key).checkpoint() == checkpoint)
    try store.close()
    let alone = try SQLiteRegistry(reading: scratch.registryPath, trusting: key)
    #expect(try await alone.checkpoint() == checkpoint)
    #expect(await alone.audit(trusting: key).isEmpty)
    let refused = await #expect(throws: Problem.self) { try await alone.commit([Sample.entry()], []) }
    #expect(refused?.code == "registry.read-only")
  }

  @Test func `removes the unfinished anchor that a crash left`() async throws {
    let scratch = try Scratch()
    try scratch.registry().close()
    let unfinished = "\(scratch.registryPath).head.0123.part"
    try DurableFile.write([1], to: unfinished)
    _ = try scratch.registry()
    #expect(try DirectoryListing.kind(of: unfinished) == nil)
  }

  @Test func `of the release before keys of seals is brought along, and read as it is`() async throws {
    let scratch = try Scratch()
    try Disk().createDirectory(scratch.path)
    let former = try DatabaseQueue(path: scratch.registryPath)
    try RegistrySchema.migrator.migrate(former, upTo: "6 issuers of tokens")
    try former.close()
    let key = Scratch.ledgerKey.verificationKey
    let alone = try SQLiteRegistry(reading: scratch.registryPath, trusting: key)
    #expect(try await alone.sealKeys().isEmpty)
    #expect(try await alone.revokedVersions().isEmpty)
    let problem = await #expect(throws: Problem.self) { try await alone.inclusionProof(of: 0, in: 1) }
    #expect(problem?.code == "storage.too-old")
    try alone.close()
    let store = try scratch.registry()
    try await store.commit([Sample.entry(.addSealKey)], [.addSealKey(Sample.sealKey(1, .active))])
    #expect(try await store.sealKeys() == [Sample.sealKey(1, .active)])
    #expect(await store.audit(trusting: key).isEmpty)
  }

  @Test func `of the release before training data has versions, of which nobody said any`() async throws {
    let scratch = try Scratch()
    try Disk().createDirectory(scratch.path)
    let former = try DatabaseQueue(path: scratch.registryPath)
    try RegistrySchema.migrator.migrate(former, upTo: "9 repositories of images")
    let version = Sample.version(2)
    try await former.write {
      try $0.execute(
        sql: "INSERT INTO versions VALUES ('iris', 1, ?, ?, ?, ?, ?, ?)",
        arguments: [
          RegistryRows.blob(version.bundle), RegistryRows.blob(version.artifact),
          RegistryRows.blob(version.policy),
          version.framework, version.pushedBy.description, version.admittedAt.milliseconds,
        ])
    }
    try former.close()
    let alone = try SQLiteRegistry(reading: scratch.registryPath, trusting: Scratch.ledgerKey.verificationKey)
    #expect(try await alone.versions(of: Sample.name()).map(\.trainingData) == [.unstated])
    try alone.close()
    let store = try scratch.registry()
    #expect(try await store.versions(of: Sample.name()).map(\.trainingData) == [.unstated])
    try await store.commit([Sample.entry()], [.addVersion(version)])
    #expect(try await store.versions(of: Sample.name()).last == version)
  }

  @Test func `of a later release is refused`() async throws {
    let scratch = try Scratch()
    try scratch.registry().close()
    let later = try DatabaseQueue(path: scratch.registryPath)
    try await later.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 later')") }
    try later.close()
    let problem = #expect(throws: Problem.self) { try scratch.registry() }
    #expect(problem?.code == "storage.too-new")
  }

  @Test func `answers with a problem once it is closed`() async throws {
    let store = try Scratch().registry()
    try store.close()
    await #expect(throws: Problem.self) { try await store.keys() }
    await #expect(throws: Problem.self) { try await store.commit([Sample.entry()], []) }
  }
}
