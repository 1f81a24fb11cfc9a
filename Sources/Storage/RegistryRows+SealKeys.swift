import Domain
import GRDB
import Lifecycle

// The rows of the keys of seals, and of versions that are withdrawn.

extension RegistryRows {
  /// None where the registry is read before this release has opened it to write.
  static func sealKeys(_ database: Database) throws -> [SealKey] {
    guard try database.tableExists("seal_keys") else { return [] }
    return try rows(database, "seal_keys", "SELECT * FROM seal_keys ORDER BY position") { row in
      guard let state = SealKey.State(rawValue: try row.text("state")) else {
        throw row.malformed("state", "the state of a key")
      }
      return SealKey(
        hint: try row.text("hint"), pem: try row.text("pem"), curve: try row.text("curve"),
        isOwn: try row.integer("own") == 1, addedAt: try row.moment("added_at"), state: state,
        changedAt: try row.moment("changed_at"), reason: try row.optionalText("reason"))
    }
  }

  /// The rules are those of `KnownSealKeys`.
  static func add(_ key: SealKey, _ database: Database) throws {
    try require(
      key.state.isTrusted && (key.isOwn || key.state == .trusted), "a new key of seals, active or trusted",
      key.hint)
    if key.state == .active {
      try database.execute(
        sql: "UPDATE seal_keys SET state = 'trusted', changed_at = ?, reason = NULL WHERE state = 'active'",
        arguments: [key.addedAt.milliseconds])
    }
    try database.execute(
      sql: """
        INSERT INTO seal_keys (hint, pem, curve, own, added_at, state, changed_at, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hint) DO NOTHING
        """,
      arguments: [
        key.hint, key.pem, key.curve, key.isOwn, key.addedAt.milliseconds, key.state.rawValue,
        key.changedAt.milliseconds, key.reason,
      ])
    try require(database.changesCount == 1, "a new key of seals", key.hint)
  }

  static func apply(_ change: SealKeyChange, _ database: Database) throws {
    let state = try sealKeys(database).first { $0.hint == change.hint }?.state
    try require(
      state?.allows(change.state) == true, "a key that can be \(change.state.rawValue)", change.hint)
    try database.execute(
      sql: "UPDATE seal_keys SET state = ?, changed_at = ?, reason = ? WHERE hint = ?",
      arguments: [change.state.rawValue, change.moment.milliseconds, change.reason, change.hint])
  }

  static func revokedVersions(_ database: Database) throws -> [Revocations.Version] {
    guard try database.tableExists("revoked_versions") else { return [] }
    return try rows(database, "revoked_versions", "SELECT * FROM revoked_versions ORDER BY position") { row in
      Revocations.Version(
        reference: VersionReference(name: try row.name("name"), version: try row.version("version")),
        bundle: try row.digest("bundle"), since: try row.moment("revoked_at"), reason: try row.text("reason"))
    }
  }

  static func revoke(_ revocation: Revocations.Version, _ database: Database) throws {
    let reference = revocation.reference
    try requireVersion(reference.version, revocation.bundle, of: reference.name, database)
    try database.execute(
      sql: """
        INSERT INTO revoked_versions (name, version, bundle, reason, revoked_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT (name, version) DO NOTHING
        """,
      arguments: [
        reference.name.description, reference.version.value, blob(revocation.bundle), revocation.reason,
        revocation.since.milliseconds,
      ])
    try require(database.changesCount == 1, "a version in force", reference.description)
  }
}
