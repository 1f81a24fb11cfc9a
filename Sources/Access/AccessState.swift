public import Domain
import Encoding

/// Who may do what, as the sum of all changes of it.
public struct AccessState: Equatable, Sendable {
  /// The most principals, and the most keys of theirs that are in force or have ended.
  public static let principalLimit = 10_000
  /// The most grants.
  public static let grantLimit = 20_000
  /// The most keys, those that have ended too.
  public static let keyLimit = 50_000
  /// The most providers of identities.
  public static let providerLimit = 16

  /// Who is known, and since when.
  public private(set) var principals: [Principal: KnownPrincipal] = [:]
  /// All grants that were not taken back, by their ids, whether they are in force or not.
  public private(set) var grants: [String: Grant] = [:]
  /// All keys, those that have ended too, by their ids.
  public private(set) var keys: [String: APIKey] = [:]
  /// Whose word is taken, by URL.
  public private(set) var providers: [String: IdentityProvider] = [:]
  /// The projects that there are beside the standard one, and since when.
  public private(set) var projects: [ProjectName: Timestamp] = [:]
  /// Where models belong that do not belong to the standard project.
  public private(set) var assignments: [ModelName: ProjectName] = [:]
  /// What finds a key by what a caller presents; in step with `keys`.
  private var keyIDs: [Digest: String] = [:]
  /// What finds the grants of a holder; in step with `grants`.
  private var held: [Grant.Holder: Set<String>] = [:]

  /// Knows nobody.
  public init() {}

  /// Where a model belongs.
  public func project(of model: ModelName) -> ProjectName { assignments[model] ?? .standard }

  /// The key with this hash, in force or not; nil where there is none.
  public func key(hash: Digest) -> APIKey? { keyIDs[hash].flatMap { keys[$0] } }

  /// The grants of a holder that were not taken back, by id.
  public func grants(of holder: Grant.Holder) -> [Grant] {
    (held[holder] ?? []).sorted().compactMap { grants[$0] }
  }

  /// Makes one change.
  ///
  /// Throws `registry.conflict`, and changes nothing, where it contradicts what is there: a principal, a grant, a key or a
  /// project that exists, the end of one that does not, a grant or a key of a principal or a provider that is not known,
  /// an end of a key that is later than the one it has, and more of anything than its limit.
  public mutating func apply(_ change: AccessChange) throws(Problem) {
    switch change {
    case .addPrincipal(let known):
      try require(
        principals[known.principal] == nil, "a new principal", known.principal.description,
        principals.count < Self.principalLimit)
      principals[known.principal] = known
    case .removePrincipal(let principal, let moment):
      try require(principals[principal] != nil, "a principal that is known", principal.description)
      principals[principal] = nil
      for grant in grants(of: .principal(principal)) { remove(grant) }
      for key in keys.values where key.principal == principal && key.isInForce(at: moment) {
        keys[key.id] = key.ending(at: moment)
      }
    case .addGrant(let grant, _):
      try require(grants[grant.id] == nil, "a new grant", grant.id, grants.count < Self.grantLimit)
      switch grant.holder {
      case .principal(let principal):
        try require(
          principals[principal] != nil, "a grant of a principal that is known", principal.description)
      case .claim(_, let provider):
        try require(providers[provider] != nil, "a grant of a provider that is known", provider)
      }
      grants[grant.id] = grant
      held[grant.holder, default: []].insert(grant.id)
    case .removeGrant(let id, _):
      guard let grant = grants[id] else { throw Self.conflict("a grant that exists", id) }
      remove(grant)
    case .addAPIKey(let key):
      try require(
        keys[key.id] == nil && keyIDs[key.hash] == nil, "a new API key", key.id, keys.count < Self.keyLimit)
      try require(
        principals[key.principal] != nil, "a key of a principal that is known", key.principal.description)
      keep(key)
    case .endAPIKey(let id, let end, _):
      guard let key = keys[id], key.expiresAt.map({ end <= $0 }) ?? true else {
        throw Self.conflict("a key that does not end before", id)
      }
      keys[id] = key.ending(at: end)
    case .setProvider(let provider, _):
      try require(
        true, "a provider", provider.url,
        providers[provider.url] != nil || providers.count < Self.providerLimit)
      providers[provider.url] = provider
    case .removeProvider(let url, _):
      try require(providers[url] != nil, "a provider that is known", url)
      providers[url] = nil
      for grant in grants.values {
        if case .claim(_, url) = grant.holder { remove(grant) }
      }
    case .addProject(let project, let moment):
      try require(
        projects[project] == nil && project != .standard, "a new project", project.description,
        projects.count < Self.grantLimit)
      projects[project] = moment
    case .assign(let model, let project, _):
      try require(
        project == .standard || projects[project] != nil, "a project that exists", project.description)
      assignments[model] = project == .standard ? nil : project
    }
  }

  /// Takes up a key that was kept, whose principal may be known no more.
  mutating func keep(_ key: APIKey) {
    keys[key.id] = key
    keyIDs[key.hash] = key.id
  }

  private mutating func remove(_ grant: Grant) {
    grants[grant.id] = nil
    held[grant.holder]?.remove(grant.id)
    if held[grant.holder]?.isEmpty == true { held[grant.holder] = nil }
  }

  private func require(
    _ condition: Bool, _ expected: String, _ found: String, _ hasRoom: Bool = true
  ) throws(Problem) {
    guard hasRoom else {
      throw Problem(
        .conflict, "access.full", "expected room for \(expected), found as many as there may be",
        subject: found, hint: "remove what is not needed any more")
    }
    guard condition else { throw Self.conflict(expected, found) }
  }

  private static func conflict(_ expected: String, _ found: String) -> Problem {
    Problem(
      .conflict, "registry.conflict", "expected \(expected), found '\(found.excerpt(80))'",
      subject: found.excerpt(120))
  }
}
