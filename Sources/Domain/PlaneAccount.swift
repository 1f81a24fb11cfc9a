/// The user and the group that a data plane runs as, by their numbers.
public struct PlaneAccount: Equatable, Sendable, CustomStringConvertible {
  /// The number of the user.
  public let user: UInt32
  /// The number of the group.
  public let group: UInt32

  /// Nobody in particular: the number that images commonly have for programs that need no rights.
  public static let unprivileged = PlaneAccount(user: 65532, group: 65532)

  /// Names a user and a group.
  public init(user: UInt32, group: UInt32) {
    self.user = user
    self.group = group
  }

  /// Reads `UID` or `UID:GID`; the group is the user's number where it is left out.
  public init(parsing text: String) throws(Problem) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    // The last number is no user: the kernel's calls take it for "as it is".
    guard let user = UInt32(parts[0]), user < .max, let group = UInt32(parts[parts.count - 1]), group < .max
    else {
      throw Problem(
        .usage, "usage.malformed-account",
        "expected the numbers of a user and a group, such as 65532:65532, found '\(text.prefix(40))'")
    }
    self.init(user: user, group: group)
  }

  /// `UID:GID`.
  public var description: String { "\(user):\(group)" }
}
