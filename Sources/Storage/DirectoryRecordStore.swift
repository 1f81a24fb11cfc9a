public import Domain
import Glibc
public import Lifecycle
import Provenance

/// Segments of access records as files: `spool/NAME.open` and `spool/NAME.segment` as the data plane leaves them,
/// `records/NAME.segment` where they are kept, `records/corrupt/NAME.DIGEST.segment` where they are set aside.
///
/// A segment that is written to is locked (`flock`) by its writer; the kernel gives the lock back when that process
/// ends, however it ends. All files are for their owner alone.
public actor DirectoryRecordStore: RecordStore {
  /// How old a segment without a byte has to be before its writer is taken to be gone: between making the file and
  /// locking it, a writer looks like none.
  private static let emptyAge: Int = 60

  private let spool: String
  private let records: String
  private let disk: Disk
  private let executor = DiskExecutor()

  /// Runs on a thread that may block.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// Opens the spool and the directory of kept segments, on the same volume; makes what is missing.
  public init(spool: String, records: String) throws(Problem) {
    try self.init(spool: spool, records: records, disk: Disk())
  }

  init(spool: String, records: String, disk: Disk) throws(Problem) {
    self.init(reading: spool, records: records, disk: disk)
    try disk.createDirectory(spool)
    try disk.createDirectory(Self.corrupt(in: records))
  }

  /// Opens both directories to be read alone, beside the process that writes them; changes nothing.
  public init(reading spool: String, records: String) {
    self.init(reading: spool, records: records, disk: Disk())
  }

  private init(reading spool: String, records: String, disk: Disk) {
    self.spool = spool
    self.records = records
    self.disk = disk
  }

  // MARK: - What is there

  /// The segments in the spool, by process and number.
  public func spooled() throws(Problem) -> [SpooledSegment] {
    // Twice, for a listing that takes more than one system call can miss a file that gets its new name meanwhile. A
    // process closes its segments in order: all before one that was closed in the first are as they are in the second.
    let before = Set(try listing())
    return try listing().map { segment throws(Problem) in
      switch segment.state {
      case .closed: before.contains(segment) ? segment : SpooledSegment(name: segment.name, state: .open)
      default: SpooledSegment(name: segment.name, state: try isLeft(segment.name) ? .left : .open)
      }
    }
  }

  private func listing() throws(Problem) -> [SpooledSegment] {
    try DirectoryListing.entries(of: spool).compactMap { entry -> SpooledSegment? in
      guard entry.kind == .file, let dot = entry.name.lastIndex(of: "."),
        let name = SegmentName(entry.name[..<dot])
      else { return nil }
      switch entry.name[dot...] {
      case ".open": return SpooledSegment(name: name, state: .open)
      case ".segment": return SpooledSegment(name: name, state: .closed)
      default: return nil
      }
    }
    .sorted { $0.name < $1.name }
  }

  /// Whether nobody writes to an open segment any more.
  private func isLeft(_ name: SegmentName) throws(Problem) -> Bool {
    let path = path(of: SpooledSegment(name: name, state: .open))
    guard let file = try OpenFile.reading(path) else { return false }
    let status = try file.status()
    guard status.st_size > 0 || Int(time(nil)) - status.st_mtim.tv_sec > Self.emptyAge else { return false }
    guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
    // Its writer may have closed it, and given it its new name, just before the lock was free.
    var present = stat()
    return unsafe lstat(path, &present) == 0 && present.st_ino == status.st_ino
  }

  /// The bytes of a segment in the spool; nil where it is there no more.
  public func read(_ segment: SpooledSegment, limit: Int) throws(Problem) -> [UInt8]? {
    try read(path(of: segment), limit)
  }

  /// The bytes of a segment that is kept; nil where there is none.
  public func kept(_ name: SegmentName, limit: Int) throws(Problem) -> [UInt8]? {
    try read(path(ofKept: name), limit)
  }

  private func read(_ path: String, _ limit: Int) throws(Problem) -> [UInt8]? {
    guard let file = try OpenFile.reading(path) else { return nil }
    guard let bytes = try file.bytes(limit: limit) else {
      throw Problem(
        .tooLarge, "records.too-large",
        "expected a segment of access records of at most \(limit) bytes, found more", subject: path)
    }
    return bytes
  }

  /// What digests of bodies and keys begin with in records of the spool; nil where nothing was written yet.
  public func salt() throws(Problem) -> [UInt8]? {
    guard let salt = try read("\(spool)/salt", 4096) else { return nil }
    guard salt.count == 32 else {
      throw Problem(
        .integrity, "spool.salt", "expected a salt of 32 bytes, found \(salt.count)", subject: "\(spool)/salt"
      )
    }
    return salt
  }

  /// The SHA-256 and the number of the bytes of a segment in the spool.
  public func measure(_ segment: SpooledSegment) throws(Problem) -> (digest: Digest, bytes: Int) {
    let path = path(of: segment)
    guard let found = try measure(path) else {
      throw Problem(
        .unavailable, "records.gone", "expected a segment in the spool, found none", subject: path)
    }
    return found
  }

  /// The SHA-256 of a segment that was set aside; nil where it is not there.
  public func digest(of damaged: DamagedSegment) throws(Problem) -> Digest? {
    try measure(path(ofDamaged: damaged.name, damaged.digest))?.digest
  }

  private func measure(_ path: String) throws(Problem) -> (digest: Digest, bytes: Int)? {
    guard let file = try OpenFile.reading(path) else { return nil }
    var hasher = DigestHasher()
    var bytes = 0
    try file.forEachPiece { piece in
      hasher.update(piece)
      bytes += piece.count
    }
    return (hasher.digest, bytes)
  }

  // MARK: - Moves

  /// Closes a segment that its writer left behind: cuts it off after so many bytes.
  public func close(_ name: SegmentName, after bytes: Int) throws(Problem) {
    let path = path(of: SpooledSegment(name: name, state: .left))
    let file = OpenFile(
      descriptor: try OpenFile.descriptor(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK), path: path)
    // A crash up to the rename leaves it behind still, with all its whole lines.
    try disk.truncate(file, after: bytes)
    // The bytes before the name: what its writer had not had reach the disk yet, too.
    try disk.sync(file)
    try disk.rename(path, to: self.path(of: SpooledSegment(name: name, state: .closed)))
    // A crash before this gives it its old name again.
    try disk.syncDirectory(spool)
  }

  /// Removes a segment of no bytes that its writer left behind.
  public func discard(_ name: SegmentName) throws(Problem) {
    let path = path(of: SpooledSegment(name: name, state: .left))
    guard let file = try OpenFile.reading(path) else { return }
    // Locked, so that a writer that was held up for so long sees, when it has the lock, that its file is gone.
    guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0, try file.status().st_size == 0 else { return }
    try disk.remove(path)
  }

  /// Takes a closed segment out of the spool to where segments are kept.
  public func keep(_ name: SegmentName) throws(Problem) {
    try move(SpooledSegment(name: name, state: .closed), to: path(ofKept: name))
  }

  /// Takes a segment out of the spool to where damaged ones are.
  public func setAside(_ segment: SpooledSegment, digest: Digest) throws(Problem) {
    try move(segment, to: path(ofDamaged: segment.name, digest))
  }

  /// What stands at `path` already, if anything, is an earlier state of the same bytes.
  private func move(_ segment: SpooledSegment, to path: String) throws(Problem) {
    try disk.rename(self.path(of: segment), to: path)
    // A crash before these leaves it in either place, whole; in the spool it is found again. First the directory
    // that it went to: it must never be in neither.
    try disk.syncDirectory(DiskPath.parent(of: path))
    try disk.syncDirectory(spool)
  }

  // MARK: - Names

  private static func corrupt(in records: String) -> String { "\(records)/corrupt" }

  private func path(of segment: SpooledSegment) -> String {
    "\(spool)/\(segment.name).\(segment.state == .closed ? "segment" : "open")"
  }

  private func path(ofKept name: SegmentName) -> String { "\(records)/\(name).segment" }

  private func path(ofDamaged name: SegmentName, _ digest: Digest) -> String {
    "\(Self.corrupt(in: records))/\(name).\(digest.hexadecimal.prefix(16)).segment"
  }
}
