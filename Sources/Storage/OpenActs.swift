import Domain
import Encoding
import GRDB

/// The table of acts that have begun and not ended, kept by the rules of `UnfinishedActs`: a start must not
/// read the whole ledger to find them.
enum OpenActs {
  static func note(_ entry: LedgerEntry, at position: Int, _ database: Database) throws {
    let identity: StatementArguments = [entry.trace, entry.act.rawValue, entry.subject]
    switch entry.phase {
    case .begun:
      try database.cachedStatement(
        sql: "INSERT INTO open_acts (position, trace, act, subject) VALUES (?, ?, ?, ?)"
      ).execute(arguments: [position] + identity)
    case .done, .failed:
      try database.cachedStatement(
        sql: """
          DELETE FROM open_acts WHERE position =
            (SELECT max(position) FROM open_acts WHERE trace = ? AND act = ? AND subject = ?)
          """
      ).execute(arguments: identity)
    }
  }

  static func positions(_ database: Database) throws -> [Int] {
    try RegistryRows.rows(database, "open_acts", "SELECT position FROM open_acts ORDER BY position") {
      Int(try $0.integer("position"))
    }
  }

  static func entries(_ database: Database) throws -> [LedgerEntry] {
    let sql = """
      SELECT entries.position, bytes FROM open_acts JOIN entries USING (position) ORDER BY entries.position
      """
    return try RegistryRows.rows(database, "entries", sql) { row in
      try StoredEntry.parse(try row.bytes("bytes"), at: Int(try row.integer("position")))
    }
  }
}

/// An entry of the ledger as its bytes are stored.
enum StoredEntry {
  static func parse(_ bytes: [UInt8], at position: Int) throws(Problem) -> LedgerEntry {
    if let json = try? JSON(parsing: bytes, limits: JSONLimits(depth: 64, values: 100_000)),
      let entry = LedgerEntry(json: json)
    {
      return entry
    }
    throw Problem(
      .integrity, "ledger.entry-malformed", "expected an act in entry \(position), found bytes that are none",
      subject: "ledger entry \(position)", hint: "restore registry.sqlite from a backup")
  }
}
