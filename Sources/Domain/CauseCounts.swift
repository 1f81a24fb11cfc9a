public import Encoding

/// How many requests were refused, or failed, for which cause, and how that is spread over callers.
///
/// Callers are counted by place, of which there are 64: who they are is in no count, and as many counts are kept for one caller as for
/// a million. Two callers may share a place, so that there are at least as many callers as places with a count.
public struct CauseCounts: Equatable, Sendable {
  /// The most causes that are told apart; all others are one.
  public static let causeLimit = 32
  /// How many places callers have.
  public static let placeCount = 64
  /// What the causes beyond the limit, and those without a code, are called.
  public static let otherCauses = "other"

  /// How many there were, by the code that was answered.
  public private(set) var causes: [String: Int] = [:]
  /// How many each place of callers had; empty where nobody is known of.
  public private(set) var places: [Int] = []

  /// There was none.
  public init() {}

  /// Counts one for its cause and its caller; nil where nobody knows who it was, or it was no matter of the caller's.
  public mutating func add(_ code: String?, of caller: String?) {
    let cause = code ?? Self.otherCauses
    let isKnown = causes[cause] != nil || causes.count < Self.causeLimit - 1
    causes[isKnown ? cause : Self.otherCauses, default: 0] += 1
    guard let caller else { return }
    if places.isEmpty { places = [Int](repeating: 0, count: Self.placeCount) }
    places[Self.place(of: caller)] += 1
  }

  /// The same place in every process, so that what one counted goes on with what the next does: FNV-1a, folded.
  private static func place(of caller: String) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in caller.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Int((hash ^ hash >> 32 ^ hash >> 16) % UInt64(placeCount))
  }

  /// All of them.
  public var total: Int { causes.values.reduce(0, &+) }
  /// How many callers there were at least.
  public var leastCallers: Int { places.count { $0 > 0 } }
  /// What the caller had who had most: of those that share a place, what they had together.
  public var mostOfOne: Int { places.max() ?? 0 }

  /// The causes, the most frequent first.
  public var ranked: [(code: String, count: Int)] {
    causes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { (code: $0.key, count: $0.value) }
  }

  /// What both were together.
  public static func + (left: CauseCounts, right: CauseCounts) -> CauseCounts {
    left.merged(right) { $0.plus($1, atMost: .mostCounted) }
  }

  /// What came after the right was counted; a count that went back is none.
  public static func - (left: CauseCounts, right: CauseCounts) -> CauseCounts {
    left.merged(right) { max(0, $0 &- $1) }
  }

  private func merged(_ other: CauseCounts, _ combine: (Int, Int) -> Int) -> CauseCounts {
    guard !other.causes.isEmpty || !other.places.isEmpty else { return self }
    var counts = CauseCounts()
    for cause in Set(causes.keys).union(other.causes.keys).sorted() {
      let count = combine(causes[cause] ?? 0, other.causes[cause] ?? 0)
      guard count > 0 else { continue }
      let isKept = counts.causes.count < Self.causeLimit - 1
      let place = isKept ? cause : Self.otherCauses
      counts.causes[place] = (counts.causes[place] ?? 0).plus(count, atMost: .mostCounted)
    }
    if !places.isEmpty || !other.places.isEmpty {
      let none = [Int](repeating: 0, count: Self.placeCount)
      let sums = zip(places.isEmpty ? none : places, other.places.isEmpty ? none : other.places).map(combine)
      counts.places = sums.allSatisfy { $0 == 0 } ? [] : sums
    }
    return counts
  }

  /// The counts as the control socket carries them.
  public var json: JSON {
    ["causes": .object(causes.mapValues { JSON($0) }), "callers": .array(places.map { JSON($0) })]
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let members = json["causes"]?.object, members.count <= Self.causeLimit,
      let elements = json["callers"]?.array, elements.isEmpty || elements.count == Self.placeCount
    else { return nil }
    let counts = members.compactMapValues(\.plausibleCount)
    let places = elements.compactMap(\.plausibleCount)
    guard counts.count == members.count, places.count == elements.count else { return nil }
    causes = counts
    self.places = places
  }
}
