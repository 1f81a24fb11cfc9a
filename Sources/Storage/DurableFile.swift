public import Domain

/// Files that are either whole or not there, whenever the machine stops.
public enum DurableFile {
  /// Puts `bytes` at `path`, in place of what was there.
  ///
  /// Durable and whole when this returns; when it throws, either the former file stands there or the new one,
  /// whole.
  ///
  /// The file can be read and written by its owner alone unless `mode` says otherwise.
  public static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o600) throws(Problem) {
    try Disk().replaceDurably(path, with: bytes, mode: mode)
  }

  /// Puts `bytes` at `path` where nothing may be yet: throws `file.exists`.
  ///
  /// Durable and whole when this returns.
  public static func create(_ bytes: [UInt8], at path: String, mode: UInt32 = 0o600) throws(Problem) {
    guard try Disk().createDurably(path, with: bytes, mode: mode) else {
      throw Problem(
        .conflict, "file.exists", "expected no file of this name yet, found one", subject: path,
        hint: "move it away if it is not needed")
    }
  }

  /// Reads a regular file of at most `limit` bytes; nil where there is none.
  ///
  /// A link is not followed.
  ///
  /// Throws `file.too-large`, or what the system refuses with.
  public static func read(_ path: String, limit: Int) throws(Problem) -> [UInt8]? {
    guard let file = try OpenFile.reading(path) else { return nil }
    guard let bytes = try file.bytes(limit: limit) else {
      throw Problem(
        .tooLarge, "file.too-large", "expected a file of at most \(limit) bytes, found a larger one",
        subject: path)
    }
    return bytes
  }
}

extension Disk {
  func replaceDurably(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o600) throws(Problem) {
    try replace(path, with: bytes, via: "\(path).\(DiskPath.unfinished())", mode: mode)
    // A crash before this leaves the former file or the new one, each whole.
    try syncDirectory(DiskPath.parent(of: path))
  }

  /// Puts a file in the place of another by way of an unfinished one on the same volume.
  ///
  /// The file at `path` is whole whenever the machine stops; that it is the new one is durable only once its
  /// directory has been synced.
  func replace(_ path: String, with bytes: [UInt8], via unfinished: String, mode: UInt32 = 0o600)
    throws(Problem)
  {
    do throws(Problem) {
      try writeDurably(bytes, to: unfinished, mode: mode)
      // A crash before this leaves the former file and an unfinished one that no one reads.
      try rename(unfinished, to: path)
    } catch {
      try? remove(unfinished)
      throw error
    }
  }

  /// False where a file stands at `path` already.
  func createDurably(_ path: String, with bytes: [UInt8], mode: UInt32 = 0o600) throws(Problem) -> Bool {
    let unfinished = "\(path).\(DiskPath.unfinished())"
    defer { try? remove(unfinished) }
    try writeDurably(bytes, to: unfinished, mode: mode)
    // `link` and not `rename`: of two that create at once one wins, and no file is ever half written.
    guard try link(unfinished, to: path) else { return false }
    // A crash before this leaves no file or a whole one.
    try syncDirectory(DiskPath.parent(of: path))
    return true
  }

  private func writeDurably(_ bytes: [UInt8], to path: String, mode: UInt32) throws(Problem) {
    let file = try create(path, mode: mode)
    try write(bytes, to: file)
    // Before the file gets its name: a rename can become durable earlier than the bytes it names.
    try sync(file)
  }

  /// Removes the unfinished files that a crash left in a directory, of those whose names start with `prefix`.
  func removeUnfinished(in directory: String, startingWith prefix: String = "") throws(Problem) {
    for entry in try DirectoryListing.entries(of: directory)
    where entry.name.hasPrefix(prefix) && entry.name.hasSuffix(DiskPath.unfinishedSuffix) {
      let path = "\(directory)/\(entry.name)"
      if entry.kind == .directory { try removeTree(path) } else { try remove(path) }
    }
  }
}
