import Encoding

/// Which version answers which caller, where several share the traffic of a deployment.
///
/// The versions are asked one after the other whether a caller is theirs: each has a hash of its own of the caller's key, and
/// takes the caller where the hash is below its share of what the ones before it left. So a version that is asked first and
/// whose share grows keeps whom it had, whoever leaves the others goes to it alone, and nobody moves between the
/// others while their shares keep their proportion: nobody flaps. A salt for each deployment makes the choices of
/// different deployments independent, and keeps callers from choosing keys that land where they like.
public struct TrafficSplit: Hashable, Sendable {
  /// What a deployment mixes into its callers' keys: 128 bits that callers do not know.
  public struct Salt: Hashable, Sendable {
    /// The first half.
    public let first: UInt64
    /// The second half.
    public let second: UInt64

    /// Takes both halves.
    public init(_ first: UInt64, _ second: UInt64) {
      self.first = first
      self.second = second
    }

    /// Takes 16 bytes, each half with its highest byte first.
    public init(_ bytes: [UInt8]) {
      func half(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
      self.init(half(bytes.prefix(8)), half(bytes.dropFirst(8).prefix(8)))
    }
  }

  /// A version and its share of all callers.
  public struct Arm: Hashable, Sendable {
    /// Which version.
    public let version: VersionNumber
    /// Its share.
    public let share: BasisPoints

    /// States a version's share.
    public init(version: VersionNumber, share: BasisPoints) {
      self.version = version
      self.share = share
    }
  }

  /// The most versions that share a deployment.
  public static let armLimit = 16

  /// The versions in the order in which they are asked, the one whose share is to grow first.
  public let arms: [Arm]
  /// The salt.
  public let salt: Salt

  /// Splits traffic; throws `split.malformed` unless 1 to 16 different versions have 10,000 basis points together.
  public init(_ arms: [Arm], salt: Salt) throws(Problem) {
    let sum = arms.reduce(0) { $0 + $1.share.value }
    guard 1...Self.armLimit ~= arms.count, Set(arms.map(\.version)).count == arms.count, sum == 10_000 else {
      throw Problem(
        .badInput, "split.malformed",
        "expected 1 to \(Self.armLimit) different versions with 10000 basis points together, found"
          + " \(arms.count) with \(sum)")
    }
    self.arms = arms
    self.salt = salt
  }

  /// Who answers the caller with this key: always the same one, on every machine, while the shares are as they are.
  public func version(for key: some Sequence<UInt8>) -> VersionNumber {
    var left = UInt64(10_000)
    for arm in arms.dropLast() {
      let share = UInt64(arm.share.value)
      guard share > 0 else { continue }
      guard share < left else { return arm.version }
      // The version's number in the key makes its hash independent of those of the others.
      let hash = SipHash(key: salt.first, salt.second ^ UInt64(arm.version.value)).hash(of: key)
      // The place among what is left, without the bias that a remainder of a division has.
      if hash.multipliedFullWidth(by: left).high < share { return arm.version }
      left -= share
    }
    // There is a last one, for there is one at least; what is left is its share, and all of it.
    return arms[arms.count - 1].version
  }
}
