public import Encoding

/// What must not be served any more, whatever seal it has.
public struct Revocations: Equatable, Sendable {
  /// A key whose seals hold no more.
  public struct Key: Equatable, Sendable {
    /// How seals name it.
    public let hint: String
    /// Since when.
    public let since: Timestamp
    /// Why; never told to callers.
    public let reason: String

    /// Records a revoked key.
    public init(hint: String, since: Timestamp, reason: String) {
      self.hint = hint
      self.since = since
      self.reason = reason
    }
  }

  /// A version that is withdrawn for good.
  public struct Version: Equatable, Sendable {
    /// Which model, which version.
    public let reference: VersionReference
    /// The digest of its bundle, by which it is recognised.
    public let bundle: Digest
    /// Since when.
    public let since: Timestamp
    /// Why; never told to callers.
    public let reason: String

    /// Records a revoked version.
    public init(reference: VersionReference, bundle: Digest, since: Timestamp, reason: String) {
      self.reference = reference
      self.bundle = bundle
      self.since = since
      self.reason = reason
    }
  }

  /// How many of each are read at most.
  public static let limit = 10_000
  /// Nothing was revoked.
  public static let none = Revocations()

  /// The keys whose seals hold no more.
  public private(set) var keys: [Key]
  /// The versions that are withdrawn.
  public private(set) var versions: [Version]
  private var keyPlaces: [String: Int] = [:]
  private var versionPlaces: [Digest: Int] = [:]

  /// Names what was revoked; of two entries for the same the first stays.
  public init(keys: [Key] = [], versions: [Version] = []) {
    self.keys = []
    self.versions = []
    add(keys, versions)
  }

  /// Whether nothing was revoked.
  public var isEmpty: Bool { keys.isEmpty && versions.isEmpty }

  /// Takes in what another says beside; nothing is ever taken out.
  public mutating func formUnion(_ other: Revocations) { add(other.keys, other.versions) }

  private mutating func add(_ newKeys: [Key], _ newVersions: [Version]) {
    for key in newKeys where keyPlaces[key.hint] == nil {
      keyPlaces[key.hint] = keys.count
      keys.append(key)
    }
    for version in newVersions where versionPlaces[version.bundle] == nil {
      versionPlaces[version.bundle] = versions.count
      versions.append(version)
    }
  }

  /// What stands against the seals of a key; nil where nothing does.
  ///
  /// `seal.revoked-key`, which says which key and why.
  public func problem(ofSealsBy hint: String) -> Problem? {
    keyPlaces[hint].map { place in
      let key = keys[place]
      return Problem(
        .integrity, "seal.revoked-key",
        "expected a seal by a key in force, found key '\(key.hint.excerpt(12))…', revoked at \(key.since):"
          + " \(key.reason.excerpt(400))",
        hint: "have the version sealed again with 'gatehouse seal-keys reseal', or push it anew")
    }
  }

  /// What stands against a bundle; nil where nothing does.
  ///
  /// `bundle.revoked`, which says which version and why.
  public func problem(of bundle: Digest) -> Problem? {
    versionPlaces[bundle].map { place in
      let version = versions[place]
      return Problem(
        .integrity, "bundle.revoked",
        "expected a version in force, found \(version.reference) (\(bundle.short)), revoked at \(version.since):"
          + " \(version.reason.excerpt(400))",
        subject: version.reference.description,
        hint: "push the model anew: what was revoked stays so")
    }
  }
}

extension Revocations {
  /// The form in which snapshots and lists carry them.
  public var json: JSON {
    ["keys": .array(keys.map(\.json)), "versions": .array(versions.map(\.json))]
  }

  /// The same in parts, whose `json` has at most so many bytes each, but for one that a single entry alone is too long for;
  /// at least one part, and in none more of a kind than are read.
  public func parts(upTo bytes: Int) -> [Revocations] {
    var parts: [Revocations] = []
    var part = Revocations.none
    let empty = part.json.canonicalBytes.count
    var size = empty
    func take(_ entry: JSON, _ next: Revocations) {
      // With the comma between two.
      let added = entry.canonicalBytes.count + 1
      let isFull = part.keys.count == Self.limit || part.versions.count == Self.limit
      if !part.isEmpty, size + added > bytes || isFull {
        parts.append(part)
        (part, size) = (.none, empty)
      }
      part.formUnion(next)
      size += added
    }
    for key in keys { take(key.json, Revocations(keys: [key])) }
    for version in versions { take(version.json, Revocations(versions: [version])) }
    return parts + [part]
  }

  /// Reads what `json` writes; `pointer` says where it stands.
  ///
  /// Throws `revocations.malformed`.
  public init(json: JSON, at pointer: String) throws(Problem) {
    let elements = try Self.members(of: json, ["keys", "versions"], at: pointer)
    var keys: [Key] = []
    for (index, element) in try Self.elements(elements, "keys", at: pointer).enumerated() {
      let place = "\(pointer)/keys/\(index)"
      let members = try Self.members(of: element, ["hint", "since", "reason"], at: place)
      guard let hint = members["hint"]?.string, hint.utf8.count == 64,
        hint.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }),
        let since = members["since"]?.integer, let reason = Self.reason(members)
      else { throw Self.malformed("expected the hint of a key, a moment and a reason at '\(place)'") }
      keys.append(Key(hint: hint, since: Timestamp(milliseconds: since), reason: reason))
    }
    var versions: [Version] = []
    for (index, element) in try Self.elements(elements, "versions", at: pointer).enumerated() {
      let place = "\(pointer)/versions/\(index)"
      let members = try Self.members(
        of: element, ["name", "version", "bundle", "since", "reason"], at: place)
      guard let name = members["name"]?.string.flatMap({ try? ModelName(parsing: $0) }),
        let number = members["version"]?.int.flatMap({ VersionNumber($0) }),
        let bundle = members["bundle"]?.string.flatMap({ try? Digest(parsing: $0) }),
        let since = members["since"]?.integer, let reason = Self.reason(members)
      else { throw Self.malformed("expected a version, its bundle, a moment and a reason at '\(place)'") }
      versions.append(
        Version(
          reference: VersionReference(name: name, version: number), bundle: bundle,
          since: Timestamp(milliseconds: since), reason: reason))
    }
    self.init(keys: keys, versions: versions)
  }

  private static func reason(_ members: [String: JSON]) -> String? {
    members["reason"]?.string.flatMap { try? RevocationReason(parsing: $0).description }
  }

  private static func members(of json: JSON, _ names: Set<String>, at pointer: String) throws(Problem)
    -> [String: JSON]
  {
    guard let members = json.object, Set(members.keys) == names else {
      throw malformed(
        "expected an object with \(names.sorted().joined(separator: ", ")) alone at '\(pointer)'")
    }
    return members
  }

  private static func elements(_ members: [String: JSON], _ name: String, at pointer: String) throws(Problem)
    -> [JSON]
  {
    guard let elements = members[name]?.array, elements.count <= limit else {
      throw malformed("expected an array of at most \(limit) elements at '\(pointer)/\(name)'")
    }
    return elements
  }

  private static func malformed(_ expected: String) -> Problem {
    Problem(.integrity, "revocations.malformed", "\(expected), found another value")
  }
}

extension Revocations.Key {
  fileprivate var json: JSON {
    ["hint": .string(hint), "since": .integer(since.milliseconds), "reason": .string(reason)]
  }
}

extension Revocations.Version {
  fileprivate var json: JSON {
    [
      "name": .string(reference.name.description), "version": JSON(reference.version.value),
      "bundle": .string(bundle.description), "since": .integer(since.milliseconds), "reason": .string(reason),
    ]
  }
}
