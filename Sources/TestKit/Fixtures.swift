public import Encoding

#if canImport(Glibc)
  import Glibc
#endif

/// The fixtures of the repository, `Tests/Fixtures`.
public enum Fixtures {
  private static let root: String = {
    let parts = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/") + "/Tests/Fixtures"
  }()

  /// The bytes of a file.
  public static func bytes(_ path: String) throws -> [UInt8] {
    guard let file = unsafe fopen("\(root)/\(path)", "rb") else { throw MissingFixture(path: path) }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe fread(&chunk, 1, chunk.count, file)
      guard count > 0 else { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// A file as JSON.
  public static func json(_ path: String) throws -> JSON {
    try JSON(parsing: try bytes(path), limits: JSONLimits(depth: 1_000))
  }

  /// The names in a folder, sorted.
  public static func names(in folder: String) throws -> [String] {
    guard let directory = unsafe opendir("\(root)/\(folder)") else { throw MissingFixture(path: folder) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether a path is a folder.
  public static func isDirectory(_ path: String) -> Bool {
    guard let directory = unsafe opendir("\(root)/\(path)") else { return false }
    unsafe closedir(directory)
    return true
  }

  /// A fixture that is not there.
  public struct MissingFixture: Error {
    /// Its path below `Tests/Fixtures`.
    public let path: String
  }
}
