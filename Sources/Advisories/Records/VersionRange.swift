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

    /// Whether it came in at the very first version.
    fileprivate var isFirst: Bool { kind == .introduced && version == "0" }
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
}

/// A range whose versions were read.
struct OrderedRange {
  private struct Event {
    let kind: VersionRange.Kind
    /// No version stands for the first.
    let at: OrderedVersion?
    /// As the record has it.
    let text: String
  }

  /// The events by their versions, those of one version in the order of the record.
  private let events: [Event]
  /// Where nothing more is said; nil where something is said of every version.
  private let limits: [OrderedVersion]?
  /// Whether it came in at what is no version, so that nobody can say which of the other events follow.
  private let isVague: Bool
  /// Whether it parts builds of one release.
  let partsBuilds: Bool

  fileprivate init(_ range: VersionRange, by order: VersionOrder) {
    let read = range.events.map { event in
      Event(
        kind: event.kind, at: event.isFirst ? nil : order.version(event.version), text: event.version)
    }
    events = read.enumerated().sorted { left, right in
      guard left.element.at != right.element.at else { return left.offset < right.offset }
      guard let first = left.element.at else { return true }
      return right.element.at.map { first < $0 } ?? false
    }.map(\.element)
    let limits = read.filter { $0.kind == .limit }.map(\.at)
    // One that is no version, `*` too, is no bound.
    self.limits = limits.isEmpty || limits.contains(nil) ? nil : limits.compactMap { $0 }
    // With one other event it can only have come in before that.
    isVague =
      read.count > 2
      && zip(range.events, read).contains { $0.kind == .introduced && !$0.isFirst && $1.at == nil }
    partsBuilds = read.contains { $0.at?.hasLocalPart ?? false }
  }

  /// How many events there are.
  var count: Int { events.count }

  /// Whether a version has the weakness: the evaluation that the schema states; nil where nobody can say.
  ///
  /// An event at what is no version of the order counts as it is graver: it came in at the first, and was never mended. Where
  /// other events may stand before the one at which it came in, it cannot be seen to be mended.
  func contains(_ version: OrderedVersion) -> Bool? {
    if let limits, !limits.contains(where: { version.compared(with: $0) < $0 }) { return false }
    var isAffected = false
    for event in events {
      switch event.kind {
      case .introduced: if event.at.map({ version.compared(with: $0) >= $0 }) ?? true { isAffected = true }
      case .fixed: if let at = event.at, version.compared(with: at) >= at { isAffected = false }
      case .lastAffected: if let at = event.at, version.compared(with: at) > at { isAffected = false }
      case .limit: break
      }
    }
    return isAffected ? true : isVague ? nil : false
  }

  /// The versions behind one at which it was mended, with how the record has them.
  func fixes(behind version: OrderedVersion) -> [(version: OrderedVersion, text: String)] {
    events.compactMap { event in
      guard event.kind == .fixed, let at = event.at, at > version.compared(with: at) else { return nil }
      return (at, event.text)
    }
  }
}
