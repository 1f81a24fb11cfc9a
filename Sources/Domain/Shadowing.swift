public import Encoding

/// Which versions of a deployment are asked what others answer, without anybody seeing what they say.
public struct Shadowing: Hashable, Sendable {
  /// The most versions that are asked beside the one that answers.
  public static let versionLimit = 4

  /// Which versions, ascending.
  public let versions: [VersionNumber]
  /// How far two numbers may be from each other and say the same still, as a share of the larger one.
  public let tolerance: Double

  /// States who is asked; throws `shadowing.malformed` unless there are 1 to 4 different versions and a tolerance from 0 to 1.
  public init(_ versions: [VersionNumber], tolerance: Double) throws(Problem) {
    guard 1...Self.versionLimit ~= versions.count, Set(versions).count == versions.count, 0...1 ~= tolerance
    else {
      throw Problem(
        .badInput, "shadowing.malformed",
        "expected 1 to \(Self.versionLimit) different versions and a tolerance from 0 to 1, found"
          + " \(versions.count) and \(tolerance)")
    }
    self.versions = versions.sorted()
    self.tolerance = tolerance
  }

  /// The form that states of the data plane have.
  public var json: JSON {
    ["versions": .array(versions.map { JSON($0.value) }), "tolerance": .number(tolerance)]
  }

  /// Reads what `json` writes; throws `shadowing.malformed`.
  public init(json: JSON) throws(Problem) {
    try RecordFields(json, "shadowing", code: "shadowing.malformed").allow(["versions", "tolerance"])
    let elements = json["versions"]?.array ?? []
    let versions = elements.prefix(Self.versionLimit + 1).compactMap {
      $0.int.flatMap { VersionNumber($0) }
    }
    guard versions.count == elements.count, let tolerance = json["tolerance"]?.double else {
      throw Problem(
        .badInput, "shadowing.malformed", "expected versions and a tolerance, found others")
    }
    try self.init(versions, tolerance: tolerance)
  }
}
