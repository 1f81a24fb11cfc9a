import Domain
import Encoding
import GRDB
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

@testable import Storage

/// A store with some of everything in it, closed: a fresh copy of one that is made once.
private func filledStore() async throws -> Scratch { try Scratch(copying: await filled.value) }

private let filled = Task {
  let scratch = try Scratch()
  let store = try scratch.registry()
  for number in 1...12 {
    try await store.commit([Sample.entry(.sign, .begun, subject: "iris@\(number)", trace: "t\(number)")], [])
    try await store.commit(
      [Sample.entry(.sign, subject: "iris@\(number)", trace: "t\(number)")],
      [
        .addVersion(Sample.version(number)), .setDeployment(Sample.deployment(number)),
        .setAlias(Sample.alias("champion", number)), .setPolicy(Sample.settings(number)),
        .addKey(Sample.key(number)), .quarantine(Sample.refusal(number)),
        .addSegment(Sample.segment(number)), .addDamagedSegment(Sample.damagedSegment(number)),
        .putManifest(Sample.storedManifest(number, about: number == 1 ? nil : 1)),
        .setTag(Sample.repositoryTag("v\(number)", number)),
      ])
  }
  try await store.commit([Sample.entry(.push, .begun, trace: "cut off")], [])
  try store.close()
  return try scratch.closedRegistry()
}

@Suite struct `An audit of the stored registry` {
  @Test func `finds nothing in a sound store`() async throws {
    let scratch = try await filledStore()
    #expect(await scratch.audit() == [])
  }

