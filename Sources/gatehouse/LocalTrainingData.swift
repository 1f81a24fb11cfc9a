import Domain
import Glibc
import Lifecycle
import Provenance

/// Data sets that a user names on the command line, where only their digests are wanted.
enum LocalTrainingData {
  /// The data sets at these paths, each a file or a directory, by the last part of its path.
  static func stated(_ paths: [String]) throws(Problem) -> TrainingData {
    // All that can be refused without reading them comes first: they may be large.
    try TrainingData.check(count: paths.count)
    for path in paths { try DataSet.check(name: name(of: path)) }
    var sets: [DataSet] = []
    for path in paths {
      sets.append(try DataSet(name: name(of: path), digest: try digest(of: path)))
    }
    return try TrainingData(sets)
  }

  private static func name(of path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    guard last == "." || last == "..", let resolved = unsafe realpath(path, nil) else { return last }
    // What these lead to has a name all the same.
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved).split(separator: "/").last.map(String.init) ?? last
  }

  /// The digest of a file, or of the canonical list of a directory's files.
  static func digest(of path: String) throws(Problem) -> Digest {
    let members = try LocalFiles.members(of: path)
    if members == [""] { return try LocalFiles.digest(of: path) }
    var files: [PushedFile] = []
    for member in members {
      files.append(PushedFile(path: member, blob: try LocalFiles.digest(of: "\(path)/\(member)")))
    }
    return Digest(of: PushedFile.list(files))
  }
}
