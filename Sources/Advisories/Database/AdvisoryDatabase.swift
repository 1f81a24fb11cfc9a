public import Domain
import Encoding

/// All advisories that a platform goes by: one document, and where in it what stands.
///
/// The document is a line of JSON that says what it is, and a line for each weakness in the order of their ids, all of it
/// canonical: the same records make the same bytes. In memory it is those bytes and 16 more for each name and each package of
/// a weakness; a weakness is read out of its line each time that it is asked for.
public struct AdvisoryDatabase: Sendable {
  /// What a document of another shape is refused with.
  public static let malformedCode = "advisories.malformed"
  /// What the first line of such a document says that it is.
  static let format = "gatehouse/advisories/v1"
  /// The most bytes of a document.
  public static let sizeLimit = 128 << 20
  /// The most bytes of one weakness.
  static let lineLimit = 4 << 20
  /// The most weaknesses.
  static let countLimit = 1_000_000

  /// The document.
  public let bytes: [UInt8]
  /// How many weaknesses there are.
  public var count: Int { lines.count }
  /// When any of them was last changed; nil where there is none.
  public let newest: Timestamp?
  /// Where the line of each weakness stands.
  private let lines: [Range<UInt32>]
  private let names: LineIndex
  private let packages: LineIndex

  /// Writes the document of what records say.
  ///
  /// Throws `advisories.too-large`.
  public init(of records: [AdvisoryRecord]) throws(Problem) {
    try self.init(Weakness.all(in: records))
  }

  private init(_ weaknesses: [Weakness]) throws(Problem) {
    var builder = Builder()
    let newest = weaknesses.map(\.modified).max()
    var bytes = Self.header(count: weaknesses.count, newest: newest)
    bytes.append(UInt8(ascii: "\n"))
    for weakness in weaknesses {
      let line = weakness.json.canonicalBytes
      guard line.count <= Self.lineLimit, bytes.count + line.count < Self.sizeLimit,
        weaknesses.count <= Self.countLimit
      else {
        throw Problem(
          .tooLarge, "advisories.too-large",
          "expected at most \(Self.countLimit) advisories of \(Self.lineLimit) bytes each and \(Self.sizeLimit)"
            + " together, found more", subject: weakness.id,
          hint: "import the ecosystems that your models are made of")
      }
      builder.add(weakness, at: bytes.count..<(bytes.count + line.count))
      bytes += line
      bytes.append(UInt8(ascii: "\n"))
    }
    self.init(bytes: bytes, newest: newest, builder)
  }

