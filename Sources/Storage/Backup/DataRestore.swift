public import Domain
import Encoding
import Glibc
import Provenance

/// Makes a data directory from a backup.
///
/// The directory is there, whole and checked, or it is not: what a crash leaves is a folder beside it whose name ends in
/// `.restoring`, which the next restoring removes.
public struct DataRestore: Sendable {
  private let backup: String
  private let target: DataDirectory
  private let disk: Disk

  /// Restores a backup to a directory that is not there yet, or is empty.
  public init(of backup: String, to target: DataDirectory) {
    self.init(of: backup, to: target, disk: Disk())
  }

  init(of backup: String, to target: DataDirectory, disk: Disk) {
    self.backup = backup
    self.target = target
    self.disk = disk
  }

  /// Copies everything, holds each file against what it hashed to, and has `check` say what is wrong with the whole.
  ///
  /// Durable when this returns. Throws `backup.unfinished`, `backup.changed`, `backup.unsound`, `restore.occupied`.
  public func callAsFunction(
    check: (DataDirectory) async throws(Problem) -> [Problem]
  ) async throws(Problem) -> BackupDocument {
    let document = try Self.document(of: backup)
    let sums = try sums(of: document)
    guard try DirectoryListing.entries(of: target.path).isEmpty,
      try [nil, .directory].contains(DirectoryListing.kind(of: target.path))
    else {
      throw Problem(
        .conflict, "restore.occupied",
        "expected a data directory that is not there yet or empty, found another",
        subject: target.path, hint: "name another with --data, or move that one away")
    }
    let parts = "\(target.path).restoring"
    try disk.removeTreeIfThere(parts)
    try disk.createDirectory(parts)
    var copy = FileCopy(from: backup, to: parts, disk: disk)
    for file in sums.files {
      try copy.file(file.path)
      guard copy.files.last?.digest == file.digest else {
        throw Problem(
          .integrity, "backup.changed", "expected a file as it was when the backup was made, found another",
          subject: "\(backup)/\(file.path)", hint: "restore another backup")
      }
    }
    for folder in try Self.folders(below: parts) { try disk.syncDirectory(folder) }
    if let first = try await check(DataDirectory(path: parts)).first {
      throw Problem(
        .integrity, "backup.unsound",
        "expected a backup in which all is as it was written, found: \(first.message)",
        subject: first.subject,
        hint: "restore another backup")
    }
    // So that the platform writes into its ledger where it comes from when it starts.
    try disk.replaceDurably(
      "\(parts)/\(Restored.name)", with: document.json.canonicalBytes + [0x0A])
    // A crash before this leaves the folder aside, after it a data directory that is whole. Of an empty directory the
    // rename takes the place.
    try disk.rename(parts, to: target.path)
    try disk.syncDirectory(DiskPath.parent(of: target.path))
    return document
  }

  /// What a backup says of itself; throws `backup.unfinished` where it says nothing.
  public static func document(of backup: String) throws(Problem) -> BackupDocument {
    guard let bytes = try DurableFile.read("\(backup)/\(BackupDocument.name)", limit: 1 << 16) else {
      throw Problem(
        .badInput, "backup.unfinished",
        "expected a backup, found a folder without '\(BackupDocument.name)' or none",
        subject: backup, hint: "name a folder that 'gatehouse backup' has come to the end of")
    }
    return try BackupDocument(parsing: bytes)
  }

  private func sums(of document: BackupDocument) throws(Problem) -> FileSums {
    let path = "\(backup)/\(BackupDocument.sumsName)"
    guard let bytes = try DurableFile.read(path, limit: FileSums.sizeLimit),
      Digest(of: bytes) == document.sums
    else {
      throw Problem(
        .integrity, "backup.changed",
        "expected the list of files as it was when the backup was made, found another or none",
        subject: path, hint: "restore another backup")
    }
    return try FileSums(parsing: bytes)
  }

  private static func folders(below folder: String) throws(Problem) -> [String] {
    var all = [folder]
    for entry in try DirectoryListing.entries(of: folder) where entry.kind == .directory {
      all += try folders(below: "\(folder)/\(entry.name)")
    }
    return all
  }
}

/// That a data directory comes from a backup, until its ledger says so.
public enum Restored {
  static let name = "restored.json"

  /// What the directory was restored from; nil where its ledger says so by now, or it never was.
  public static func document(in directory: DataDirectory) throws(Problem) -> BackupDocument? {
    guard let bytes = try DurableFile.read("\(directory.path)/\(name)", limit: 1 << 16) else { return nil }
    return try BackupDocument(parsing: bytes)
  }

  /// Forgets it, once it is in the ledger.
  public static func forget(in directory: DataDirectory) throws(Problem) {
    try Disk().remove("\(directory.path)/\(name)")
  }
}

extension Disk {
  fileprivate func removeTreeIfThere(_ path: String) throws(Problem) {
    if try DirectoryListing.kind(of: path) == .directory { try removeTree(path) }
  }
}
