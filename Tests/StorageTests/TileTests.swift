import Domain
import GRDB
import Lifecycle
import Provenance
import TestKit
import Testing

@testable import Storage

@Suite struct `The stored tree of the ledger` {
  /// How many entries the store has that is made once: some complete tiles, and the beginning of another.
  private static let size = 1100
  /// How many it takes for two levels of tiles above the leaves.
  private static let large = 65_900

  private static let entries = (0..<large).map { number in
    Sample.entry(subject: "\(number)").canonicalBytes
  }
  private static let leaves = entries.map { MerkleTree.leafHash($0) }

  private static let filled = Task {
    let scratch = try Scratch()
    let store = try scratch.registry()
    try await fill(store, upTo: size)
    try store.close()
    return try scratch.closedRegistry()
  }

  /// Appends entries in batches of all sizes.
  private static func fill(_ store: SQLiteRegistry, upTo size: Int) async throws {
    var next = 0
    var generator = SeededGenerator(seed: 11)
    while next < size {
      let end = min(size, next + Int.random(in: 1...(size / 10), using: &generator))
      try await store.commit((next..<end).map { Sample.entry(subject: "\($0)") }, [])
      next = end
    }
  }

  private static func copy() async throws -> Scratch { try Scratch(copying: await filled.value) }

