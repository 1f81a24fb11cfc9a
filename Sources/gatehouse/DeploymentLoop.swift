import Domain
import Lifecycle

/// Has deployments taken to what they are to be, looked at every second.
struct DeploymentLoop {
  static let interval = Duration.seconds(1)

  let control: ControlPlane

  /// Goes on until the task is cancelled; an act that has begun comes to its end.
  ///
  /// What goes wrong is told once as long as nothing else does.
  func run() async {
    var told: [String] = []
    while !Task.isCancelled {
      let problems = await control.reconcileDeployments().map(\.description)
      for problem in problems where !told.contains(problem) { Console.prose(problem) }
      told = problems
      try? await Task.sleep(for: Self.interval)
    }
  }
}
