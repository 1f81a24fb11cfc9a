import Domain
import Lifecycle

/// Has conditions looked at every ten seconds, and receivers told every two.
struct AlertLoop {
  /// How often receivers are told what there is to tell.
  private static let telling = Duration.seconds(2)

  let control: ControlPlane

  /// Goes on until the task is cancelled.
  ///
  /// What goes wrong is told once as long as nothing else does. A receiver that is slow holds up no look.
  func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await Self.again(every: Alerts.interval) { await control.alerts.look() } }
      group.addTask { await Self.again(every: Self.telling) { await control.alerts.deliver() } }
    }
  }

  private static func again(every pause: Duration, _ body: () async -> [Problem]) async {
    var told: [String] = []
    while !Task.isCancelled {
      let problems = await body().map(\.description)
      // What was cut off by the end of the platform is taken up by its next start.
      guard !Task.isCancelled else { return }
      for problem in problems where !told.contains(problem) { Console.prose(problem) }
      told = problems
      try? await Task.sleep(for: pause)
    }
  }
}
