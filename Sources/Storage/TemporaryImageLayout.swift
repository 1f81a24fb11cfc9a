import Domain
import Glibc

/// An image layout for as long as something is done with it.
public enum TemporaryImageLayout {
  /// Does `work` with an empty layout in a directory of its own, for its owner alone, and removes that at the end.
  ///
  /// It is below `directory`, `$TMPDIR` or `/tmp`. A process that is killed leaves it behind.
  public static func with<Result>(
    below directory: String, _ work: (DirectoryImageLayout) async throws -> Result
  ) async throws -> Result {
    var template = Array("\(directory)/gatehouse-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else {
      throw Problem.storage("make a directory", directory, errno: errno)
    }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { try? Disk().removeTree(path) }
    return try await work(try DirectoryImageLayout(path: "\(path)/layout"))
  }
}
