public import Domain
public import Encoding
import Rollouts

/// Which versions answer what share of callers while no roll-out is under way, and which are asked beside them.
public struct StandingShares: Hashable, Sendable {
  /// The code of what is thrown where a document is none of these.
  static let malformedCode = "shares.malformed"

  /// Who answers what share, by the version's number.
  public let arms: [TrafficSplit.Arm]
  /// What a caller is kept with one version by.
  public let affinity: Sharing.Affinity
  /// The versions that are asked what others answer and answer nobody, ascending.
  public let shadows: [VersionNumber]

  /// States shares.
  ///
  /// Throws `split.malformed` unless the shares of 1 to 16 different versions are all of it, `shadowing.malformed` for more than
  /// four shadows, and `shares.malformed` where a version that answers is a shadow as well.
  public init(
    _ arms: [TrafficSplit.Arm], by affinity: Sharing.Affinity = .key, shadows: [VersionNumber] = []
  ) throws(Problem) {
    let split = try TrafficSplit(arms, salt: TrafficSplit.Salt(0, 0))
    // In this order whatever their shares are: who asks again with other shares of the same versions moves nobody that need not
    // move.
    self.arms = split.arms.sorted { $0.version < $1.version }
    self.affinity = affinity
    self.shadows = shadows.isEmpty ? [] : try Shadowing(shadows, tolerance: 0).versions
    if let both = self.shadows.first(where: { shadow in arms.contains { $0.version == shadow } }) {
      throw Problem(
        .badInput, Self.malformedCode,
        "expected shadows that do not answer callers, found version \(both), which does")
    }
    if let idle = arms.first(where: { $0.share == .none }) {
      throw Problem(
        .badInput, Self.malformedCode,
        "expected a share above 0% for each version, found 0% for \(idle.version)",
        hint: "leave it out, or name it as a shadow")
    }
  }

  /// All callers for one version, and nobody in the shadow of it.
  public static func all(_ version: VersionNumber) throws(Problem) -> StandingShares {
    try StandingShares([TrafficSplit.Arm(version: version, share: .whole)])
  }

  /// Whether one version answers everybody and nobody is asked beside it, which is what a deployment does without any of this.
  public var isPlain: Bool { arms.count == 1 && shadows.isEmpty }

  /// All versions that callers or shadows are of, ascending.
  public var versions: [VersionNumber] { (arms.map(\.version) + shadows).sorted() }

  /// The version that the name stands for: the one with the largest share; of equals the present one, else the oldest.
  public func live(beside present: VersionNumber?) -> VersionNumber {
    let most = arms.reduce(BasisPoints.none) { max($0, $1.share) }
    let largest = arms.filter { $0.share == most }.map(\.version)
    // There is one, for the shares are all of it.
    return largest.first { $0 == present } ?? largest.first ?? arms[0].version
  }

  /// The shares for people: `version 3 90 %, version 4 10 %`.
  public var words: String {
    let answering = arms.map { "version \($0.version) \($0.share)" }.joined(separator: ", ")
    guard !shadows.isEmpty else { return answering }
    return "\(answering), in the shadow \(shadows.map(\.description).joined(separator: ", "))"
  }

  /// The shares as the registry, the ledger and the HTTP face carry them.
  public var json: JSON {
    [
      "arms": .array(arms.map { [JSON($0.version.value), JSON($0.share.value)] }),
      "affinity": .string(affinity.rawValue), "shadows": .array(shadows.map { JSON($0.value) }),
    ]
  }

  /// Reads what `json` writes; throws `shares.malformed` and what the initialiser throws.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "deployment's shares", code: Self.malformedCode)
    try fields.allow(["arms", "affinity", "shadows"])
    var arms: [TrafficSplit.Arm] = []
    for arm in (json["arms"]?.array ?? []).prefix(TrafficSplit.armLimit + 1) {
      let numbers = arm.array?.prefix(3).compactMap(\.int) ?? []
      guard numbers.count == 2, let version = VersionNumber(numbers[0]), let share = BasisPoints(numbers[1])
      else {
        throw Problem(
          .badInput, Self.malformedCode, "expected a version and its share for each, found others",
          position: "/arms")
      }
      arms.append(TrafficSplit.Arm(version: version, share: share))
    }
    let elements = (json["shadows"]?.array ?? []).prefix(Shadowing.versionLimit + 1)
    let shadows = elements.compactMap { $0.int.flatMap { VersionNumber($0) } }
    guard shadows.count == elements.count else {
      throw Problem(
        .badInput, Self.malformedCode, "expected the numbers of versions as shadows, found others",
        position: "/shadows")
    }
    try self.init(
      arms, by: try fields.word("affinity", Sharing.Affinity.self) ?? .key, shadows: shadows)
  }
}

