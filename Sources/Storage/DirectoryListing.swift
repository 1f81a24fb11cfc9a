import Domain
import Glibc

/// What is in a directory.
enum DirectoryListing {
  enum Kind: Sendable {
    case file, directory, other
  }
  struct Entry: Sendable {
    let name: String
    let kind: Kind
  }

  /// The entries of a directory, sorted by name; none where there is no such directory.
  static func entries(of path: String) throws(Problem) -> [Entry] {
    guard let directory = unsafe opendir(path) else {
      if errno == ENOENT { return [] }
      throw Problem.storage("list the directory", path, errno: errno)
    }
    defer { unsafe closedir(directory) }
    var entries: [Entry] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(directory) else {
        guard errno == 0 else { throw Problem.storage("list the directory", path, errno: errno) }
        break
      }
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name != ".", name != ".." else { continue }
      entries.append(Entry(name: name, kind: try kind(of: "\(path)/\(name)") ?? .other))
    }
    return entries.sorted { $0.name < $1.name }
  }

  /// What kind of file has this name, links not followed; nil where there is none.
  static func kind(of path: String) throws(Problem) -> Kind? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw Problem.storage("look at the file", path, errno: errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
  }
}
