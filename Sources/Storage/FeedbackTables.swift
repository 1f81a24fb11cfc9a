import Domain
import Encoding
import GRDB
import Lifecycle
import Monitoring

/// The statements that predictions are kept by, and given their labels.
enum FeedbackTables {
  /// The number of a segment that was taken; nil where it was not.
  static func segment(_ name: SegmentName, _ database: Database) throws -> Int64? {
    try Int64.fetchOne(
      database, sql: "SELECT id FROM segments WHERE segment = ?", arguments: [name.description])
  }

  static func arguments(_ window: FeedbackWindow) -> StatementArguments {
    [window.version.name.description, window.version.version.value, window.start.milliseconds]
  }

  static func window(_ row: StoredRow) throws(Problem) -> FeedbackWindow {
    FeedbackWindow(
      VersionReference(name: try row.name("name"), version: try row.version("version")),
      of: try row.moment("start"))
  }

  // MARK: Predictions

  /// The kinds of predictions as the column has them: a number, one of two classes, one of more.
  private enum Kind { static let (number, binary, classes): (Int64, Int64, Int64) = (0, 1, 2) }

  static func prediction(_ row: StoredRow) throws(Problem) -> KeptPrediction {
    let said = try row.number("said")
    let score = row.isNull("score") ? nil : try row.number("score")
    switch try row.integer("kind") {
    case Kind.number: return .number(said)
    case Kind.binary: return .binary(try place(said, row), probability: score)
    default: return .classes(try place(said, row), confidence: score)
    }
  }

  static func truth(_ row: StoredRow) throws(Problem) -> TruthLabel? {
    guard !row.isNull("truth") else { return nil }
    let truth = try row.number("truth")
    return try row.integer("kind") == Kind.number ? .number(truth) : .classes(try place(truth, row))
  }

  private static func place(_ value: Double, _ row: StoredRow) throws(Problem) -> Int {
    guard let place = Int(exactly: value), 0..<SaidRows.classLimit ~= place else {
      throw row.malformed("said", "the place of a class")
    }
    return place
  }

  static func add(
    _ segment: SegmentPredictions, rowLimit: Int, at now: Timestamp, to database: Database
  ) throws {
    try database.execute(
      sql: "INSERT INTO segments (segment, at) VALUES (?, ?)",
      arguments: [segment.segment.description, now.milliseconds])
    let id = database.lastInsertedRowID
    var unkept = segment.unkept
    var (counts, isOver): ([ModelName: Int], [FeedbackWindow: Bool]) = ([:], [:])
    for made in segment.predictions {
      let (name, window) = (made.version.name, made.window)
      if isOver[window] == nil { isOver[window] = try isSettled(window, database) }
      guard isOver[window] == false else { continue }
      let present = try counts[name] ?? count(of: name, database)
      guard present < rowLimit else {
        unkept[window, default: 0] += 1
        counts[name] = present
        continue
      }
      try add(made, of: id, to: database)
      counts[name] = present + 1
    }
    for (window, count) in unkept where try !isSettled(window, database) {
      try database.execute(
        sql: """
          INSERT INTO unkept VALUES (?, ?, ?, ?)
          ON CONFLICT (name, version, start) DO UPDATE SET count = count + excluded.count
          """, arguments: arguments(window) + [count])
    }
  }

  private static func add(_ made: MadePrediction, of segment: Int64, to database: Database) throws {
    let (kind, said, score): (Int64, Double, Double?) =
      switch made.said {
      case .number(let value): (Kind.number, value, nil)
      case .binary(let place, let probability): (Kind.binary, Double(place), probability)
      case .classes(let place, let confidence): (Kind.classes, Double(place), confidence)
      }
    let statement = try database.cachedStatement(
      sql: """
        INSERT OR IGNORE INTO predictions (name, version, start, segment, line, row, key, kind, said, score)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """)
    func insert(_ key: Digest?) throws {
      try statement.execute(
        arguments: arguments(made.window) + [
          segment, made.line, made.row, key.map(RegistryRows.blob), kind, said, score,
        ])
    }
    guard let key = made.key else { return try insert(nil) }
    // Where the key is another request's already, this one has its receipt alone, whatever rows that one had.
    let isAnothers = try Bool.fetchOne(
      database,
      sql: """
        SELECT EXISTS (SELECT 1 FROM predictions WHERE name = ? AND key = ? AND NOT (segment = ? AND line = ?))
        """, arguments: [made.version.name.description, RegistryRows.blob(key), segment, made.line])
    try insert(isAnothers == true ? nil : key)
  }

