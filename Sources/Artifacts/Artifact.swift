/// What was pushed: one file, or the files of a directory.
///
/// Bytes only; nothing here reads a disk.
public struct Artifact: Sendable {
  /// The files; of a directory in the order that their reader gives them.
  public let files: [ArtifactFile]
  /// What stands in the directory and is neither a file nor a directory; none of it was followed or opened.
  public let oddities: [ArtifactOddity]

  /// Puts the files of an artifact together.
  public init(files: [ArtifactFile], oddities: [ArtifactOddity] = []) {
    self.files = files
    self.oddities = oddities
  }

  /// The bytes of all files together.
  public var byteCount: Int { files.reduce(0) { $0 + $1.bytes.count } }
}

/// One file of an artifact.
public struct ArtifactFile: Sendable {
  /// Its place in the artifact, relative and `/`-separated; empty for an artifact that is one file.
  public let path: String
  /// Its bytes.
  public let bytes: ArraySlice<UInt8>

  /// Names the bytes of a file.
  public init(path: String, bytes: ArraySlice<UInt8>) {
    self.path = path
    self.bytes = bytes
  }
}

/// Something in a directory that is neither a file nor a directory.
public struct ArtifactOddity: Sendable {
  /// What it is.
  public enum Kind: Sendable {
    /// A symbolic link, and what it names.
    case link(target: String)
    /// A named pipe, a socket or a device.
    case special
  }

  /// Its place in the artifact, relative and `/`-separated.
  public let path: String
  /// What it is.
  public let kind: Kind

  /// Names what stands at a path.
  public init(path: String, kind: Kind) {
    self.path = path
    self.kind = kind
  }
}
