public import Domain
public import Encoding

/// One thing that is known of who may do what, as a store keeps it.
public struct RightsRecord: Hashable, Sendable {
  /// What kind of thing it is.
  public enum Kind: String, Sendable, CaseIterable {
    case principal, grant, key, provider, project, assignment
  }

  /// What kind of thing it is.
  public let kind: Kind
  /// What tells it from others of its kind.
  public let id: String
  /// All of it.
  public let value: JSON

  /// States a record.
  public init(kind: Kind, id: String, value: JSON) {
    self.kind = kind
    self.id = id
    self.value = value
  }
}

extension AccessState {
  /// All that is known, in no order.
  public var records: Set<RightsRecord> {
    var all: Set<RightsRecord> = []
    for known in principals.values {
      all.insert(
        RightsRecord(
          kind: .principal, id: known.principal.description, value: .integer(known.since.milliseconds)))
    }
    for grant in grants.values { all.insert(RightsRecord(kind: .grant, id: grant.id, value: grant.json)) }
    for key in keys.values { all.insert(RightsRecord(kind: .key, id: key.id, value: key.json)) }
    for provider in providers.values {
      all.insert(RightsRecord(kind: .provider, id: provider.url, value: provider.json))
    }
    for (project, since) in projects {
      all.insert(RightsRecord(kind: .project, id: project.description, value: .integer(since.milliseconds)))
    }
    for (model, project) in assignments {
      all.insert(
        RightsRecord(kind: .assignment, id: model.description, value: .string(project.description)))
    }
    return all
  }

  /// Puts together what `records` wrote; throws `registry.malformed-row`, and as `apply` does where they contradict each
  /// other.
  public init(records: some Collection<RightsRecord>) throws(Problem) {
    self.init()
    // What others name comes before them.
    let order: [RightsRecord.Kind] = [.provider, .principal, .project, .grant, .key, .assignment]
    for kind in order {
      for record in records where record.kind == kind {
        let change = try record.change()
        // A key stays known when whose it was is not.
        if case .addAPIKey(let key) = change { keep(key) } else { try apply(change) }
      }
    }
  }
}

extension RightsRecord {
  /// The change that makes it.
  fileprivate func change() throws(Problem) -> AccessChange {
    let unknown = Timestamp(milliseconds: 0)
    do throws(Problem) {
      switch kind {
      case .principal:
        guard let principal = Principal(parsing: id) else { throw malformed() }
        return .addPrincipal(KnownPrincipal(principal: principal, since: try moment()))
      case .grant: return .addGrant(try Grant(json: value), at: unknown)
      case .key: return .addAPIKey(try APIKey(json: value))
      case .provider: return .setProvider(try IdentityProvider(json: value), at: unknown)
      case .project: return .addProject(try ProjectName(parsing: id), at: try moment())
      case .assignment:
        guard let project = value.string else { throw malformed() }
        return .assign(try ModelName(parsing: id), to: try ProjectName(parsing: project), at: unknown)
      }
    } catch {
      throw malformed(error)
    }
  }

  private func moment() throws(Problem) -> Timestamp {
    guard let milliseconds = value.integer else { throw malformed() }
    return Timestamp(milliseconds: milliseconds)
  }

  private func malformed(_ cause: Problem? = nil) -> Problem {
    Problem(
      .integrity, "registry.malformed-row",
      "expected a \(kind.rawValue) in table 'rights', found another value", subject: id.excerpt(120),
      hint: "restore registry.sqlite from a backup", cause: cause?.message)
  }
}
