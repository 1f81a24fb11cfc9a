import Domain
import Lifecycle

/// Has roll-outs judged every second, and less often as long as that fails.
struct RolloutLoop {
  let control: ControlPlane

  /// Goes on until the task is cancelled; what a turn has begun comes to its end all the same.
  ///
  /// What goes wrong is told once as long as nothing else does.
  func run() async {
    var told: [String] = []
    var pause = JudgingPause()
    while !Task.isCancelled {
      let problems = await control.judgeRollOuts().map(\.description)
      for problem in problems where !told.contains(problem) { Console.prose(problem) }
      told = problems
      pause.note(failed: !problems.isEmpty)
      try? await Task.sleep(for: pause.length)
    }
  }
}
