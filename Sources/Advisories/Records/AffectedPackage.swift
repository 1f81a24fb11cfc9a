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
    let listed = isListed(version)
    var isCompared = true
    var isAffected = listed
    var found: [(version: OrderedVersion, text: String)] = []
    for range in ranges {
      // Where no order is known, only what is listed matches.
      guard let order = range.order(in: package.family) else { continue }
      guard let place = order.version(version) else {
        isCompared = false
        continue
      }
      guard range.ordered(by: order).contains(place) else { continue }
      isAffected = true
      found += range.fixes(behind: place, in: order).compactMap { text in
        order.version(text).map { ($0, text) }
      }
    }
    guard isAffected || !isCompared else { return nil }
    var texts: [String] = []
    for fix in found.sorted(by: { $0.version < $1.version }) where !texts.contains(fix.text) {
      texts.append(fix.text)
    }
    return Fixes(versions: texts, isVersionKnown: isAffected)
  }

  /// Where a weakness was mended.
  struct Fixes {
    /// The versions, the nearest first.
    let versions: [String]
    /// Whether the version that was asked for is one that has it, and none that only may have it.
    let isVersionKnown: Bool
  }

  private func isListed(_ version: String) -> Bool {
    if versions.contains(version) { return true }
    guard let order = VersionOrder(of: package.family), let place = order.version(version) else {
      return false
    }
    return versions.contains { order.version($0) == place }
  }

  /// What two records say of one package, each thing once and in one order; versions that a range has are left to it.
  static func merged(_ all: [AffectedPackage]) -> [AffectedPackage] {
    Dictionary(grouping: all, by: \.package).map { package, parts in
      let ranges = Set(parts.flatMap(\.ranges)).sorted { $0.text < $1.text }
      let ordered = ranges.compactMap { range in
        range.order(in: package.family).map { ($0, range.ordered(by: $0)) }
      }
      let versions = Set(parts.flatMap(\.versions)).filter { text in
        !ordered.contains { order, range in order.version(text).map { range.contains($0) } ?? false }
      }
      return AffectedPackage(
        package, ranges: ranges,
        versions: versions.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }.sorted { $0.package < $1.package }
  }
}

extension VersionRange {
  /// All of it in one line, to be put in order by.
  fileprivate var text: String {
    "\(isSemantic) " + events.map { "\($0.kind.rawValue) \($0.version)" }.joined(separator: "\n")
  }
}
