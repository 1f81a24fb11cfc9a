public import Domain
import Encoding
import GRDB
public import Lifecycle

extension SQLiteRelay: CosignatureStore {
  static let cosignatureTables = """
    CREATE TABLE cosignatures (
      witness TEXT NOT NULL,
      size INTEGER NOT NULL,
      checkpoint TEXT NOT NULL,
      line TEXT NOT NULL,
      PRIMARY KEY (witness, size)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE alarms (witness TEXT PRIMARY KEY, problem TEXT NOT NULL) STRICT, WITHOUT ROWID;
    """

  /// All cosignatures that are kept, by witness and size.
  public func cosignatures() async throws(Problem) -> [KeptCosignature] {
    try await read { database in
      guard try database.tableExists("cosignatures") else { return [] }
      let sql = "SELECT * FROM cosignatures ORDER BY witness, size"
      return try RegistryRows.rows(database, "cosignatures", sql) { row in
        KeptCosignature(
          witness: try row.text("witness"), size: Int(try row.integer("size")),
          checkpoint: try row.text("checkpoint"), line: try row.text("line"))
      }
    }
  }

  /// What is the matter with witnesses, by name.
  public func alarms() async throws(Problem) -> [String: Problem] {
    try await read { database in
      guard try database.tableExists("alarms") else { return [:] }
      let rows = try RegistryRows.rows(database, "alarms", "SELECT * FROM alarms") { row in
        guard let json = try? JSON(parsing: try row.text("problem").utf8), let problem = Problem(json: json)
        else { throw row.malformed("problem", "a problem") }
        return (try row.text("witness"), problem)
      }
      return Dictionary(rows) { first, _ in first }
    }
  }

  /// Keeps a cosignature, and ends the witness's alarm.
  public func keep(_ cosignature: KeptCosignature, beside served: Int?) async throws(Problem) {
    try await write("keep a cosignature") { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO cosignatures VALUES (?, ?, ?, ?)",
        arguments: [cosignature.witness, cosignature.size, cosignature.checkpoint, cosignature.line])
      try database.execute(
        sql: """
          DELETE FROM cosignatures WHERE witness = ? AND size <> ? AND size NOT IN (
            SELECT size FROM cosignatures WHERE witness = ? ORDER BY size DESC LIMIT ?)
          """,
        arguments: [cosignature.witness, served ?? -1, cosignature.witness, Self.cosignatureLimit])
      try database.execute(sql: "DELETE FROM alarms WHERE witness = ?", arguments: [cosignature.witness])
    }
  }

  /// Keeps what is the matter with a witness.
  public func alarm(_ problem: Problem, of witness: String) async throws(Problem) {
    try await write("keep what is the matter with a witness") { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO alarms VALUES (?, ?)",
        arguments: [witness, problem.json.canonicalText])
    }
  }

  /// Erases all that is kept of a witness.
  public func forget(_ witness: String) async throws(Problem) {
    try await write("erase what is kept of a witness") { database in
      try database.execute(sql: "DELETE FROM cosignatures WHERE witness = ?", arguments: [witness])
      try database.execute(sql: "DELETE FROM alarms WHERE witness = ?", arguments: [witness])
    }
  }
}
