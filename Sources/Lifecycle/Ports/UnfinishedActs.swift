public import Domain

/// The acts that have a `begun` entry and neither `done` nor `failed`, as the sum of the ledger's entries.
///
/// An end closes the latest beginning of the same act on the same subject in the same undertaking.
public struct UnfinishedActs: Equatable, Sendable {
  private struct Identity: Hashable {
    let trace: String
    let act: Act
    let subject: String
  }

  private var open: [Identity: [Int]] = [:]
  private var begun: [Int: LedgerEntry] = [:]

  /// Knows of no act yet.
  public init() {}

  /// Takes in the entry at a position of the ledger; entries come in order.
  public mutating func note(_ entry: LedgerEntry, at position: Int) {
    let identity = Identity(trace: entry.trace, act: entry.act, subject: entry.subject)
    switch entry.phase {
    case .begun:
      open[identity, default: []].append(position)
      begun[position] = entry
    case .done, .failed:
      if let last = open[identity]?.popLast() { begun[last] = nil }
      if open[identity]?.isEmpty == true { open[identity] = nil }
    }
  }

  /// The positions of the beginnings, in order.
  public var positions: [Int] { begun.keys.sorted() }

  /// The beginnings, in order.
  public var entries: [LedgerEntry] { positions.compactMap { begun[$0] } }
}
