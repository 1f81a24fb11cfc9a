import Domain
import GRDB
import Lifecycle

/// What entries are found by, a row for each, kept in the transaction that appends it.
///
/// `latest` is the latest time of all entries up to a row's: unlike the time itself, which a clock that was put back makes
/// smaller again, it says from which place on a moment can be found.
struct EntryIndex {
  private struct Row: Equatable {
    let position: Int
    let at: Int64
    let latest: Int64
    let act: String
    let principal: String
    let model: String?
    let isRefused: Bool
  }

  private var latest: Int64?

  /// Adds the row of the next entry.
  mutating func note(_ entry: LedgerEntry, at position: Int, _ database: Database) throws {
    if latest == nil, position > 0 {
      latest = try Self.row(position - 1, database)?.latest
    }
    let row = next(entry, position)
    try database.cachedStatement(sql: "INSERT INTO entry_index VALUES (?, ?, ?, ?, ?, ?, ?)").execute(
      arguments: [row.position, row.at, row.latest, row.act, row.principal, row.model, row.isRefused ? 1 : 0])
  }

  /// Whether the stored row of the next entry is what the entry makes of it.
  mutating func holds(_ entry: LedgerEntry, at position: Int, _ database: Database) throws -> Bool {
    let expected = next(entry, position)
    return try Self.row(position, database) == expected
  }

  private mutating func next(_ entry: LedgerEntry, _ position: Int) -> Row {
    let latest = max(latest ?? .min, entry.time.milliseconds)
    self.latest = latest
    return Row(
      position: position, at: entry.time.milliseconds, latest: latest, act: entry.act.rawValue,
      principal: entry.principal.description, model: entry.model?.description, isRefused: entry.isRefused)
  }

  private static func row(_ position: Int, _ database: Database) throws -> Row? {
    try RegistryRows.rows(
      database, "entry_index", "SELECT * FROM entry_index WHERE position = ?", [position]
    ) { row in
      Row(
        position: Int(try row.integer("position")), at: try row.integer("at"),
        latest: try row.integer("latest"),
        act: try row.text("act"), principal: try row.text("principal"), model: try row.optionalText("model"),
        isRefused: try row.integer("refused") == 1)
    }.first
  }

  static func count(_ database: Database) throws -> Int {
    try Int.fetchOne(database, sql: "SELECT count(*) FROM entry_index") ?? 0
  }

  /// Makes the rows of entries that a former release has written.
  static func build(_ database: Database) throws {
    var index = EntryIndex()
    let cursor = try GRDB.Row.fetchCursor(
      database, sql: "SELECT position, bytes FROM entries ORDER BY position")
    while let row = try cursor.next() {
      let row = StoredRow(row, of: "entries")
      let position = Int(try row.integer("position"))
      try index.note(try StoredEntry.parse(try row.bytes("bytes"), at: position), at: position, database)
    }
  }

  /// At most `count` entries that are asked for, in order.
  static func entries(
    matching filter: LedgerFilter, from first: Int, count: Int, _ database: Database
  ) throws -> [PlacedEntry] {
    var first = max(0, first)
    if let since = filter.since {
      let start = try Int.fetchOne(
        database, sql: "SELECT position FROM entry_index WHERE latest >= ? ORDER BY latest, position LIMIT 1",
        arguments: [since.milliseconds])
      guard let start else { return [] }
      first = max(first, start)
    }
    var (conditions, arguments) = (["entry_index.position >= ?"], StatementArguments([first]))
    func require(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
      guard let value else { return }
      conditions.append(condition)
      arguments += [value]
    }
    require("model = ?", filter.model?.description)
    require("principal = ?", filter.principal?.description)
    require("act = ?", filter.act?.rawValue)
    require("at >= ?", filter.since?.milliseconds)
    require("at <= ?", filter.until?.milliseconds)
    if filter.isRefused { conditions.append("refused = 1") }
    arguments += [max(0, count)]
    let sql = """
      SELECT entries.position, bytes FROM entry_index JOIN entries ON entries.position = entry_index.position
      WHERE \(conditions.joined(separator: " AND ")) ORDER BY entry_index.position LIMIT ?
      """
    return try RegistryRows.rows(database, "entries", sql, arguments) { row in
      PlacedEntry(position: Int(try row.integer("position")), bytes: try row.bytes("bytes"))
    }
  }
}
