import Domain
import Encoding
import Lifecycle
import Provenance
import Synchronization
import TestKit
import Testing

@testable import Storage

/// A data directory with something of each kind in it, and its registry, which stays open.
private func dataDirectory() async throws -> (Scratch, SQLiteRegistry) {
  let scratch = try Scratch()
  let registry = try scratch.registry()
  for number in 1...3 {
    try await registry.commit(
      [Sample.entry(.sign, subject: "iris@\(number)", trace: "t\(number)")],
      [.addVersion(Sample.version(number)), .addSegment(Sample.segment(number))])
    try DurableFile.makeAndWrite(
      Array("lines \(number)".utf8), "\(scratch.path)/records/\(Sample.segment(number).name).segment")
  }
  _ = try SQLitePeople(path: "\(scratch.path)/people.sqlite")
  for (path, text) in [
    ("blobs/sha256/ab/cd", "a blob"), ("bundles/one/graph.json", "{}"), ("keys/ledger.key", "secret"),
    ("roll-backs/iris.json", "{}"), ("rollouts/iris.json", "[]"), ("records/corrupt/x.segment", "torn"),
    ("spool/salt", "salt"),
    ("admin.token", "token"), ("lock", "1"), ("plane/state.json", "{}"), ("spool/y.open", "now"),
    ("blobs/sha256/ab/ef.part", "half"), ("records/of-nobody.segment", "unknown"),
  ] { try DurableFile.makeAndWrite(Array(text.utf8), "\(scratch.path)/\(path)") }
  return (scratch, registry)
}

extension DurableFile {
  fileprivate static func makeAndWrite(_ bytes: [UInt8], _ path: String) throws(Problem) {
    try Disk().createDirectory(DiskPath.parent(of: path))
    try write(bytes, to: path)
  }
}

extension Scratch {
  fileprivate func backUp(
    to folder: String, _ disk: Disk = Disk(), finding problems: [Problem] = []
  ) async throws(Problem) -> BackupDocument {
    try await DataBackup(of: DataDirectory(path: path), to: folder, disk: disk)(
      at: Timestamp(milliseconds: 1_700_000_000_000), version: "1.2.3",
      trusting: Self.ledgerKey.verificationKey
    ) { (_) async throws(Problem) in problems }
  }

  fileprivate func restore(
    _ folder: String, to target: String, _ disk: Disk = Disk(), finding problems: [Problem] = []
  ) async throws(Problem) -> BackupDocument {
    try await DataRestore(of: folder, to: DataDirectory(path: target), disk: disk)(
      check: { (_) async throws(Problem) in problems })
  }

  /// The files below a folder by their paths, and their bytes.
  fileprivate func files(_ folder: String, _ prefix: String = "") throws -> [String: [UInt8]] {
    var all: [String: [UInt8]] = [:]
    for entry in try DirectoryListing.entries(of: folder) {
      let name = prefix + entry.name
      if entry.kind == .directory {
        all.merge(try files("\(folder)/\(entry.name)", "\(name)/")) { $1 }
      } else {
        all[name] = try Scratch.read("\(folder)/\(entry.name)")
      }
    }
    return all
  }
}

private func code(_ body: () async throws -> Void) async -> String? {
  do { try await body() } catch { return (error as? Problem)?.code ?? "\(error)" }
  return nil
}

