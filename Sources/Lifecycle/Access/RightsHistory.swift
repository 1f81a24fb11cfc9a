public import Access
public import Domain
import Encoding

/// One change of who may do what, as the ledger holds it.
public struct RightsMove: Sendable {
  /// When it was recorded.
  public let time: Timestamp
  /// What was changed.
  public let change: AccessChange
  /// Who did that.
  public let principal: Principal
  /// The place of the entry in the ledger.
  public let position: Int
}

/// Answers "who might do what, as known when" from the ledger alone.
///
/// It has two times: that at which a change was recorded, which nobody can choose, and that at which a grant holds, which
/// it may say itself.
public struct RightsHistory: Sendable {
  /// The acts that change rights; signing a first version has its model belong to a project.
  private static let acts: [Act] = [
    .addPrincipal, .removePrincipal, .grant, .removeGrant, .createAPIKey, .endAPIKey, .setProvider,
    .removeProvider, .addProject, .assignModel, .sign,
  ]

  private let ledger: any LedgerSearch

  /// Reads this ledger.
  public init(ledger: any LedgerSearch) {
    self.ledger = ledger
  }

  /// Every change that was recorded up to a moment, oldest first.
  ///
  /// Reads the entries of these acts, and no others.
  public func moves(recordedUntil moment: Timestamp? = nil) async throws(Problem) -> [RightsMove] {
    var moves: [RightsMove] = []
    for act in Self.acts {
      for (entry, position) in try await ledger.done(act, on: nil, until: moment) {
        for case .access(let change) in RegistryChange.accounted(in: entry) ?? [] {
          moves.append(
            RightsMove(time: entry.time, change: change, principal: entry.principal, position: position))
        }
      }
    }
    return moves.sorted { $0.position < $1.position }
  }

  /// The grants that held at a moment, by what was recorded at another; none held before it was recorded.
  public func grants(heldAt moment: Timestamp, recordedAt recorded: Timestamp) async throws(Problem)
    -> [Grant]
  {
    var state = AccessState()
    var late: Set<String> = []
    for move in try await moves(recordedUntil: recorded) {
      try state.apply(move.change)
      if case .addGrant(let grant, let at) = move.change, at > moment { late.insert(grant.id) }
    }
    return state.grantsInForce(at: moment).filter { !late.contains($0.id) }
  }
}
