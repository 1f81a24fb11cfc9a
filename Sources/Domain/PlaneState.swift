public import Encoding

/// What the control plane wants a data plane to serve: one snapshot, written whole and read whole.
///
/// On disk it is one JSON object whose `digest` is the SHA-256 of the canonical bytes of the rest, so that a
/// file that was cut off or changed is never taken for a state. Hashing is not done here: the writer gives the
/// digest, the reader gives the function.
public struct PlaneState: Equatable, Sendable {
  /// One served name.
  public struct Deployment: Equatable, Sendable {
    /// The name it is served under.
    public let name: ModelName
    /// The version that answers.
    public let version: VersionNumber
    /// The digest of that version's bundle.
    public let bundle: Digest
    /// The absolute path of the bundle's directory.
    public let path: String

    /// States what is served under a name.
    public init(name: ModelName, version: VersionNumber, bundle: Digest, path: String) {
      self.name = name
      self.version = version
      self.bundle = bundle
      self.path = path
    }
  }

  /// A caller's key to one deployment, by its hash.
  public struct Key: Equatable, Sendable {
    /// A public handle for it.
    public let id: String
    /// The SHA-256 of the whole key.
    public let hash: Digest
    /// The one deployment that it opens.
    public let deployment: ModelName

    /// States which key opens which deployment.
    public init(id: String, hash: Digest, deployment: ModelName) {
      self.id = id
      self.hash = hash
      self.deployment = deployment
    }
  }

  /// Counts the snapshots of one control plane, upwards.
  public let generation: Int
  /// The public keys, in PEM, whose seals are trusted.
  public let sealKeys: [String]
  /// What is served.
  public let deployments: [Deployment]
  /// Who may call it; revoked keys are left out.
  public let keys: [Key]

  /// States what is to be served.
  public init(generation: Int, sealKeys: [String], deployments: [Deployment], keys: [Key]) {
    self.generation = generation
    self.sealKeys = sealKeys
    self.deployments = deployments
    self.keys = keys
  }
}

extension PlaneState {
  /// The bytes that the digest is over.
  public var canonicalContent: [UInt8] { JSON.object(members).canonicalBytes }

  /// The whole file, given the SHA-256 of `canonicalContent`.
  public func encoded(digest: Digest) -> [UInt8] {
    var members = members
    members["digest"] = .string(digest.description)
    return JSON.object(members).canonicalBytes
  }

  private var members: [String: JSON] {
    [
      "generation": JSON(generation), "sealKeys": .array(sealKeys.map { .string($0) }),
      "deployments": .array(deployments.map(\.json)), "keys": .array(keys.map(\.json)),
    ]
  }

  /// Reads what `encoded` writes.
  ///
  /// `hash` computes SHA-256. Throws `plane-state.malformed`, and `plane-state.digest` where the content is not
  /// what the digest was made over.
  public init(parsing bytes: some Collection<UInt8>, hash: ([UInt8]) -> Digest) throws(Problem) {
    let json: JSON
    do { json = try JSON(parsing: bytes, limits: JSONLimits(depth: 8)) } catch {
      throw Self.malformed(error.description)
    }
    let fields = Fields(json, at: "")
    let expected = try fields.digest("digest")
    try self.init(fields)
    let found = hash(canonicalContent)
    guard found == expected else {
      throw Problem(
        .integrity, "plane-state.digest",
        "expected a state whose content is \(expected.short), found \(found.short)",
        hint: "let the control plane write the state anew")
    }
  }

