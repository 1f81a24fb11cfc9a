public import Domain
import Encoding
import Foundation
import GRDB
public import Lifecycle

/// The people behind the handles, in a SQLite file of their own.
///
/// What is erased there is overwritten, and the file can be kept out of backups of the ledger without the ledger missing
/// anything. What they wrote and when keys were used last is in it as well.
public final class SQLitePeople: PeopleDirectory, KeyUses, Remarks, OriginDirectory {
  private let pool: DatabaseQueue

  /// Opens the directory at `path`, or founds it; throws `storage.…`.
  public init(path: String) throws(Problem) {
    pool = try ErasingDatabase.open(
      path, label: "gatehouse.people", what: "the directory of people", Self.migrator)
  }

  private static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 people") { database in
      try database.execute(
        sql: """
          CREATE TABLE people (
            name TEXT PRIMARY KEY,
            handle TEXT NOT NULL UNIQUE,
            shown_as TEXT NOT NULL,
            salt BLOB NOT NULL
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2 last uses of keys") { database in
      try database.execute(
        sql: "CREATE TABLE key_uses (id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID")
    }
    migrator.registerMigration("3 remarks") { database in
      try database.execute(
        sql: """
          CREATE TABLE remarks (
            digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
            principal TEXT NOT NULL,
            salt BLOB NOT NULL,
            text TEXT NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX remarks_by_principal ON remarks (principal);
          """)
    }
    migrator.registerMigration("4 origins") { database in
      try database.execute(
        sql: """
          CREATE TABLE origins (
            handle TEXT PRIMARY KEY,
            address TEXT NOT NULL,
            since INTEGER NOT NULL
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX origins_by_moment ON origins (since);
          """)
    }
    return migrator
  }()

  /// The person who was added under a name.
  public func person(named name: String) async throws(Problem) -> Person? {
    try await read { database in
      try Self.rows(database, "SELECT * FROM people WHERE name = ?", [name]).first
    }
  }

  /// All that are known, by handle.
  public func people() async throws(Problem) -> [Person] {
    try await read { try Self.rows($0, "SELECT * FROM people ORDER BY handle") }
  }

  /// Adds somebody, or shows somebody who is there in another way.
  public func put(_ person: Person) async throws(Problem) -> Person {
    do {
      return try await pool.write { database in
        try database.execute(
          sql: """
            INSERT INTO people (name, handle, shown_as, salt) VALUES (?, ?, ?, ?)
            ON CONFLICT (name) DO UPDATE SET shown_as = excluded.shown_as
            """,
          arguments: [person.name, person.handle, person.shownAs, RegistryRows.blob(person.salt)])
        return try Self.rows(database, "SELECT * FROM people WHERE name = ?", [person.name]).first ?? person
      }
    } catch {
      throw Problem.storage("write to the directory of people", error)
    }
  }

  /// Erases all that is known of a person.
  public func forget(handle: String) async throws(Problem) {
    do {
      try await pool.write { database in
        try database.execute(sql: "DELETE FROM people WHERE handle = ?", arguments: [handle])
        let principal = Principal(kind: .person, name: handle)
        try database.execute(
          sql: "DELETE FROM remarks WHERE principal = ?", arguments: [principal.description])
      }
    } catch {
      throw Problem.storage("erase from the directory of people", error)
    }
  }

  /// Keeps a text.
  public func keep(_ text: String, by principal: Principal, salt: [UInt8]) async throws(Problem) -> Digest {
    let digest = Self.digest(of: text, salt: salt)
    do {
      try await pool.write { database in
        try database.execute(
          sql: "INSERT INTO remarks VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
          arguments: [RegistryRows.blob(digest), principal.description, RegistryRows.blob(salt), text])
      }
    } catch {
      throw Problem.storage("keep a remark", error)
    }
    return digest
  }

  /// The text that was kept; throws `remark.changed` where it is not what its digest says.
  public func remark(_ digest: Digest) async throws(Problem) -> String? {
    try await read { database in
      let sql = "SELECT * FROM remarks WHERE digest = ?"
      return try RegistryRows.rows(database, "remarks", sql, [RegistryRows.blob(digest)]) { row in
        let text = try row.text("text")
        guard Self.digest(of: text, salt: try row.bytes("salt")) == digest else {
          throw Problem(
            .integrity, "remark.changed",
            "expected the remark that the ledger has the digest of, found another",
            subject: digest.description, hint: "restore people.sqlite from a backup")
        }
        return text
      }.first
    }
  }

  /// Erases a text that nothing names.
  public func erase(_ digest: Digest) async throws(Problem) {
    do {
      try await pool.write { database in
        try database.execute(
          sql: "DELETE FROM remarks WHERE digest = ?", arguments: [RegistryRows.blob(digest)])
      }
    } catch {
      throw Problem.storage("erase a remark", error)
    }
  }

  /// The last use of each key, by id.
  public func lastUses() async throws(Problem) -> [String: Timestamp] {
    try await read { database in
      let uses = try RegistryRows.rows(database, "key_uses", "SELECT * FROM key_uses") { row in
        (try row.text("id"), try row.moment("at"))
      }
      return Dictionary(uniqueKeysWithValues: uses)
    }
  }

  /// Saves uses beside those that are there, in one transaction.
  public func save(_ uses: [String: Timestamp]) async throws(Problem) {
    guard !uses.isEmpty else { return }
    do {
      try await pool.write { database in
        for (id, moment) in uses {
          try database.execute(
            sql:
              "INSERT INTO key_uses VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET at = max(at, excluded.at)",
            arguments: [id, moment.milliseconds])
        }
      }
    } catch {
      throw Problem.storage("save the last uses of keys", error)
    }
  }

  /// Keeps an address under its handle.
  ///
  /// A crash before the commit leaves nothing, and no entry names the handle yet; after it a row that perhaps no entry names.
  public func keep(_ origin: KnownOrigin) async throws(Problem) {
    do {
      try await pool.write { database in
        try database.execute(
          sql: "INSERT INTO origins VALUES (?, ?, ?)",
          arguments: [origin.handle, origin.address, origin.since.milliseconds])
      }
    } catch {
      throw Problem.storage("keep an address", error)
    }
  }

  /// All addresses that are known, oldest first.
  public func origins() async throws(Problem) -> [KnownOrigin] {
    try await read { database in
      try RegistryRows.rows(database, "origins", "SELECT * FROM origins ORDER BY since, handle") { row in
        KnownOrigin(
          handle: try row.text("handle"), address: try row.text("address"), since: try row.moment("since"))
      }
    }
  }

  /// Erases those that were first seen before a moment.
  public func forgetOrigins(before moment: Timestamp) async throws(Problem) -> Int {
    do {
      return try await pool.write { database in
        try database.execute(sql: "DELETE FROM origins WHERE since < ?", arguments: [moment.milliseconds])
        return database.changesCount
      }
    } catch {
      throw Problem.storage("forget addresses", error)
    }
  }

  private func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value)
    async throws(Problem) -> Value
  {
    do { return try await pool.read(body) } catch {
      throw Problem.storage("read the directory of people", error)
    }
  }

  /// Throws `people.changed` for a row whose handle is not that of its name.
  private static func rows(
    _ database: Database, _ sql: String, _ arguments: StatementArguments = []
  ) throws -> [Person] {
    try RegistryRows.rows(database, "people", sql, arguments) { row in
      let person = Person(
        name: try row.text("name"), shownAs: try row.text("shown_as"), salt: try row.bytes("salt"))
      guard person.handle == (try row.text("handle")) else {
        throw Problem(
          .integrity, "people.changed",
          "expected a person whose name and salt make their handle, found another",
          subject: try row.text("handle").excerpt(40), hint: "restore people.sqlite from a backup")
      }
      return person
    }
  }
}
