public import Domain
import Encoding

/// Sets how deployments answer.
struct DeploymentPolicies: Sendable {
  let registry: any RegistryReader
  let served: ServedState
  let plane: any DataPlane
  let time: any TimeSource

  /// Bounds what a deployment takes on; it does by the time this returns.
  ///
  /// The same bounds again change nothing. Throws `deployment.unknown`.
  func limit(_ name: ModelName, to limits: DeploymentLimits, recorder: Recorder) async throws(Problem) {
    try await set(of: name, recorder) { $0.limits = limits }
  }

  /// Says what a deployment's access records hold; they do by the time this returns.
  ///
  /// The same again changes nothing. Throws `deployment.unknown`.
  func record(_ name: ModelName, by records: RecordsPolicy, recorder: Recorder) async throws(Problem) {
    try await set(of: name, recorder) { $0.records = records }
  }

  /// Says whether what comes to a deployment is watched; it is, or is not, by the time this returns.
  ///
  /// The same again changes nothing. Throws `deployment.unknown`.
  func watch(_ name: ModelName, _ isWatched: Bool, recorder: Recorder) async throws(Problem) {
    try await set(of: name, recorder) { $0.isWatched = isWatched }
  }

  /// Says what is done about attacks on a deployment; it is by the time this returns.
  ///
  /// The same again changes nothing. Throws `deployment.unknown`.
  func defend(_ name: ModelName, by defences: DefencePolicy, recorder: Recorder) async throws(Problem) {
    try await set(of: name, recorder) { $0.defences = defences }
  }

  /// Says of how many of a million requests it is kept what the model says, for labels to come; it is by the time this returns.
  ///
  /// The same again changes nothing. Throws `deployment.unknown`.
  func awaitLabels(_ name: ModelName, _ millionths: Int, recorder: Recorder) async throws(Problem) {
    try await set(of: name, recorder) { $0.feedbackMillionths = millionths }
  }

  private func set(
    of name: ModelName, _ recorder: Recorder, _ change: (inout DeploymentPolicy) -> Void
  ) async throws(Problem) {
    guard try await registry.deployments().contains(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    let present = try await registry.settings()
    let former = present.first { $0.deployment == name }?.policy ?? .standard
    var policy = former
    change(&policy)
    guard policy != former else { return }
    let settings = DeploymentSettings(deployment: name, policy: policy, since: time.now())
    try await recorder.record(
      // What it was and what it becomes stand once in the ledger, with the changes that were made.
      .setPolicy, of: name.description
    ) { () async throws(Problem) in
      try await plane.apply(served.with(settings: present.filter { $0.deployment != name } + [settings]))
      return .done((), changes: [.setPolicy(settings)])
    }
  }
}

extension Problem {
  /// Why nothing can be done to a deployment that does not exist.
  public static func unknownDeployment(_ name: ModelName) -> Problem {
    Problem(
      .notFound, "deployment.unknown", "expected the name of a deployment, found '\(name)'",
      hint: "push a model under that name first")
  }
}
