import Domain
import Encoding
import GRDB
import Gates
import Lifecycle

// What must hold and who agreed, a row for each thing that is known.

extension RegistryRows {
  /// The records of one kind whose ids begin so, by id, or of all kinds; none where the registry is read before this
  /// release has opened it to write.
  static func governance(
    _ database: Database, _ kind: GovernanceRecord.Kind? = nil, startingWith prefix: String = ""
  ) throws -> [GovernanceRecord] {
    guard try database.tableExists("governance") else { return [] }
    // Behind every id that begins so and before every other: no id has the last character that there is.
    let end = "\(prefix)\u{10FFFF}"
    let sql =
      "SELECT * FROM governance" + (kind == nil ? "" : " WHERE kind = ? AND id >= ? AND id < ?")
      + " ORDER BY kind, id"
    let arguments: StatementArguments = kind.map { [$0.rawValue, prefix, end] } ?? []
    return try rows(database, "governance", sql, arguments) { row in
      guard let kind = GovernanceRecord.Kind(rawValue: try row.text("kind")),
        let value = try? JSON(parsing: try row.text("value").utf8)
      else { throw row.malformed("value", "a record of what must hold and who agreed") }
      return GovernanceRecord(kind: kind, id: try row.text("id"), value: value)
    }
  }

  /// The rules are those of `GovernanceState`.
  static func apply(_ change: GovernanceChange, _ database: Database) throws {
    for effect in change.effects {
      switch effect {
      case .put(let record):
        try database.execute(
          sql:
            "INSERT INTO governance VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET value = excluded.value",
          arguments: [record.kind.rawValue, record.id, record.value.canonicalText])
      case .remove(let kind, let id):
        try database.execute(
          sql: "DELETE FROM governance WHERE kind = ? AND id = ?", arguments: [kind.rawValue, id])
        guard database.changesCount == 1 else { throw GovernanceState.missing(kind, id) }
      }
    }
  }
}
