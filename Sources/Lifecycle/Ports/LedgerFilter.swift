public import Domain
import Encoding

/// Which entries of the ledger are asked for; what is nil lets all pass.
public struct LedgerFilter: Equatable, Sendable {
  /// The model that the act was about.
  public var model: ModelName?
  /// Who acted.
  public var principal: Principal?
  /// What was done.
  public var act: Act?
  /// Not before this moment.
  public var since: Timestamp?
  /// Not after this moment.
  public var until: Timestamp?
  /// Only acts that did not happen.
  public var isRefused: Bool

  /// Names what is asked for; nothing named lets all pass.
  public init(
    model: ModelName? = nil, principal: Principal? = nil, act: Act? = nil, since: Timestamp? = nil,
    until: Timestamp? = nil, isRefused: Bool = false
  ) {
    self.model = model
    self.principal = principal
    self.act = act
    self.since = since
    self.until = until
    self.isRefused = isRefused
  }

  /// Whether an entry is asked for.
  public func matches(_ entry: LedgerEntry) -> Bool {
    (model == nil || model == entry.model) && (principal == nil || principal == entry.principal)
      && (act == nil || act == entry.act) && since.map { $0 <= entry.time } ?? true
      && until.map { entry.time <= $0 } ?? true && (!isRefused || entry.isRefused)
  }
}

/// An entry of the ledger and where it stands.
public struct PlacedEntry: Equatable, Sendable {
  /// The place, from 0.
  public let position: Int
  /// The stored bytes.
  public let bytes: [UInt8]

  /// Places an entry.
  public init(position: Int, bytes: [UInt8]) {
    self.position = position
    self.bytes = bytes
  }
}

/// Finds entries of the ledger without reading all of it.
public protocol LedgerSearch: Sendable {
  /// At most `count` entries that are asked for, in order, none before `first`.
  func entries(matching filter: LedgerFilter, from first: Int, count: Int) async throws(Problem)
    -> [PlacedEntry]
}

extension LedgerEntry {
  /// The model that the act was about; nil where it was about none.
  ///
  /// A key is about the model that it opens.
  public var model: ModelName? {
    let text: Substring?
    switch act {
    case .push, .inspect, .lift, .test, .gate, .sign, .pack, .rollOut, .rollBack, .beginRollOut,
      .stepRollOut, .holdRollOut, .undoRollOut, .planRollOuts, .share, .setPolicy, .setAlias, .removeAlias,
      .revokeVersion,
      .reseal, .approve, .wait, .setFacts, .assignModel:
      text = subject.prefix { $0 != "@" && $0 != " " }
    case .createKey, .revokeKey, .beginAlert, .endAlert, .acknowledgeAlert:
      text = details["deployment"]?.string.map { $0[...] }
    default: text = nil
    }
    return text.flatMap { try? ModelName(parsing: String($0)) }
  }

  /// Whether the act did not happen.
  public var isRefused: Bool { phase == .failed }
}