  @Test func `finds nothing where acts are committed while it looks`() async throws {
    let scratch = try await filledStore()
    let registry = try scratch.registry()
    try await withThrowingTaskGroup { group in
      group.addTask { for _ in 0..<100 { try await registry.commit([Sample.entry(.push)], []) } }
      for _ in 0..<20 { #expect(await scratch.audit() == []) }
      try await group.waitForAll()
    }
  }

  /// Each way to change the store behind its back, and the code and subject that the audit finds it by.
  @Test(arguments: [
    ("UPDATE versions SET framework = 'scikit-learn 9' WHERE version = 3", "registry.row-changed", "iris@3"),
    ("UPDATE versions SET pushed_by = 'person:eve' WHERE version = 3", "registry.row-changed", "iris@3"),
    ("UPDATE versions SET admitted_at = 5 WHERE version = 3", "registry.row-changed", "iris@3"),
    ("DELETE FROM versions WHERE version = 3", "registry.row-missing", "iris@3"),
    (
      "UPDATE deployments SET version = 1, bundle = (SELECT bundle FROM versions WHERE version = 1)",
      "registry.row-changed", "iris"
    ),
    ("DELETE FROM deployments", "registry.row-missing", "iris"),
    (
      "UPDATE aliases SET version = 1, bundle = (SELECT bundle FROM versions WHERE version = 1)",
      "registry.row-changed", "iris@champion"
    ),
    ("UPDATE deployment_policies SET policy = '{}'", "registry.row-changed", "iris"),
    ("UPDATE aliases SET alias = 'mine'", "registry.row-missing", "iris@champion"),
    ("UPDATE prediction_keys SET revoked_at = 5 WHERE id = 'key-4'", "registry.row-changed", "key-4"),
    ("UPDATE prediction_keys SET hash = zeroblob(32) WHERE id = 'key-4'", "registry.row-changed", "key-4"),
    ("UPDATE prediction_keys SET daily = 5 WHERE id = 'key-4'", "registry.row-changed", "key-4"),
    ("UPDATE prediction_keys SET expires_at = 5 WHERE id = 'key-4'", "registry.row-changed", "key-4"),
    ("DELETE FROM prediction_keys WHERE id = 'key-4'", "registry.row-missing", "key-4"),
    (
      "INSERT INTO prediction_keys (id, hash, deployment, created_at) VALUES ('mine', zeroblob(32), 'iris', 0)",
      "registry.row-unaccounted", "mine"
    ),
    (
      "UPDATE segments SET root = zeroblob(32) WHERE records = 4 AND bytes = 1003", "registry.row-changed",
      "aaaaaaaaaaaaaaaa-00000003"
    ),
    ("UPDATE segments SET first_at = NULL, last_at = NULL WHERE bytes = 1003", "registry.row-changed", nil),
    ("DELETE FROM segments WHERE bytes = 1003", "registry.row-missing", "aaaaaaaaaaaaaaaa-00000003"),
    (
      "INSERT INTO segments VALUES ('bbbbbbbbbbbbbbbb-00000001', zeroblob(32), 1, 0, 0, NULL, NULL, 9, 0)",
      "registry.row-unaccounted", "bbbbbbbbbbbbbbbb-00000001"
    ),
    ("UPDATE damaged_segments SET code = 'x' WHERE bytes = 3", "registry.row-changed", nil),
    ("DELETE FROM damaged_segments WHERE bytes = 3", "registry.row-missing", nil),
    (
      "UPDATE manifests SET media_type = 'a/b' WHERE size = 103", "registry.row-changed",
      "iris@\(Sample.storedManifest(3).digest)"
    ),
    ("UPDATE manifests SET subject = zeroblob(32) WHERE size = 103", "registry.row-changed", nil),
    ("UPDATE manifests SET subject = NULL WHERE size = 103", "registry.row-changed", nil),
    ("UPDATE manifests SET artifact_type = 'a/b' WHERE size = 103", "registry.row-changed", nil),
    ("UPDATE manifests SET pushed_by = 'person:eve' WHERE size = 103", "registry.row-changed", nil),
    ("UPDATE manifests SET size = 104 WHERE size = 103", "registry.row-changed", nil),
    ("DELETE FROM manifests WHERE size = 103", "registry.row-missing", nil),
    (
      "INSERT INTO manifests VALUES ('mine', zeroblob(32), 'a/b', 1, NULL, NULL, 'person:eve', 0)",
      "registry.row-unaccounted", nil
    ),
    (
      "UPDATE tags SET manifest = (SELECT manifest FROM tags WHERE tag = 'v1') WHERE tag = 'v3'",
      "registry.row-changed", "iris:v3"
    ),
    ("UPDATE tags SET since = 5 WHERE tag = 'v3'", "registry.row-changed", "iris:v3"),
    ("DELETE FROM tags WHERE tag = 'v3'", "registry.row-missing", "iris:v3"),
    (
      "INSERT INTO tags SELECT repository, 'mine', manifest, 0 FROM tags WHERE tag = 'v3'",
      "registry.row-unaccounted", "iris:mine"
    ),
    ("DELETE FROM open_acts", "registry.open-act-changed", "ledger entry 24"),
    (
      "UPDATE entries SET bytes = CAST(replace(CAST(bytes AS TEXT), 'ada', 'eve') AS BLOB) WHERE position = 7",
      "ledger.entry-changed", "ledger entry 7"
    ),
    (
      "UPDATE entries SET leaf_hash = zeroblob(32) WHERE position = 7", "ledger.entry-changed",
      "ledger entry 7"
    ),
    ("DELETE FROM entries WHERE position = 7", "ledger.entry-missing", "ledger entry 7"),
    ("DELETE FROM entries WHERE position = 24", "ledger.root-mismatch", "the ledger"),
    ("INSERT INTO entries VALUES (25, X'7B7D', zeroblob(32))", "ledger.root-mismatch", "the ledger"),
    ("UPDATE head SET size = 24", "ledger.head-mismatch", "the registry, table 'head'"),
    ("DELETE FROM head", "ledger.root-mismatch", "the ledger"),
    ("DROP INDEX open_acts_by_identity", "storage.schema-changed", nil),
    (
      "CREATE TRIGGER t AFTER INSERT ON entries BEGIN DELETE FROM prediction_keys; END",
      "storage.schema-changed", nil
    ),
  ])
  func `finds what was changed behind its back`(sql: String, code: String, subject: String?) async throws {
    let scratch = try await filledStore()
    let intruder = try DatabaseQueue(path: scratch.registryPath)
    try await intruder.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA foreign_keys = OFF")
      try database.execute(sql: sql)
    }
    try intruder.close()
    let problems = await scratch.audit()
    let problem = problems.first { $0.code == code }
    #expect(problem != nil, "found \(problems.map(\.code)) instead")
    #expect(problem?.category == .integrity)
    if let subject { #expect(problem?.subject == subject) }
  }

  @Test func `finds a checkpoint by another key`() async throws {
    let scratch = try await filledStore()
    let other = try CheckpointSigningKey(name: Scratch.ledgerKey.verificationKey.name)
    let problems = await SQLiteRegistry.audit(storeAt: scratch.registryPath, trusting: other.verificationKey)
    #expect(problems.contains { $0.code == "checkpoint.untrusted-key" })
  }

  @Test func `finds a store that was put back to an earlier state`() async throws {
    let scratch = try await filledStore()
    let backup = try Scratch.read(scratch.registryPath)
    let store = try scratch.registry()
    try await store.commit([Sample.entry()], [])
    try store.close()
    Scratch.overwrite(scratch.registryPath, with: backup)
    #expect(await scratch.audit().map(\.code) == ["ledger.rolled-back"])
    let problem = #expect(throws: Problem.self) { try scratch.registry() }
    #expect(problem?.code == "ledger.rolled-back")
  }

  @Test func `finds a store that was taken away`() async throws {
    let scratch = try await filledStore()
    try Disk().remove(scratch.registryPath)
    #expect(await scratch.audit().map(\.code) == ["storage.missing"])
    let problem = #expect(throws: Problem.self) { try scratch.registry() }
    #expect(problem?.code == "ledger.rolled-back")
  }

  @Test func `finds a checkpoint that was taken away from beside the store`() async throws {
    let scratch = try await filledStore()
    try Disk().remove("\(scratch.registryPath).head")
    #expect(await scratch.audit().map(\.code) == ["ledger.anchor-missing"])
    let problem = #expect(throws: Problem.self) { try scratch.registry() }
    #expect(problem?.code == "ledger.anchor-missing")
  }

  @Test func `survives any byte of the file being flipped, and finds those in rows and entries`() async throws
  {
    let scratch = try await filledStore()
    let sound = try Scratch.read(scratch.registryPath)
    let before = try await scratch.content()
    var generator = SeededGenerator(seed: 42)
    var found = 0
    for round in 0..<200 {
      var bytes = sound
      let index = Int.random(in: bytes.indices, using: &generator)
      bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      Scratch.overwrite(scratch.registryPath, with: bytes)
      let problems = await scratch.audit()
      found += problems.isEmpty ? 0 : 1
      // What no audit finds must not matter: everything that can be read is what it was.
      if problems.isEmpty { #expect(try await scratch.content() == before, "round \(round), byte \(index)") }
    }
    #expect(found > 50)
  }

  @Test func `survives a file cut off or full of noise`() async throws {
    let scratch = try await filledStore()
    let sound = try Scratch.read(scratch.registryPath)
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<40 {
      var bytes = Array(sound.prefix(Int.random(in: 0..<sound.count, using: &generator)))
      for _ in 0..<50 where !bytes.isEmpty && Bool.random(using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = .random(
          in: .min ... .max, using: &generator)
      }
      Scratch.overwrite(scratch.registryPath, with: bytes)
      #expect(await !scratch.audit().isEmpty)
      #expect(throws: Problem.self) { try scratch.registry() }
    }
  }
}

extension Scratch {
  /// All that the stored registry says, or the problem it says it with.
  fileprivate func content() async throws -> [String] {
    let store = try registry()
    defer { try? store.close() }
    return [
      "\(try await store.entryBytes(from: 0, count: 1000))", "\(try await store.versions(of: Sample.name()))",
      "\(try await store.deployments())", "\(try await store.keys())", "\(try await store.quarantined())",
      "\(try await store.unfinished())", "\(String(describing: try await store.checkpoint()?.root))",
    ]
  }
}
