public import Domain
public import Encoding

/// A spool segment of access records: a file of lines, and the Merkle tree over them.
///
/// A line is the first 16 hexadecimal digits of the leaf hash of a JSON text (`MerkleTree.leafHash`), a space, the
/// text, a line feed. The first line says which segment it is (`Header`), the others are records and gaps. What
/// stands behind the last whole line was cut off by a crash and is no part of the segment: no answer has gone out
/// whose line was not whole.
public struct RecordSegment: Sendable {
  /// What the first line of a segment says.
  public struct Header: Equatable, Sendable {
    /// The name, unique on all machines: of the process that wrote it, and a count.
    public var segment: String
    /// When it was begun.
    public var begun: Timestamp
    /// The first digits of the digest of the salt that its digests are made with.
    public var salt: String

    /// States what a segment is.
    public init(segment: String, begun: Timestamp, salt: String) {
      self.segment = segment
      self.begun = begun
      self.salt = salt
    }

    /// The header as its line carries it.
    public var json: JSON {
      [
        "format": .integer(1), "segment": .string(segment), "begun": .integer(begun.milliseconds),
        "salt": .string(salt),
      ]
    }

    fileprivate init?(json: JSON) {
      guard json["format"]?.integer == 1, let segment = json["segment"]?.string,
        let begun = json["begun"]?.integer, let salt = json["salt"]?.string
      else { return nil }
      self.init(segment: segment, begun: Timestamp(milliseconds: begun), salt: salt)
    }
  }

  /// What the first line says.
  public let header: Header
  /// The hash of each line's text, the header's first.
  public let leaves: [Digest]
  /// How many records there are.
  public let records: Int
  /// How many requests the gaps speak of.
  public let lost: Int
  /// The times of the first and the last record; nil where there is none.
  public let times: ClosedRange<Timestamp>?
  /// The bytes of all whole lines.
  public let wholeBytes: Int

  /// The root over all lines.
  public var root: Digest { MerkleTree.root(of: leaves) }

  /// Appends the line of a JSON text.
  public static func append(_ text: [UInt8], to bytes: inout [UInt8]) {
    Hexadecimal.append(MerkleTree.leafHash(text).prefix, to: &bytes)
    bytes.append(UInt8(ascii: " "))
    bytes += text
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Reads the whole lines of a segment.
  ///
  /// Throws `records.corrupt` where a line that is followed by another is not as it was written, where the last whole
  /// line is not (`isClosed`), or where the segment is none. `each` is told each record and its place.
  public init(
    parsing bytes: [UInt8], isClosed: Bool, each: (Int, AccessRecord) -> Void = { _, _ in }
  ) throws(Problem) {
    var lines = RecordLines(bytes)
    var header: Header?
    var leaves: [Digest] = []
    var (records, lost) = (0, 0)
    var times: ClosedRange<Timestamp>?
    var whole = 0
    while let line = lines.next() {
      guard let text = line.text,
        let json = try? JSON(parsing: text, limits: JSONLimits(depth: 4, values: 64))
      else {
        // The end of what a crash cut off, where nothing whole comes behind it.
        if !isClosed, lines.isAtEnd { break }
        throw Self.corrupt("line \(leaves.count + 1)", "a line as it was written")
      }
      if header == nil {
        guard let read = Header(json: json) else { throw Self.corrupt("line 1", "the header of a segment") }
        header = read
      } else if let record = AccessRecord(json: json) {
        records += 1
        each(leaves.count, record)
        times =
          min(
            times?.lowerBound ?? record.time, record.time)...max(
            times?.upperBound ?? record.time, record.time)
      } else if let gap = AccessGap(json: json), gap.count >= 0 {
        let (sum, overflow) = lost.addingReportingOverflow(gap.count)
        lost = overflow ? .max : sum
      } else {
        throw Self.corrupt("line \(leaves.count + 1)", "a record or a gap")
      }
      leaves.append(MerkleTree.leafHash(text))
      whole = lines.offset
    }
    guard let header else { throw Self.corrupt("line 1", "the header of a segment") }
    guard !isClosed || whole == bytes.count else {
      throw Self.corrupt("line \(leaves.count + 1)", "a whole line at the end")
    }
    self.header = header
    self.leaves = leaves
    self.records = records
    self.lost = lost
    self.times = times
    self.wholeBytes = whole
  }

  /// The text of the line at a place, as it is in a segment that was read; nil where there is none.
  public static func text(at index: Int, in bytes: [UInt8]) -> [UInt8]? {
    var lines = RecordLines(bytes)
    for _ in 0..<index { guard lines.next() != nil else { return nil } }
    return lines.next()?.text.map { Array($0) }
  }

  private static func corrupt(_ position: String, _ expected: String) -> Problem {
    Problem(
      .integrity, "records.corrupt", "expected \(expected) in a segment of access records, found another",
      position: position,
      hint: "keep the file; who changed it, and when, is to be found out")
  }
}

/// The lines of a segment, one after the other.
private struct RecordLines {
  struct Line {
    /// The JSON text; nil where the line is not as it was written.
    let text: ArraySlice<UInt8>?
  }

  private let bytes: [UInt8]
  /// Where the next line starts.
  private(set) var offset = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  var isAtEnd: Bool { offset == bytes.count }

  /// The next line that ends.
  mutating func next() -> Line? {
    guard let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
    let line = bytes[offset..<end]
    offset = end + 1
    guard line.count > 17, line[line.startIndex + 16] == UInt8(ascii: " ") else { return Line(text: nil) }
    let text = line.dropFirst(17)
    let digits = Hexadecimal.encode(MerkleTree.leafHash(text).bytes[..<8])
    return Line(text: line.prefix(16).elementsEqual(digits.utf8) ? text : nil)
  }
}
