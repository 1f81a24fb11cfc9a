import Access
public import Domain
import Encoding
public import Gates
import Rollouts

/// What became of a note of what was taken back while no control plane was there.
public struct TakenInRollBack: Sendable {
  /// What the note stood under.
  public let file: String
  /// The note; nil where it is none.
  public let note: RollBackNote?
  /// Why nothing came of it; nil where the registry has it.
  public let problem: Problem?
}

/// Brings what was taken back while no control plane was there into registry and ledger, before anything else is done.
///
/// The data plane answers by it already, so each is one commit without a beginning. What does not fit what the registry says is
/// in the ledger as failed, and set aside.
struct TakeInRollBacks: Sendable {
  let registry: any RegistryWriter & RegistryReader & LedgerReader
  let notes: any RollBackNotes
  let seals: Seals
  let time: any TimeSource

  /// Takes in every note that there is, the earliest first, and says what became of each.
  ///
  /// Safe to be cut off: what is in the ledger is known there by its trace and not taken in twice.
  func callAsFunction(_ tell: (TakenInRollBack) -> Void) async throws(Problem) {
    for found in try notes.all() {
      switch found.note {
      case .success(let note): tell(try await take(note, found.file))
      case .failure(let problem):
        let trace = String(found.digest.hexadecimal.prefix(16))
        if try await end(of: trace, nil) == nil {
          try await recorder(trace).note(
            .rollBack, phase: .failed, of: found.file, details: Recorder.details(of: problem), changes: [])
        }
        // A crash before this: the next start finds the entry, and comes here again.
        try notes.setAside(found.file)
        tell(TakenInRollBack(file: found.file, note: nil, problem: problem))
      }
    }
  }

  /// What a note comes to.
  private enum Outcome {
    case fits(Act, of: String, details: [String: JSON], [RegistryChange])
    case stale(Problem)
  }

  private func take(_ note: RollBackNote, _ file: String) async throws(Problem) -> TakenInRollBack {
    if let end = try await end(of: note.trace, note.from.name) {
      if end == .done { try notes.remove(file) } else { try notes.setAside(file) }
      return TakenInRollBack(file: file, note: note, problem: end == .done ? nil : Self.failedBefore(note))
    }
    let recorder = recorder(note.trace)
    var offline: [String: JSON] = [
      "offline": note.json, "from": .string(note.from.version.description),
      "reason": .string(note.reason.description),
    ]
    switch try await outcome(of: note, by: recorder.principal) {
    case .fits(let act, let subject, let details, let changes):
      offline.merge(details) { $1 }
      try await recorder.note(act, of: subject, details: offline, changes: changes)
      // A crash before this: the next start finds the entry by its trace, and forgets the note.
      try notes.remove(file)
      return TakenInRollBack(file: file, note: note, problem: nil)
    case .stale(let problem):
      offline.merge(Recorder.details(of: problem)) { $1 }
      try await recorder.note(
        .rollBack, phase: .failed, of: note.target.description, details: offline, changes: [])
      // A crash before this: as above, and the note is set aside then.
      try notes.setAside(file)
      return TakenInRollBack(file: file, note: note, problem: problem)
    }
  }

  /// What the registry is to have of a note.
  ///
  /// The registry may be an act behind the state that the name was taken back in, where a crash cut that act off before its
  /// commit: then the name stands for the version of the note already, or a roll-out is under way of which the state knew nothing.
  private func outcome(of note: RollBackNote, by principal: Principal) async throws(Problem) -> Outcome {
    let name = note.from.name
    guard let present = try await registry.deployments().first(where: { $0.name == name }) else {
      return .stale(Self.stale(note, "found no deployment of this name"))
    }
    let revocations = try await seals.revocations()
    // A control plane that was cut off within a roll-back left the state one version further back than the registry: whoever took the
    // name back from there meant neither.
    let isAhead =
      try await registry.waysBack(from: present, past: revocations).first?.version == note.from.version
    guard present.version == note.from.version || present.version == note.to || isAhead else {
      return .stale(Self.stale(note, "found '\(name)@\(present.version)' in service"))
    }
    if let problem = revocations.problem(of: note.bundle) {
      return .stale(Self.stale(note, "found \(note.target) revoked: \(problem.message)"))
    }
    let formers = try await registry.formers(of: name).versions
    let isKnown: Bool
    if (present.version, present.bundle) == (note.to, note.bundle)
      || formers.contains(FormerVersions.Former(version: note.to, bundle: note.bundle))
    {
      isKnown = true
    } else {
      isKnown = try await registry.versions(of: name).contains {
        $0.reference == note.target && $0.bundle == note.bundle
      }
    }
    guard isKnown else { return .stale(Self.stale(note, "found none with that bundle")) }
    return try await changes(for: note, present, past: revocations, by: principal)
  }

  private func changes(
    for note: RollBackNote, _ present: Deployment, past revocations: Revocations, by principal: Principal
  ) async throws(Problem) -> Outcome {
    let name = present.name
    var marked: [VersionReference] = [note.from]
    var details: [String: JSON] = ["bundle": .string(note.bundle.description)]
    var changes: [RegistryChange] = []
    var (act, subject) = (Act.rollBack, note.target.description)
    if let running = try await registry.rollout(of: name), running.isUnderWay {
      let undone = try running.at(
        try RolloutState.after(
          .undo(by: principal, reason: note.reason.description, at: note.at), running.state))
      changes.append(.governance(.setRollout(undone, at: note.at)))
      if running.version != note.from { marked.append(running.version) }
      if present.version == note.to {
        // As `RollBack` has it: of a roll-out that is under way it is the undoing.
        (act, subject) = (.undoRollOut, running.version.description)
        details.merge(RollOutBySteps.details(of: undone.state)) { $1 }
      }
    }
    if present.version != note.to {
      if present.version != note.from.version {
        marked.append(VersionReference(name: name, version: present.version))
      }
      let ways = try await registry.waysBack(from: present, past: revocations)
      let next = ways.firstIndex { $0.version == note.to }.map { ways.index(after: $0) } ?? ways.startIndex
      changes.append(
        .setDeployment(
          Deployment(name: name, version: note.to, bundle: note.bundle, since: note.at)))
      changes.append(
        .governance(.keepFormers(FormerVersions(Array(ways[next...])), of: name, at: note.at)))
    }
    for version in marked where version != note.target {
      changes.append(
        .governance(
          .mark(VersionMark(version: version, by: principal, reason: note.reason, at: note.at))))
    }
    return .fits(act, of: subject, details: details, changes)
  }

  /// How the entry of a note ended, where there is one.
  private func end(of trace: String, _ model: ModelName?) async throws(Problem) -> ActPhase? {
    for act in [Act.rollBack, .undoRollOut] {
      let entries = try await registry.all(LedgerFilter(model: model, act: act))
      if let found = entries.first(where: { $0.entry.trace == trace }) { return found.entry.phase }
    }
    return nil
  }

  /// Whoever may write into the data directory holds the credential that is there.
  private func recorder(_ trace: String) -> Recorder {
    Recorder(registry: registry, time: time, principal: Actor.administrator.principal, trace: trace)
  }

  private static func failedBefore(_ note: RollBackNote) -> Problem {
    stale(note, "found that nothing came of it at an earlier start; the ledger says why")
  }

  private static func stale(_ note: RollBackNote, _ found: String) -> Problem {
    Problem(
      .conflict, "roll-back.stale",
      "expected a registry in which '\(note.from.name)' can go from version \(note.from.version) to \(note.to), \(found)",
      subject: note.target.description,
      hint: "what the registry says is served again; take the name back once more where it is to be")
  }
}