  private init(_ fields: Fields) throws(Problem) {
    try fields.requireOnly(["generation", "sealKeys", "deployments", "keys", "digest"])
    let generation = try fields.number("generation", from: 0)
    var sealKeys: [String] = []
    for (index, key) in try fields.array("sealKeys").enumerated() {
      guard let pem = key.string else {
        throw Self.malformed("expected a string at '/sealKeys/\(index)', found \(key.kind)")
      }
      sealKeys.append(pem)
    }
    var deployments: [Deployment] = []
    for (index, element) in try fields.array("deployments").enumerated() {
      let fields = Fields(element, at: "/deployments/\(index)")
      try fields.requireOnly(["name", "version", "bundle", "path"])
      let number = try fields.number("version", from: 1)
      guard let version = VersionNumber(number) else {
        throw Self.malformed("expected a version at '/deployments/\(index)/version', found \(number)")
      }
      deployments.append(
        Deployment(
          name: try fields.name("name"), version: version, bundle: try fields.digest("bundle"),
          path: try fields.text("path")))
    }
    guard Set(deployments.map(\.name)).count == deployments.count else {
      throw Self.malformed("expected each name once in '/deployments', found one again")
    }
    var keys: [Key] = []
    for (index, element) in try fields.array("keys").enumerated() {
      keys.append(try Key(json: element, at: "/keys/\(index)"))
    }
    self.init(generation: generation, sealKeys: sealKeys, deployments: deployments, keys: keys)
  }

  fileprivate static func malformed(_ message: String, cause: Problem? = nil) -> Problem {
    Problem(.integrity, "plane-state.malformed", message, cause: cause?.message)
  }
}

extension PlaneState.Deployment {
  fileprivate var json: JSON {
    [
      "name": .string(name.description), "version": JSON(version.value),
      "bundle": .string(bundle.description), "path": .string(path),
    ]
  }
}

extension PlaneState.Key {
  /// The key as a snapshot and a key file carry it.
  public var json: JSON {
    ["id": .string(id), "hash": .string(hash.description), "deployment": .string(deployment.description)]
  }

  /// Reads what `json` writes; `pointer` says in an error where it stood.
  public init(json: JSON, at pointer: String) throws(Problem) {
    let fields = Fields(json, at: pointer)
    try fields.requireOnly(["id", "hash", "deployment"])
    self.init(
      id: try fields.text("id"), hash: try fields.digest("hash"), deployment: try fields.name("deployment"))
  }
}

/// The members of an object, with where it stands for the error.
private struct Fields {
  let json: JSON
  let pointer: String

  init(_ json: JSON, at pointer: String) {
    self.json = json
    self.pointer = pointer
  }

  func requireOnly(_ names: Set<String>) throws(Problem) {
    guard let members = json.object else {
      throw PlaneState.malformed("expected an object at '\(pointer)', found \(json.kind)")
    }
    if let stranger = members.keys.filter({ !names.contains($0) }).min() {
      throw PlaneState.malformed(
        "expected only known members at '\(pointer)', found '\(stranger.excerpt(40))'")
    }
  }

  func text(_ name: String) throws(Problem) -> String {
    guard let text = json[name]?.string else { throw unexpected("a string", name) }
    return text
  }

  func array(_ name: String) throws(Problem) -> [JSON] {
    guard let elements = json[name]?.array else { throw unexpected("an array", name) }
    return elements
  }

  func digest(_ name: String) throws(Problem) -> Digest {
    let text = try text(name)
    do throws(Problem) { return try Digest(parsing: text) } catch {
      throw PlaneState.malformed(
        "expected a digest at '\(pointer)/\(name)', found another text", cause: error)
    }
  }

  func name(_ name: String) throws(Problem) -> ModelName {
    let text = try text(name)
    do throws(Problem) { return try ModelName(parsing: text) } catch {
      throw PlaneState.malformed(
        "expected a model name at '\(pointer)/\(name)', found another text", cause: error)
    }
  }

  func number(_ name: String, from least: Int) throws(Problem) -> Int {
    guard let number = json[name]?.int else { throw unexpected("a whole number", name) }
    guard number >= least else { throw unexpected("a number from \(least)", name, found: "\(number)") }
    return number
  }

  private func unexpected(_ expected: String, _ name: String, found: String? = nil) -> Problem {
    PlaneState.malformed(
      "expected \(expected) at '\(pointer)/\(name)', found \(found ?? json[name]?.kind ?? "nothing")")
  }
}
