public import Domain
import Encoding

/// The files of a folder with what each hashes to, in the form that `sha256sum --check` reads.
///
/// A line a file, `DIGEST  PATH`, sorted by path, each path relative to the folder, once, and without a step up or out of it.
public struct FileSums: Equatable, Sendable {
  /// The most files.
  public static let fileLimit = 1_000_000
  /// The most bytes of a list.
  public static let sizeLimit = 256 << 20
  /// The most bytes of a path.
  static let pathLimit = 4096
  private static let code = "sums.malformed"

  /// A file and what it hashes to.
  public struct File: Equatable, Sendable {
    /// Where it is in the folder.
    public let path: String
    /// What it hashes to.
    public let digest: Digest

    /// Names a file; throws `sums.malformed` where the path leads out of the folder or would not read again.
    public init(path: String, digest: Digest) throws(Problem) {
      let steps = path.split(separator: "/", omittingEmptySubsequences: false)
      let isPlain = path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0x5C }
      guard isPlain, path.utf8.count <= FileSums.pathLimit,
        steps.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." })
      else {
        throw Problem(
          .badInput, FileSums.code,
          "expected a path below the folder, without control characters and backslashes, found another",
          subject: path.excerpt(120))
      }
      self.path = path
      self.digest = digest
    }
  }

  /// The files, by path in the order of its bytes.
  public let files: [File]

  /// Lists files; throws `sums.malformed` where there are more than a million or two of one path.
  public init(_ files: [File]) throws(Problem) {
    guard files.count <= Self.fileLimit else {
      throw Problem(
        .tooLarge, Self.code, "expected at most \(Self.fileLimit) files, found \(files.count)")
    }
    self.files = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    for (file, next) in zip(self.files, self.files.dropFirst()) where file.path == next.path {
      throw Problem(.badInput, Self.code, "expected each file once, found one again", subject: file.path)
    }
  }

  /// The list as bytes.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    for file in files {
      bytes += Array(file.digest.hexadecimal.utf8)
      bytes += Array("  ".utf8)
      bytes += Array(file.path.utf8)
      bytes.append(0x0A)
    }
    return bytes
  }

  /// Reads what `bytes` writes; throws `sums.malformed` with the line.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= Self.sizeLimit, bytes.last == 0x0A || bytes.isEmpty else {
      throw Problem(
        .badInput, Self.code,
        "expected lines of digests and paths of at most \(Self.sizeLimit) bytes, found another document")
    }
    var files: [File] = []
    for line in bytes.dropLast().split(separator: 0x0A, omittingEmptySubsequences: false) where !bytes.isEmpty
    {
      guard files.count < Self.fileLimit, line.count > 66,
        line.dropFirst(64).prefix(2).elementsEqual([0x20, 0x20]),
        let digest = Digest(hexadecimal: String(decoding: line.prefix(64), as: UTF8.self)),
        let path = String(validating: line.dropFirst(66), as: UTF8.self)
      else {
        throw Problem(
          .badInput, Self.code, "expected a digest, two spaces and a path, found another line",
          position: "line \(files.count + 1)")
      }
      files.append(try File(path: path, digest: digest))
    }
    try self.init(files)
    guard self.files == files else {
      throw Problem(.badInput, Self.code, "expected lines in the order of their paths, found another")
    }
  }
}
