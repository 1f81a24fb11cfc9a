public import Domain
import Encoding
public import Gates
import Rollouts

/// A name that was taken back.
public struct RolledBack: Sendable {
  /// What is served now.
  public let deployment: Deployment
  /// What was served before.
  public let from: VersionNumber
  /// Whether that had been done already.
  public var wasBefore = false
}

/// Takes a name back to the last version that served it before: no build, no download, no gate.
///
/// Whatever is wrong with what answers, the way back is open: what it goes back to was in service, and held its gates when
/// it came there. What was revoked since is passed over. Of a roll-out that is under way it is the undoing.
struct RollBack: Sendable {
  let registry: any RegistryReader
  let seals: Seals
  let served: ServedState
  let steps: RollOutBySteps
  let plane: any DataPlane
  let time: any TimeSource

  /// Goes back; the former version answers by the time this returns, and the one it was taken back from is marked.
  ///
  /// Where `from` is named, from that version alone: one that was taken back from already stays so, and nothing is done twice. Throws
  /// `deployment.unknown`, `roll-back.nowhere`, and `roll-back.other` where neither that version answers nor it was taken back from.
  func callAsFunction(
    _ name: ModelName, from meant: VersionNumber? = nil, because reason: RevocationReason, recorder: Recorder
  ) async throws(Problem) -> RolledBack {
    let deployments = try await registry.deployments()
    guard let present = deployments.first(where: { $0.name == name }) else {
      throw Problem.unknownDeployment(name)
    }
    if let meant, try await !isPresent(meant, present) {
      guard try await registry.mark(of: VersionReference(name: name, version: meant)) != nil else {
        throw Problem.otherAnswers(meant, VersionReference(name: name, version: present.version))
      }
      return RolledBack(deployment: present, from: meant, wasBefore: true)
    }
    // The last good state is the one that the roll-out found.
    if let running = try await registry.rollout(of: name), running.isUnderWay {
      _ = try await steps.turn(
        running, .undo(by: recorder.principal, reason: reason.description, at: time.now()),
        recorder: recorder)
      return RolledBack(deployment: present, from: running.state.version)
    }
    let candidates = try await registry.waysBack(from: present, past: try await seals.revocations())
    guard let target = candidates.first else {
      throw Problem(
        .conflict, "roll-back.nowhere",
        "expected a version that served '\(name)' before and may again, found none",
        subject: name.description, hint: "bring one into service with 'gatehouse roll-out \(name)@VERSION'")
    }
    let from = VersionReference(name: name, version: present.version)
    return try await recorder.record(
      .rollBack, of: "\(name)@\(target.version)", details: ["from": .string(present.version.description)]
    ) { () async throws(Problem) in
      let moment = time.now()
      let next = Deployment(name: name, version: target.version, bundle: target.bundle, since: moment)
      let left = FormerVersions(Array(candidates.dropFirst()))
      // As with a roll-out: a crash after this leaves the data plane ahead of the registry, whose state the next start
      // applies again.
      try await plane.apply(
        served.with(deployments: deployments.filter { $0.name != name } + [next], formers: [name: left]))
      return .done(
        RolledBack(deployment: next, from: present.version),
        details: [
          "bundle": .string(target.bundle.description), "from": .string(present.version.description),
          "reason": .string(reason.description),
        ],
        changes: [
          .setDeployment(next), .governance(.keepFormers(left, of: name, at: moment)),
          .governance(
            .mark(VersionMark(version: from, by: recorder.principal, reason: reason, at: moment))),
        ])
    }
  }
}

extension RollBack {
  /// Whether a version is the one that a roll-back leaves: the one that comes by steps, else the live one.
  private func isPresent(_ version: VersionNumber, _ present: Deployment) async throws(Problem) -> Bool {
    if let running = try await registry.rollout(of: present.name), running.isUnderWay {
      return running.state.version == version
    }
    return present.version == version
  }
}

extension Problem {
  /// Why a name is not taken back from a version that does not answer.
  static func otherAnswers(_ meant: VersionNumber, _ present: VersionReference) -> Problem {
    Problem(
      .conflict, "roll-back.other",
      "expected version \(meant) of '\(present.name)' to answer, found version \(present.version)",
      subject: present.description,
      hint: "see 'gatehouse history \(present.name)', and name the version that answers")
  }
}

extension RegistryReader {
  /// What a deployment served before and can go back to.
  func formers(of name: ModelName) async throws(Problem) -> FormerVersions {
    guard let record = try await record(.formers, name.description) else { return FormerVersions() }
    return try FormerVersions(json: record.value)
  }

  /// The versions that a deployment may go back to, the one that a roll-back goes to first: it served before, and was neither
  /// marked nor revoked since.
  ///
  /// `formers` and `marks` come before what the registry has, for an act that is about to change that.
  func waysBack(
    from present: Deployment, past revocations: Revocations, formers: FormerVersions? = nil,
    marks: [VersionReference: Bool] = [:]
  ) async throws(Problem) -> [FormerVersions.Former] {
    let known: FormerVersions
    if let formers { known = formers } else { known = try await self.formers(of: present.name) }
    var ways: [FormerVersions.Former] = []
    for former in known.versions
    where former.version != present.version && revocations.problem(of: former.bundle) == nil {
      let reference = VersionReference(name: present.name, version: former.version)
      let isMarked: Bool
      if let mark = marks[reference] {
        isMarked = mark
      } else {
        isMarked = try await mark(of: reference) != nil
      }
      if !isMarked { ways.append(former) }
    }
    return ways
  }

  /// Why a version was rolled back from; nil where it was not, or came back since.
  public func mark(of version: VersionReference) async throws(Problem) -> VersionMark? {
    guard let record = try await record(.mark, version.description) else { return nil }
    return try VersionMark(json: record.value)
  }
}