@Suite struct `A backup` {
  @Test func `has what a platform is made of, and nothing of one process`() async throws {
    let (scratch, registry) = try await dataDirectory()
    let document = try await scratch.backUp(to: "\(scratch.path)/backup")
    let names = Set(try scratch.files("\(scratch.path)/backup").keys)
    let segments = (1...3).map { "records/\(Sample.segment($0).name).segment" }
    #expect(
      names
        == Set(
          segments + [
            "SHA256SUMS", "admin.token", "backup.json", "blobs/sha256/ab/cd", "bundles/one/graph.json",
            "keys/ledger.key", "people.sqlite", "records/corrupt/x.segment", "registry.sqlite",
            "registry.sqlite.head", "roll-backs/iris.json", "rollouts/iris.json", "spool/salt",
          ]))
    #expect(document.files == names.count - 2)
    #expect(document.entries == 3 && document.version == "1.2.3")
    #expect(document.root == (try await registry.checkpoint())?.root)
  }

  @Test func `is told whole by the list of its files`() async throws {
    let (scratch, _) = try await dataDirectory()
    let document = try await scratch.backUp(to: "\(scratch.path)/backup")
    var files = try scratch.files("\(scratch.path)/backup")
    files["backup.json"] = nil
    let list = files.removeValue(forKey: "SHA256SUMS")
    let sums = try FileSums(parsing: try #require(list))
    #expect(sums.files.count == files.count)
    for file in sums.files { #expect(files[file.path].map { Digest(of: $0) } == file.digest) }
    #expect(Digest(of: sums.bytes) == document.sums)
  }

  @Test func `is for its owner alone, as what it is a copy of`() async throws {
    let (scratch, _) = try await dataDirectory()
    _ = try await scratch.backUp(to: "\(scratch.path)/backup")
    #expect(Scratch.mode(of: "\(scratch.path)/backup") == 0o700)
    for file in ["keys/ledger.key", "registry.sqlite", "admin.token", "backup.json"] {
      #expect(Scratch.mode(of: "\(scratch.path)/backup/\(file)") == 0o600, "\(file)")
    }
  }

  @Test func `has each act that was acknowledged before, while others go on`() async throws {
    let (scratch, registry) = try await dataDirectory()
    try await withThrowingTaskGroup { group in
      group.addTask { for _ in 0..<200 { try await registry.commit([Sample.entry(.push)], []) } }
      for round in 0..<4 {
        let before = try await registry.checkpoint()?.size ?? 0
        let document = try await scratch.backUp(to: "\(scratch.path)/backup-\(round)")
        #expect(document.entries >= before)
        let problems = await SQLiteRegistry.audit(
          storeAt: "\(scratch.path)/backup-\(round)/registry.sqlite",
          trusting: Scratch.ledgerKey.verificationKey)
        #expect(problems == [])
      }
      try await group.waitForAll()
    }
  }

  @Test func `is made once`() async throws {
    let (scratch, _) = try await dataDirectory()
    _ = try await scratch.backUp(to: "\(scratch.path)/backup")
    #expect(await code { _ = try await scratch.backUp(to: "\(scratch.path)/backup") } == "backup.exists")
  }

  @Test func `of no data directory is refused`() async throws {
    let scratch = try Scratch()
    #expect(await code { _ = try await scratch.backUp(to: "\(scratch.path)/backup") } == "storage.missing")
  }

  @Test func `in which something is not as it was written is none`() async throws {
    let (scratch, _) = try await dataDirectory()
    let torn = Problem(.integrity, "blob.torn", "expected a blob, found half of one")
    #expect(
      await code { _ = try await scratch.backUp(to: "\(scratch.path)/backup", finding: [torn]) }
        == "backup.unsound")
    #expect(
      await code { _ = try await scratch.restore("\(scratch.path)/backup", to: "\(scratch.path)/new") }
        == "backup.unfinished")
  }

  @Test func `without a segment that the ledger names is none`() async throws {
    let (scratch, _) = try await dataDirectory()
    try Disk().remove("\(scratch.path)/records/\(Sample.segment(2).name).segment")
    #expect(await code { _ = try await scratch.backUp(to: "\(scratch.path)/backup") } == "backup.gone")
  }
}

@Suite struct `Restoring a backup` {
  @Test func `makes the files as they were, and says where they come from`() async throws {
    let (scratch, _) = try await dataDirectory()
    let made = try await scratch.backUp(to: "\(scratch.path)/backup")
    let target = "\(scratch.path)/new"
    #expect(try await scratch.restore("\(scratch.path)/backup", to: target) == made)
    var expected = try scratch.files("\(scratch.path)/backup")
    expected["SHA256SUMS"] = nil
    expected["restored.json"] = expected.removeValue(forKey: "backup.json")
    #expect(try scratch.files(target) == expected)
    #expect(try Restored.document(in: DataDirectory(path: target)) == made)
    try Restored.forget(in: DataDirectory(path: target))
    #expect(try Restored.document(in: DataDirectory(path: target)) == nil)
  }

  @Test func `makes a registry that goes on`() async throws {
    let (scratch, _) = try await dataDirectory()
    _ = try await scratch.backUp(to: "\(scratch.path)/backup")
    _ = try await scratch.restore("\(scratch.path)/backup", to: "\(scratch.path)/new")
    let registry = try SQLiteRegistry(
      path: "\(scratch.path)/new/registry.sqlite", signingKey: Scratch.ledgerKey)
    try await registry.commit([Sample.entry(.push)], [])
    #expect(try await registry.checkpoint()?.size == 4)
  }

