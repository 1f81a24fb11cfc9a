public import Domain
import Encoding
public import Provenance

/// What became of the segments that were in the spool.
public struct CollectedRecords: Equatable, Sendable {
  /// The segments that are kept now.
  public var kept: [SegmentName] = []
  /// Why segments were set aside; the subject of each is the segment.
  public var damaged: [Problem] = []
  /// What kept segments from being collected this time; each is tried again.
  public var failures: [Problem] = []

  /// Nothing was collected yet.
  public init() {}
}

/// Takes segments of access records over from the data plane: each becomes one entry of the ledger and a kept file.
///
/// Of one process in order; one that cannot be collected now holds up the later ones of its process and nothing
/// else. It may be cut off anywhere and begins anew; what is true of a segment after each durable step:
/// 1. It is left behind: in the spool, open, nobody writes to it. It may end in the middle of a line.
/// 2. It is closed (`close`): in the spool, of whole lines. The same is true of one that its writer closed.
/// 3. It is recorded (`commit`): the ledger has its entry and the registry its row, both or none. The file is in the
///    spool still; that the registry has the name and this root tells the next run that only the move is left.
/// 4. What it says that models said is kept for labels (`Feedback.take`), with its name. The file is in the spool still; the name
///    tells the next run that it was taken.
/// 5. It is kept (`keep`): the file is where the registry's readers look for it, and nothing of it is in the spool.
///
/// A damaged segment goes the same way to another place, and is known by its name and the digest of its bytes.
///
/// Not an act in `ActQueue`: it has nothing to do with what is served, and waits for no push. Never two at a time.
struct CollectRecords: Sendable {
  let registry: any RegistryWriter & RegistryReader
  let store: any RecordStore
  /// What keeps predictions for the labels that come later.
  let feedback: Feedback
  let time: any TimeSource
  let entropy: any Entropy

  func callAsFunction() async throws(Problem) -> CollectedRecords {
    var collected = CollectedRecords()
    var heldUp: Set<String> = []
    for segment in try await store.spooled() where !heldUp.contains(segment.name.process) {
      guard segment.state != .open else {
        heldUp.insert(segment.name.process)
        continue
      }
      do throws(Problem) {
        try await collect(segment, &collected)
      } catch {
        var failure = error
        failure.subject = failure.subject ?? segment.name.description
        collected.failures.append(failure)
        heldUp.insert(segment.name.process)
      }
    }
    return collected
  }

  private func collect(_ segment: SpooledSegment, _ collected: inout CollectedRecords) async throws(Problem) {
    let name = segment.name
    let known = try await registry.segment(name)
    let (found, made): (KeptSegment, SegmentPredictions)
    do throws(Problem) {
      guard let read = try await read(segment) else { return }
      (found, made) = read
      guard known == nil || known?.root == found.root else {
        throw Problem(
          .integrity, "records.replaced",
          "expected the segment that the ledger has under this name, found another",
          hint: "keep the file; who made it, and when, is to be found out")
      }
    } catch  where error.category == .integrity || error.category == .tooLarge {
      return try await setAside(segment, error, &collected)
    }
    if segment.state == .left { try await store.close(name, after: found.bytes) }
    if known == nil {
      try await registry.commit([entry(.done, name, found.details)], [.addSegment(found)])
    }
    do throws(Problem) { try await feedback.take(made) } catch {
      // How good a model is, is worth a minute of waiting, and no prediction that is refused for a full spool.
      guard await feedback.hasFailedForLong else { throw error }
      collected.failures.append(error)
    }
    try await store.keep(name)
    collected.kept.append(name)
  }

  /// Reads a segment and lets its bytes go again; nil where there is nothing to collect.
  private func read(
    _ segment: SpooledSegment
  ) async throws(Problem) -> (segment: KeptSegment, made: SegmentPredictions)? {
    guard let bytes = try await store.read(segment, limit: RecordSegment.byteLimit) else { return nil }
    guard segment.state != .left || !bytes.isEmpty else {
      // The writer ended between making the file and its first line.
      try await store.discard(segment.name)
      return nil
    }
    var made = SegmentPredictions(segment: segment.name)
    let read = try RecordSegment(parsing: bytes, isClosed: segment.state == .closed) { line, record in
      made.take(record, line: line)
    }
    return (try KeptSegment(read, as: segment.name, at: time.now()), made)
  }

  private func setAside(_ segment: SpooledSegment, _ problem: Problem, _ collected: inout CollectedRecords)
    async throws(Problem)
  {
    let name = segment.name
    let (digest, bytes) = try await store.measure(segment)
    let isKnown = try await registry.damagedSegments().contains { $0.name == name && $0.digest == digest }
    if !isKnown {
      let damaged = DamagedSegment(
        name: name, digest: digest, bytes: bytes, code: problem.code, setAsideAt: time.now())
      let details: [String: JSON] = [
        "code": .string(problem.code), "message": .string(problem.message),
        "position": problem.position.map { .string($0) } ?? .null, "digest": .string(digest.description),
        "bytes": JSON(bytes),
      ]
      try await registry.commit([entry(.failed, name, details)], [.addDamagedSegment(damaged)])
    }
    // A crash before this leaves it in the spool, where its digest tells the next run that it has its entry.
    try await store.setAside(segment, digest: digest)
    var problem = problem
    problem.subject = name.description
    collected.damaged.append(problem)
  }

  private func entry(_ phase: ActPhase, _ name: SegmentName, _ details: [String: JSON]) -> LedgerEntry {
    LedgerEntry(
      time: time.now(), principal: .platform, act: .keepRecords, phase: phase, subject: name.description,
      trace: Hexadecimal.encode(entropy.bytes(8)), details: details)
  }
}

extension RecordSegment {
  /// The most bytes of a segment that is read: four times what a data plane writes.
  public static let byteLimit = 256 << 20
}

extension KeptSegment {
  /// What there is to record of a segment that was read under a name; throws `records.renamed` where it says itself
  /// that it is another.
  init(_ segment: RecordSegment, as name: SegmentName, at moment: Timestamp) throws(Problem) {
    guard segment.header.segment == name.description else {
      throw Problem(
        .integrity, "records.renamed",
        "expected the segment '\(name)', found '\(segment.header.segment.excerpt(40))' under its name",
        position: "line 1", hint: "keep the file; who renamed it, and when, is to be found out")
    }
    self.init(
      name: name, root: segment.root, lines: segment.leaves.count, records: segment.records,
      lost: segment.lost, times: segment.times, bytes: segment.wholeBytes, keptAt: moment)
  }

  /// What an entry of the ledger says of the segment.
  var details: [String: JSON] {
    [
      "root": .string(root.description), "lines": JSON(lines), "records": JSON(records), "lost": JSON(lost),
      "first": times.map { .integer($0.lowerBound.milliseconds) } ?? .null,
      "last": times.map { .integer($0.upperBound.milliseconds) } ?? .null, "bytes": JSON(bytes),
    ]
  }
}