/// How versions share a deployment, with all that the data plane's part of it is made of.
///
/// It holds for the deployment as it was when it was made: whatever moves the live version after that ends it.
public struct SharingRecord: Equatable, Sendable {
  static let malformedCode = "sharing-record.malformed"

  /// Who answers what share.
  public let shares: StandingShares
  /// The digests of the bundles of all versions that take part.
  public let bundles: [VersionNumber: Digest]
  /// What is mixed into callers' keys: the same as long as the versions are the same.
  public let salt: TrafficSplit.Salt
  /// Since when the live version is the one that it was made beside.
  public let liveSince: Timestamp

  /// Records shares; throws `sharing-record.malformed` where the bundle of a version is missing.
  public init(
    _ shares: StandingShares, bundles: [VersionNumber: Digest], salt: TrafficSplit.Salt, liveSince: Timestamp
  ) throws(Problem) {
    guard Set(bundles.keys) == Set(shares.versions) else {
      throw Problem(
        .badInput, Self.malformedCode, "expected the bundle of each version that takes part, found others",
        position: "/bundles")
    }
    self.shares = shares
    self.bundles = bundles
    self.salt = salt
    self.liveSince = liveSince
  }

  /// Whether it holds for a deployment still.
  public func holds(for deployment: Deployment) -> Bool {
    deployment.since == liveSince && shares.live(beside: deployment.version) == deployment.version
  }

  /// How those who name no version are shared while these versions must not answer; nil where one answers all of them.
  ///
  /// What the excluded ones had is the live one's.
  public func sharing(live: VersionNumber, without excluded: Set<VersionNumber>) throws(Problem) -> Sharing? {
    var left = shares.arms.filter { $0.version == live || !excluded.contains($0.version) }
    guard left.count > 1 else { return nil }
    let missing = 10_000 - left.reduce(0) { $0 + $1.share.value }
    for (index, arm) in left.enumerated() where arm.version == live && missing > 0 {
      left[index] = TrafficSplit.Arm(
        version: live, share: try BasisPoints(parsing: arm.share.value + missing))
    }
    return Sharing(try TrafficSplit(left, salt: salt), by: shares.affinity)
  }

  /// Who is asked in the shadow while these versions must not be; nil where nobody is.
  public func shadowing(without excluded: Set<VersionNumber>) throws(Problem) -> Shadowing? {
    let left = shares.shadows.filter { !excluded.contains($0) }
    return left.isEmpty ? nil : try Shadowing(left, tolerance: Criteria.standard.tolerance)
  }

  /// The record as the registry and the ledger carry it.
  public var json: JSON {
    var digests: [String: JSON] = [:]
    for (version, digest) in bundles { digests[version.description] = .string(digest.description) }
    return [
      "shares": shares.json, "bundles": .object(digests),
      "salt": .array([.string(String(salt.first)), .string(String(salt.second))]),
      "liveSince": .integer(liveSince.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `sharing-record.malformed` and what the shares throw.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "sharing", code: Self.malformedCode)
    try fields.allow(["shares", "bundles", "salt", "liveSince"])
    var bundles: [VersionNumber: Digest] = [:]
    for (number, digest) in json["bundles"]?.object ?? [:] {
      guard let version = Int(number).flatMap({ VersionNumber($0) }), let digest = digest.string else {
        throw Problem(
          .badInput, Self.malformedCode, "expected digests by version, found others", position: "/bundles")
      }
      bundles[version] = try Digest(parsing: digest)
    }
    let halves = (json["salt"]?.array ?? []).prefix(3).compactMap { $0.string.flatMap { UInt64($0) } }
    guard halves.count == 2 else {
      throw Problem(
        .badInput, Self.malformedCode, "expected a salt of two numbers, found another", position: "/salt")
    }
    try self.init(
      try StandingShares(json: try fields.value("shares")), bundles: bundles,
      salt: TrafficSplit.Salt(halves[0], halves[1]), liveSince: try fields.requiredMoment("liveSince"))
  }
}
