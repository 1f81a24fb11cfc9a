public import Domain
public import Lifecycle
import Provenance

/// Segments of access records in memory, with faults on request.
public actor InMemoryRecordStore: RecordStore {
  private let faults: FaultPlan
  private var spool: [SegmentName: (state: SpooledSegment.State, bytes: [UInt8])] = [:]
  private var keptSegments: [SegmentName: [UInt8]] = [:]
  private var damaged: [Digest: (name: SegmentName, bytes: [UInt8])] = [:]

  /// An empty store; `faults` numbers the moves.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// Puts a segment into the spool, as a data plane does.
  public func spool(_ name: SegmentName, _ bytes: [UInt8], _ state: SpooledSegment.State = .closed) {
    spool[name] = (state, bytes)
  }

  /// Changes the bytes of a kept segment behind the store's back; nil takes it away.
  public func corrupt(_ name: SegmentName, to bytes: [UInt8]?) { keptSegments[name] = bytes }

  /// Takes away what was set aside.
  public func loseDamaged() { damaged = [:] }

  /// The names of the segments that are kept, sorted.
  public func keptNames() -> [SegmentName] { keptSegments.keys.sorted() }

  /// The names of the segments that were set aside, sorted.
  public func damagedNames() -> [SegmentName] { damaged.values.map(\.name).sorted() }

  /// The segments in the spool, by process and number.
  public func spooled() -> [SpooledSegment] {
    spool.map { SpooledSegment(name: $0, state: $1.state) }.sorted { $0.name < $1.name }
  }

  /// The bytes of a segment in the spool; nil where it is there no more.
  public func read(_ segment: SpooledSegment, limit: Int) throws(Problem) -> [UInt8]? {
    try bounded(spool[segment.name]?.bytes, limit)
  }

  /// The bytes of a segment that is kept; nil where there is none.
  public func kept(_ name: SegmentName, limit: Int) throws(Problem) -> [UInt8]? {
    try bounded(keptSegments[name], limit)
  }

  private func bounded(_ bytes: [UInt8]?, _ limit: Int) throws(Problem) -> [UInt8]? {
    guard (bytes?.count ?? 0) <= limit else {
      throw Problem(
        .tooLarge, "records.too-large",
        "expected a segment of access records of at most \(limit) bytes, found more")
    }
    return bytes
  }

  /// What digests of keys begin with.
  public func salt() -> [UInt8]? { Self.salt }

  /// The salt of every store in memory.
  public static let salt = [UInt8](repeating: 7, count: 32)

  /// The SHA-256 and the number of the bytes of a segment in the spool.
  public func measure(_ segment: SpooledSegment) throws(Problem) -> (digest: Digest, bytes: Int) {
    let bytes = try found(segment.name).bytes
    return (Digest(of: bytes), bytes.count)
  }

  /// The SHA-256 of a segment that was set aside; nil where it is not there.
  public func digest(of damaged: DamagedSegment) -> Digest? {
    self.damaged[damaged.digest].map { Digest(of: $0.bytes) }
  }

  /// Closes a segment that its writer left behind.
  public func close(_ name: SegmentName, after bytes: Int) throws(Problem) {
    let segment = try found(name)
    try faults.write { () throws(Problem) in spool[name] = (.closed, Array(segment.bytes.prefix(bytes))) }
  }

  /// Removes a segment of no bytes that its writer left behind.
  public func discard(_ name: SegmentName) throws(Problem) {
    guard try found(name).bytes.isEmpty else { return }
    try faults.write { () throws(Problem) in spool[name] = nil }
  }

  /// Takes a closed segment out of the spool to where segments are kept.
  public func keep(_ name: SegmentName) throws(Problem) {
    let segment = try found(name)
    try faults.write { () throws(Problem) in (spool[name], keptSegments[name]) = (nil, segment.bytes) }
  }

  /// Takes a segment out of the spool to where damaged ones are.
  public func setAside(_ segment: SpooledSegment, digest: Digest) throws(Problem) {
    let bytes = try found(segment.name).bytes
    try faults.write { () throws(Problem) in
      (spool[segment.name], damaged[digest]) = (nil, (segment.name, bytes))
    }
  }

  private func found(_ name: SegmentName) throws(Problem) -> (state: SpooledSegment.State, bytes: [UInt8]) {
    guard let segment = spool[name] else {
      throw Problem(
        .unavailable, "records.gone", "expected a segment in the spool, found none",
        subject: name.description)
    }
    return segment
  }
}
