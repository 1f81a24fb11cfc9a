public import Access
public import Domain
import Encoding

extension ControlPlane {
  /// Replaces the process that serves; where a deployment is named, the one that serves it, with all that it serves.
  ///
  /// Throws `deployment.unknown`, `access.denied` and what `Repave` throws.
  public func repave(_ deployment: ModelName? = nil, by actor: Actor) async throws(Problem) -> Repaved {
    // It changes nothing of what is served: whoever may deploy one of the models that share the process may.
    let object: AccessObject = deployment.map { .model($0) } ?? .somewhere
    return try await perform(by: actor, .deploy, on: object) { [self] recorder async throws(Problem) in
      if let deployment, try await !registry.deployments().contains(where: { $0.name == deployment }) {
        throw Problem.unknownDeployment(deployment)
      }
      return try await repaving(recorder: recorder)
    }
  }

  /// The process that serves; nil where none does at the moment.
  public func planeProcess() async throws(Problem) -> PlaneProcess? { try await parts.plane.process() }

  var repaving: Repave { Repave(plane: parts.plane, time: parts.time) }
}
