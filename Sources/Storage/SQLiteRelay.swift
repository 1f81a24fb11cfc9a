public import Domain
import GRDB
public import Lifecycle

/// Where webhooks are told and how far they have come, what witnesses said, and which alerts there are, in a SQLite file of their own.
///
/// It has secrets, and changes without anybody's act: so it is no part of the registry. What is erased there is overwritten.
public final class SQLiteRelay: WebhookStore {
  let pool: DatabaseQueue

  /// Opens the file at `path`, or founds it; throws `storage.…`.
  public init(path: String) throws(Problem) {
    pool = try ErasingDatabase.open(
      path, label: "gatehouse.relay", what: "what is kept of webhooks and witnesses", Self.migrator)
  }

  /// Opens the file at `path` to read alone; nil where there is none.
  ///
  /// Throws `storage.…`.
  public init?(reading path: String) throws(Problem) {
    guard try DirectoryListing.kind(of: path) != nil else { return nil }
    do {
      var configuration = SQLiteRegistry.configuration()
      // What a crash left half written is taken back by the first look at it, and not by one that may only read. Where the
      // file may only be read by whoever looks, there is that one alone.
      _ = try? DatabaseQueue(path: path, configuration: configuration).read { database in
        try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema")
      }
      configuration.readonly = true
      pool = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw Problem.storage("open what is kept of webhooks and witnesses", error)
    }
  }

  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 webhooks") { database in
      try database.execute(
        sql: """
          CREATE TABLE webhooks (
            id TEXT PRIMARY KEY,
            url TEXT NOT NULL,
            secret BLOB NOT NULL,
            position INTEGER NOT NULL,
            attempts INTEGER NOT NULL,
            not_before INTEGER,
            failure TEXT,
            stopped INTEGER NOT NULL CHECK (stopped IN (0, 1))
          ) STRICT, WITHOUT ROWID;
          CREATE TABLE deliveries (
            webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            event TEXT NOT NULL,
            state TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            answer TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (webhook, position)
          ) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2 cosignatures") { try $0.execute(sql: cosignatureTables) }
    migrator.registerMigration("3 alerts") { try $0.execute(sql: alertTables) }
    migrator.registerMigration("4 progress of alerts") { try $0.execute(sql: alertProgress) }
    return migrator
  }()

  /// All of them, by id.
  public func endpoints() async throws(Problem) -> [WebhookEndpoint] {
    try await read { try Self.endpoints($0, "SELECT * FROM webhooks ORDER BY id") }
  }

  /// One of them; nil where there is none.
  public func endpoint(_ id: String) async throws(Problem) -> WebhookEndpoint? {
    try await read { try Self.endpoints($0, "SELECT * FROM webhooks WHERE id = ?", [id]).first }
  }

  /// Adds one.
  public func put(_ endpoint: WebhookEndpoint) async throws(Problem) {
    try await write("keep a webhook") { database in
      let progress = endpoint.progress
      try database.execute(
        sql: "INSERT INTO webhooks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          endpoint.id, endpoint.url.description, RegistryRows.blob(endpoint.secret.bytes), progress.position,
          progress.attempts, progress.notBefore?.milliseconds, progress.failure, progress.isStopped,
        ])
    }
  }

  /// Erases one and what became of its events.
  public func remove(_ id: String) async throws(Problem) {
    try await write("erase a webhook") { database in
      try database.execute(sql: "DELETE FROM deliveries WHERE webhook = ?", arguments: [id])
      try database.execute(sql: "DELETE FROM webhooks WHERE id = ?", arguments: [id])
    }
  }

  /// Saves how far one has come and what became of an event, in one transaction.
  public func save(_ progress: WebhookProgress?, of id: String, _ delivery: WebhookDelivery?)
    async throws(Problem)
  {
    try await write("save how far a webhook has come") { database in
      // It may have been removed meanwhile.
      guard try !Self.endpoints(database, "SELECT * FROM webhooks WHERE id = ?", [id]).isEmpty else { return }
      if let progress {
        try database.execute(
          sql: """
            UPDATE webhooks SET position = ?, attempts = ?, not_before = ?, failure = ?, stopped = ?
            WHERE id = ?
            """,
          arguments: [
            progress.position, progress.attempts, progress.notBefore?.milliseconds, progress.failure,
            progress.isStopped, id,
          ])
      }
      guard let delivery else { return }
      try database.execute(
        sql: "INSERT OR REPLACE INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          id, delivery.position, delivery.event, delivery.state.rawValue, delivery.attempts, delivery.answer,
          delivery.at.milliseconds,
        ])
      // The oldest make room, those that are dead last.
      try database.execute(
        sql: """
          DELETE FROM deliveries WHERE webhook = ? AND position IN (
            SELECT position FROM deliveries WHERE webhook = ?
            ORDER BY state = 'dead' DESC, position DESC LIMIT -1 OFFSET ?)
          """, arguments: [id, id, Self.deliveryLimit])
    }
  }

  /// What became of the events of one, the newest first.
  public func deliveries(of id: String) async throws(Problem) -> [WebhookDelivery] {
    try await read { database in
      let sql = "SELECT * FROM deliveries WHERE webhook = ? ORDER BY position DESC"
      return try RegistryRows.rows(database, "deliveries", sql, [id]) { row in
        guard let state = WebhookDelivery.State(rawValue: try row.text("state")) else {
          throw row.malformed("state", "how a delivery ended")
        }
        return WebhookDelivery(
          position: Int(try row.integer("position")), event: try row.text("event"), state: state,
          attempts: Int(try row.integer("attempts")), answer: try row.text("answer"),
          at: try row.moment("at"))
      }
    }
  }

  private static func endpoints(
    _ database: Database, _ sql: String, _ arguments: StatementArguments = []
  ) throws -> [WebhookEndpoint] {
    try RegistryRows.rows(database, "webhooks", sql, arguments) { row in
      // Whether plain http was allowed is in the ledger, to which URL and secret are bound.
      guard let url = try? EndpointURL(parsing: try row.text("url"), allowingHTTP: true),
        let secret = WebhookSecret(bytes: try row.bytes("secret"))
      else { throw row.malformed("url", "a URL and a secret") }
      let position = Int(try row.integer("position"))
      let attempts = Int(try row.integer("attempts"))
      guard position >= 0, 0...WebhookProgress.attemptLimit ~= attempts else {
        throw row.malformed("position", "a place in the ledger")
      }
      return WebhookEndpoint(
        id: try row.text("id"), url: url, secret: secret,
        progress: WebhookProgress(
          position: position, attempts: attempts, notBefore: try row.optionalMoment("not_before"),
          failure: try row.optionalText("failure"), isStopped: try row.integer("stopped") == 1))
    }
  }

  func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws(Problem)
    -> Value
  {
    do { return try await pool.read(body) } catch {
      throw Problem.storage("read what is kept of webhooks and witnesses", error)
    }
  }

  func write(_ what: String, _ body: @escaping @Sendable (Database) throws -> Void) async throws(Problem) {
    do { try await pool.write(body) } catch { throw Problem.storage(what, error) }
  }
}
