public import Domain
public import Encoding

/// What a deployment served before and can go back to, the last first.
public struct FormerVersions: Equatable, Sendable {
  /// A version that was in service.
  public struct Former: Hashable, Sendable {
    /// Which.
    public let version: VersionNumber
    /// The digest of its bundle.
    public let bundle: Digest

    /// Names a version and its bundle.
    public init(version: VersionNumber, bundle: Digest) {
      self.version = version
      self.bundle = bundle
    }
  }

  /// How many are remembered; those before are in the ledger, and come back by a roll-out.
  public static let limit = 8

  /// The versions, the last that was in service first, each once.
  public private(set) var versions: [Former]

  /// Remembers these, the last first.
  public init(_ versions: [Former] = []) {
    var seen: Set<VersionNumber> = []
    self.versions = Array(versions.filter { seen.insert($0.version).inserted }.prefix(Self.limit))
  }

  /// The same when another came into service in the place of `former`.
  public func following(_ former: Former, by next: VersionNumber) -> FormerVersions {
    FormerVersions(([former] + versions).filter { $0.version != next })
  }

  /// The record as the registry and the ledger carry it.
  public var json: JSON {
    .array(
      versions.map { ["version": JSON($0.version.value), "bundle": .string($0.bundle.description)] })
  }

  /// Reads what `json` writes; throws `formers.malformed`.
  public init(json: JSON) throws(Problem) {
    let code = "formers.malformed"
    guard let elements = json.array, elements.count <= Self.limit else {
      throw Problem(
        .badInput, code, "expected an array of at most \(Self.limit) former versions, found \(json.kind)")
    }
    var versions: [Former] = []
    for element in elements {
      let fields = RecordFields(element, "former version", code: code)
      guard let version = element["version"]?.int.flatMap({ VersionNumber($0) }) else {
        throw Problem(
          .badInput, code, "expected the number of a former version, found none", position: "/version")
      }
      versions.append(Former(version: version, bundle: try fields.digest("bundle")))
    }
    self.init(versions)
    guard self.versions == versions else {
      throw Problem(.badInput, code, "expected each former version once, found one again")
    }
  }
}

/// That a version was rolled back from: it comes into service again only where somebody says so in spite of it.
public struct VersionMark: Equatable, Sendable {
  /// Which version.
  public let version: VersionReference
  /// Who rolled back.
  public let by: Principal
  /// Why, in one line.
  public let reason: RevocationReason
  /// When.
  public let at: Timestamp

  /// States a mark.
  public init(
    version: VersionReference, by principal: Principal, reason: RevocationReason, at moment: Timestamp
  ) {
    self.version = version
    by = principal
    self.reason = reason
    at = moment
  }

  /// The record as the registry and the ledger carry it.
  public var json: JSON {
    [
      "version": .string(version.description), "by": .string(by.description),
      "reason": .string(reason.description), "at": .integer(at.milliseconds),
    ]
  }

  /// Reads what `json` writes; throws `mark.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "mark", code: "mark.malformed")
    self.init(
      version: try fields.version("version"), by: try fields.principal("by"),
      reason: try RevocationReason(parsing: fields.text("reason")), at: try fields.requiredMoment("at"))
  }
}
