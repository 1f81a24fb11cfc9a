import Access
public import Domain
import Gates

/// A deployment that waits on its way to what a file says that it is to be, and what ends the wait.
public struct WaitingDeployment: Sendable {
  /// How far it has come.
  public let status: DeploymentStatus
  /// The next step, which cannot be taken yet; nil where there is none to take.
  public let step: String?
  /// The versions whose gates are waited for.
  public let versions: [ModelVersion]
  /// What each of those gates says.
  public let reasons: [String]
  /// What ends the wait, where it is no gate.
  public let ends: [String]
}

extension ControlPlane {
  /// The deployments of files that wait for somebody or for a time, by name.
  public func waitingDeployments() async throws(Problem) -> [WaitingDeployment] {
    var all: [WaitingDeployment] = []
    for (name, _) in try await registry.desired() {
      guard let status = try await desiredStatus(of: name), status.condition.word == .waiting else {
        continue
      }
      all.append(try await waiting(status))
    }
    return all
  }

  private func waiting(_ status: DeploymentStatus) async throws(Problem) -> WaitingDeployment {
    let name = status.name
    let present = try await registry.present(name)
    guard case .take(let step) = status.record.next(from: present) else {
      return WaitingDeployment(
        status: status, step: nil, versions: [], reasons: [],
        ends: present.rollout == nil
          ? ["a push of '\(name)'", "whoever may deploy '\(name)' and brings a version into service"]
          : [
            "whoever may deploy '\(name)', with 'gatehouse roll-out approve \(name)' or 'gatehouse roll-out undo \(name)'"
          ])
    }
    var versions: [ModelVersion] = []
    var reasons: [String] = []
    for number in step.versions where number != present.live {
      let version = try await registry.version(VersionReference(name: name, version: number))
      let report = try await release.report(
        on: version, try await registry.image(of: version.reference)?.manifest,
        for: RoleHolder(status.record.by, in: status.record.roles))
      guard report.verdict == .waiting else { continue }
      versions.append(version)
      reasons += report.results.filter { !$0.isPassed }.map { "\(version.reference): \($0.reason)" }
    }
    return WaitingDeployment(
      status: status, step: step.words, versions: versions, reasons: reasons, ends: [])
  }
}

extension DeploymentStep {
  /// The versions that a step brings to somebody.
  fileprivate var versions: [VersionNumber] {
    switch self {
    case .bring(let version), .setAlias(_, let version): [version]
    case .share(let shares?): shares.versions
    default: []
    }
  }
}
