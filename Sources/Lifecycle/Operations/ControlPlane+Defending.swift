public import Access
public import Domain
import Monitoring

extension ControlPlane {
  /// Says what is done about attacks on a deployment.
  public func setDefences(
    _ defences: DefencePolicy, of name: ModelName, by actor: Actor
  ) async throws(Problem) {
    try await perform(by: actor, .deploy, on: .model(name)) {
      [deploymentPolicies] recorder async throws(Problem) in
      try await deploymentPolicies.defend(name, by: defences, recorder: recorder)
    }
  }

  /// What of a deployment's defences its served versions cannot do, since it is not known what training looked like: a sentence
  /// each.
  public func undefended(_ name: ModelName, by defences: DefencePolicy) async throws(Problem) -> [String] {
    var sentences: [String] = []
    let served = try await served.current().deployments.first { $0.name == name }?.versions ?? []
    for version in served.map({ VersionReference(name: name, version: $0.version) }) {
      let known = try await watching.training.known(of: version)
      if !defences.inputs.isEmpty, !known.columns {
        sentences.append("what \(version) was trained on is not known: its inputs are held against nothing")
      }
      if defences.callers != .off, !known.callers {
        sentences.append("what honest callers ask \(version) is not known: its callers are not watched")
      }
    }
    return sentences
  }
}
