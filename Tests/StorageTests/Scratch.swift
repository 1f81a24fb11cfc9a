import Domain
import Glibc
import Lifecycle
import Provenance
import Synchronization
import TestKit

@testable import Storage

/// A directory of its own for one test, removed with the value.
final class Scratch: Sendable {
  let path: String
  static let ledgerKey: CheckpointSigningKey = {
    guard let key = try? CheckpointSigningKey(name: "test.example/ledger") else {
      preconditionFailure("no key of that name")
    }
    return key
  }()

  init() throws(Problem) {
    path = "\(Self.root)/gatehouse-test-\(UInt64.random(in: .min ... .max))"
    try Disk().createDirectory(path)
  }

  // Every one belongs to a segment that is written to.
  private let writers = Mutex<[Int32]>([])

  deinit {
    for writer in writers.withLock({ $0 }) { close(writer) }
    try? Disk().removeTree(path)
  }

  private static var root: String {
    guard let directory = unsafe getenv("TMPDIR") else { return "/tmp" }
    return unsafe String(cString: directory)
  }

  var registryPath: String { "\(path)/registry.sqlite" }

  func registry(_ disk: Disk = Disk()) throws(Problem) -> SQLiteRegistry {
    try SQLiteRegistry(path: registryPath, signingKey: Self.ledgerKey, disk: disk)
  }

  func blobs(_ disk: Disk = Disk()) throws(Problem) -> FileBlobStore {
    try FileBlobStore(directory: "\(path)/blobs", ingestDirectory: "\(path)/ingest", disk: disk)
  }

  func bundles(_ disk: Disk = Disk()) throws(Problem) -> DirectoryBundleStore {
    try DirectoryBundleStore(directory: "\(path)/bundles", disk: disk)
  }

  func records(_ disk: Disk = Disk()) throws(Problem) -> DirectoryRecordStore {
    try DirectoryRecordStore(spool: "\(path)/spool", records: "\(path)/records", disk: disk)
  }

  /// Puts a segment into the spool, as a data plane does; one without bytes was made long ago.
  @Sendable
  func spool(_ name: SegmentName, _ bytes: [UInt8], _ state: SpooledSegment.State) throws(Problem) {
    let file = "\(path)/spool/\(name).\(state == .closed ? "segment" : "open")"
    try DurableFile.write(bytes, to: file)
    if bytes.isEmpty {
      let times = [timespec(), timespec()]
      _ = unsafe utimensat(AT_FDCWD, file, times, 0)
    }
    guard state == .open else { return }
    let writer = try OpenFile.descriptor(file, O_RDONLY)
    guard flock(writer, LOCK_EX | LOCK_NB) == 0 else { preconditionFailure("locked already: \(file)") }
    writers.withLock { $0.append(writer) }
  }

  /// The files of a closed registry, in memory: what is made once for many tests lives to their end, where no directory of it
  /// would be removed.
  struct ClosedRegistry {
    fileprivate let files: [String: [UInt8]]
  }

  /// The files of this directory's registry, which must be closed.
  func closedRegistry() throws(Problem) -> ClosedRegistry {
    var files: [String: [UInt8]] = [:]
    for suffix in ["", ".head"] { files[suffix] = try Self.read(registryPath + suffix) }
    return ClosedRegistry(files: files)
  }

  /// A directory with a copy of such a registry.
  convenience init(copying registry: ClosedRegistry) throws(Problem) {
    try self.init()
    for (suffix, bytes) in registry.files { Self.overwrite(registryPath + suffix, with: bytes) }
  }

  func audit() async -> [Problem] {
    await SQLiteRegistry.audit(storeAt: registryPath, trusting: Self.ledgerKey.verificationKey)
  }

  static func mode(of path: String) -> UInt32 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  static func read(_ path: String) throws(Problem) -> [UInt8] {
    try DurableFile.read(path, limit: 1 << 26) ?? []
  }

  /// The moment now, in milliseconds since 1970.
  static var now: Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Has a file be two days old.
  static func age(_ path: String) {
    let then = timespec(tv_sec: Int(now / 1000) - 172_800, tv_nsec: 0)
    _ = unsafe utimensat(AT_FDCWD, path, [then, then], 0)
  }

  /// Changes a file in place, as a failing disk or an intruder would.
  static func overwrite(_ path: String, with bytes: [UInt8]) {
    guard let file = unsafe fopen(path, "wb") else { return }
    unsafe _ = bytes.withUnsafeBytes { unsafe fwrite($0.baseAddress, 1, $0.count, file) }
    unsafe _ = fclose(file)
  }
}

/// A disk whose step number `number`, counted from 1, fails before or after it took effect.
struct FailingDisk: Sendable {
  let plan: FaultPlan

  init(step number: Int, _ fault: FaultPlan.Fault) {
    plan = FaultPlan([number: fault])
  }

  /// Each step is one write of the plan; "persisted" strikes after the step.
  var disk: Disk {
    Disk { [plan] _, moment, _ throws(Problem) in
      try plan.strike(isBefore: moment == .before)
    }
  }
}
