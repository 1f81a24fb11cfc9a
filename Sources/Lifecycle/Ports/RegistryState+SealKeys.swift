public import Domain
import Encoding

/// A key of seals comes to be of another state.
public struct SealKeyChange: Equatable, Sendable {
  /// How seals name it.
  public let hint: String
  /// What its seals count for from then on.
  public let state: SealKey.State
  /// Why; nil where nobody said.
  public let reason: String?
  /// When.
  public let moment: Timestamp

  /// States the change.
  public init(hint: String, state: SealKey.State, reason: String?, moment: Timestamp) {
    self.hint = hint
    self.state = state
    self.reason = reason
    self.moment = moment
  }
}

/// The keys of seals, and the rules of what may become of them; there is one active key at most.
struct KnownSealKeys: Equatable, Sendable {
  /// All keys, oldest first.
  private(set) var all: [SealKey] = []
  private var places: [String: Int] = [:]

  /// Takes in a new key; where it is active, the former active one is trusted from then on.
  ///
  /// Throws `registry.conflict` for a key that is there already, for one that begins as neither active nor trusted, and for
  /// an active one of somebody else's.
  mutating func add(_ key: SealKey) throws(Problem) {
    guard places[key.hint] == nil, key.state.isTrusted, key.isOwn || key.state == .trusted else {
      throw Self.conflict("a new key of seals, active or trusted", key.hint)
    }
    if key.state == .active, let former = all.firstIndex(where: { $0.state == .active }) {
      all[former] = all[former].changed(to: .trusted, at: key.addedAt)
    }
    places[key.hint] = all.count
    all.append(key)
  }

  /// Brings a key to another state; throws `registry.conflict` where there is no such key, or no such way.
  mutating func change(_ change: SealKeyChange) throws(Problem) {
    guard let place = places[change.hint], all[place].state.allows(change.state) else {
      throw Self.conflict("a key that can be \(change.state.rawValue)", change.hint)
    }
    all[place] = all[place].changed(to: change.state, at: change.moment, reason: change.reason)
  }

  private static func conflict(_ expected: String, _ hint: String) -> Problem {
    Problem(
      .conflict, "registry.conflict", "expected \(expected), found '\(hint.excerpt(12))…'",
      subject: hint.excerpt(64))
  }
}
