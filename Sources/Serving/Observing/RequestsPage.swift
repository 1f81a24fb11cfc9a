import Domain
import Encoding

/// What is under way, what was slow and what failed, as JSON.
enum RequestsPage {
  /// Requests under way that are shown; of more only how many there are.
  private static let most = 256

  static func write(_ plane: DataPlane, _ seen: PlaneObservation) -> JSON {
    let (slowest, failed) = plane.recent.lists
    let requests = seen.requests.sorted { $0.request.age > $1.request.age }
    return [
      "inFlight": .array(requests.prefix(most).map(inFlight)), "inFlightCount": JSON(requests.count),
      "connections": JSON(seen.connections.count),
      "loops": JSON(seen.loops), "loopsAnswering": JSON(seen.answeringLoops),
      "slowest": .array(slowest.map(\.json)), "failed": .array(failed.map(\.json)),
    ]
  }

  private static func inFlight(_ observation: Observation, _ request: Observation.Request) -> JSON {
    var members: [String: JSON] = [
      "trace": .string(request.trace), "milliseconds": .milliseconds(request.age),
      "phase": .string(observation.phase.rawValue), "protocol": .string(observation.transport.wire.rawValue),
    ]
    if let kind = request.request { members["request"] = .string(kind) }
    if let deployment = request.deployment { members["deployment"] = .string(deployment.description) }
    if let version = request.version { members["version"] = JSON(version) }
    return .object(members)
  }
}
