import Domain
import GRDB

/// A SQLite file beside the registry in which nothing is left of what is erased.
enum ErasingDatabase {
  /// Opens the file at `path`, or founds it, and brings it to its last form; `what` is opened, in messages.
  ///
  /// Nothing is set aside by itself where it does not read: what is masked or taken back later would go on being in there, where
  /// nobody erases it. `loss` is what is gone where somebody moves it away, and the platform founds another; nil where it
  /// cannot do without. Throws `storage.…`.
  static func open(
    _ path: String, label: String, what: String, loss: String? = nil, _ migrator: DatabaseMigrator
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
      throw problem("open \(what)", error, path, loss: loss)
    }
  }

  /// What a file failed with, and what can be done about that file; what somebody else threw stays as it is.
  static func problem(_ doing: String, _ error: any Error, _ path: String, loss: String?) -> Problem {
    var problem = Problem.storage(doing, error)
    guard !(error is Problem) else { return problem }
    problem.subject = path
    guard problem.code == "storage.corrupt" else { return problem }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    problem.hint = "restore \(name) from a backup"
    if let loss {
      problem.hint? += ", or move it away, which loses \(loss), and delete it when it is of no more use"
    }
    return problem
  }
}
