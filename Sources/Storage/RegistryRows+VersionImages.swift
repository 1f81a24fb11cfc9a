import Domain
import Encoding
import GRDB

// The rows of images of versions.

extension RegistryRows {
  /// All images, oldest first.
  static func images(_ database: Database) throws -> [VersionImage] {
    try rows(database, "images", "SELECT * FROM images ORDER BY position", [], image)
  }

  /// The image with this manifest; nil where there is none.
  static func image(_ database: Database, manifest: Digest) throws -> VersionImage? {
    try rows(database, "images", "SELECT * FROM images WHERE manifest = ?", [blob(manifest)], image).first
  }

  private static func image(_ row: StoredRow) throws -> VersionImage {
    VersionImage(
      reference: VersionReference(name: try row.name("name"), version: try row.version("version")),
      bundle: try row.digest("bundle"), manifest: try row.digest("manifest"),
      program: try row.digest("program"), trusted: try row.texts("trusted"), tool: try row.text("tool"),
      packedAt: try row.moment("packed_at"))
  }

  static func add(_ image: VersionImage, _ database: Database) throws {
    try requireVersion(image.reference.version, image.bundle, of: image.reference.name, database)
    try database.execute(
      sql: """
        INSERT INTO images (manifest, name, version, bundle, program, trusted, tool, packed_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (manifest) DO NOTHING
        """,
      arguments: [
        blob(image.manifest), image.reference.name.description, image.reference.version.value,
        blob(image.bundle), blob(image.program), JSON.array(image.trusted.map { .string($0) }).canonicalText,
        image.tool, image.packedAt.milliseconds,
      ])
    try require(database.changesCount == 1, "a new image", image.manifest.description)
  }
}
