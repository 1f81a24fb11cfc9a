/// A package that has a weakness, and in which versions.
public struct AffectedPackage: Hashable, Sendable {
  /// Which package.
  public let package: PackageName
  /// The ranges of its versions that have it.
  public let ranges: [VersionRange]
  /// Versions that have it whatever the ranges say, as the record has them.
  public let versions: [String]

  /// States what is affected.
  public init(_ package: PackageName, ranges: [VersionRange], versions: [String]) {
    self.package = package
    self.ranges = ranges
    self.versions = versions
  }

  /// Whether a version has the weakness, and where it was mended behind it; nil where it has it not.
  ///
  /// A version that is not known, or that has no place in the order of a range, may be any: it counts as one that has it.
  func fixes(for version: String?) -> Fixes? {
    guard let version else {
      return ranges.isEmpty && versions.isEmpty ? nil : Fixes(versions: [], isVersionKnown: false)
    }
    let ownOrder = VersionOrder(of: package.family)
    let ownPlace = ownOrder?.version(version)
    var isAffected = isListed(version, at: ownPlace)
    // In an order that has no place for it, it may be another spelling of any that is listed.
    var isCompared = ownOrder == nil || ownPlace != nil || versions.isEmpty
    var found: [(version: OrderedVersion, text: String)] = []
    for range in ranges {
      // Where no order is known, only what is listed matches.
      guard let order = range.order(in: package.family) else { continue }
      guard let place = order.version(version) else {
        isCompared = false
        continue
      }
      let ordered = range.ordered(by: order)
      switch ordered.contains(place) {
      case true?: isAffected = true
      case false?: continue
      case nil: isCompared = false
      }
      found += ordered.fixes(behind: place)
    }
    guard isAffected || !isCompared else { return nil }
    var told: Set<String> = []
    let texts = found.sorted { $0.version < $1.version }.map(\.text).filter { told.insert($0).inserted }
    return Fixes(versions: texts, isVersionKnown: isAffected)
  }

  /// Where a weakness was mended.
  struct Fixes {
    /// The versions, the nearest first.
    let versions: [String]
    /// Whether the version that was asked for is one that has it, and none that only may have it.
    let isVersionKnown: Bool
  }

  private func isListed(_ version: String, at place: OrderedVersion?) -> Bool {
    if versions.contains(version) { return true }
    guard let place, let order = VersionOrder(of: package.family) else { return false }
    return versions.contains { order.version($0).map { place.compared(with: $0) == $0 } ?? false }
  }

  /// The most comparisons of versions with events that are made to leave versions to ranges.
  private static let comparisonLimit = 1 << 20

  /// What two records say of one package, each thing once and in one order; versions that a range has are left to it.
  static func merged(_ all: [AffectedPackage]) -> [AffectedPackage] {
    Dictionary(grouping: all, by: \.package).map { package, parts in
      let ranges = Set(parts.flatMap(\.ranges)).map { (range: $0, text: $0.text) }
        .sorted { $0.text.utf8.lexicographicallyPrecedes($1.text.utf8) }.map(\.range)
      let versions = Set(parts.flatMap(\.versions)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      return AffectedPackage(
        package, ranges: ranges, versions: unstated(versions, by: ranges, of: package.family))
    }.sorted { $0.package < $1.package }
  }

  /// The versions that no range has; all of them where finding out would take too long.
  private static func unstated(_ versions: [String], by ranges: [VersionRange], of ecosystem: String)
    -> [String]
  {
    guard let order = VersionOrder(of: ecosystem) else { return versions }
    // A listed version means each of its builds, of which a range that parts them may have but some; and one of another order
    // may part spellings that are the same in this.
    let ordered = ranges.filter { $0.order(in: ecosystem) == order }.map { $0.ordered(by: order) }
      .filter { !$0.partsBuilds }
    let events = ordered.reduce(0) { $0 + $1.count }
    let (comparisons, isOverflow) = versions.count.multipliedReportingOverflow(by: events)
    guard !isOverflow, comparisons <= comparisonLimit else { return versions }
    return versions.filter { text in
      guard let version = order.version(text) else { return true }
      return !ordered.contains { $0.contains(version) == true }
    }
  }
}

extension VersionRange {
  /// All of it in one line, to be put in order by.
  fileprivate var text: String {
    "\(isSemantic) " + events.map { "\($0.kind.rawValue) \($0.version)" }.joined(separator: "\n")
  }
}
