import Domain
import Encoding

/// What is served at one moment: immutable, swapped whole.
final class RoutingTable: Sendable {
  /// The generation of the snapshot that this came from; 0 where there is none.
  let generation: Int
  /// What is served, by its name.
  let deployments: [String: ServedDeployment]
  let keys: KeyRing
  let issuers: IssuerRing

  init(generation: Int, deployments: [String: ServedDeployment], keys: KeyRing, issuers: IssuerRing = .none) {
    self.generation = generation
    self.deployments = deployments
    self.keys = keys
    self.issuers = issuers
  }

  /// The name of the one deployment; nil where there are several or none.
  var onlyDeployment: String? { deployments.count == 1 ? deployments.keys.first : nil }

  /// The model that answers for a name and a version of it, which is a number, an alias, or nil for the live one.
  ///
  /// Throws `model.not-found` and `model.no-such-version`, and `model.not-ready` where it should be served and is
  /// not. That one does not say why: that is for the operator, who is told by the control socket.
  func resolve(_ name: String, version: String?) throws(Problem) -> ServedModel {
    try deployment(name).resolve(version, of: name)
  }

  /// What is served under a name; throws `model.not-found`.
  func deployment(_ name: String) throws(Problem) -> ServedDeployment {
    guard let deployment = deployments[name] else {
      throw Problem(
        .notFound, "model.not-found",
        "expected the name of a model that is served, found '\(name.excerpt(80))'")
    }
    return deployment
  }

  /// What this table serves of what a snapshot has, by the snapshot's keys alone.
  ///
  /// What stands while the snapshot is loaded: it opens nothing that the snapshot closes, and serves nothing that was
  /// revoked. What is by a key that is merely trusted no more answers until it was looked for: it may have been sealed
  /// again, and nothing is held against it meanwhile.
  func narrowed(to state: PlaneState, callers: Callers, by loader: BundleLoader) -> RoutingTable {
    var kept: [String: ServedDeployment] = [:]
    for deployment in state.deployments {
      let name = deployment.name.description
      kept[name] = deployments[name]?.narrowed(to: deployment).withdrawing(loader.revocation)
    }
    return RoutingTable(
      generation: generation, deployments: kept, keys: callers.keys, issuers: callers.issuers)
  }

  /// The same without what was revoked.
  func withdrawing(_ revoked: Revocations) -> RoutingTable {
    let judged = deployments.mapValues { deployment in
      deployment.withdrawing { revoked.problem(ofSealsBy: $0.sealedBy) ?? revoked.problem(of: $0.bundle) }
    }
    return RoutingTable(generation: generation, deployments: judged, keys: keys, issuers: issuers)
  }

  /// What was withdrawn, sorted by name and version, and why.
  var withdrawn: [(name: String, number: VersionNumber, problem: Problem)] {
    deployments.sorted { $0.key < $1.key }.flatMap { name, deployment in
      deployment.withdrawn.map { (name, $0.number, $0.problem) }
    }
  }

  /// The models that answer, sorted by name and version.
  var models: [ServedModel] {
    deployments.sorted { $0.key < $1.key }.flatMap(\.value.models)
  }

  /// Has nobody held back, and nothing remembered of callers, where the policies in force do not say so.
  func settleDefences() {
    for deployment in deployments.values {
      let action = deployment.policy.defences.callers
      if action == .refuse { deployment.haveDefencesInForce() } else { deployment.held.release() }
      guard action == .off else { continue }
      for model in deployment.models { model.watch.forgetCallers() }
    }
  }

  /// Tells who watches the models which fields their deployments have masked.
  func hideMaskedFields() {
    for deployment in deployments.values {
      let masked = deployment.policy.records.masked
      for model in deployment.models { model.watch.hide(masked) }
      deployment.standby?.watch.hide(masked)
    }
  }

  /// Whether every name that should be served is, with every alias of it.
  var isReady: Bool { deployments.values.allSatisfy(\.isReady) }
}
