/// A key whose seals count, or counted, as the registry keeps it: never the private one.
public struct SealKey: Equatable, Sendable {
  /// What a seal by the key counts for.
  public enum State: String, Sendable, CaseIterable {
    /// It seals what is pushed, and its seals hold.
    case active
    /// Its seals hold; it seals nothing more, or never did here.
    case trusted
    /// Its seals hold no more: its time is over, and nothing is held against it.
    case retired
    /// Its seals hold no more, and what it sealed is not served: somebody else may have it.
    case revoked

    /// Whether a key of this state may come to be of another by itself, without a new active key.
    public func allows(_ next: State) -> Bool {
      switch (self, next) {
      case (.trusted, .retired), (.trusted, .revoked), (.retired, .trusted), (.retired, .revoked): true
      // The active key gives way to another first, and what is revoked stays so.
      default: false
      }
    }

    /// Whether seals by a key of this state hold.
    public var isTrusted: Bool { self == .active || self == .trusted }
  }

  /// How seals name it: the hexadecimal SHA-256 of `pem`.
  public let hint: String
  /// The public key in PEM.
  public let pem: String
  /// Its curve, `P-256`.
  public let curve: String
  /// Whether the platform seals by it, or did; a key of somebody else's never becomes active.
  public let isOwn: Bool
  /// When it came to be known.
  public let addedAt: Timestamp
  /// What its seals count for.
  public let state: State
  /// Since when.
  public let changedAt: Timestamp
  /// Why it was retired or revoked; nil where nobody said.
  public let reason: String?

  /// Records a key.
  public init(
    hint: String, pem: String, curve: String, isOwn: Bool, addedAt: Timestamp, state: State,
    changedAt: Timestamp? = nil, reason: String? = nil
  ) {
    self.hint = hint
    self.pem = pem
    self.curve = curve
    self.isOwn = isOwn
    self.addedAt = addedAt
    self.state = state
    self.changedAt = changedAt ?? addedAt
    self.reason = reason
  }

  /// The same key in another state.
  public func changed(to state: State, at moment: Timestamp, reason: String? = nil) -> SealKey {
    SealKey(
      hint: hint, pem: pem, curve: curve, isOwn: isOwn, addedAt: addedAt, state: state, changedAt: moment,
      reason: reason)
  }
}

/// Why something was revoked: one line of 1 to 400 bytes, as it is told to operators and written into the ledger.
public struct RevocationReason: Equatable, Sendable, CustomStringConvertible {
  /// How many bytes it has at most.
  public static let longest = 400

  /// The line.
  public let description: String

  /// Takes a line; throws `revocation.reason` for one that is empty, too long, or has control characters.
  public init(parsing text: String) throws(Problem) {
    guard text.isOneLine(upTo: Self.longest) else {
      throw Problem(
        .badInput, "revocation.reason",
        "expected a reason of one line and 1 to \(Self.longest) bytes, found \(text.utf8.count) bytes that are none",
        hint: "say what happened, such as 'the build machine was broken into'")
    }
    description = text
  }
}
