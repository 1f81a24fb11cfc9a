public import Domain
import Glibc
public import Lifecycle

/// Windows as files beside the segments of access records: `spool/INSTANCE-NUMBER.window`, each whole when it has its name.
public actor DirectoryWindowSource: WindowSource {
  /// How old a file without its name has to be before its writer is taken to be gone, in seconds.
  private static let unfinishedAge = 600

  private let spool: String
  private let disk: Disk
  private let executor = DiskExecutor()

  /// Runs on a thread that may block.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// Takes windows from a spool.
  public init(spool: String) { self.init(spool: spool, disk: Disk()) }

  init(spool: String, disk: Disk) {
    self.spool = spool
    self.disk = disk
  }

  /// Their names, those of one process in order, processes by which of them wrote first.
  ///
  /// Of each process none is left out that was written before another that is here. One listing alone does not promise that: a file
  /// that comes while it is under way may be in it, and one that came just before that not. Whoever takes the later one
  /// takes the earlier one to have been taken.
  public func waiting() throws(Problem) -> [WindowName] {
    let seen = try listed()
    return Self.settled(try listed(), seenBefore: seen)
  }

  /// The names of a listing up to the last of each process that an earlier listing had.
  static func settled(_ names: [WindowName], seenBefore: [WindowName]) -> [WindowName] {
    let last = Dictionary(seenBefore.map { ($0.instance, $0.number) }, uniquingKeysWith: max)
    return names.filter { $0.number <= last[$0.instance] ?? 0 }
  }

  private func listed() throws(Problem) -> [WindowName] {
    var names: [(name: WindowName, time: Int)] = []
    for entry in try DirectoryListing.entries(of: spool) where entry.kind == .file {
      var status = stat()
      guard unsafe lstat("\(spool)/\(entry.name)", &status) == 0 else { continue }
      if entry.name.hasSuffix(".window"), let name = WindowName(entry.name.dropLast(7)) {
        names.append((name, status.st_mtim.tv_sec))
      } else if entry.name.hasSuffix(".window.part"),
        Int(time(nil)) - status.st_mtim.tv_sec > Self.unfinishedAge
      {
        // A crash left it, and nothing of it was promised.
        try disk.remove("\(spool)/\(entry.name)")
      }
    }
    let firsts = Dictionary(names.map { ($0.name.instance, $0.time) }, uniquingKeysWith: min)
    return names.map(\.name).sorted { left, right in
      let (one, other) = (firsts[left.instance] ?? 0, firsts[right.instance] ?? 0)
      return one == other ? left < right : one < other
    }
  }

  /// The bytes of one; nil where it is there no more.
  public func read(_ name: WindowName, limit: Int) throws(Problem) -> [UInt8]? {
    guard let file = try OpenFile.reading(path(of: name)) else { return nil }
    guard let bytes = try file.bytes(limit: limit) else {
      throw Problem(
        .tooLarge, "watch.too-large", "expected a window of at most \(limit) bytes, found more",
        subject: name.description)
    }
    return bytes
  }

  /// Removes one; nothing where it is there no more.
  ///
  /// A crash may bring it back: whoever took it knows by its name.
  public func remove(_ name: WindowName) throws(Problem) {
    guard try DirectoryListing.kind(of: path(of: name)) != nil else { return }
    try disk.remove(path(of: name))
  }

  private func path(of name: WindowName) -> String { "\(spool)/\(name).window" }
}
