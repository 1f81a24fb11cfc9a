import Domain

/// Where a name goes back to by the data plane's state alone.
///
/// It is what `RollBack` does by the registry: the version that stands by answers, or, where a roll-out by steps is under
/// way, the one that it found.
struct WayBack: Sendable {
  /// The version that it is taken back from.
  let from: VersionReference
  /// The version that answers then.
  let to: PlaneState.Deployment.Version
  /// The state in which it does.
  let state: PlaneState

  /// Throws `deployment.unknown` and `roll-back.nowhere`.
  init(of name: ModelName, in state: PlaneState) throws(Problem) {
    guard let present = state.deployments.first(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    let target: PlaneState.Deployment.Version
    let left: VersionNumber
    if let rollout = present.rollout {
      (target, left) = (present.live, rollout)
    } else {
      guard let standby = present.standby, state.revocations.problem(of: standby.bundle) == nil else {
        throw Problem(
          .conflict, "roll-back.nowhere",
          "expected a version of '\(name)' that stands by in the data plane's state, found none",
          subject: name.description,
          hint: "start the control plane, whose registry knows what served before")
      }
      (target, left) = (standby, present.live.version)
    }
    // What aliases name is served on; whoever only took part in sharing the traffic is not.
    let named = Set(present.aliases.values)
    let others = present.versions.filter { $0.version != target.version && named.contains($0.version) }
    let next = PlaneState.Deployment(
      name: name, live: target, others: others.sorted { $0.version < $1.version }, aliases: present.aliases,
      policy: present.policy, standby: present.rollout == nil ? nil : present.standby)
    from = VersionReference(name: name, version: left)
    to = target
    self.state = PlaneState(
      generation: state.generation + 1, sealKeys: state.sealKeys,
      deployments: state.deployments.map { $0.name == name ? next : $0 }, keys: state.keys,
      issuers: state.issuers, revocations: state.revocations)
  }
}
