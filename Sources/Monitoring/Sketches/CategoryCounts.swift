/// How often each category came: those that are known beforehand by number, and of the others the most frequent, by the
/// Space-Saving algorithm (Metwally, Agrawal and El Abbadi, "Efficient computation of frequent and top-k elements in
/// data streams", 2005), mergeable (Agarwal and others, "Mergeable summaries", 2012).
///
/// Of n values that are not known, each that came more than n / 32 times is in the table, and none is counted more
/// than n / 32 times too often; up to 32 different ones the counts are exact.
public struct CategoryCounts: Sendable, Equatable {
  /// A category that is not known, and how often it came.
  public struct Newcomer: Sendable, Equatable {
    /// What it is called: its first 64 bytes.
    public let label: String
    /// How often it came at most.
    public internal(set) var count: Int
    /// How many of those may have been others.
    public internal(set) var excess: Int
  }

  /// How many categories that are not known are told apart.
  public static let newcomerLimit = 32
  /// How many bytes of a category's name are kept; categories that differ only behind them are taken for one.
  public static let labelBytes = 64

  /// How often each known category came.
  public internal(set) var known: [Int]
  /// How often one came that is not known.
  public internal(set) var unknown = 0
  /// Those that are not known, the most frequent first, equal ones by their names.
  public var newcomers: [Newcomer] {
    table.sorted { ($0.count, $1.label) > ($1.count, $0.label) }
  }
  var table: [Newcomer] = []

  /// Counts of so many known categories.
  public init(known: Int) { self.known = [Int](repeating: 0, count: max(0, known)) }

  /// How many values there were.
  public var count: Int { known.reduce(unknown, +) }

  /// Takes a known category; a number that is none is nothing.
  @inline(__always)
  public mutating func observe(known index: Int) {
    guard known.indices.contains(index) else { return }
    known[index] += 1
  }

  /// Takes a category that is not known.
  public mutating func observe(unknown label: String) {
    let label = Self.bounded(label)
    unknown += 1
    if let place = table.firstIndex(where: { $0.label == label }) {
      table[place].count += 1
    } else if table.count < Self.newcomerLimit {
      table.append(Newcomer(label: label, count: 1, excess: 0))
    } else if let place = table.indices.min(by: { table[$0].count < table[$1].count }) {
      let least = table[place].count
      table[place] = Newcomer(label: label, count: least + 1, excess: least)
    }
  }

  /// Takes in those of other values over the same known categories; what has other categories is not taken.
  public mutating func merge(_ other: CategoryCounts) {
    guard known.count == other.known.count else { return }
    for index in known.indices { known[index] += other.known[index] }
    unknown += other.unknown
    // A category that a full table does not have came there as often as its least one, at most.
    let (here, there) = (leastWhereFull, other.leastWhereFull)
    var merged: [Newcomer] = []
    for newcomer in table {
      let twin = other.table.first { $0.label == newcomer.label }
      merged.append(
        Newcomer(
          label: newcomer.label, count: newcomer.count + (twin?.count ?? there),
          excess: newcomer.excess + (twin?.excess ?? there)))
    }
    for newcomer in other.table where !table.contains(where: { $0.label == newcomer.label }) {
      merged.append(
        Newcomer(label: newcomer.label, count: newcomer.count + here, excess: newcomer.excess + here))
    }
    table = merged
    table = Array(newcomers.prefix(Self.newcomerLimit))
  }

  private var leastWhereFull: Int {
    table.count < Self.newcomerLimit ? 0 : table.lazy.map(\.count).min() ?? 0
  }

  /// A name as it is kept: its first bytes, up to a whole character of them.
  static func bounded(_ label: String) -> String {
    guard label.utf8.count > labelBytes else { return label }
    var (kept, length) = (String.UnicodeScalarView(), 0)
    for scalar in label.unicodeScalars {
      length += UTF8.width(scalar)
      if length > labelBytes { break }
      kept.append(scalar)
    }
    return String(kept)
  }

  /// Whether both count the same, in whatever order it came.
  public static func == (left: CategoryCounts, right: CategoryCounts) -> Bool {
    left.known == right.known && left.unknown == right.unknown && left.newcomers == right.newcomers
  }
}
