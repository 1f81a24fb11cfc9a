import Encoding

/// What the control plane wants a data plane to serve: one snapshot, written whole and read whole.
///
/// On disk it is one JSON object whose `digest` is the SHA-256 of the canonical bytes of the rest, so that a
/// file that was cut off or changed is never taken for a state. Hashing is not done here: the writer gives the
/// digest, the reader gives the function.
public struct PlaneState: Equatable, Sendable {
  /// One served name.
  public struct Deployment: Equatable, Sendable {
    /// A version that is served, and where its bundle stands.
    public struct Version: Equatable, Sendable {
      /// Which version.
      public let version: VersionNumber
      /// The digest of its bundle.
      public let bundle: Digest
      /// The absolute path of the bundle's directory.
      public let path: String

      /// States which version is served, and from where.
      public init(version: VersionNumber, bundle: Digest, path: String) {
        self.version = version
        self.bundle = bundle
        self.path = path
      }
    }

    /// The name it is served under.
    public let name: ModelName
    /// The version that answers who names none.
    public let live: Version
    /// The versions that are served beside it, each once: those that aliases name.
    public let others: [Version]
    /// Which of these versions each alias names.
    public let aliases: [AliasName: VersionNumber]
    /// How it answers, whatever version does.
    public let policy: DeploymentPolicy
    /// What a roll-back would serve: loaded and answering nobody; nil where there is nothing to go back to.
    public let standby: Version?
    /// How those who name no version are shared by several; nil where the live one answers all of them.
    public let sharing: Sharing?
    /// Which of these versions are asked what others answer, without anybody seeing it; nil where none is.
    public let shadowing: Shadowing?
    /// Which of these versions a roll-out by steps brings; nil where none is under way.
    ///
    /// The data plane goes by the shares alone: this is for whoever takes the name back and has nothing but this state.
    public let rollout: VersionNumber?

    /// States what is served under a name.
    public init(
      name: ModelName, live: Version, others: [Version] = [], aliases: [AliasName: VersionNumber] = [:],
      policy: DeploymentPolicy = .standard, standby: Version? = nil, sharing: Sharing? = nil,
      shadowing: Shadowing? = nil, rollout: VersionNumber? = nil
    ) {
      self.rollout = rollout
      self.standby = standby
      self.sharing = sharing
      self.shadowing = shadowing
      self.name = name
      self.live = live
      self.others = others
      self.aliases = aliases
      self.policy = policy
    }

    /// All versions that are served, the live one first.
    public var versions: [Version] { [live] + others }
  }

  /// A caller's key to one deployment, by its hash.
  public struct Key: Equatable, Sendable {
    /// A public handle for it.
    public let id: String
    /// The SHA-256 of the whole key.
    public let hash: Digest
    /// The one deployment that it opens.
    public let deployment: ModelName
    /// What it is bound to beside that.
    public let terms: KeyTerms

    /// States which key opens which deployment, and on what terms.
    public init(id: String, hash: Digest, deployment: ModelName, terms: KeyTerms = .unbounded) {
      self.id = id
      self.hash = hash
      self.deployment = deployment
      self.terms = terms
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
  /// Whose tokens are taken beside the keys.
  public let issuers: [TokenIssuer]
  /// What must not be served, whatever the rest says.
  public let revocations: Revocations

  /// States what is to be served.
  public init(
    generation: Int, sealKeys: [String], deployments: [Deployment], keys: [Key], issuers: [TokenIssuer] = [],
    revocations: Revocations = .none
  ) {
    self.generation = generation
    self.sealKeys = sealKeys
    self.deployments = deployments
    self.keys = keys
    self.issuers = issuers
    self.revocations = revocations
  }
}

extension PlaneState {
  /// The same, with what a later state revokes revoked, and without keys that it trusts no more.
  public func revoking(by later: PlaneState) -> PlaneState {
    var revocations = revocations
    revocations.formUnion(later.revocations)
    return PlaneState(
      generation: generation, sealKeys: sealKeys.filter(later.sealKeys.contains), deployments: deployments,
      keys: keys, issuers: issuers, revocations: revocations)
  }

  /// The bytes that the digest is over.
  public var canonicalContent: [UInt8] { JSON.object(members).canonicalBytes }

  /// The whole file, given the SHA-256 of `canonicalContent`.
  public func encoded(digest: Digest) -> [UInt8] {
    var members = members
    members["digest"] = .string(digest.description)
    return JSON.object(members).canonicalBytes
  }

  private var members: [String: JSON] {
    var members: [String: JSON] = [
      "generation": JSON(generation), "sealKeys": .array(sealKeys.map { .string($0) }),
      "deployments": .array(deployments.map(\.json)), "keys": .array(keys.map(\.json)),
    ]
    // As it was before there were issuers: the digest of such a state is the same.
    if !issuers.isEmpty { members["issuers"] = .array(issuers.map(\.json)) }
    if !revocations.isEmpty { members["revocations"] = revocations.json }
    return members
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
    try fields.requireOnly([
      "generation", "sealKeys", "deployments", "keys", "issuers", "revocations", "digest",
    ])
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
      deployments.append(try Deployment(Fields(element, at: "/deployments/\(index)")))
    }
    guard Set(deployments.map(\.name)).count == deployments.count else {
      throw Self.malformed("expected each name once in '/deployments', found one again")
    }
    var keys: [Key] = []
    for (index, element) in try fields.array("keys").enumerated() {
      keys.append(try Key(json: element, at: "/keys/\(index)"))
    }
    var issuers: [TokenIssuer] = []
    for (index, element) in try fields.optionalArray("issuers").enumerated() {
      do throws(Problem) { issuers.append(try TokenIssuer(json: element)) } catch {
        throw Self.malformed("\(error.message) at '/issuers/\(index)'")
      }
    }
    guard TokenIssuer.repeatedURL(of: issuers) == nil else {
      throw Self.malformed("expected each issuer once at '/issuers', found one again")
    }
    var revocations = Revocations.none
    if let member = fields.json["revocations"] {
      do throws(Problem) { revocations = try Revocations(json: member, at: "/revocations") } catch {
        throw Self.malformed(error.message)
      }
    }
    self.init(
      generation: generation, sealKeys: sealKeys, deployments: deployments, keys: keys, issuers: issuers,
      revocations: revocations)
  }

