import Domain
import Encoding
import Foundation
import GRDB
import Lifecycle

/// The tables of the registry as records, and changes as statements.
enum RegistryRows {
  static func modelNames(_ database: Database) throws -> [ModelName] {
    try rows(database, "versions", "SELECT DISTINCT name FROM versions ORDER BY name") { try $0.name("name") }
  }

  /// All versions of one model, or of all models.
  static func versions(_ database: Database, of name: ModelName? = nil) throws -> [ModelVersion] {
    let sql = "SELECT * FROM versions\(name == nil ? "" : " WHERE name = ?") ORDER BY name, version"
    let arguments: StatementArguments = name.map { [$0.description] } ?? []
    return try rows(database, "versions", sql, arguments) { row in
      ModelVersion(
        reference: VersionReference(name: try row.name("name"), version: try row.version("version")),
        bundle: try row.digest("bundle"), artifact: try row.digest("artifact"),
        policy: try row.digest("policy"), framework: try row.text("framework"),
        pushedBy: try row.principal("pushed_by"), admittedAt: try row.moment("admitted_at"),
        trainingData: try row.trainingData("training_data"))
    }
  }

  static func deployments(_ database: Database) throws -> [Deployment] {
    try rows(database, "deployments", "SELECT * FROM deployments ORDER BY name") { row in
      Deployment(
        name: try row.name("name"), version: try row.version("version"), bundle: try row.digest("bundle"),
        since: try row.moment("since"))
    }
  }

  static func aliases(_ database: Database) throws -> [Alias] {
    try rows(database, "aliases", "SELECT * FROM aliases ORDER BY name, alias") { row in
      Alias(
        model: try row.name("name"), name: try row.alias("alias"), version: try row.version("version"),
        bundle: try row.digest("bundle"), since: try row.moment("since"))
    }
  }

  static func keys(_ database: Database) throws -> [PredictionKey] {
    try rows(database, "prediction_keys", "SELECT * FROM prediction_keys ORDER BY position") { row in
      PredictionKey(
        id: try row.text("id"), hash: try row.digest("hash"), deployment: try row.name("deployment"),
        createdAt: try row.moment("created_at"),
        terms: KeyTerms(limits: try row.limits(), expiresAt: try row.optionalMoment("expires_at")),
        revokedAt: try row.optionalMoment("revoked_at"))
    }
  }

  static func quarantined(_ database: Database) throws -> [QuarantinedArtifact] {
    try rows(database, "quarantine", "SELECT * FROM quarantine ORDER BY position") { row in
      QuarantinedArtifact(
        artifact: try row.digest("artifact"), name: try row.name("name"), verdict: try row.verdict("verdict"),
        pushedBy: try row.principal("pushed_by"), refusedAt: try row.moment("refused_at"))
    }
  }

  static func rows<Record>(
    _ database: Database, _ table: String, _ sql: String, _ arguments: StatementArguments = [],
    _ record: (StoredRow) throws -> Record
  ) throws -> [Record] {
    let cursor = try Row.fetchCursor(database, sql: sql, arguments: arguments)
    var records: [Record] = []
    while let row = try cursor.next() { records.append(try record(StoredRow(row, of: table))) }
    return records
  }

