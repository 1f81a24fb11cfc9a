import Domain
import Lifecycle

/// Has roll-outs judged every second.
struct RolloutLoop {
  static let interval = Duration.seconds(1)

  let control: ControlPlane

  /// Goes on until the task is cancelled; what a turn has begun comes to its end all the same.
  ///
  /// What goes wrong is told once as long as nothing else does.
  func run() async {
    var told: [String] = []
    while !Task.isCancelled {
      let problems = await control.judgeRollOuts().map(\.description)
      for problem in problems where !told.contains(problem) { Console.prose(problem) }
      told = problems
      try? await Task.sleep(for: Self.interval)
    }
  }
}
