import ControlAPI
import Domain
import Lifecycle

/// What the control plane does by the clock, each at its own pace and none held up by another.
struct RecurringWork {
  let control: ControlPlane
  let authenticator: Authenticator

  /// Goes on until the task is cancelled; an act that has begun comes to its end all the same.
  func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await again(every: .seconds(1)) { await control.judgeRollOuts() } }
      group.addTask { await again(every: .seconds(1)) { await control.reconcileDeployments() } }
      group.addTask { await deliverAlerts() }
      group.addTask { await again(every: Alerts.interval) { await control.alerts.look() } }
      group.addTask {
        await again(every: .seconds(15)) { await control.goOnWithRepaves().map { [$0] } ?? [] }
      }
      group.addTask {
        await again(every: ControlPlane.supervisionInterval) { await control.goOnWithSupervision() }
      }
      // What key sets take back is taken back here within a minute; where one cannot be had the issuer keeps the keys that it has.
      group.addTask { await again(every: .seconds(45)) { await refreshKeySets() } }
      group.addTask {
        await again(every: .seconds(60)) {
          await control.refusals.flush()
          // A window for changes opens by the clock alone.
          let problems = await control.goOnWithWaiting()
          await authenticator.saveUses()
          return problems
        }
      }
    }
  }

  /// Tells receivers of alerts, none of which holds up another, or a look.
  private func deliverAlerts() async {
    var telling = TellingOnce()
    await control.alerts.keepDelivering(every: .seconds(2)) { telling.tell($0) }
  }

  private func refreshKeySets() async -> [Problem] {
    do throws(Problem) {
      return try await (control.refreshIssuers() + control.refreshProviders())
    } catch {
      return [error]
    }
  }

  /// Does something at once and after each pause.
  private func again(every pause: Duration, _ body: () async -> [Problem]) async {
    var telling = TellingOnce()
    while !Task.isCancelled {
      telling.tell(await body())
      try? await Task.sleep(for: pause)
    }
  }
}

/// Tells the operator what went wrong, once as long as nothing else does.
struct TellingOnce {
  private var told: [Problem] = []

  /// Tells what was not told the last time.
  mutating func tell(_ problems: [Problem]) {
    // What was cut off by the end of the platform is taken up by its next start.
    guard !Task.isCancelled else { return }
    for problem in problems where !told.contains(problem) { Console.prose(problem.description) }
    told = problems
  }
}