  @Test func `proves entries and earlier trees as the leaves themselves do`() async throws {
    let scratch = try Scratch()
    let store = try scratch.registry()
    try await Self.fill(store, upTo: Self.large)
    var generator = SeededGenerator(seed: 12)
    #expect(
      try await store.tile(level: 2, index: 0, width: 1) == [MerkleTree.root(of: Self.leaves[..<65_536])])
    for _ in 0..<4 {
      let size = Int.random(in: 1...Self.large, using: &generator)
      let index = Int.random(in: 0..<size, using: &generator)
      let prefix = Array(Self.leaves.prefix(size))
      #expect(
        try await store.inclusionProof(of: index, in: size)
          == MerkleTree.inclusionProof(of: index, in: prefix))
      #expect(
        try await store.consistencyProof(from: index, to: size)
          == MerkleTree.consistencyProof(from: index, in: prefix))
      #expect(try await store.entryBytes(from: index, count: 1) == [Self.entries[index]])
    }
    let problems = await store.audit(trusting: Scratch.ledgerKey.verificationKey)
    #expect(problems == [], "\(problems.prefix(3))")
  }

  @Test func `is made for a ledger of the release before it`() async throws {
    let scratch = try await Self.copy()
    let former = try DatabaseQueue(path: scratch.registryPath)
    try await former.write {
      try $0.execute(
        sql:
          "DROP TABLE tiles; DROP TABLE entry_index; DELETE FROM grdb_migrations WHERE identifier LIKE '11 %'"
      )
    }
    try former.close()
    let store = try scratch.registry()
    #expect(try await store.tile(level: 1, index: 0, width: 1) == [MerkleTree.root(of: Self.leaves[..<256])])
    #expect(await store.audit(trusting: Scratch.ledgerKey.verificationKey) == [])
    #expect(try await store.commit([Sample.entry()], []).size == Self.size + 1)
  }

  /// Each way to change the store behind its back, what opening it says, and what an audit says.
  ///
  /// Opening reads the last
  /// tile of each level and the newest entries alone; whatever else was changed is the audit's to find.
  @Test(arguments: [
    (
      "UPDATE entries SET leaf_hash = zeroblob(32) WHERE position = 1099", "ledger.root-mismatch",
      "ledger.entry-changed"
    ),
    ("UPDATE entries SET leaf_hash = zeroblob(32) WHERE position = 7", nil, "ledger.entry-changed"),
    ("UPDATE entries SET bytes = X'7B7D' WHERE position = 7", nil, "ledger.entry-changed"),
    ("DELETE FROM entries WHERE position = 1099", "ledger.root-mismatch", "ledger.root-mismatch"),
    ("DELETE FROM entries WHERE position = 1098", "ledger.tile-missing", "ledger.entry-missing"),
    ("DELETE FROM entries WHERE position = 7", nil, "ledger.entry-missing"),
    (
      "INSERT INTO entries VALUES (1100, X'7B7D', zeroblob(32))", "ledger.root-mismatch",
      "ledger.root-mismatch"
    ),
    (
      "UPDATE tiles SET hashes = zeroblob(128) WHERE level = 1", "ledger.root-mismatch",
      "ledger.tile-changed"
    ),
    ("UPDATE tiles SET hashes = zeroblob(96) WHERE level = 1", "ledger.tile-missing", "ledger.tile-changed"),
    ("UPDATE tiles SET hashes = zeroblob(8192) WHERE level = 0 AND place = 2", nil, "ledger.tile-changed"),
    ("DELETE FROM tiles WHERE level = 1", "ledger.tile-missing", "ledger.tile-missing"),
    ("DELETE FROM tiles WHERE level = 0 AND place = 2", nil, "ledger.tile-missing"),
    ("INSERT INTO tiles VALUES (2, 0, zeroblob(32))", nil, "ledger.tile-unaccounted"),
    ("UPDATE entry_index SET act = 'sign' WHERE position = 7", nil, "ledger.index-changed"),
    ("UPDATE entry_index SET model = 'fraud' WHERE position = 7", nil, "ledger.index-changed"),
    ("UPDATE entry_index SET at = 5 WHERE position = 7", nil, "ledger.index-changed"),
    ("UPDATE entry_index SET latest = latest + 1 WHERE position = 7", nil, "ledger.index-changed"),
    ("DELETE FROM entry_index WHERE position = 7", nil, "ledger.index-changed"),
    (
      "INSERT INTO entry_index VALUES (9999, 0, 0, 'sign', 'person:eve', NULL, 0)", nil,
      "ledger.index-changed"
    ),
    ("DELETE FROM tiles", "ledger.tile-missing", "ledger.tile-missing"),
    ("UPDATE head SET size = 1099", "ledger.head-mismatch", "ledger.head-mismatch"),
    ("DELETE FROM head", "ledger.root-mismatch", "ledger.root-mismatch"),
  ])
  func `shows what was changed behind its back`(sql: String, opening: String?, audit: String) async throws {
    let scratch = try await Self.copy()
    let intruder = try DatabaseQueue(path: scratch.registryPath)
    try await intruder.writeWithoutTransaction { database in
      try database.execute(sql: "PRAGMA foreign_keys = OFF")
      try database.execute(sql: sql)
    }
    try intruder.close()
    let problems = await scratch.audit()
    #expect(problems.contains { $0.code == audit && $0.category == .integrity }, "\(problems.map(\.code))")
    if let opening {
      let problem = #expect(throws: Problem.self) { try scratch.registry() }
      #expect(problem?.code == opening)
    } else {
      try scratch.registry().close()
    }
  }

  @Test func `shows that it was put back to an earlier state of several tiles ago`() async throws {
    let scratch = try await Self.copy()
    let backup = try Scratch.read(scratch.registryPath)
    let store = try scratch.registry()
    try await store.commit((0..<1000).map { Sample.entry(subject: "\($0)") }, [])
    try store.close()
    Scratch.overwrite(scratch.registryPath, with: backup)
    let problem = #expect(throws: Problem.self) { try scratch.registry() }
    #expect(problem?.code == "ledger.rolled-back")
    #expect(await scratch.audit().map(\.code) == ["ledger.rolled-back"])
  }

  @Test func `shows that an anchor of some commits ago is of another history`() async throws {
    let scratch = try await Self.copy()
    let other = try Scratch.ledgerKey.sign(size: 300, root: Sample.digest(1))
    Scratch.overwrite("\(scratch.registryPath).head", with: Array(other.text.utf8))
    let problem = #expect(throws: Problem.self) { try scratch.registry() }
    #expect(problem?.code == "ledger.rolled-back")
    // One that is behind by some commits is what a crash leaves.
    let behind = try Scratch.ledgerKey.sign(size: 300, root: MerkleTree.root(of: Self.leaves[..<300]))
    Scratch.overwrite("\(scratch.registryPath).head", with: Array(behind.text.utf8))
    #expect(try await scratch.registry().checkpoint()?.size == Self.size)
  }
}
