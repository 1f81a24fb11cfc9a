public import Domain
import Encoding
import GRDB
public import Lifecycle
public import Monitoring

/// What is kept of predictions until their labels come, in a SQLite file of its own.
///
/// Each change is one transaction, so that a crash leaves all of it or nothing.
public final class SQLiteFeedback: FeedbackStore {
  private let pool: DatabaseQueue

  /// Opens the file at `path`, or founds it; throws `storage.…`.
  public init(path: String) throws(Problem) {
    pool = try ErasingDatabase.open(
      path, label: "gatehouse.feedback", what: "what is kept for labels",
      loss: Self.loss, Self.migrator)
  }

  /// What is gone where the file is moved away.
  private static let loss = "what models said and labels that came, with their figures"

  private static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 predictions") { database in
      try database.execute(
        sql: """
          CREATE TABLE segments (
            id INTEGER PRIMARY KEY AUTOINCREMENT, segment TEXT NOT NULL UNIQUE, at INTEGER NOT NULL
          ) STRICT;
          CREATE TABLE predictions (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            start INTEGER NOT NULL,
            segment INTEGER NOT NULL,
            line INTEGER NOT NULL,
            row INTEGER NOT NULL,
            key BLOB,
            kind INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
            said REAL NOT NULL,
            score REAL,
            truth REAL,
            labelled_at INTEGER,
            corrections INTEGER NOT NULL DEFAULT 0
          ) STRICT;
          CREATE UNIQUE INDEX predictions_by_place ON predictions (segment, line, row);
          CREATE UNIQUE INDEX predictions_by_key ON predictions (name, key, row) WHERE key IS NOT NULL;
          CREATE INDEX predictions_by_day ON predictions (name, version, start);
          CREATE TABLE unkept (
            name TEXT NOT NULL, version INTEGER NOT NULL, start INTEGER NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (name, version, start)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE pending (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL,
            place TEXT NOT NULL,
            row INTEGER NOT NULL,
            segment TEXT,
            line INTEGER,
            key BLOB,
            label TEXT NOT NULL,
            at INTEGER NOT NULL,
            since INTEGER NOT NULL,
            UNIQUE (name, place, row)
          ) STRICT;
          CREATE TABLE counts (
            name TEXT NOT NULL, turn TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (name, turn)
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE settled (
            name TEXT NOT NULL, version INTEGER NOT NULL, start INTEGER NOT NULL, figures TEXT NOT NULL,
            PRIMARY KEY (name, version, start)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2 performance") { try addPerformance($0) }
    return migrator
  }()

  /// Whether what a segment says was taken.
  public func hasTaken(_ segment: SegmentName) async throws(Problem) -> Bool {
    try await read { try FeedbackTables.segment(segment, $0) != nil }
  }

  /// Keeps what a segment says and that it was taken, and gives labels that waited to their predictions, in one transaction.
  public func take(
    _ segment: SegmentPredictions, rowLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) async throws(Problem) {
    try await write("keep predictions") { database in
      guard try FeedbackTables.segment(segment.segment, database) == nil else { return }
      try FeedbackTables.add(segment, rowLimit: rowLimit, at: now, to: database)
      try FeedbackTables.join(outputs, database)
    }
  }

  /// Takes labels of a deployment in one transaction.
  public func learn(
    _ labels: [GivenLabel], of name: ModelName, pendingLimit: Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput]
  ) async throws(Problem) -> [LabelTurn] {
    try await write("take labels") { database in
      var room = pendingLimit - (try FeedbackTables.pending(of: name, database))
      return try labels.map { label in
        try FeedbackTables.learn(label, of: name, room: &room, at: now, by: outputs, database)
      }
    }
  }

  /// The deployments that anything is kept of.
  public func names() async throws(Problem) -> [ModelName] {
    try await read { database in
      let sql = "SELECT DISTINCT name FROM predictions UNION SELECT name FROM unkept ORDER BY 1"
      return try RegistryRows.rows(database, "predictions", sql) { try $0.name("name") }
    }
  }

  /// The days that predictions of a deployment are kept of, in the order of time.
  public func windows(of name: ModelName) async throws(Problem) -> [(window: FeedbackWindow, rows: Int)] {
    try await read { database in
      let sql = """
        SELECT name, version, start, sum(count) AS count FROM (
          SELECT name, version, start, count(*) AS count FROM predictions WHERE name = ?1
            GROUP BY name, version, start
          UNION ALL SELECT name, version, start, 0 FROM unkept WHERE name = ?1)
        GROUP BY name, version, start ORDER BY start, version
        """
      return try RegistryRows.rows(database, "predictions", sql, [name.description]) { row in
        (window: try FeedbackTables.window(row), rows: Int(try row.integer("count")))
      }
    }
  }

  /// What is kept of a day.
  public func rows(of window: FeedbackWindow) async throws(Problem) -> FeedbackRows {
    try await read { database in
      let day = FeedbackTables.arguments(window)
      var kept = FeedbackRows()
      kept.unkept =
        try Int.fetchOne(
          database, sql: "SELECT count FROM unkept WHERE name = ? AND version = ? AND start = ?",
          arguments: day) ?? 0
      let sql = "SELECT * FROM predictions WHERE name = ? AND version = ? AND start = ? ORDER BY id"
      kept.rows = try RegistryRows.rows(database, "predictions", sql, day) { row in
        kept.corrections += Int(try row.integer("corrections"))
        if let at = try row.optionalMoment("labelled_at"), at >= window.end { kept.late += 1 }
        return LabelledPrediction(try FeedbackTables.prediction(row), try FeedbackTables.truth(row))
      }
      return kept
    }
  }

  /// The days of a deployment that are settled and end after a moment, in the order of time.
  public func settled(of name: ModelName, after moment: Timestamp) async throws(Problem) -> [SettledFeedback]
  {
    try await read { database in
      let sql = "SELECT * FROM settled WHERE name = ? AND start > ? ORDER BY start, version"
      let start = moment.milliseconds - FeedbackWindow.length
      return try RegistryRows.rows(database, "settled", sql, [name.description, start]) { row in
        SettledFeedback(
          window: try FeedbackTables.window(row),
          figures: try row.parsed("figures", "figures") { (json) throws(Problem) in json })
      }
    }
  }

  /// Puts figures in the place of a day's predictions, in one transaction.
  public func settle(_ day: SettledFeedback) async throws(Problem) {
    try await write("settle a day") { database in
      let arguments = FeedbackTables.arguments(day.window)
      try database.execute(
        sql: "INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?)",
        arguments: arguments + [day.figures.canonicalText])
      for table in ["predictions", "unkept"] {
        try database.execute(
          sql: "DELETE FROM \(table) WHERE name = ? AND version = ? AND start = ?", arguments: arguments)
      }
    }
  }

  /// What became of labels that no day counts.
  public func counts(of name: ModelName) async throws(Problem) -> FeedbackCounts {
    try await read { database in
      var counts = FeedbackCounts()
      counts.pending = try FeedbackTables.pending(of: name, database)
      let sql = "SELECT turn, count FROM counts WHERE name = ?"
      _ = try RegistryRows.rows(database, "counts", sql, [name.description]) { row in
        let count = Int(try row.integer("count"))
        switch LabelTurn(rawValue: try row.text("turn")) {
        case .repeated: counts.repeated = count
        case .unknown: counts.unknown = count
        case .unlike: counts.unlike = count
        case .taken, .corrected, .pending, nil: break
        }
      }
      return counts
    }
  }

  /// Takes what a deployment's model said out of what is kept; what it was is overwritten.
  public func hide(_ name: ModelName, scoresAlone: Bool) async throws(Problem) {
    try await write("hide what was masked") { database in
      guard !scoresAlone else {
        return try database.execute(
          sql: "UPDATE predictions SET score = NULL WHERE name = ? AND score IS NOT NULL",
          arguments: [name.description])
      }
      for table in ["predictions", "pending", "performance"] {
        try database.execute(sql: "DELETE FROM \(table) WHERE name = ?", arguments: [name.description])
      }
    }
  }

  /// Forgets what has waited or was kept for long enough.
  public func prune(
    pendingBefore: Timestamp, settledBefore: Timestamp, segmentsBefore: Timestamp
  ) async throws(Problem) {
    try await write("forget what is over") { database in
      try FeedbackTables.expire(before: pendingBefore, database)
      try database.execute(
        sql: "DELETE FROM settled WHERE start < ?",
        arguments: [settledBefore.milliseconds - FeedbackWindow.length])
      try database.execute(
        sql: "DELETE FROM performance WHERE at < ?", arguments: [settledBefore.milliseconds])
      try database.execute(
        sql: """
          DELETE FROM segments WHERE at < ? AND NOT EXISTS (
            SELECT 1 FROM predictions WHERE predictions.segment = segments.id)
          """, arguments: [segmentsBefore.milliseconds])
    }
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(Problem) -> Value {
    do { return try await pool.read(body) } catch {
      throw ErasingDatabase.problem("read what is kept for labels", error, pool.path, loss: Self.loss)
    }
  }

  func write<Value: Sendable>(
    _ what: String, _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(Problem) -> Value {
    do { return try await pool.write(body) } catch {
      throw ErasingDatabase.problem(what, error, pool.path, loss: Self.loss)
    }
  }
}