  private static func isSettled(_ window: FeedbackWindow, _ database: Database) throws -> Bool {
    try Bool.fetchOne(
      database,
      sql: "SELECT EXISTS (SELECT 1 FROM settled WHERE name = ? AND version = ? AND start = ?)",
      arguments: arguments(window)) ?? false
  }

  private static func count(of name: ModelName, _ database: Database) throws -> Int {
    try Int.fetchOne(
      database, sql: "SELECT count(*) FROM predictions WHERE name = ?", arguments: [name.description]) ?? 0
  }

  // MARK: Labels

  /// How many labels of a deployment wait.
  static func pending(of name: ModelName, _ database: Database) throws -> Int {
    try Int.fetchOne(
      database, sql: "SELECT count(*) FROM pending WHERE name = ?", arguments: [name.description]) ?? 0
  }

  /// Takes a label, and says what became of it; `room` is for how many more there is room to wait.
  static func learn(
    _ label: GivenLabel, of name: ModelName, room: inout Int, at now: Timestamp,
    by outputs: [VersionReference: LabelledOutput], _ database: Database
  ) throws -> LabelTurn {
    var segment: Int64?
    let found: [Found]
    switch label.name {
    case .receipt(let receipt):
      segment = try Int64.fetchOne(
        database, sql: "SELECT id FROM segments WHERE segment = ?", arguments: [receipt.segment])
      guard let segment else { return try wait(label, of: name, room: &room, at: now, database) }
      found = try rows(
        "segment = ? AND line = ? AND row = ? AND name = ?",
        [segment, receipt.index, label.row, name.description], database)
    case .key(let digest):
      found = try rows(
        "name = ? AND key = ? AND row = ?", [name.description, RegistryRows.blob(digest), label.row],
        database)
    }
    guard let found = found.first else {
      // What a segment that was taken has not, nothing will bring.
      if segment != nil { return try count(.unknown, of: name, database) }
      return try wait(label, of: name, room: &room, at: now, database)
    }
    guard let output = outputs[found.version] else {
      return try wait(label, of: name, room: &room, at: now, database)
    }
    return try give(output.truth(label.label), at: label.at, to: found, database)
  }

  private struct Found {
    let id: Int64
    let version: VersionReference
    let prediction: KeptPrediction
    let truth: TruthLabel?

    init(_ row: StoredRow) throws(Problem) {
      id = try row.integer("id")
      version = VersionReference(name: try row.name("name"), version: try row.version("version"))
      prediction = try FeedbackTables.prediction(row)
      truth = try FeedbackTables.truth(row)
    }
  }

  /// A label that waited, and its prediction.
  private struct Met {
    let id: Int64
    let label: JSON
    let at: Timestamp
    let found: Found

    init(_ row: StoredRow) throws(Problem) {
      id = try row.integer("label_id")
      label = try row.parsed("label", "a label") { (json) throws(Problem) in json.array?.first ?? .null }
      at = try row.moment("told_at")
      found = try Found(row)
    }
  }

  private static func rows(
    _ condition: String, _ arguments: StatementArguments, _ database: Database
  ) throws -> [Found] {
    try RegistryRows.rows(
      database, "predictions", "SELECT * FROM predictions WHERE \(condition)", arguments
    ) { try Found($0) }
  }

  private static func give(
    _ truth: TruthLabel?, at moment: Timestamp, to found: Found, _ database: Database
  ) throws -> LabelTurn {
    let turn = LabelTurn(truth, for: found.prediction, before: found.truth)
    guard turn == .taken || turn == .corrected, let truth else {
      return try count(turn, of: found.version.name, database)
    }
    let value =
      switch truth {
      case .classes(let place): Double(place)
      case .number(let value): value
      }
    try database.execute(
      sql: "UPDATE predictions SET truth = ?, labelled_at = ?, corrections = corrections + ? WHERE id = ?",
      arguments: [value, moment.milliseconds, turn == .corrected ? 1 : 0, found.id])
    return turn
  }