  @Test func `takes an empty directory, and no other`() async throws {
    let (scratch, _) = try await dataDirectory()
    _ = try await scratch.backUp(to: "\(scratch.path)/backup")
    try Disk().createDirectory("\(scratch.path)/empty")
    _ = try await scratch.restore("\(scratch.path)/backup", to: "\(scratch.path)/empty")
    #expect(
      await code { _ = try await scratch.restore("\(scratch.path)/backup", to: "\(scratch.path)/empty") }
        == "restore.occupied")
    #expect(
      await code {
        _ = try await scratch.restore("\(scratch.path)/backup", to: "\(scratch.path)/admin.token")
      }
        == "restore.occupied")
  }

  /// Each way to change a backup behind its back, and the code of what comes of it.
  @Test(arguments: [
    ("blobs/sha256/ab/cd", "backup.changed"), ("registry.sqlite", "backup.changed"),
    ("SHA256SUMS", "backup.changed"),
    ("backup.json", "backup.malformed"),
  ]) func `finds what was changed in it`(file: String, expected: String) async throws {
    let (scratch, _) = try await dataDirectory()
    _ = try await scratch.backUp(to: "\(scratch.path)/backup")
    let path = "\(scratch.path)/backup/\(file)"
    var bytes = try Scratch.read(path)
    bytes[bytes.count / 2] ^= 1
    if file == "backup.json" { bytes = Array("{}".utf8) }
    Scratch.overwrite(path, with: bytes)
    let found = await code {
      _ = try await scratch.restore("\(scratch.path)/backup", to: "\(scratch.path)/new")
    }
    #expect(found == expected)
    #expect(try DirectoryListing.kind(of: "\(scratch.path)/new") == nil)
  }

  @Test func `finds what was taken away from it`() async throws {
    let (scratch, _) = try await dataDirectory()
    _ = try await scratch.backUp(to: "\(scratch.path)/backup")
    try Disk().remove("\(scratch.path)/backup/blobs/sha256/ab/cd")
    #expect(
      await code { _ = try await scratch.restore("\(scratch.path)/backup", to: "\(scratch.path)/new") }
        == "backup.gone")
  }
}

/// Strikes at one of the steps, before or after it.
private final class Strike: Sendable {
  private let left: Mutex<Int>
  private let moment: Disk.Moment

  init(at step: Int, _ moment: Disk.Moment) {
    left = Mutex(step)
    self.moment = moment
  }

  var disk: Disk {
    Disk { (_, moment, path) throws(Problem) in
      guard moment == self.moment else { return }
      let strikes = self.left.withLock { left in
        left -= 1
        return left == -1
      }
      if strikes { throw Problem(.unavailable, "test.struck", "the disk failed", subject: path) }
    }
  }

  var hasStruck: Bool { left.withLock { $0 < 0 } }
}

@Suite struct `A disk that fails at any step` {
  @Test(arguments: [Disk.Moment.before, .after]) func `leaves a backup or none`(moment: Disk.Moment)
    async throws
  {
    let (scratch, _) = try await dataDirectory()
    for step in 0..<1000 {
      let strike = Strike(at: step, moment)
      let folder = "\(scratch.path)/backup-\(step)"
      let found = await code { _ = try await scratch.backUp(to: folder, strike.disk) }
      let isBackup = (try? DataRestore.document(of: folder)) != nil
      if !strike.hasStruck {
        #expect(found == nil && isBackup)
        return
      }
      #expect(found == "test.struck")
      // The last steps come after the file that makes it one.
      if isBackup { _ = try await scratch.restore(folder, to: "\(scratch.path)/new-\(step)") }
    }
    Issue.record("it never came to its end")
  }

  @Test(arguments: [Disk.Moment.before, .after])
  func `leaves a data directory or none, and the next one makes it`(
    moment: Disk.Moment
  ) async throws {
    let (scratch, _) = try await dataDirectory()
    _ = try await scratch.backUp(to: "\(scratch.path)/backup")
    for step in 0..<1000 {
      let strike = Strike(at: step, moment)
      let target = "\(scratch.path)/new-\(step)"
      let found = await code {
        _ = try await scratch.restore("\(scratch.path)/backup", to: target, strike.disk)
      }
      if !strike.hasStruck {
        #expect(found == nil)
        return
      }
      if try DirectoryListing.kind(of: target) == nil {
        _ = try await scratch.restore("\(scratch.path)/backup", to: target)
      }
      #expect(try scratch.files(target).count == 15)
    }
    Issue.record("it never came to its end")
  }
}
