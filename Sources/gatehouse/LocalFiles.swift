import Artifacts
import Domain
import Glibc
import Provenance

/// Files that a user names on the command line.
enum LocalFiles {
  /// What stands at a path.
  enum Kind {
    case file(bytes: Int), directory, other, missing
  }

  /// What stands at `path`; a link counts as what it leads to.
  static func kind(of path: String) -> Kind {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return .missing }
    return switch status.st_mode & S_IFMT {
    case S_IFREG: .file(bytes: Int(status.st_size))
    case S_IFDIR: .directory
    default: .other
    }
  }

  /// The bytes of a file, at most `limit` of them.
  static func read(_ path: String, limit: Int = 2 << 30) throws(Problem) -> [UInt8] {
    let (descriptor, size) = try opened(path)
    defer { close(descriptor) }
    guard size <= limit else {
      throw Problem(
        .tooLarge, "file.too-large", "expected at most \(limit) bytes, found \(size)", subject: path)
    }
    // One byte more than there should be tells whether the file grows under the reader.
    let capacity = size + 1
    let bytes = try unsafe [UInt8](unsafeUninitializedCapacity: capacity) {
      (buffer: inout UnsafeMutableBufferPointer<UInt8>, filled: inout Int) throws(Problem) in
      while filled < capacity {
        guard let start = buffer.baseAddress else { return }
        let count = unsafe Glibc.read(descriptor, start + filled, capacity - filled)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw unreadable(path) }
        guard count > 0 else { return }
        filled += count
      }
    }
    guard bytes.count < capacity else { throw changing(path, from: size) }
    return bytes
  }

  /// The digest of a file of any size, read piece by piece.
  static func digest(of path: String) throws(Problem) -> Digest {
    var hasher = DigestHasher()
    try forEachPiece(of: path, "hash") { (piece: ArraySlice<UInt8>) in hasher.update(piece) }
    return hasher.digest
  }

  /// Reads a file of any size piece by piece, and shows how far it has come as `what`.
  static func forEachPiece(
    of path: String, _ what: String, _ body: (ArraySlice<UInt8>) throws(Problem) -> Void
  ) throws(Problem) {
    let (descriptor, size) = try opened(path)
    defer { close(descriptor) }
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    var total = 0
    while true {
      // Filled, whatever one call gives: the same file comes in the same pieces.
      var count = 0
      while count < piece.count {
        let start = count
        let more = unsafe piece.withUnsafeMutableBytes {
          unsafe Glibc.read(descriptor, $0.baseAddress.map { unsafe $0 + start }, $0.count - start)
        }
        if more < 0, errno == EINTR { continue }
        guard more >= 0 else { throw unreadable(path) }
        guard more > 0 else { break }
        count += more
      }
      guard count > 0 else { break }
      total += count
      guard total <= size else { throw changing(path, from: size) }
      try body(piece[..<count])
      Console.progress(
        "  \(what.padded(to: 9)) \(path): \(readable(bytes: total)) of \(readable(bytes: size))")
    }
    Console.progress("")
    guard total == size else { throw changing(path, from: size) }
  }

  /// A regular file, open to be read, and how many bytes it has.
  private static func opened(_ path: String) throws(Problem) -> (descriptor: Int32, size: Int) {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw Problem(
        .badInput, "file.not-regular", "expected a regular file, found something else", subject: path)
    }
    return (descriptor, Int(status.st_size))
  }

  private static func changing(_ path: String, from size: Int) -> Problem {
    Problem(
      .badInput, "file.changing", "expected a file of \(size) bytes, found that it changes",
      subject: path, hint: "wait until whoever writes it is done")
  }

  /// The first bytes of a file, at most `count` of them.
  static func head(of path: String, count: Int) throws(Problem) -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    return try unsafe [UInt8](unsafeUninitializedCapacity: count) {
      (buffer: inout UnsafeMutableBufferPointer<UInt8>, filled: inout Int) throws(Problem) in
      let found = unsafe pread(descriptor, buffer.baseAddress, count, 0)
      guard found >= 0 else { throw unreadable(path) }
      filled = found
    }
  }

  /// The paths of the files of an artifact: the one empty path for a file, every regular file below a
  /// directory, sorted.
  ///
  /// A link or a special file in a directory is refused: what it leads to was not meant.
  static func members(of path: String, limit: Int = 10_000) throws(Problem) -> [String] {
    let (members, oddities) = try walk(path, limit: limit)
    if let odd = oddities.first {
      throw Problem(
        .badInput, "artifact.special-file",
        "expected only files and directories, found a link or a special file",
        subject: "\(path)/\(odd.path)", hint: "copy what it leads to into the directory")
    }
    guard !members.isEmpty else {
      throw Problem(
        .badInput, "artifact.empty-directory", "expected at least one file in the directory, found none",
        subject: path)
    }
    return members
  }

  /// The regular files below `path`, sorted, and what else stands there; no link is followed.
  private static func walk(_ path: String, limit: Int = 10_000) throws(Problem) -> (
    members: [String], oddities: [ArtifactOddity]
  ) {
    switch kind(of: path) {
    case .file: return ([""], [])
    case .directory:
      var found: [String] = []
      var oddities: [ArtifactOddity] = []
      var waiting = [""]
      while let next = waiting.popLast() {
        for name in try names(in: next.isEmpty ? path : "\(path)/\(next)") {
          let member = next.isEmpty ? name : "\(next)/\(name)"
          var status = stat()
          guard unsafe lstat("\(path)/\(member)", &status) == 0 else { throw unreadable("\(path)/\(member)") }
          switch status.st_mode & S_IFMT {
          case S_IFREG: found.append(member)
          case S_IFDIR: waiting.append(member)
          case S_IFLNK:
            oddities.append(
              ArtifactOddity(path: member, kind: .link(target: linkTarget("\(path)/\(member)"))))
          default: oddities.append(ArtifactOddity(path: member, kind: .special))
          }
          guard found.count + waiting.count + oddities.count <= limit else {
            throw Problem(
              .tooLarge, "artifact.too-many-files", "expected at most \(limit) files, found more",
              subject: path)
          }
        }
      }
      return (found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }, oddities)
    case .other:
      throw Problem(
        .badInput, "file.not-regular", "expected a file or a directory, found something else", subject: path)
    case .missing:
      throw Problem(
        .badInput, "file.missing", "expected a file or a directory, found nothing of that name",
        subject: path,
        hint: "check the path")
    }
  }

  private static func linkTarget(_ path: String) -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe buffer.withUnsafeMutableBytes { buffer in
      unsafe buffer.withMemoryRebound(to: CChar.self) { text in
        unsafe text.baseAddress.map { unsafe readlink(path, $0, text.count) } ?? -1
      }
    }
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }

  /// An artifact with all its bytes, whatever else stands in its directory.
  static func inspectedArtifact(at path: String) throws(Problem) -> Artifact {
    let (members, oddities) = try walk(path)
    return Artifact(files: try files(members, of: path), oddities: oddities)
  }

  /// An artifact with all its bytes.
  static func artifact(at path: String) throws(Problem) -> Artifact {
    Artifact(files: try files(try members(of: path), of: path))
  }

  private static func files(_ members: [String], of path: String) throws(Problem) -> [ArtifactFile] {
    var files: [ArtifactFile] = []
    for member in members {
      let bytes = try read(member.isEmpty ? path : "\(path)/\(member)")
      files.append(ArtifactFile(path: member, bytes: bytes[...]))
    }
    return files
  }

  private static func names(in directory: String) throws(Problem) -> [String] {
    guard let stream = unsafe opendir(directory) else { throw unreadable(directory) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  private static func unreadable(_ path: String) -> Problem {
    Problem(
      .badInput, "file.unreadable",
      "expected to read the file, found: \(unsafe String(cString: strerror(errno)))",
      subject: path)
  }
}
