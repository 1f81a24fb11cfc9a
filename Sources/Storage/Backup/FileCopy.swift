import Domain
import Glibc
import Provenance

/// Copies files from one folder to another, and notes what each hashes to.
struct FileCopy {
  private let from: String
  private let to: String
  private let disk: Disk

  private(set) var files: [FileSums.File] = []
  private(set) var byteCount = 0

  init(from: String, to: String, disk: Disk) {
    self.from = from
    self.to = to
    self.disk = disk
  }

  /// Copies all files below a folder, which need not be there; unfinished ones and links are left out.
  mutating func tree(_ folder: String) throws(Problem) {
    for entry in try DirectoryListing.entries(of: "\(from)/\(folder)") {
      let path = "\(folder)/\(entry.name)"
      switch entry.kind {
      case .directory: try tree(path)
      case .file where !entry.name.hasSuffix(DiskPath.unfinishedSuffix):
        // What was removed since it was listed is none of the copy: the audit says whether something names it.
        try file(path, isOptional: true)
      case .file, .other: break
      }
    }
    if try DirectoryListing.kind(of: "\(to)/\(folder)") == .directory {
      try disk.syncDirectory("\(to)/\(folder)")
    }
  }

  /// Copies a file, with who may read it; throws `backup.gone` where it is not there, unless that is fine.
  ///
  /// Durable when its directory is synced.
  mutating func file(_ path: String, isOptional: Bool = false) throws(Problem) {
    guard let original = try OpenFile.reading("\(from)/\(path)") else {
      guard !isOptional else { return }
      throw Problem(
        .integrity, "backup.gone", "expected a file that the registry names, found none",
        subject: "\(from)/\(path)", hint: "run 'gatehouse audit verify' on what it is a copy of")
    }
    let copied = "\(to)/\(path)"
    try disk.createDirectory(DiskPath.parent(of: copied))
    let file = try disk.create(copied, mode: try original.status().st_mode & 0o777)
    var hasher = DigestHasher()
    var count = 0
    let disk = self.disk
    try original.forEachPiece { piece throws(Problem) in
      hasher.update(piece)
      count += piece.count
      try disk.write(Array(piece), to: file)
    }
    try disk.sync(file)
    byteCount += count
    files.append(try FileSums.File(path: path, digest: hasher.digest))
  }

  /// Notes a file that is in the copy already.
  mutating func takeUp(_ path: String) throws(Problem) {
    guard let file = try OpenFile.reading("\(to)/\(path)") else { return }
    byteCount += Int(try file.status().st_size)
    files.append(try FileSums.File(path: path, digest: try file.digest()))
  }
}
