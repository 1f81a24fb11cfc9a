import Domain
import Lifecycle

/// Has processes replaced when their turn comes by the schedule, looked at every 15 seconds.
struct RepaveClock {
  static let interval = Duration.seconds(15)

  let control: ControlPlane

  /// Goes on until the task is cancelled; an act that has begun comes to its end.
  ///
  /// What fails is in the ledger, and the operator is told, once as long as nothing else is the matter.
  func run() async {
    var told: String?
    while !Task.isCancelled {
      let problem = await control.goOnWithRepaves()?.description
      if let problem, problem != told { Console.prose(problem) }
      told = problem
      try? await Task.sleep(for: Self.interval)
    }
  }
}
