public import Domain
public import Encoding

/// A person or a service that the platform knows.
public struct KnownPrincipal: Equatable, Sendable {
  /// Who it is.
  public let principal: Principal
  /// Since when it is known.
  public let since: Timestamp

  /// Records a principal.
  public init(principal: Principal, since: Timestamp) {
    self.principal = principal
    self.since = since
  }
}

/// One change of who may do what.
public enum AccessChange: Equatable, Sendable {
  /// A person or a service is known from now on.
  case addPrincipal(KnownPrincipal)
  /// A principal is known no more, and nothing that it held is in force.
  case removePrincipal(Principal, at: Timestamp)
  /// A grant is in force, as far as its own times say.
  case addGrant(Grant, at: Timestamp)
  /// A grant is taken back.
  case removeGrant(id: String, at: Timestamp)
  /// A key opens what its principal may.
  case addAPIKey(APIKey)
  /// A key opens nothing from `end` on.
  case endAPIKey(id: String, end: Timestamp, at: Timestamp)
  /// Whose word is taken for who somebody is, and with which keys.
  case setProvider(IdentityProvider, at: Timestamp)
  /// The word of the provider with this URL is taken no more.
  case removeProvider(url: String, at: Timestamp)
  /// There is a project of this name.
  case addProject(ProjectName, at: Timestamp)
  /// A model belongs to another project.
  case assign(ModelName, to: ProjectName, at: Timestamp)

  /// When it was made.
  public var moment: Timestamp {
    switch self {
    case .addPrincipal(let known): known.since
    case .addAPIKey(let key): key.createdAt
    case .removePrincipal(_, let at), .addGrant(_, let at), .removeGrant(_, let at), .endAPIKey(_, _, let at),
      .setProvider(_, let at), .removeProvider(_, let at), .addProject(_, let at), .assign(_, _, let at):
      at
    }
  }

  /// The change as an entry of the ledger carries it.
  public var json: JSON {
    var members: [String: JSON]
    switch self {
    case .addPrincipal(let known):
      members = ["change": "add-principal", "principal": .string(known.principal.description)]
    case .removePrincipal(let principal, _):
      members = ["change": "remove-principal", "principal": .string(principal.description)]
    case .addGrant(let grant, _): members = ["change": "add-grant", "grant": grant.json]
    case .removeGrant(let id, _): members = ["change": "remove-grant", "id": .string(id)]
    case .addAPIKey(let key): members = ["change": "add-api-key", "key": key.json]
    case .endAPIKey(let id, let end, _):
      members = ["change": "end-api-key", "id": .string(id), "end": .integer(end.milliseconds)]
    case .setProvider(let provider, _): members = ["change": "set-provider", "provider": provider.json]
    case .removeProvider(let url, _): members = ["change": "remove-provider", "url": .string(url)]
    case .addProject(let project, _):
      members = ["change": "add-project", "project": .string(project.description)]
    case .assign(let model, let project, _):
      members = [
        "change": "assign-model", "name": .string(model.description), "project": .string(project.description),
      ]
    }
    members["at"] = .integer(moment.milliseconds)
    return .object(members)
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    guard let change = try? Self(parsing: json) else { return nil }
    self = change
  }

  private init?(parsing json: JSON) throws(Problem) {
    let fields = RecordFields(json, "change")
    let at = try fields.requiredMoment("at")
    switch try fields.text("change") {
    case "add-principal":
      self = .addPrincipal(KnownPrincipal(principal: try fields.principal("principal"), since: at))
    case "remove-principal": self = .removePrincipal(try fields.principal("principal"), at: at)
    case "add-grant": self = .addGrant(try Grant(json: fields.value("grant")), at: at)
    case "remove-grant": self = .removeGrant(id: try fields.text("id"), at: at)
    case "add-api-key":
      let key = try APIKey(json: fields.value("key"))
      guard key.createdAt == at else { return nil }
      self = .addAPIKey(key)
    case "end-api-key":
      self = .endAPIKey(id: try fields.text("id"), end: try fields.requiredMoment("end"), at: at)
    case "set-provider": self = .setProvider(try IdentityProvider(json: fields.value("provider")), at: at)
    case "remove-provider": self = .removeProvider(url: try fields.text("url"), at: at)
    case "add-project": self = .addProject(try ProjectName(parsing: fields.text("project")), at: at)
    case "assign-model":
      self = .assign(
        try ModelName(parsing: fields.text("name")), to: try ProjectName(parsing: fields.text("project")),
        at: at)
    default: return nil
    }
  }
}
