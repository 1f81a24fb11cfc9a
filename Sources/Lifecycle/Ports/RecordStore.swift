public import Domain

/// A segment of access records that stands in the spool.
public struct SpooledSegment: Hashable, Sendable {
  /// Who has to do with it still.
  public enum State: Sendable {
    /// A data plane writes to it, or is about to close it.
    case open
    /// Its writer ended and had not closed it.
    case left
    /// Its writer closed it.
    case closed
  }

  /// Which segment.
  public let name: SegmentName
  /// Who has to do with it still.
  public let state: State

  /// Names a segment in the spool.
  public init(name: SegmentName, state: State) {
    self.name = name
    self.state = state
  }
}

/// The files of access records, to read: in the spool, kept, and set aside.
public protocol RecordReader: Sendable {
  /// The segments in the spool, by process and number.
  ///
  /// Where one is told to be closed, every earlier one of its process is told of too, or is in the spool no more.
  func spooled() async throws(Problem) -> [SpooledSegment]
  /// The bytes of a segment in the spool; nil where it is there no more. Throws `records.too-large` beyond `limit`.
  func read(_ segment: SpooledSegment, limit: Int) async throws(Problem) -> [UInt8]?
  /// The SHA-256 and the number of the bytes of a segment in the spool, however long it is.
  func measure(_ segment: SpooledSegment) async throws(Problem) -> (digest: Digest, bytes: Int)
  /// The bytes of a segment that is kept; nil where there is none. Throws `records.too-large` beyond `limit`.
  func kept(_ name: SegmentName, limit: Int) async throws(Problem) -> [UInt8]?
  /// The SHA-256 of a segment that was set aside; nil where it is not there.
  func digest(of damaged: DamagedSegment) async throws(Problem) -> Digest?
  /// What digests of bodies and keys begin with in records of the spool; nil where nothing was written yet.
  func salt() async throws(Problem) -> [UInt8]?
}

/// The files of access records, and how they move: from the spool to where they are kept, or apart.
///
/// Every move is durable when it returns; when it throws, it may have happened or not.
public protocol RecordStore: RecordReader {
  /// Closes a segment that its writer left behind: cuts it off after so many bytes.
  func close(_ name: SegmentName, after bytes: Int) async throws(Problem)
  /// Removes a segment of no bytes that its writer left behind.
  func discard(_ name: SegmentName) async throws(Problem)
  /// Takes a closed segment out of the spool to where segments are kept.
  func keep(_ name: SegmentName) async throws(Problem)
  /// Takes a segment out of the spool to where damaged ones are; `digest` is that of its bytes.
  func setAside(_ segment: SpooledSegment, digest: Digest) async throws(Problem)
}
