/// How a file of an image may be used; nobody may write to any, and all may read.
public enum FileUse: Sendable {
  case data
  case program

  fileprivate var mode: Int {
    switch self {
    case .data: 0o444
    case .program: 0o555
    }
  }
}

/// The tar archive in a layer, without the contents of its files: what stands before, between and behind them.
struct ArchiveEncoder {
  private static let directoryMode = 0o555

  private var directories: Set<String> = []
  /// What is still to come of the present file, and its length.
  private var expected = 0
  private var size = 0

  /// Begins a file of so many bytes: its header, and before it those of the directories that it is in.
  mutating func begin(_ path: String, size: Int, use: FileUse) -> [UInt8] {
    precondition(expected == 0, "a file is whole before the next one begins")
    var headers: [UInt8] = []
    var end = path.startIndex
    while let slash = path[end...].firstIndex(of: "/") {
      let directory = String(path[..<slash])
      if directories.insert(directory).inserted {
        headers += TarHeader.bytes(of: .directory, path: directory, mode: Self.directoryMode)
      }
      end = path.index(after: slash)
    }
    expected = size
    self.size = size
    return headers + TarHeader.bytes(of: .file, path: path, mode: use.mode, size: size)
  }

  /// The next so many bytes of the file have come; answers with what stands behind them.
  mutating func append(_ count: Int) -> [UInt8] {
    expected -= count
    precondition(expected >= 0, "a file is as long as it was said to be")
    return expected > 0 || count == 0 ? [] : TarHeader.padding(after: size)
  }

  /// What stands behind the last file.
  func end() -> [UInt8] {
    precondition(expected == 0, "the last file is whole")
    return TarHeader.end
  }
}
