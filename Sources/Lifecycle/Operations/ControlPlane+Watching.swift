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

  /// What was seen of each version of a model in the last span of time, which versions answer that nothing came to, and what was
  /// found, all the newest first.
  public func watched(
    _ name: ModelName, over span: Duration
  ) async throws(Problem) -> (reports: [WatchReport], silent: [VersionNumber], alerts: [MonitoringAlert]) {
    // A name without versions is nobody's.
    _ = try await registry.versions(ofKnown: name)
    // First of all, for what is masked by now must not be told of.
    try await watching.hideKept(by: try await watching.masks())
    var reports = try await watching.report(of: name, over: span, until: now())
    let served = try await served.current().deployments.first { $0.name == name }?.versions.map(\.version)
    let alerts = try await parts.monitor.alerts(of: name, count: Self.shownAlerts)
    let start = now().advanced(by: span * -1)
    for place in reports.indices {
      let version = reports[place].version
      reports[place].callers = alerts.filter { $0.isAboutCaller && $0.version == version && $0.at >= start }
      reports[place].isServed = served?.contains(reports[place].version.version) ?? false
    }
    let silent = (served ?? []).filter { number in !reports.contains { $0.version.version == number } }
    return (reports, silent.sorted(by: >), alerts)
  }

  /// How many false alerts a year are let pass, in expectation, of each version.
  public var falseAlertsPerYear: Double { watching.budget.falseAlertsPerYear }

  /// How many alerts are told of at once.
  private static let shownAlerts = 100
}
