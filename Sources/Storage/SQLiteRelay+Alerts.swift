public import Alerting
public import Domain
import GRDB
public import Lifecycle

extension SQLiteRelay: AlertStore {
  static let alertTables = """
    CREATE TABLE alerts (
      id TEXT PRIMARY KEY,
      rule TEXT NOT NULL,
      deployment TEXT,
      subject TEXT NOT NULL,
      severity TEXT NOT NULL,
      runbook TEXT,
      began INTEGER NOT NULL,
      seen INTEGER NOT NULL,
      ended INTEGER,
      figures TEXT NOT NULL,
      acknowledged_by TEXT,
      acknowledged_at INTEGER,
      begin_recorded INTEGER NOT NULL DEFAULT 0,
      end_recorded INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX alerts_ended ON alerts (ended, began);
    CREATE INDEX alerts_unrecorded ON alerts (began)
      WHERE begin_recorded = 0 OR ended IS NOT NULL AND end_recorded = 0;
    CREATE TABLE receivers (
      name TEXT PRIMARY KEY,
      url TEXT NOT NULL,
      secret BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE alert_deliveries (
      receiver TEXT NOT NULL REFERENCES receivers (name) ON DELETE CASCADE,
      alert TEXT NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
      told TEXT,
      told_at INTEGER,
      attempts INTEGER NOT NULL,
      not_before INTEGER,
      failure TEXT,
      PRIMARY KEY (receiver, alert)
    ) STRICT, WITHOUT ROWID;
    """

  static let alertProgress = """
    ALTER TABLE alert_deliveries ADD COLUMN trying TEXT;
    ALTER TABLE alerts ADD COLUMN acknowledged_recorded INTEGER NOT NULL DEFAULT 0;
    DROP INDEX alerts_unrecorded;
    CREATE INDEX alerts_unrecorded ON alerts (began)
      WHERE begin_recorded = 0 OR acknowledged_at IS NOT NULL AND acknowledged_recorded = 0
        OR ended IS NOT NULL AND end_recorded = 0;
    """

  /// Those that stand, then those that are over, the newest first.
  public func alerts(over count: Int) async throws(Problem) -> [AlertRecord] {
    try await read { database in
      let standing = try Self.alerts(
        database, "SELECT * FROM alerts WHERE ended IS NULL ORDER BY began DESC, id")
      guard count > 0 else { return standing }
      let over = try Self.alerts(
        database, "SELECT * FROM alerts WHERE ended IS NOT NULL ORDER BY ended DESC, began DESC, id LIMIT ?",
        [count])
      return standing + over
    }
  }

  /// One of them.
  public func alert(_ id: String) async throws(Problem) -> AlertRecord? {
    try await read { try Self.alerts($0, "SELECT * FROM alerts WHERE id = ?", [id]).first }
  }

  /// Keeps alerts as they are now, in one transaction.
  public func save(_ alerts: [AlertRecord]) async throws(Problem) {
    try await write("keep alerts") { database in
      for alert in alerts {
        try database.execute(
          sql: """
            INSERT INTO alerts (id, rule, deployment, subject, severity, runbook, began, seen, ended, figures)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, ended = excluded.ended, figures = excluded.figures
            """,
          arguments: [
            alert.id, alert.source.rule.rawValue, alert.source.deployment?.description, alert.source.subject,
            alert.severity.rawValue, alert.runbook, alert.began.milliseconds, alert.seen.milliseconds,
            alert.ended?.milliseconds, alert.figures,
          ])
      }
    }
  }

  /// Keeps who has taken an alert on, unless somebody has.
  public func acknowledge(_ id: String, _ acknowledgement: AlertRecord.Acknowledgement) async throws(Problem)
  {
    try await write("keep who has taken an alert on") { database in
      try database.execute(
        sql:
          "UPDATE alerts SET acknowledged_by = ?, acknowledged_at = ? WHERE id = ? AND acknowledged_by IS NULL",
        arguments: [acknowledgement.by.description, acknowledgement.at.milliseconds, id])
    }
  }

  /// Beginnings, ends, and that somebody has one, without an entry in the ledger, the oldest first.
  public func unrecorded(_ count: Int) async throws(Problem) -> [(alert: AlertRecord, news: AlertNews)] {
    try await read { database in
      let sql = """
        SELECT * FROM alerts WHERE begin_recorded = 0
          OR acknowledged_at IS NOT NULL AND acknowledged_recorded = 0
          OR ended IS NOT NULL AND end_recorded = 0
        ORDER BY began, id LIMIT ?
        """
      let rows = try RegistryRows.rows(database, "alerts", sql, [count]) { row in
        let alert = try Self.alert(row)
        var waiting: [(alert: AlertRecord, news: AlertNews)] = []
        if try row.integer("begin_recorded") == 0 { waiting.append((alert, .began)) }
        if try alert.acknowledgement != nil && row.integer("acknowledged_recorded") == 0 {
          waiting.append((alert, .acknowledged))
        }
        if try !alert.isStanding && row.integer("end_recorded") == 0 { waiting.append((alert, .ended)) }
        return waiting
      }
      return Array(rows.joined().prefix(count))
    }
  }

  /// Says that what became of an alert has its entry.
  public func noteRecorded(_ id: String, _ news: AlertNews) async throws(Problem) {
    try await write("keep that an alert is in the ledger") { database in
      let column =
        switch news {
        case .began: "begin_recorded"
        case .acknowledged: "acknowledged_recorded"
        case .ended: "end_recorded"
        }
      try database.execute(sql: "UPDATE alerts SET \(column) = 1 WHERE id = ?", arguments: [id])
    }
  }

