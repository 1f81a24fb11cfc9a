public import Domain
import Encoding
import GRDB
import Glibc
import Lifecycle
public import Provenance

/// Makes a copy of a data directory from which all of it can be had again, beside the platform that writes to it.
///
/// The databases are copied first, each as it is at one moment, then the files that they name, which never change once they
/// are there. So a backup holds every act that was acknowledged before it began, and is laid out as a data directory:
/// what audits one audits the other.
///
/// What a crash leaves is a folder without `backup.json`, which nothing takes for a backup.
public struct DataBackup: Sendable {
  private let source: DataDirectory
  private let target: DataDirectory
  private let disk: Disk

  /// What is copied file by file; records of requests have to be named by the ledger.
  static let trees = ["blobs", "bundles", "keys", "rollouts"]
  /// What the next control plane takes into the registry, and so is copied before that.
  static let notes = "roll-backs"
  /// What is copied as SQLite has it at one moment; the registry, which comes first, apart.
  static let databases = ["people.sqlite", "relay.sqlite", "monitor.sqlite", "feedback.sqlite"]
  /// Single files.
  static let files = ["admin.token", "spool/salt"]
  /// What is of one process or one machine alone, or made again from the rest.
  static let leftOut = ["ingest", "lock", "plane", "registry.url", "server.url"]

  /// Copies from one data directory to a folder that is not there yet.
  public init(of source: DataDirectory, to target: String) {
    self.init(of: source, to: target, disk: Disk())
  }

  init(of source: DataDirectory, to target: String, disk: Disk) {
    self.source = source
    self.target = DataDirectory(path: target)
    self.disk = disk
  }

  /// Copies everything; `check` then says what is wrong with the copy, which is a data directory.
  ///
  /// Whole and durable when this returns. Throws `backup.exists` where there is such a folder, `backup.unsound` where the
  /// copy is not as it was written, `storage.…`, and what reading the registry does.
  public func callAsFunction(
    at moment: Timestamp, version: String, trusting key: CheckpointVerificationKey,
    check: (DataDirectory) async throws(Problem) -> [Problem]
  ) async throws(Problem) -> BackupDocument {
    guard try DirectoryListing.kind(of: source.registry) == .file else {
      throw Problem(
        .notFound, "storage.missing", "expected a data directory with a registry, found none",
        subject: source.path, hint: "name the data directory of a platform with --data")
    }
    guard try DirectoryListing.kind(of: target.path) == nil else {
      throw Problem(
        .conflict, "backup.exists", "expected a folder that is not there yet, found one",
        subject: target.path, hint: "name another; a backup is made once and never changed")
    }
    try disk.createDirectory(target.path)
    var copy = FileCopy(from: source.path, to: target.path, disk: disk)
    // What a control plane takes in meanwhile is in the copied registry then, and known there.
    try copy.tree(Self.notes)
    let checkpoint = try snapshot(trusting: key)
    try await copySegments(trusting: key, &copy)
    for tree in Self.trees { try copy.tree(tree) }
    for file in Self.files { try copy.file(file, isOptional: true) }
    for database in try Self.present(
      ["registry.sqlite", "registry.sqlite.head"] + Self.databases, in: target)
    {
      try copy.takeUp(database)
    }
    let problems = try await check(target)
    if let first = problems.first {
      throw Problem(
        .integrity, "backup.unsound",
        "expected a copy in which all is as it was written, found \(problems.count) problems, the first: \(first.message)",
        subject: first.subject,
        hint:
          "run 'gatehouse audit verify' on what it is a copy of; where that finds nothing, make another backup"
      )
    }
    return try finish(copy, checkpoint, moment, version)
  }

  /// Copies the databases, and puts the checkpoint that the copied registry has beside it.
  private func snapshot(trusting key: CheckpointVerificationKey) throws(Problem) -> Checkpoint {
    // The registry first: what the others know more than it is nobody's.
    for name in try Self.present(["registry.sqlite"] + Self.databases, in: source) {
      let file = try disk.create("\(target.path)/\(name)")
      do {
        var reading = SQLiteRegistry.configuration()
        reading.prepareDatabase { try $0.execute(sql: "PRAGMA query_only = ON") }
        let from = try DatabaseQueue(path: "\(source.path)/\(name)", configuration: reading)
        let to = try DatabaseQueue(path: "\(target.path)/\(name)")
        // All pages in one step, and so as they are at one moment.
        try from.backup(to: to)
        // One file alone: whoever opens it next may turn the log on again.
        try to.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = DELETE") }
        try to.close()
        try from.close()
      } catch {
        throw Problem.storage("copy the database", error)
      }
      try disk.sync(file)
    }
    let head: LedgerHead?
    do {
      let copied = try DatabaseQueue(path: target.registry, configuration: SQLiteRegistry.configuration())
      head = try copied.read { try LedgerHead.read($0, trusting: key) }
      try copied.close()
    } catch {
      throw Problem.storage("read the copied registry", error)
    }
    guard let head else {
      throw Problem(
        .conflict, "backup.empty", "expected a ledger with an entry at least, found none",
        subject: source.path,
        hint: "start the platform once")
    }
    try disk.replaceDurably(
      LedgerHead.anchorPath(of: target.registry), with: Array(head.checkpoint.text.utf8))
    return head.checkpoint
  }

  /// Copies the segments of access records that the copied ledger knows, and those that were set aside.
  private func copySegments(
    trusting key: CheckpointVerificationKey, _ copy: inout FileCopy
  ) async throws(Problem) {
    let registry = try SQLiteRegistry(reading: target.registry, trusting: key)
    var last: SegmentName?
    while true {
      let page = try await registry.segments(after: last, count: 1000)
      for segment in page { try copy.file("records/\(segment.name).segment") }
      guard let final = page.last else { break }
      last = final.name
    }
    try copy.tree("records/corrupt")
    try registry.close()
  }

  /// Writes the list of what was copied, and then that it is a backup.
  private func finish(
    _ copy: FileCopy, _ checkpoint: Checkpoint, _ moment: Timestamp, _ version: String
  ) throws(Problem) -> BackupDocument {
    let sums = try FileSums(copy.files).bytes
    try disk.replaceDurably("\(target.path)/\(BackupDocument.sumsName)", with: sums)
    let document = BackupDocument(
      made: moment, version: version, entries: checkpoint.size, root: checkpoint.root,
      files: copy.files.count, byteCount: copy.byteCount, sums: Digest(of: sums))
    // A crash before this leaves a folder that is no backup.
    try disk.replaceDurably(
      "\(target.path)/\(BackupDocument.name)", with: document.json.canonicalBytes + [0x0A])
    try disk.syncDirectory(DiskPath.parent(of: target.path))
    return document
  }

  private static func present(_ names: [String], in directory: DataDirectory) throws(Problem) -> [String] {
    var present: [String] = []
    for name in names where try DirectoryListing.kind(of: "\(directory.path)/\(name)") == .file {
      present.append(name)
    }
    return present
  }
}
