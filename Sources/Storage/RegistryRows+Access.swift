import Access
import Domain
import Encoding
import GRDB

// Who may do what, a row for each thing that is known.

extension RegistryRows {
  /// Nothing where the registry is read before this release has opened it to write.
  static func access(_ database: Database) throws -> AccessState {
    try AccessState(records: rightsRecords(database))
  }

  static func rightsRecords(_ database: Database) throws -> [RightsRecord] {
    guard try database.tableExists("rights") else { return [] }
    return try rows(database, "rights", "SELECT * FROM rights") { row in
      guard let kind = RightsRecord.Kind(rawValue: try row.text("kind")),
        let value = try? JSON(parsing: try row.text("value").utf8)
      else { throw row.malformed("value", "a record of who may do what") }
      return RightsRecord(kind: kind, id: try row.text("id"), value: value)
    }
  }

  /// The rules are those of `AccessState`: what changes there, changes here.
  static func apply(_ change: AccessChange, _ database: Database) throws {
    let before = try access(database)
    var after = before
    try after.apply(change)
    let (former, next) = (before.records, after.records)
    for gone in former.subtracting(next) {
      try database.execute(
        sql: "DELETE FROM rights WHERE kind = ? AND id = ?", arguments: [gone.kind.rawValue, gone.id])
    }
    for record in next.subtracting(former) {
      try database.execute(
        sql: "INSERT INTO rights VALUES (?, ?, ?)",
        arguments: [record.kind.rawValue, record.id, record.value.canonicalText])
    }
  }
}
