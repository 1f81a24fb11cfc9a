import Domain
import Encoding

extension RunningPlane {
  /// Answers a command of those by which one process takes the place of another.
  func answer(_ command: PlaneCommand, _ members: JSON) throws(Problem) -> JSON {
    switch command {
    case .sample: return ["ok": true, "sample": try sample(members).json]
    case .replay:
      let sample = try ReplaySample(json: members["sample"] ?? .null)
      let answers = try model(sample.version, sample.bundle).model.answers(to: sample)
      return ["ok": true, "answers": .array(answers.map(ReplayCase.json))]
    case .program: return ["ok": true, "program": .string(try programDigest().description)]
    case .begin:
      try begin()
      return ["ok": true]
    case .status, .apply, .listener, .adminListener, .drain, .observe:
      throw Problem(.internal, "control.unknown-command", "expected a command of a repave, found another")
    }
  }

  private func sample(_ members: JSON) throws(Problem) -> ReplaySample {
    let fields = RecordFields(members, "command", code: "control.malformed")
    try fields.allow(["command", "version", "bundle"])
    let (model, policy) = try model(try fields.version("version"), try fields.digest("bundle"))
    return model.sample(keepingRows: policy.records.letsRowsBeReplayed)
  }

  /// A version that is served, and the policy under which it is; throws `replay.not-served`.
  private func model(
    _ version: VersionReference, _ bundle: Digest
  ) throws(Problem) -> (model: ServedModel, policy: DeploymentPolicy) {
    let deployment = table.deployments[version.name.description]
    guard let deployment, let model = deployment.models.first(where: { $0.reference == version }),
      model.bundle == bundle
    else {
      throw Problem(
        .conflict, "replay.not-served",
        "expected '\(version)' of bundle \(bundle.short) to be served, found that it is not",
        subject: version.description)
    }
    return (model, deployment.policy)
  }
}

extension RoutingTable {
  /// Lets go of rows that the policies in force do not let be kept.
  func forgetUnkeptRows() {
    for deployment in deployments.values where !deployment.policy.records.letsRowsBeReplayed {
      for model in deployment.models { model.reservoir.clear() }
    }
  }
}
