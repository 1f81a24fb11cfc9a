public import Domain
public import Encoding
import GRDB
public import Lifecycle

extension SQLiteFeedback {
  static func addPerformance(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE performance (
          name TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL, alarm TEXT,
          has_news INTEGER NOT NULL CHECK (has_news IN (0, 1)), at INTEGER NOT NULL,
          PRIMARY KEY (name, version)
        ) STRICT, WITHOUT ROWID;
        """)
  }

  /// How many labels the days of a deployment have, and how many were put right.
  public func labels(of name: ModelName) async throws(Problem) -> [FeedbackWindow: Int] {
    try await read { database in
      let sql = """
        SELECT name, version, start, count(truth) + sum(corrections) AS count FROM predictions
        WHERE name = ? GROUP BY name, version, start
        """
      let counts = try RegistryRows.rows(database, "predictions", sql, [name.description]) { row in
        (try FeedbackTables.window(row), Int(try row.integer("count")))
      }
      return Dictionary(counts) { $1 }
    }
  }

  /// How far the watch of a version has come.
  public func performance(of version: VersionReference) async throws(Problem) -> JSON? {
    try await read { database in
      let sql = "SELECT state FROM performance WHERE name = ? AND version = ?"
      return try RegistryRows.rows(
        database, "performance", sql, [version.name.description, version.version.value]
      ) { row in try row.parsed("state", "a state") { (json) throws(Problem) in json } }.first
    }
  }

  /// Keeps how far a watch has come.
  public func keep(_ performance: KeptPerformance, at now: Timestamp) async throws(Problem) {
    try await write("keep how good a version is") { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO performance VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [
          performance.version.name.description, performance.version.version.value,
          performance.state.canonicalText, performance.alarm, performance.hasNews, now.milliseconds,
        ])
    }
  }

  /// The sentences of the alarms that stand.
  public func performanceAlarms() async throws(Problem) -> [VersionReference: String] {
    try await read { database in
      let sql = "SELECT name, version, alarm FROM performance WHERE alarm IS NOT NULL"
      let alarms = try RegistryRows.rows(database, "performance", sql) { row in
        (
          VersionReference(name: try row.name("name"), version: try row.version("version")),
          try row.text("alarm")
        )
      }
      return Dictionary(alarms) { $1 }
    }
  }

  /// The versions of which the ledger has yet to be told of anything.
  public func versionsWithNews() async throws(Problem) -> [VersionReference] {
    try await read { database in
      let sql = "SELECT name, version FROM performance WHERE has_news = 1 ORDER BY name, version"
      return try RegistryRows.rows(database, "performance", sql) { row in
        VersionReference(name: try row.name("name"), version: try row.version("version"))
      }
    }
  }
}
