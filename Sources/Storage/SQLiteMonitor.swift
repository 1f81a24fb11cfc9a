public import Domain
import GRDB
public import Lifecycle
public import Monitoring

/// What is kept of watching, in a SQLite file of its own beside the registry.
public final class SQLiteMonitor: MonitorStore {
  private let pool: DatabaseQueue

  /// Opens the file at `path`, or founds it; throws `storage.…`.
  public init(path: String) throws(Problem) {
    pool = try ErasingDatabase.open(
      path, label: "gatehouse.monitor", what: "what is kept of watching",
      loss: Self.loss, Self.migrator)
  }

  /// What is gone where the file is moved away.
  private static let loss = "the windows of the last days and how far tests have come"

  private static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 windows") { database in
      try database.execute(
        sql: """
          CREATE TABLE taken (instance TEXT PRIMARY KEY, number INTEGER NOT NULL, at INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
          CREATE TABLE windows (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            start INTEGER NOT NULL,
            "end" INTEGER NOT NULL,
            bytes BLOB NOT NULL
          ) STRICT;
          CREATE INDEX windows_by_version ON windows (name, version, start);
          CREATE TABLE detectors (
            name TEXT NOT NULL, version INTEGER NOT NULL, state BLOB NOT NULL, PRIMARY KEY (name, version)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE alerts (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            "column" TEXT NOT NULL,
            role TEXT NOT NULL,
            aspect TEXT NOT NULL,
            at INTEGER NOT NULL,
            message TEXT NOT NULL,
            since INTEGER,
            rows INTEGER,
            distance REAL,
            e_value REAL,
            threshold REAL,
            recorded INTEGER NOT NULL CHECK (recorded IN (0, 1))
          ) STRICT, WITHOUT ROWID;
          CREATE INDEX alerts_by_name ON alerts (name, at);
          """)
    }
    migrator.registerMigration("2 standing") { database in
      try database.execute(
        sql: """
          CREATE TABLE standing (
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            "column" TEXT NOT NULL,
            role TEXT NOT NULL,
            aspect TEXT NOT NULL,
            id TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (name, version, "column", role, aspect)
          ) STRICT, WITHOUT ROWID;
          INSERT OR REPLACE INTO standing
            SELECT name, version, "column", role, aspect, id, at FROM alerts AS raised
            WHERE since IS NOT NULL AND NOT EXISTS (
              SELECT 1 FROM alerts AS later
              WHERE later.name = raised.name AND later.version = raised.version
                AND later."column" = raised."column" AND later.role = raised.role
                AND later.aspect = raised.aspect AND later.at > raised.at);
          """)
    }
    return migrator
  }()

  /// The number of the last window of a process that was taken.
  public func taken(of instance: String) async throws(Problem) -> Int {
    try await read { try Self.taken(of: instance, $0) }
  }

  private static func taken(of instance: String, _ database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT number FROM taken WHERE instance = ?", arguments: [instance]) ?? 0
  }

  /// Keeps what a window leads to and that it was taken, in one transaction.
  public func keep(_ taken: TakenWindow) async throws(Problem) {
    try await write("keep a window") { database in
      let name = taken.name
      guard try Self.taken(of: name.instance, database) < name.number else { return }
      try database.execute(
        sql: "INSERT OR REPLACE INTO taken VALUES (?, ?, ?)",
        arguments: [name.instance, name.number, taken.window?.window.end.milliseconds ?? 0])
      guard let window = taken.window else { return }
      try Self.add(window, to: database)
      let (model, version) = (window.reference.name.description, window.reference.version.value)
      if let detectors = taken.detectors {
        try database.execute(
          sql: "INSERT OR REPLACE INTO detectors VALUES (?, ?, ?)",
          arguments: [model, version, RegistryRows.blob(detectors)])
      }
      for alert in taken.alerts { try Self.add(alert, to: database) }
    }
  }

  private static func add(_ window: WatchedWindow, to database: Database) throws {
    try database.execute(
      sql: "INSERT INTO windows (name, version, start, \"end\", bytes) VALUES (?, ?, ?, ?, ?)",
      arguments: [
        window.reference.name.description, window.reference.version.value, window.window.start.milliseconds,
        window.window.end.milliseconds, RegistryRows.blob(window.bytes),
      ])
  }

  private static func add(_ alert: MonitoringAlert, to database: Database) throws {
    try database.execute(
      sql: "INSERT OR IGNORE INTO alerts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
      arguments: [
        alert.id, alert.version.name.description, alert.version.version.value, alert.column, alert.role,
        alert.aspect, alert.at.milliseconds, alert.message, alert.change?.since.milliseconds,
        alert.change?.rows, alert.change?.distance, alert.change?.eValue, alert.change?.threshold,
      ])
    // What a caller did does not stand: it happened.
    guard !alert.isAboutCaller else { return }
    // What stands is by the order in which it was found, not by moments, which may be the same.
    let place: StatementArguments = [
      alert.version.name.description, alert.version.version.value, alert.column, alert.role, alert.aspect,
    ]
    if alert.change == nil {
      try database.execute(
        sql: """
          DELETE FROM standing WHERE name = ? AND version = ? AND "column" = ? AND role = ? AND aspect = ?
          """, arguments: place)
    } else {
      try database.execute(
        sql: "INSERT OR REPLACE INTO standing VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: place + [alert.id, alert.at.milliseconds])
    }
  }

  /// What the tests of a version have come to.
  public func detectors(of version: VersionReference) async throws(Problem) -> [UInt8]? {
    try await read { database in
      let sql = "SELECT state FROM detectors WHERE name = ? AND version = ?"
      return try RegistryRows.rows(
        database, "detectors", sql, [version.name.description, version.version.value]
      ) { try $0.bytes("state") }.first
    }
  }

  /// The windows of a version that end after a moment and begin before another, in the order of their starts.
  public func windows(
    of version: VersionReference, after start: Timestamp, before end: Timestamp, skipping: Int, count: Int
  ) async throws(Problem) -> [KeptWindow] {
    try await read { database in
      let sql = """
        SELECT * FROM windows WHERE name = ? AND version = ? AND "end" > ? AND start < ?
        ORDER BY start, id LIMIT ? OFFSET ?
        """
      return try RegistryRows.rows(
        database, "windows", sql,
        [
          version.name.description, version.version.value, start.milliseconds, end.milliseconds, count,
          skipping,
        ]
      ) { row in
        KeptWindow(id: Int(try row.integer("id")), window: try WatchedWindow(bytes: try row.bytes("bytes")))
      }
    }
  }

  /// The versions that there are windows of.
  public func versions(of name: ModelName?) async throws(Problem) -> [VersionReference] {
    try await read { database in
      let sql = """
        SELECT DISTINCT name, version FROM windows WHERE ?1 IS NULL OR name = ?1 ORDER BY name, version
        """
      return try RegistryRows.rows(database, "windows", sql, [name?.description]) { row in
        VersionReference(name: try row.name("name"), version: try row.version("version"))
      }
    }
  }

  /// Puts one window in the place of several, in one transaction.
  public func replace(_ ids: [Int], by window: WatchedWindow) async throws(Problem) {
    do throws(Problem) {
      try await write("merge windows") { database in
        for id in ids {
          try database.execute(sql: "DELETE FROM windows WHERE id = ?", arguments: [id])
          // The transaction is taken back.
          guard database.changesCount == 1 else { throw Problem.windowGone }
        }
        try Self.add(window, to: database)
      }
    } catch  where error == .windowGone {
      // One that is there no more is in another by now.
    }
  }

  /// Removes windows that end before a moment, beyond so many of a version the oldest, and beyond so many bytes of a model's the
  /// oldest of all its versions.
  ///
  /// Detectors and alerts stay: they are small, and what was told of is history. So does the file's length: new windows are
  /// written where old ones were.
  public func prune(before moment: Timestamp, limit: Int, byteLimit: Int) async throws(Problem) {
    try await write("remove old windows") { database in
      try database.execute(sql: "DELETE FROM windows WHERE \"end\" < ?", arguments: [moment.milliseconds])
      try database.execute(
        sql: "DELETE FROM taken WHERE at BETWEEN 1 AND ?", arguments: [moment.milliseconds])
      try database.execute(
        sql: """
          DELETE FROM windows WHERE id IN (
            SELECT id FROM (
              SELECT id, row_number() OVER (PARTITION BY name, version ORDER BY start DESC, id DESC) AS place
              FROM windows) WHERE place > ?)
          """, arguments: [limit])
      try database.execute(
        sql: """
          DELETE FROM windows WHERE id IN (
            SELECT id FROM (
              SELECT id, sum(length(bytes)) OVER (
                PARTITION BY name ORDER BY start DESC, id DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS sum
              FROM windows) WHERE sum > ?)
          """, arguments: [byteLimit])
    }
  }

  /// What was found about a model, the newest first.
  public func alerts(of name: ModelName, count: Int) async throws(Problem) -> [MonitoringAlert] {
    try await read { database in
      let sql = "SELECT * FROM alerts WHERE name = ? ORDER BY at DESC, id LIMIT ?"
      return try Self.alerts(database, sql, [name.description, count])
    }
  }

  /// What stands still, the newest first.
  public func standing(of name: ModelName, count: Int) async throws(Problem) -> [MonitoringAlert] {
    try await read { database in
      let sql = """
        SELECT alerts.* FROM standing JOIN alerts ON alerts.id = standing.id WHERE standing.name = ?
        ORDER BY standing.at DESC, standing.id LIMIT ?
        """
      return try Self.alerts(database, sql, [name.description, count])
    }
  }

  /// Forgets the sentences of alerts; what they were is overwritten.
  public func forgetMessages(of ids: [String]) async throws(Problem) {
    try await write("forget what alerts say") { database in
      for id in ids {
        try database.execute(sql: "UPDATE alerts SET message = '' WHERE id = ?", arguments: [id])
      }
    }
  }

  /// What has no entry in the ledger yet, the oldest first.
  public func unrecorded() async throws(Problem) -> [MonitoringAlert] {
    try await read { try Self.alerts($0, "SELECT * FROM alerts WHERE recorded = 0 ORDER BY at, id") }
  }

  /// Says that alerts have their entries.
  public func noteRecorded(_ ids: [String]) async throws(Problem) {
    try await write("note that alerts are in the ledger") { database in
      for id in ids {
        try database.execute(sql: "UPDATE alerts SET recorded = 1 WHERE id = ?", arguments: [id])
      }
    }
  }

  private static func alerts(
    _ database: Database, _ sql: String, _ arguments: StatementArguments = []
  ) throws -> [MonitoringAlert] {
    try RegistryRows.rows(database, "alerts", sql, arguments) { row in
      var change: MonitoringAlert.Change?
      if let since = try row.optionalMoment("since") {
        change = MonitoringAlert.Change(
          since: since, rows: Int(try row.integer("rows")), distance: try row.number("distance"),
          eValue: try row.number("e_value"), threshold: try row.number("threshold"))
      }
      return MonitoringAlert(
        id: try row.text("id"),
        version: VersionReference(name: try row.name("name"), version: try row.version("version")),
        column: try row.text("column"), role: try row.text("role"), aspect: try row.text("aspect"),
        at: try row.moment("at"), message: try row.text("message"), change: change)
    }
  }

  private func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(Problem) -> Value {
    do { return try await pool.read(body) } catch {
      throw ErasingDatabase.problem("read what is kept of watching", error, pool.path, loss: Self.loss)
    }
  }

  private func write(
    _ what: String, _ body: @escaping @Sendable (Database) throws -> Void
  ) async throws(Problem) {
    do { try await pool.write(body) } catch {
      throw ErasingDatabase.problem(what, error, pool.path, loss: Self.loss)
    }
  }
}

extension Problem {
  fileprivate static let windowGone = Problem(
    .conflict, "storage.window-gone", "expected the windows that are merged, found that one is there no more")
}
