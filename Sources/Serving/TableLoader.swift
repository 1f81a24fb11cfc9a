import Domain
import Inference
import Provenance

/// Brings what a snapshot names to a table that serves it.
struct TableLoader {
  private let loader: BundleLoader
  /// What is served now, which is not loaded again while a seal of it is by a trusted key: it was verified when it was
  /// loaded, and no byte of it but a new seal is read from the disk any more.
  private let former: RoutingTable?
  private var loaded: [Digest: ServedModel] = [:]
  private var failures: [PlaneApplication.Failure] = []

  private init(_ loader: BundleLoader, former: RoutingTable?) {
    self.loader = loader
    self.former = former
    for model in former?.models ?? [] { loaded[model.bundle] = model }
    // What was live is what stands by, and the other way round: neither is read again.
    for standby in (former?.deployments.values.compactMap(\.standby)) ?? [] {
      loaded[standby.bundle] = standby
    }
  }

  /// Loads what of `state` is not served yet.
  ///
  /// Where a version cannot be loaded, the name or alias keeps what it had; where it was revoked, nothing answers.
  static func load(
    _ state: PlaneState, _ loader: BundleLoader, _ callers: Callers, replacing former: RoutingTable?
  ) -> (RoutingTable, [PlaneApplication.Failure]) {
    var tables = TableLoader(loader, former: former)
    var deployments: [String: ServedDeployment] = [:]
    for deployment in state.deployments {
      deployments[deployment.name.description] = tables.load(deployment)
    }
    for served in deployments.values { served.gate.bound(by: served.policy.limits) }
    let table = RoutingTable(
      generation: state.generation, deployments: deployments,
      keys: callers.keys, issuers: callers.issuers)
    return (table, tables.failures)
  }

  private mutating func load(_ deployment: PlaneState.Deployment) -> ServedDeployment {
    let former = former?.deployments[deployment.name.description]
    var versions: [VersionNumber: ServedDeployment.Entry] = [:]
    for version in deployment.versions {
      do throws(Problem) {
        versions[version.version] = .model(try load(version, of: deployment.name))
      } catch  where error.isRevocation {
        versions[version.version] = .revoked(error)
      } catch {
        failures.append(
          PlaneApplication.Failure(deployment: deployment.name, version: version.version, problem: error))
        versions[version.version] = .unavailable(error)
      }
    }
    func entry(_ version: VersionNumber, former: ServedDeployment.Entry?) -> ServedDeployment.Entry? {
      guard case .unavailable? = versions[version] else { return versions[version] }
      // What it had may have lost its trust meanwhile, or have been withdrawn: that is no reason not to miss this version.
      guard let model = former?.model, loader.objection(to: model) == nil else { return versions[version] }
      return former
    }
    var aliases: [AliasName: ServedDeployment.Entry] = [:]
    for (alias, version) in deployment.aliases {
      aliases[alias] = entry(version, former: former?.aliases[alias])
    }
    // One that does not load is no reason to serve anything else: a roll-back tells of it, and reads it again.
    let standby = deployment.standby.flatMap { version in try? load(version, of: deployment.name) }
    let missing = Problem(.internal, "plane.no-version", "expected the live version among those served")
    return ServedDeployment(
      live: entry(deployment.live.version, former: former?.live) ?? .unavailable(missing),
      versions: versions, aliases: aliases, standby: standby, sharing: deployment.sharing,
      shadowing: deployment.shadowing, policy: deployment.policy, gate: former?.gate,
      held: former?.held)
  }

  private func load(
    _ version: PlaneState.Deployment.Version, of name: ModelName
  ) throws(Problem) -> ServedModel {
    if let problem = loader.revoked.problem(of: version.bundle) { throw problem }
    let model: ServedModel
    // Known by its new key where it was sealed again, before the former is retired or revoked.
    if let served = loaded[version.bundle].map({ loader.resealed($0, at: version.path) }),
      loader.objection(to: served) == nil
    {
      model = served
    } else {
      model = try loader.load(path: version.path)
    }
    guard model.bundle == version.bundle else {
      throw Problem(
        .integrity, "bundle.not-as-deployed",
        "expected bundle \(version.bundle.short), found \(model.bundle.short)", subject: version.path)
    }
    let expected = VersionReference(name: name, version: version.version)
    guard model.reference == expected else {
      throw Problem(
        .integrity, "bundle.not-as-deployed",
        "expected the bundle of \(expected), found that of \(model.reference)", subject: version.path)
    }
    return model
  }
}
