public import Domain
import Encoding
import Gates

/// One move of a deployment, as the ledger holds it.
public struct ServedSince: Equatable, Sendable {
  /// Since when.
  public let time: Timestamp
  /// Which version.
  public let version: VersionReference
  /// The digest of its bundle.
  public let bundle: Digest
  /// The digest of the policy that let it; nil in entries from before there was any at a roll-out.
  public let policy: Digest?
  /// Who moved it there.
  public let principal: Principal
  /// Whether it was rolled out, or back.
  public let act: Act
  /// The place of the entry in the ledger.
  public let position: Int
}

/// One move of an alias, as the ledger holds it.
public struct AliasMove: Equatable, Sendable {
  /// Since when.
  public let time: Timestamp
  /// Which alias.
  public let alias: AliasName
  /// The version that it names, and the digest of its bundle; nil where it was removed.
  public let target: (version: VersionNumber, bundle: Digest)?
  /// Who moved it there.
  public let principal: Principal
  /// The place of the entry in the ledger.
  public let position: Int

  /// Whether both are the same move.
  public static func == (left: AliasMove, right: AliasMove) -> Bool { left.position == right.position }
}

/// What served under a name and when.
public struct ModelHistory: Sendable {
  /// The moves of the live version, oldest first.
  public var served: [ServedSince] = []
  /// The moves of its aliases, oldest first.
  public var aliases: [AliasMove] = []

  /// What of it was in force at a moment.
  func inForce(at moment: Timestamp) -> ModelHistory {
    var latest: [AliasName: AliasMove] = [:]
    for move in aliases where move.time <= moment { latest[move.alias] = move }
    return ModelHistory(
      served: served.last { $0.time <= moment }.map { [$0] } ?? [],
      aliases: latest.values.filter { $0.target != nil }.sorted { $0.alias < $1.alias })
  }
}

/// Answers "what served when" from the ledger alone.
public struct History: Sendable {
  private let ledger: any LedgerSearch

  /// Reads this ledger.
  public init(ledger: any LedgerSearch) {
    self.ledger = ledger
  }

  /// Every move of the deployment and its aliases; with `moment`, only those that were in force then.
  ///
  /// Reads the entries of these acts on this model, and no others.
  public func callAsFunction(of name: ModelName, at moment: Timestamp? = nil) async throws(Problem)
    -> ModelHistory
  {
    var history = ModelHistory()
    for act in [Act.rollOut, .rollBack, .share, .setAlias, .removeAlias] {
      // A way back without a control plane was written down later than it was gone.
      for (entry, position) in try await ledger.done(act, on: name, until: act == .rollBack ? nil : moment) {
        Self.note(entry, position, of: name, in: &history)
      }
    }
    history.served.sort { $0.position < $1.position }
    history.aliases.sort { $0.position < $1.position }
    if let moment { return history.inForce(at: moment) }
    return history
  }

  private static func note(
    _ entry: LedgerEntry, _ position: Int, of name: ModelName, in history: inout ModelHistory
  ) {
    let bundle = entry.details["bundle"]?.string.flatMap { try? Digest(parsing: $0) }
    switch entry.act {
    // Sharing moves the live version where another has the largest share: then it says which bundle that is.
    case .rollOut, .rollBack, .share:
      guard let reference = try? VersionReference(parsing: entry.subject), reference.name == name, let bundle
      else { return }
      history.served.append(
        ServedSince(
          time: RollBackNote.moment(of: entry), version: reference, bundle: bundle,
          policy: entry.details["policy"]?.string.flatMap { try? Digest(parsing: $0) },
          principal: entry.principal, act: entry.act, position: position))
    case .setAlias, .removeAlias:
      guard let reference = try? ModelReference(parsing: entry.subject), reference.name == name,
        case .alias(let alias)? = reference.version
      else { return }
      var target: (version: VersionNumber, bundle: Digest)?
      if let bundle, let version = entry.details["version"]?.int.flatMap({ VersionNumber($0) }) {
        target = (version, bundle)
      }
      history.aliases.append(
        AliasMove(
          time: entry.time, alias: alias, target: target, principal: entry.principal, position: position))
    default: return
    }
  }
}

extension LedgerSearch {
  /// The act of signing that made a version; nil where there was none by then.
  func signing(of version: VersionReference, until moment: Timestamp? = nil) async throws(Problem) -> (
    entry: LedgerEntry, position: Int
  )? {
    try await done(.sign, on: version.name, until: moment).last {
      $0.entry.subject == version.description && $0.entry.details["mends"] == nil
    }
  }

  /// The entries that say that an act was done, on one model where it is named, in order, with their places.
  func done(_ act: Act, on model: ModelName?, until moment: Timestamp?) async throws(Problem) -> [(
    entry: LedgerEntry, position: Int
  )] {
    try await all(LedgerFilter(model: model, act: act, until: moment)).filter { $0.entry.phase == .done }
  }

  /// The ids of the alerts that have entries, of those found since a moment by a clock that may have been put back a little.
  func alerts(since moment: Timestamp) async throws(Problem) -> Set<String> {
    let filter = LedgerFilter(act: .alert, since: moment.advanced(by: .seconds(-86_400)))
    return Set(try await all(filter).compactMap { $0.entry.details["alert"]?.string })
  }

  /// The entries that a filter lets through, in order, with their places.
  func all(_ filter: LedgerFilter) async throws(Problem) -> [(entry: LedgerEntry, position: Int)] {
    let page = 1000
    var found: [(LedgerEntry, Int)] = []
    var first = 0
    while true {
      let entries = try await entries(matching: filter, from: first, count: page)
      for placed in entries {
        if let json = try? JSON(parsing: placed.bytes), let entry = LedgerEntry(json: json) {
          found.append((entry, placed.position))
        }
      }
      guard entries.count == page, let last = entries.last else { return found }
      first = last.position + 1
    }
  }
}