  /// Removes what ended before a moment, and what ended first of more than so many.
  public func prune(before moment: Timestamp, keeping count: Int) async throws(Problem) {
    try await write("remove alerts that are over") { database in
      try database.execute(
        sql: """
          DELETE FROM alerts WHERE ended < ? AND begin_recorded = 1 AND end_recorded = 1
            AND (acknowledged_at IS NULL OR acknowledged_recorded = 1)
          """,
        arguments: [moment.milliseconds])
      try database.execute(
        sql: """
          DELETE FROM alerts WHERE id IN (
            SELECT id FROM alerts WHERE ended IS NOT NULL
            ORDER BY ended DESC, began DESC, id LIMIT -1 OFFSET ?)
            AND begin_recorded = 1 AND end_recorded = 1
            AND (acknowledged_at IS NULL OR acknowledged_recorded = 1)
          """,
        arguments: [count])
    }
  }

  /// Where receivers are told, by name.
  public func receivers() async throws(Problem) -> [ReceiverEndpoint] {
    try await read { database in
      guard try database.tableExists("receivers") else { return [] }
      return try RegistryRows.rows(database, "receivers", "SELECT * FROM receivers ORDER BY name") { row in
        // Whether plain http was allowed is in the ledger, to which URL and secret are bound.
        guard let url = try? EndpointURL(parsing: try row.text("url"), allowingHTTP: true) else {
          throw row.malformed("url", "a URL")
        }
        return ReceiverEndpoint(name: try row.text("name"), url: url, secret: try row.bytes("secret"))
      }
    }
  }

  /// Adds one.
  public func put(_ endpoint: ReceiverEndpoint) async throws(Problem) {
    try await write("keep a receiver of alerts") { database in
      try database.execute(
        sql: "INSERT INTO receivers VALUES (?, ?, ?)",
        arguments: [endpoint.name, endpoint.url.description, RegistryRows.blob(endpoint.secret)])
    }
  }

  /// Erases one and what it was told.
  public func removeReceiver(_ name: String) async throws(Problem) {
    try await write("erase a receiver of alerts") { database in
      try database.execute(sql: "DELETE FROM alert_deliveries WHERE receiver = ?", arguments: [name])
      try database.execute(sql: "DELETE FROM receivers WHERE name = ?", arguments: [name])
    }
  }

  /// How far a receiver has been told, by alert.
  public func deliveries(to receiver: String) async throws(Problem) -> [AlertDelivery] {
    try await read { database in
      let sql = "SELECT * FROM alert_deliveries WHERE receiver = ? ORDER BY alert"
      return try RegistryRows.rows(database, "alert_deliveries", sql, [receiver]) { row in
        func news(_ column: String) throws(Problem) -> AlertNews? {
          guard let word = try row.optionalText(column) else { return nil }
          guard let news = AlertNews(rawValue: word) else {
            throw row.malformed(column, "what a receiver was told")
          }
          return news
        }
        return AlertDelivery(
          receiver: try row.text("receiver"), alert: try row.text("alert"),
          told: try news("told"), toldAt: try row.optionalMoment("told_at"), trying: try news("trying"),
          attempts: Int(try row.integer("attempts")), notBefore: try row.optionalMoment("not_before"),
          failure: try row.optionalText("failure"))
      }
    }
  }

  /// Saves how far a receiver has been told of an alert.
  public func save(_ delivery: AlertDelivery, at endpoint: ReceiverEndpoint) async throws(Problem) {
    try await write("save how far a receiver has been told") { database in
      // Either may have been removed meanwhile, and another receiver be there by its name.
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO alert_deliveries
            (receiver, alert, told, told_at, trying, attempts, not_before, failure)
          SELECT receivers.name, alerts.id, ?, ?, ?, ?, ?, ? FROM receivers, alerts
          WHERE receivers.name = ? AND receivers.url = ? AND receivers.secret = ? AND alerts.id = ?
          """,
        arguments: [
          delivery.told?.rawValue, delivery.toldAt?.milliseconds, delivery.trying?.rawValue,
          delivery.attempts, delivery.notBefore?.milliseconds, delivery.failure, delivery.receiver,
          endpoint.url.description, RegistryRows.blob(endpoint.secret), delivery.alert,
        ])
    }
  }

  private static func alerts(
    _ database: Database, _ sql: String, _ arguments: StatementArguments = []
  ) throws -> [AlertRecord] {
    guard try database.tableExists("alerts") else { return [] }
    return try RegistryRows.rows(database, "alerts", sql, arguments) { row in try alert(row) }
  }

  private static func alert(_ row: StoredRow) throws -> AlertRecord {
    guard let rule = AlertRule(rawValue: try row.text("rule")),
      let severity = AlertSeverity(rawValue: try row.text("severity"))
    else { throw row.malformed("rule", "a rule and a severity of alerts") }
    let deployment = try row.optionalText("deployment").map { try ModelName(parsing: $0) }
    var acknowledgement: AlertRecord.Acknowledgement?
    if let moment = try row.optionalMoment("acknowledged_at") {
      acknowledgement = .init(by: try row.principal("acknowledged_by"), at: moment)
    }
    return AlertRecord(
      id: try row.text("id"), source: AlertSource(rule, of: deployment, try row.text("subject")),
      severity: severity, runbook: try row.optionalText("runbook"), began: try row.moment("began"),
      seen: try row.moment("seen"), ended: try row.optionalMoment("ended"), figures: try row.text("figures"),
      acknowledgement: acknowledgement)
  }
}
