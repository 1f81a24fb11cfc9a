import Domain
import GRDB

/// A SQLite file beside the registry in which nothing is left of what is erased.
enum ErasingDatabase {
  /// Opens the file at `path`, or founds it, and brings it to its last form; `what` is opened, in messages.
  ///
  /// Throws `storage.…`.
  static func open(
    _ path: String, label: String, what: String, _ migrator: DatabaseMigrator
  ) throws(Problem) -> DatabaseQueue {
    let disk = Disk()
    if try DirectoryListing.kind(of: path) == nil {
      _ = try disk.create(path)
      try disk.syncDirectory(DiskPath.parent(of: path))
    }
    do {
      var configuration = SQLiteRegistry.configuration()
      configuration.label = label
      configuration.prepareDatabase { database in
        // Erased bytes are overwritten with zeros, and the journal with them is removed at each commit.
        try database.execute(
          sql: "PRAGMA secure_delete = ON; PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA")
      }
      let pool = try DatabaseQueue(path: path, configuration: configuration)
      try migrator.migrate(pool)
      return pool
    } catch {
      throw Problem.storage("open \(what)", error)
    }
  }
}
