import Domain
import GRDB
import Packaging

// The rows of what is in repositories.

extension RegistryRows {
  static func repositories(_ database: Database) throws -> [RepositoryName] {
    try rows(database, "manifests", "SELECT DISTINCT repository FROM manifests ORDER BY repository") {
      try $0.repository("repository")
    }
  }

  /// The manifests of one repository, or of all.
  static func manifests(_ database: Database, of repository: RepositoryName? = nil) throws -> [StoredManifest]
  {
    let condition = repository == nil ? "" : " WHERE repository = ?"
    return try rows(
      database, "manifests", "SELECT * FROM manifests\(condition) ORDER BY repository, digest",
      repository.map { [$0.description] } ?? [], manifest)
  }

  static func manifest(_ database: Database, _ digest: Digest, of repository: RepositoryName) throws
    -> StoredManifest?
  {
    try rows(
      database, "manifests", "SELECT * FROM manifests WHERE repository = ? AND digest = ?",
      [repository.description, blob(digest)], manifest
    ).first
  }

  static func referrers(_ database: Database, of subject: Digest, in repository: RepositoryName) throws
    -> [StoredManifest]
  {
    try rows(
      database, "manifests", "SELECT * FROM manifests WHERE repository = ? AND subject = ? ORDER BY digest",
      [repository.description, blob(subject)], manifest)
  }

  private static func manifest(_ row: StoredRow) throws -> StoredManifest {
    StoredManifest(
      repository: try row.repository("repository"), digest: try row.digest("digest"),
      mediaType: MediaType(rawValue: try row.text("media_type")), size: Int(try row.integer("size")),
      subject: try row.optionalDigest("subject"), artifactType: try row.optionalText("artifact_type"),
      pushedBy: try row.principal("pushed_by"), pushedAt: try row.moment("pushed_at"))
  }

  /// All tags of all repositories, by repository and tag.
  static func tags(_ database: Database) throws -> [RepositoryTag] {
    try rows(
      database, "tags", "SELECT * FROM tags ORDER BY repository, lower(tag), tag", [], tag)
  }

  /// At most `count` tags in their order, those after `last` alone.
  static func tags(
    _ database: Database, of repository: RepositoryName, after last: ImageTag?, count: Int
  ) throws -> [RepositoryTag] {
    // SQLite's `lower` knows the letters of ASCII alone, which are all that a tag may have.
    try rows(
      database, "tags",
      """
      SELECT * FROM tags WHERE repository = ? AND (lower(tag), tag) > (?, ?)
      ORDER BY lower(tag), tag LIMIT ?
      """,
      [repository.description, last?.text.lowercased() ?? "", last?.text ?? "", max(0, count)], tag)
  }

  static func tag(_ database: Database, _ name: ImageTag, of repository: RepositoryName) throws
    -> RepositoryTag?
  {
    try rows(
      database, "tags", "SELECT * FROM tags WHERE repository = ? AND tag = ?",
      [repository.description, name.text], tag
    ).first
  }

  private static func tag(_ row: StoredRow) throws -> RepositoryTag {
    RepositoryTag(
      repository: try row.repository("repository"), tag: try row.tag("tag"),
      manifest: try row.digest("manifest"), since: try row.moment("since"))
  }

  static func put(_ manifest: StoredManifest, _ database: Database) throws {
    try database.execute(
      sql: """
        INSERT INTO manifests
        (repository, digest, media_type, size, subject, artifact_type, pushed_by, pushed_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
      arguments: [
        manifest.repository.description, blob(manifest.digest), manifest.mediaType.rawValue, manifest.size,
        manifest.subject.map { blob($0) }, manifest.artifactType, manifest.pushedBy.description,
        manifest.pushedAt.milliseconds,
      ])
    try require(database.changesCount == 1, "a new manifest", manifest.digest.short)
  }

  static func removeManifest(_ digest: Digest, of repository: RepositoryName, _ database: Database) throws {
    // The tags first, since they refer to it.
    try database.execute(
      sql: "DELETE FROM tags WHERE repository = ? AND manifest = ?",
      arguments: [repository.description, blob(digest)])
    try database.execute(
      sql: "DELETE FROM manifests WHERE repository = ? AND digest = ?",
      arguments: [repository.description, blob(digest)])
    try require(database.changesCount == 1, "a manifest of '\(repository)'", digest.short)
  }

  static func set(_ tag: RepositoryTag, _ database: Database) throws {
    try require(
      manifest(database, tag.manifest, of: tag.repository) != nil, "a manifest of '\(tag.repository)' to tag",
      tag.manifest.short)
    try database.execute(
      sql: """
        INSERT INTO tags VALUES (?, ?, ?, ?) ON CONFLICT (repository, tag)
        DO UPDATE SET manifest = excluded.manifest, since = excluded.since
        """,
      arguments: [
        tag.repository.description, tag.tag.text, blob(tag.manifest), tag.since.milliseconds,
      ])
  }

  static func removeTag(_ tag: ImageTag, of repository: RepositoryName, _ database: Database) throws {
    try database.execute(
      sql: "DELETE FROM tags WHERE repository = ? AND tag = ?",
      arguments: [repository.description, tag.text])
    try require(database.changesCount == 1, "a tag of '\(repository)'", tag.text)
  }
}

extension StoredRow {
  func repository(_ column: String) throws(Problem) -> RepositoryName {
    guard let name = try? RepositoryName(parsing: try text(column)) else {
      throw malformed(column, "the name of a repository")
    }
    return name
  }

  func tag(_ column: String) throws(Problem) -> ImageTag {
    guard let tag = try? ImageTag(parsing: try text(column)) else { throw malformed(column, "a tag") }
    return tag
  }

  func optionalDigest(_ column: String) throws(Problem) -> Digest? {
    try isNull(column) ? nil : digest(column)
  }
}