  static func malformed(_ message: String, cause: Problem? = nil) -> Problem {
    Problem(.integrity, "plane-state.malformed", message, cause: cause?.message)
  }
}

extension PlaneState.Deployment {
  /// What is empty is left out, as it was before there were aliases: the digest of such a state is the same.
  fileprivate var json: JSON {
    var members = live.members
    members["name"] = .string(name.description)
    if !others.isEmpty { members["others"] = .array(others.map { .object($0.members) }) }
    if !aliases.isEmpty {
      members["aliases"] = .object(
        Dictionary(uniqueKeysWithValues: aliases.map { ($0.description, JSON($1.value)) }))
    }
    if policy != .standard { members["policy"] = policy.json }
    if let standby { members["standby"] = .object(standby.members) }
    if let sharing { members["sharing"] = sharing.json }
    if let shadowing { members["shadowing"] = shadowing.json }
    if let rollout { members["rollout"] = JSON(rollout.value) }
    return .object(members)
  }

  fileprivate init(_ fields: Fields) throws(Problem) {
    try fields.requireOnly([
      "name", "version", "bundle", "path", "others", "aliases", "policy", "standby", "sharing", "shadowing",
      "rollout",
    ])
    let live = try Version(fields)
    var others: [Version] = []
    for (index, element) in try fields.optionalArray("others").enumerated() {
      let other = Fields(element, at: "\(fields.pointer)/others/\(index)")
      try other.requireOnly(["version", "bundle", "path"])
      others.append(try Version(other))
    }
    let numbers = Set(([live] + others).map(\.version))
    guard numbers.count == others.count + 1 else {
      throw PlaneState.malformed("expected each version once at '\(fields.pointer)', found one again")
    }
    var aliases: [AliasName: VersionNumber] = [:]
    for (text, number) in try fields.optionalObject("aliases") {
      guard let alias = try? AliasName(parsing: text),
        let version = number.int.flatMap({ VersionNumber($0) }),
        numbers.contains(version)
      else {
        throw PlaneState.malformed(
          "expected aliases of versions that are served at '\(fields.pointer)/aliases', found another member")
      }
      aliases[alias] = version
    }
    var standby: Version?
    if let member = fields.json["standby"] {
      let former = Fields(member, at: "\(fields.pointer)/standby")
      try former.requireOnly(["version", "bundle", "path"])
      standby = try Version(former)
    }
    var sharing: Sharing?
    if let member = fields.json["sharing"] {
      do throws(Problem) { sharing = try Sharing(json: member) } catch {
        throw PlaneState.malformed(
          "expected a sharing at '\(fields.pointer)/sharing', found another value", cause: error)
      }
      guard sharing?.split.arms.allSatisfy({ numbers.contains($0.version) }) != false else {
        throw PlaneState.malformed(
          "expected versions that are served at '\(fields.pointer)/sharing', found another")
      }
    }
    var shadowing: Shadowing?
    if let member = fields.json["shadowing"] {
      do throws(Problem) { shadowing = try Shadowing(json: member) } catch {
        throw PlaneState.malformed(
          "expected versions in the shadow at '\(fields.pointer)/shadowing', found another value",
          cause: error)
      }
      guard shadowing?.versions.allSatisfy(numbers.contains) != false else {
        throw PlaneState.malformed(
          "expected versions that are served at '\(fields.pointer)/shadowing', found another")
      }
    }
    let rollout = fields.json["rollout"]?.int.flatMap { VersionNumber($0) }
    guard fields.json["rollout"] == nil || others.contains(where: { $0.version == rollout }) else {
      throw PlaneState.malformed(
        "expected a version that is served beside the live one at '\(fields.pointer)/rollout', found another value"
      )
    }
    self.init(
      name: try fields.name("name"), live: live, others: others, aliases: aliases,
      policy: try fields.policy("policy"), standby: standby, sharing: sharing, shadowing: shadowing,
      rollout: rollout)
  }
}

extension PlaneState.Deployment.Version {
  fileprivate var members: [String: JSON] {
    ["version": JSON(version.value), "bundle": .string(bundle.description), "path": .string(path)]
  }

  fileprivate init(_ fields: Fields) throws(Problem) {
    let number = try fields.number("version", from: 1)
    guard let version = VersionNumber(number) else {
      throw PlaneState.malformed("expected a version at '\(fields.pointer)/version', found \(number)")
    }
    self.init(version: version, bundle: try fields.digest("bundle"), path: try fields.text("path"))
  }
}

/// The members of an object of a state, with where it stands for the error.
struct Fields {
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

  /// The elements of an array that may be left out.
  func optionalArray(_ name: String) throws(Problem) -> [JSON] { json[name] == nil ? [] : try array(name) }

  /// The members of an object that may be left out.
  func optionalObject(_ name: String) throws(Problem) -> [String: JSON] {
    guard let value = json[name] else { return [:] }
    guard let members = value.object else { throw unexpected("an object", name) }
    return members
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
