public import Access
public import Domain
import Monitoring

extension ControlPlane {
  /// Says whether what comes to a deployment is held against training.
  public func setWatched(_ isWatched: Bool, of name: ModelName, by actor: Actor) async throws(Problem) {
    try await perform(by: actor, .deploy, on: .model(name)) {
      [deploymentPolicies] recorder async throws(Problem) in
      try await deploymentPolicies.watch(name, isWatched, recorder: recorder)
    }
  }

  /// What was seen of each version of a model in the last span of time, and what was found, both the newest first.
  public func watched(
    _ name: ModelName, over span: Duration
  ) async throws(Problem) -> (reports: [WatchReport], alerts: [MonitoringAlert]) {
    // A name without versions is nobody's.
    _ = try await registry.versions(ofKnown: name)
    return (
      try await watching.report(of: name, over: span, until: now()),
      try await parts.monitor.alerts(of: name, count: Self.shownAlerts)
    )
  }

  /// How many false alerts a year are let pass, in expectation, of each version.
  public var falseAlertsPerYear: Double { watching.budget.falseAlertsPerYear }

  /// How many alerts are told of at once.
  private static let shownAlerts = 100
}
