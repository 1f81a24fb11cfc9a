/// A segment of access records that was taken over from a data plane: what the ledger says of it.
public struct KeptSegment: Equatable, Sendable {
  /// Which segment.
  public let name: SegmentName
  /// The Merkle root over its lines.
  public let root: Digest
  /// How many lines it has, the header among them.
  public let lines: Int
  /// How many of them are records.
  public let records: Int
  /// How many requests its gaps speak of: those that left no record.
  public let lost: Int
  /// The times of its first and its last record; nil where it has none.
  public let times: ClosedRange<Timestamp>?
  /// Its bytes.
  public let bytes: Int
  /// When it was taken over.
  public let keptAt: Timestamp

  /// Records a segment.
  public init(
    name: SegmentName, root: Digest, lines: Int, records: Int, lost: Int, times: ClosedRange<Timestamp>?,
    bytes: Int, keptAt: Timestamp
  ) {
    self.name = name
    self.root = root
    self.lines = lines
    self.records = records
    self.lost = lost
    self.times = times
    self.bytes = bytes
    self.keptAt = keptAt
  }
}

/// A segment of access records that is not as a data plane writes them, kept apart for those who want to look at it.
public struct DamagedSegment: Equatable, Sendable {
  /// The name it had.
  public let name: SegmentName
  /// The SHA-256 of all its bytes.
  public let digest: Digest
  /// Its bytes.
  public let bytes: Int
  /// The code of the problem with it.
  public let code: String
  /// When it was set aside.
  public let setAsideAt: Timestamp

  /// Records a damaged segment.
  public init(name: SegmentName, digest: Digest, bytes: Int, code: String, setAsideAt: Timestamp) {
    self.name = name
    self.digest = digest
    self.bytes = bytes
    self.code = code
    self.setAsideAt = setAsideAt
  }
}
