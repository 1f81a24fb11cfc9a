public import Encoding

/// How the traffic of a deployment is shared by several versions, and what keeps a caller with one of them.
public struct Sharing: Hashable, Sendable {
  /// What of a request says whose it is.
  public enum Affinity: String, Sendable, CaseIterable {
    /// The caller's key, or the subject of its token.
    case key
    /// The field `Gatehouse-Affinity`, in which a caller names whom it asks for; its key where there is none.
    case header
    /// Nothing: each trace goes its own way.
    case trace
  }

  /// Which versions answer what share.
  public let split: TrafficSplit
  /// What a request is kept with one of them by.
  public let affinity: Affinity

  /// States how traffic is shared.
  public init(_ split: TrafficSplit, by affinity: Affinity = .key) {
    self.split = split
    self.affinity = affinity
  }

  /// The form that states of the data plane have.
  public var json: JSON {
    [
      "arms": .array(
        split.arms.map { ["version": JSON($0.version.value), "share": JSON($0.share.value)] }),
      "salt": .string(
        Hexadecimal.encode((split.salt.first.bigEndianBytes + split.salt.second.bigEndianBytes))),
      "affinity": .string(affinity.rawValue),
    ]
  }

  /// Reads what `json` writes; throws `split.malformed` and `share.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "sharing", code: "split.malformed")
    try fields.allow(["arms", "salt", "affinity"])
    guard let elements = json["arms"]?.array, elements.count <= TrafficSplit.armLimit,
      let salt = Hexadecimal.decode(try fields.text("salt")), salt.count == 16,
      let affinity = try fields.word("affinity", Affinity.self)
    else {
      throw Problem(
        .badInput, "split.malformed",
        "expected at most \(TrafficSplit.armLimit) arms, a salt of 16 bytes and an affinity, found others")
    }
    var arms: [TrafficSplit.Arm] = []
    for element in elements {
      guard let version = element["version"]?.int.flatMap({ VersionNumber($0) }),
        let share = element["share"]?.int
      else {
        throw Problem(
          .badInput, "split.malformed", "expected an arm with its version and share, found another")
      }
      arms.append(TrafficSplit.Arm(version: version, share: try BasisPoints(parsing: share)))
    }
    self.init(try TrafficSplit(arms, salt: TrafficSplit.Salt(salt)), by: affinity)
  }
}

extension UInt64 {
  fileprivate var bigEndianBytes: [UInt8] {
    (0..<8).reversed().map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) }
  }
}