  /// Makes one change; the rules are those of `RegistryState.apply`.
  static func apply(_ change: RegistryChange, _ database: Database) throws {
    switch change {
    case .addVersion(let version):
      let name = version.reference.name
      let last = try versions(database, of: name).last?.reference.version
      try require(
        version.reference.version == last?.next ?? .first, "the next version of '\(name)'",
        version.reference.description)
      try database.execute(
        sql: "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          name.description, version.reference.version.value, blob(version.bundle), blob(version.artifact),
          blob(version.policy), version.framework, version.pushedBy.description,
          version.admittedAt.milliseconds, version.trainingData.json.canonicalText,
        ])
    case .setDeployment(let deployment):
      try requireVersion(deployment.version, deployment.bundle, of: deployment.name, database)
      try database.execute(
        sql: """
          INSERT INTO deployments VALUES (?, ?, ?, ?) ON CONFLICT (name)
          DO UPDATE SET version = excluded.version, bundle = excluded.bundle, since = excluded.since
          """,
        arguments: [
          deployment.name.description, deployment.version.value, blob(deployment.bundle),
          deployment.since.milliseconds,
        ])
    case .setAlias(let alias):
      try requireVersion(alias.version, alias.bundle, of: alias.model, database)
      try database.execute(
        sql: """
          INSERT INTO aliases VALUES (?, ?, ?, ?, ?) ON CONFLICT (name, alias)
          DO UPDATE SET version = excluded.version, bundle = excluded.bundle, since = excluded.since
          """,
        arguments: [
          alias.model.description, alias.name.description, alias.version.value, blob(alias.bundle),
          alias.since.milliseconds,
        ])
    case .removeAlias(let alias, let name, _):
      try database.execute(
        sql: "DELETE FROM aliases WHERE name = ? AND alias = ?",
        arguments: [name.description, alias.description])
      try require(database.changesCount == 1, "an alias that exists", "\(name)@\(alias)")
    case .addKey(let key):
      try database.execute(
        sql: """
          INSERT INTO prediction_keys
          (id, hash, deployment, created_at, revoked_at, expires_at, rate, burst, daily)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """,
        arguments: [
          key.id, blob(key.hash), key.deployment.description, key.createdAt.milliseconds,
          key.revokedAt?.milliseconds, key.terms.expiresAt?.milliseconds, key.terms.limits.rate,
          key.terms.limits.burst, key.terms.limits.daily,
        ])
      try require(database.changesCount == 1, "a new key id", key.id)
    case .revokeKey(let id, let moment):
      try database.execute(
        sql: "UPDATE prediction_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
        arguments: [moment.milliseconds, id])
      try require(database.changesCount == 1, "the id of a key in force", id)
    case .setIssuer(let configured): try set(configured, database)
    case .removeIssuer(let url, _): try removeIssuer(url, database)
    case .setPolicy(let settings): try set(settings, database)
    case .quarantine(let refused):
      try database.execute(
        sql: """
          INSERT INTO quarantine (artifact, name, verdict, pushed_by, refused_at)
          VALUES (?, ?, ?, ?, ?) ON CONFLICT (artifact, name) DO NOTHING
          """,
        arguments: [
          blob(refused.artifact), refused.name.description, refused.verdict.rawValue,
          refused.pushedBy.description, refused.refusedAt.milliseconds,
        ])
    case .addSegment(let segment): try add(segment, database)
    case .addDamagedSegment(let damaged): try add(damaged, database)
    case .addImage(let image): try add(image, database)
    case .addSealKey(let key): try add(key, database)
    case .changeSealKey(let change): try apply(change, database)
    case .revokeVersion(let revocation): try revoke(revocation, database)
    case .putManifest(let manifest): try put(manifest, database)
    case .removeManifest(let digest, let repository, _):
      try removeManifest(digest, of: repository, database)
    case .setTag(let tag): try set(tag, database)
    case .removeTag(let tag, let repository, _): try removeTag(tag, of: repository, database)
    case .access(let change): try apply(change, database)
    case .governance(let change): try apply(change, database)
    }
  }

  static func requireVersion(
    _ number: VersionNumber, _ bundle: Digest, of name: ModelName, _ database: Database
  ) throws {
    let version = try versions(database, of: name).first { $0.reference.version == number }
    try require(
      version?.bundle == bundle, "the bundle of a version of '\(name)'", "\(name)@\(number)")
  }

  static func blob(_ digest: Digest) -> DatabaseValue { blob(digest.bytes) }

  static func blob(_ bytes: [UInt8]) -> DatabaseValue { Data(bytes).databaseValue }

  static func require(_ condition: Bool, _ expected: String, _ found: String) throws(Problem) {
    guard condition else {
      throw Problem(
        .conflict, "registry.conflict", "expected \(expected), found '\(found)'", subject: found)
    }
  }
}