  private static func count(_ turn: LabelTurn, of name: ModelName, _ database: Database) throws -> LabelTurn {
    try add(1, to: turn, of: name.description, database)
    return turn
  }

  private static func add(
    _ count: Int, to turn: LabelTurn, of name: String, _ database: Database
  ) throws {
    try database.execute(
      sql: """
        INSERT INTO counts VALUES (?, ?, ?)
        ON CONFLICT (name, turn) DO UPDATE SET count = count + excluded.count
        """, arguments: [name, turn.rawValue, count])
  }

  private static func wait(
    _ label: GivenLabel, of name: ModelName, room: inout Int, at now: Timestamp, _ database: Database
  ) throws -> LabelTurn {
    let (place, segment, line, key): (String, String?, Int?, Digest?) =
      switch label.name {
      case .receipt(let receipt): (receipt.description, receipt.segment, receipt.index, nil)
      case .key(let digest): (digest.hexadecimal, nil, nil, digest)
      }
    let text = JSON.array([label.label]).canonicalText
    // What is said once more, or otherwise, takes the place of what waits, and needs no room.
    try database.execute(
      sql: "UPDATE pending SET label = ?, at = ? WHERE name = ? AND place = ? AND row = ?",
      arguments: [text, label.at.milliseconds, name.description, place, label.row])
    guard database.changesCount == 0 else { return .pending }
    guard room > 0 else { return try count(.unknown, of: name, database) }
    room -= 1
    try database.execute(
      sql: """
        INSERT INTO pending (name, place, row, segment, line, key, label, at, since)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        name.description, place, label.row, segment, line, key.map(RegistryRows.blob), text,
        label.at.milliseconds, now.milliseconds,
      ])
    return .pending
  }

  /// Gives labels that waited to predictions that have come.
  static func join(_ outputs: [VersionReference: LabelledOutput], _ database: Database) throws {
    let waiting = """
      SELECT pending.id AS label_id, pending.label, pending.at AS told_at, predictions.* FROM pending
      """
    for condition in [
      """
      JOIN segments ON segments.segment = pending.segment
      JOIN predictions ON predictions.segment = segments.id AND predictions.line = pending.line
        AND predictions.row = pending.row AND predictions.name = pending.name
      """,
      """
      JOIN predictions ON predictions.name = pending.name AND predictions.key = pending.key
        AND predictions.row = pending.row
      """,
    ] {
      let met = try RegistryRows.rows(database, "pending", "\(waiting) \(condition)") { try Met($0) }
      for one in met {
        guard let output = outputs[one.found.version] else { continue }
        _ = try give(output.truth(one.label), at: one.at, to: one.found, database)
        try database.execute(sql: "DELETE FROM pending WHERE id = ?", arguments: [one.id])
      }
    }
    // What a segment that was taken has not, nothing will bring.
    let vain = """
      segment IS NOT NULL AND EXISTS (SELECT 1 FROM segments WHERE segments.segment = pending.segment)
      AND NOT EXISTS (
        SELECT 1 FROM predictions JOIN segments ON predictions.segment = segments.id
        WHERE segments.segment = pending.segment AND predictions.line = pending.line
          AND predictions.row = pending.row AND predictions.name = pending.name)
      """
    try giveUp(vain, [], database)
  }

  /// Gives up labels that have waited since before a moment.
  static func expire(before moment: Timestamp, _ database: Database) throws {
    try giveUp("since < ?", [moment.milliseconds], database)
  }

  private static func giveUp(
    _ condition: String, _ arguments: StatementArguments, _ database: Database
  ) throws {
    let sql = "SELECT name, count(*) AS count FROM pending WHERE \(condition) GROUP BY name"
    let counts = try RegistryRows.rows(database, "pending", sql, arguments) { row in
      (name: try row.text("name"), count: Int(try row.integer("count")))
    }
    for (name, count) in counts { try add(count, to: .unknown, of: name, database) }
    try database.execute(sql: "DELETE FROM pending WHERE \(condition)", arguments: arguments)
  }
}
