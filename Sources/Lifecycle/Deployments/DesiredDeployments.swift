public import Domain
public import Gates
import Rollouts

extension RegistryReader {
  /// What a deployment is to be, and who said so; nil where nobody did.
  public func desired(of name: ModelName) async throws(Problem) -> DesiredRecord? {
    guard let record = try await record(.desired, name.description) else { return nil }
    return try DesiredRecord(json: record.value)
  }

  /// What all deployments are to be of which somebody said it, by name.
  public func desired() async throws(Problem) -> [(name: ModelName, record: DesiredRecord)] {
    var all: [(name: ModelName, record: DesiredRecord)] = []
    for record in try await governance(.desired, startingWith: "") {
      all.append((try ModelName(parsing: record.id), try DesiredRecord(json: record.value)))
    }
    return all.sorted { $0.name < $1.name }
  }

  /// Throws `deployments.named` where the deployments that were applied name another version than this one.
  func requireAdmitted(_ reference: VersionReference) async throws(Problem) {
    guard let record = try await desired(of: reference.name), let named = record.desired.answeringWords,
      try await !admits(reference, record)
    else { return }
    throw Problem(
      .conflict, "deployments.named",
      "expected \(named) of '\(reference.name)', which deployments name, found version \(reference.version)",
      subject: reference.description,
      hint:
        "name it in the file, and apply that with 'gatehouse apply -f FILE'; 'gatehouse roll-back \(reference.name)' needs"
        + " no file")
  }

  /// Whether a version that somebody brings by hand would stay.
  private func admits(_ reference: VersionReference, _ record: DesiredRecord) async throws(Problem) -> Bool {
    guard record.desired.traffic == .newest else { return record.desired.admits(reference.version) }
    guard let newest = record.newest(of: try await present(reference.name)) else { return true }
    return reference.version >= newest
  }

  /// What a deployment is at the moment.
  public func present(_ name: ModelName) async throws(Problem) -> PresentDeployment {
    var present = PresentDeployment(name: name)
    let revocations = try await revocations()
    var marks: [VersionNumber: VersionMark] = [:]
    for record in try await governance(.mark, startingWith: "\(name)@") {
      let mark = try VersionMark(json: record.value)
      marks[mark.version.version] = mark
    }
    for version in try await versions(of: name) {
      let number = version.reference.version
      present.versions[number] = PresentDeployment.Standing(
        mark: marks[number], revocation: revocations.problem(of: version.bundle)?.message)
    }
    if let deployment = try await deployments().first(where: { $0.name == name }) {
      present.live = deployment.version
      present.shares = try await sharing(of: deployment)?.shares
    }
    if let record = try await rollout(of: name), record.isUnderWay {
      present.rollout = PresentDeployment.UnderWay(
        version: record.state.version, isHeld: record.state.phase == .held, words: record.state.words)
    }
    for alias in try await aliases() where alias.model == name { present.aliases[alias.name] = alias.version }
    present.facts = try await facts(of: name)
    present.policy = try await settings().first { $0.deployment == name }?.policy ?? .standard
    present.terms = try await rolloutTerms(of: name)
    return present
  }
}
