import Domain
import Encoding

/// Sets what a deployment goes by: the data plane first, then the registry.
struct DeploymentSettings {
  let registry: any RegistryReader
  let served: ServedState
  let plane: any DataPlane
  let time: any TimeSource

  /// Gives a deployment a policy for its records; it is in force by the time this returns.
  func set(_ policy: RecordsPolicy, of name: ModelName, recorder: Recorder) async throws(Problem) {
    guard try await registry.deployments().contains(where: { $0.name == name }) else {
      throw Problem(
        .notFound, "deployment.unknown", "expected the name of a deployment, found '\(name)'",
        hint: "push a model under that name first")
    }
    let present = try await registry.recordsPolicies()
    let former = present.first { $0.deployment == name }?.policy ?? .standard
    guard policy != former else { return }
    try await recorder.record(.setRecords, of: name.description, details: ["from": former.json]) {
      () async throws(Problem) in
      let records = DeploymentRecords(deployment: name, policy: policy, since: time.now())
      try await plane.apply(
        served.with(recordsPolicies: present.filter { $0.deployment != name } + [records]))
      return .done((), details: ["policy": policy.json], changes: [.setRecordsPolicy(records)])
    }
  }
}
