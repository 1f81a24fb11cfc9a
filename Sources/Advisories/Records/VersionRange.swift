/// Versions that have a weakness, by the events at which it came and went.
///
/// https://ossf.github.io/osv-schema/#affectedranges-field
public struct VersionRange: Hashable, Sendable {
  /// What happened at a version.
  public enum Kind: String, Sendable, CaseIterable {
    /// It came in; `0` stands for the very first version.
    case introduced
    /// It was mended.
    case fixed
    /// It is the last that has it.
    case lastAffected = "last_affected"
    /// Nothing is said of this version and those behind it.
    case limit
  }

  /// Something that happened at a version.
  public struct Event: Hashable, Sendable {
    /// What happened.
    public let kind: Kind
    /// At which version, as the record has it.
    public let version: String

    /// States an event.
    public init(_ kind: Kind, _ version: String) {
      self.kind = kind
      self.version = version
    }
  }

  /// Whether versions are those of Semantic Versioning, whatever the ecosystem.
  public let isSemantic: Bool
  /// What happened, in the order of the record.
  public let events: [Event]

  /// States a range.
  public init(isSemantic: Bool, events: [Event]) {
    self.isSemantic = isSemantic
    self.events = events
  }

  /// The order that its versions are in; nil where none is known.
  func order(in ecosystem: String) -> VersionOrder? { isSemantic ? .semantic : VersionOrder(of: ecosystem) }

  /// The range with its versions read in an order, to be asked of many.
  func ordered(by order: VersionOrder) -> OrderedRange { OrderedRange(self, by: order) }

  /// The versions behind one at which it was mended, as the record has them.
  func fixes(behind version: OrderedVersion, in order: VersionOrder) -> [String] {
    events.filter { event in
      event.kind == .fixed && (order.version(event.version).map { $0 > version } ?? false)
    }.map(\.version)
  }
}

/// A range whose versions were read.
struct OrderedRange {
  /// The events by their versions, those of one version in the order of the record; no version stands for the first.
  private let events: [(kind: VersionRange.Kind, at: OrderedVersion?)]
  /// Where nothing more is said; nil where something is said of every version.
  private let limits: [OrderedVersion]?

  fileprivate init(_ range: VersionRange, by order: VersionOrder) {
    let versions = range.events.map { event in
      event.kind == .introduced && event.version == "0" ? nil : order.version(event.version)
    }
    events = zip(range.events, versions).enumerated().sorted { left, right in
      guard left.element.1 != right.element.1 else { return left.offset < right.offset }
      guard let first = left.element.1 else { return true }
      return right.element.1.map { first < $0 } ?? false
    }.map { ($0.element.0.kind, $0.element.1) }
    let limits = range.events.filter { $0.kind == .limit }.map { order.version($0.version) }
    // One that is no version, `*` too, is no bound.
    self.limits = limits.isEmpty || limits.contains(nil) ? nil : limits.compactMap { $0 }
  }

  /// Whether a version has the weakness: the evaluation that the schema states.
  ///
  /// An event at what is no version of the order counts as it is graver: it came in at the first, and was never mended.
  func contains(_ version: OrderedVersion) -> Bool {
    if let limits, !limits.contains(where: { version < $0 }) { return false }
    var isAffected = false
    for event in events {
      switch event.kind {
      case .introduced: if event.at.map({ version >= $0 }) ?? true { isAffected = true }
      case .fixed: if let at = event.at, version >= at { isAffected = false }
      case .lastAffected: if let at = event.at, version > at { isAffected = false }
      case .limit: break
      }
    }
    return isAffected
  }
}
