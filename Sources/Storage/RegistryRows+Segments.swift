import Domain
import GRDB

// The rows of segments of access records.

extension RegistryRows {
  /// At most `count` segments in the order of their names, those after `name` alone; without `count`, all.
  static func segments(_ database: Database, after name: SegmentName? = nil, count: Int? = nil) throws
    -> [KeptSegment]
  {
    try rows(
      database, "segments", "SELECT * FROM segments WHERE name > ? ORDER BY name LIMIT ?",
      [name?.description ?? "", count.map { max(0, $0) } ?? -1], segment)
  }

  /// The segment with this name; nil where there is none.
  static func segment(_ database: Database, named name: SegmentName) throws -> KeptSegment? {
    try rows(database, "segments", "SELECT * FROM segments WHERE name = ?", [name.description], segment).first
  }

  private static func segment(_ row: StoredRow) throws -> KeptSegment {
    let first = try row.optionalInteger("first_at").map(Timestamp.init(milliseconds:))
    let last = try row.optionalInteger("last_at").map(Timestamp.init(milliseconds:))
    var times: ClosedRange<Timestamp>?
    if let first, let last, first <= last { times = first...last }
    return KeptSegment(
      name: try row.segment("name"), root: try row.digest("root"), lines: Int(try row.integer("lines")),
      records: Int(try row.integer("records")), lost: Int(try row.integer("lost")), times: times,
      bytes: Int(try row.integer("bytes")), keptAt: try row.moment("kept_at"))
  }

  static func damagedSegments(_ database: Database) throws -> [DamagedSegment] {
    try rows(database, "damaged_segments", "SELECT * FROM damaged_segments ORDER BY position") { row in
      DamagedSegment(
        name: try row.segment("name"), digest: try row.digest("digest"), bytes: Int(try row.integer("bytes")),
        code: try row.text("code"), setAsideAt: try row.moment("set_aside_at"))
    }
  }

  static func add(_ segment: KeptSegment, _ database: Database) throws {
    try database.execute(
      sql: "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      arguments: [
        segment.name.description, blob(segment.root), segment.lines, segment.records, segment.lost,
        segment.times?.lowerBound.milliseconds, segment.times?.upperBound.milliseconds, segment.bytes,
        segment.keptAt.milliseconds,
      ])
    try require(database.changesCount == 1, "a new segment", segment.name.description)
  }

  static func add(_ damaged: DamagedSegment, _ database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO damaged_segments (name, digest, bytes, code, set_aside_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
      arguments: [
        damaged.name.description, blob(damaged.digest), damaged.bytes, damaged.code,
        damaged.setAsideAt.milliseconds,
      ])
    try require(database.changesCount == 1, "a new damaged segment", damaged.name.description)
  }
}
