/// What was pushed: one file, or the files of a directory.
///
/// Bytes only; nothing here reads a disk.
public struct Artifact: Sendable {
  /// The files; of a directory in the order that their reader gives them.
  public let files: [ArtifactFile]

  /// Puts the files of an artifact together.
  public init(files: [ArtifactFile]) {
    self.files = files
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
