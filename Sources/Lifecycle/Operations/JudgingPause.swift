/// How long roll-outs are not looked at between two looks: a second, and longer as long as looking fails.
///
/// An act that fails is in the ledger each time it is tried: what stays broken for a night is not to fill it.
public struct JudgingPause: Hashable, Sendable {
  private static let least = Duration.seconds(1)
  private static let most = Duration.seconds(64)

  /// How long the next pause is.
  public private(set) var length = Self.least

  /// Begins with a second.
  public init() {}

  /// Takes how a look turned out: a second again where all went well, else twice as long as before, up to 64 seconds.
  public mutating func note(failed: Bool) {
    length = failed ? min(length * 2, Self.most) : Self.least
  }
}