  /// Reads a document, each line of which has to be what writing it again gives.
  ///
  /// Throws `advisories.malformed` with the line.
  public init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= Self.sizeLimit else {
      throw Problem(
        .tooLarge, "advisories.too-large",
        "expected at most \(Self.sizeLimit) bytes of advisories, found \(bytes.count)")
    }
    var builder = Builder()
    var newest: Timestamp?
    var header = 0..<0
    var last: String?
    var start = 0
    var number = 0
    while start < bytes.count {
      number += 1
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")), end - start <= Self.lineLimit,
        number <= Self.countLimit + 1
      else {
        throw Self.malformed(
          "a line of at most \(Self.lineLimit) bytes with its end, \(Self.countLimit) of them", "another",
          number)
      }
      if number == 1 {
        header = start..<end
      } else {
        let weakness: Weakness
        do throws(Problem) { weakness = try Self.weakness(in: bytes[start..<end]) } catch {
          throw Self.malformed("an advisory as this program writes it", error.message, number)
        }
        guard weakness.json.canonicalBytes.elementsEqual(bytes[start..<end]) else {
          throw Self.malformed("an advisory as this program writes it", "it in other bytes", number)
        }
        if let last, !last.utf8.lexicographicallyPrecedes(weakness.id.utf8) {
          throw Self.malformed("ids in their order, each once", "'\(weakness.id.excerpt(60))'", number)
        }
        last = weakness.id
        newest = max(newest ?? weakness.modified, weakness.modified)
        builder.add(weakness, at: start..<end)
      }
      start = end + 1
    }
    guard bytes[header].elementsEqual(Self.header(count: builder.lines.count, newest: newest)) else {
      throw Self.malformed(
        "a line that says '\(Self.format)', how many advisories follow and when the newest was changed",
        "another", 1)
    }
    self.init(bytes: bytes, newest: newest, builder)
  }

  private init(bytes: [UInt8], newest: Timestamp?, _ builder: Builder) {
    self.bytes = bytes
    self.newest = newest
    lines = builder.lines
    names = LineIndex(builder.names)
    packages = LineIndex(builder.packages)
  }

  private static func header(count: Int, newest: Timestamp?) -> [UInt8] {
    let json: JSON = [
      "format": .string(format), "advisories": JSON(count),
      "newest": newest.map { .integer($0.milliseconds) } ?? .null,
    ]
    return json.canonicalBytes
  }

  private static func malformed(_ expected: String, _ found: String, _ line: Int) -> Problem {
    Problem(
      .badInput, malformedCode, "expected \(expected), found \(found)", position: "line \(line)",
      hint: "make the document anew with 'gatehouse advisories import'")
  }

  // MARK: What it has

  /// The weakness that has this name, whichever of its names it is.
  public func weakness(named name: String) -> Weakness? {
    names.lines(of: name).lazy.compactMap { weakness(at: $0) }.first { $0.names.contains(name) }
  }

  /// The weaknesses that any version of a package has or had, in the order of their ids.
  public func weaknesses(of package: PackageName) -> [Weakness] {
    packages.lines(of: package.description).compactMap { weakness(at: $0) }.filter {
      $0.affected.contains { $0.package == package }
    }
  }

  private func weakness(at line: Int) -> Weakness? {
    let range = lines[line]
    return try? Self.weakness(in: bytes[Int(range.lowerBound)..<Int(range.upperBound)])
  }

  private static func weakness(in line: ArraySlice<UInt8>) throws(Problem) -> Weakness {
    let json: JSON
    do throws(MalformedJSON) {
      json = try JSON(parsing: line, limits: JSONLimits(depth: 12, values: 1_000_000))
    } catch {
      throw Problem(.badInput, malformedCode, "\(error.found) at column \(error.column)")
    }
    return try Weakness(json: json)
  }

  /// The index as it is put together.
  private struct Builder {
    var lines: [Range<UInt32>] = []
    var names: [LineIndex.Entry] = []
    var packages: [LineIndex.Entry] = []

    /// Offsets and counts are below `sizeLimit`.
    mutating func add(_ weakness: Weakness, at range: Range<Int>) {
      let line = UInt32(lines.count)
      lines.append(UInt32(range.lowerBound)..<UInt32(range.upperBound))
      names += weakness.names.map { LineIndex.Entry($0, line) }
      packages += weakness.affected.map { LineIndex.Entry($0.package.description, line) }
    }
  }
}

/// In which lines a word stands, by its hash: whoever looks one up reads the lines and sees whether it is that word.
private struct LineIndex {
  struct Entry {
    let hash: UInt64
    let line: UInt32

    init(_ word: String, _ line: UInt32) {
      hash = FNV1a.hash(of: word.utf8)
      self.line = line
    }
  }

  private let entries: [Entry]

  init(_ entries: [Entry]) { self.entries = entries.sorted { ($0.hash, $0.line) < ($1.hash, $1.line) } }

  /// The lines in their order.
  func lines(of word: String) -> [Int] {
    let hash = FNV1a.hash(of: word.utf8)
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = low + (high - low) / 2
      if entries[middle].hash < hash { low = middle + 1 } else { high = middle }
    }
    return entries[low...].prefix { $0.hash == hash }.map { Int($0.line) }
  }
}
