public import Domain
public import Gates
import Provenance

/// Takes a name back where no control plane is: by the data plane's saved state, with a note for the next control plane.
///
/// For whoever holds the lock of the data directory: nobody else writes the state meanwhile.
public struct OfflineRollBack: Sendable {
  /// How it turned out.
  public struct Outcome: Sendable {
    /// What the next control plane is told.
    public let note: RollBackNote
    /// Whether a process of the data plane answers by it already; else the next one that starts does.
    public let isServed: Bool
  }

  private let states: any PlaneStateStore
  private let notes: any RollBackNotes
  private let plane: any LeftDataPlane

  /// Goes by a saved state, and tells those.
  public init(states: any PlaneStateStore, notes: any RollBackNotes, plane: any LeftDataPlane) {
    self.states = states
    self.notes = notes
    self.plane = plane
  }

  /// Goes back; where this was cut off before, it goes on from there.
  ///
  /// Where `from` is named, from that version alone.
  /// Throws `deployment.unknown`, `roll-back.nowhere`, `plane-state.missing`, `roll-back.noted`, and what the data plane says of
  /// a version that it cannot serve: then all is as before, or, where this was cut off before, is again when a control plane starts.
  public func callAsFunction(
    _ name: ModelName, from meant: VersionNumber? = nil, because reason: RevocationReason,
    by user: RollBackNote.User, at moment: Timestamp, trace: String
  ) async throws(Problem) -> Outcome {
    guard let state = try states.load() else {
      throw Problem(
        .notFound, "plane-state.missing", "expected the saved state of a data plane, found none",
        subject: states.path, hint: "name the data directory of a platform with --data")
    }
    let kept = try kept(of: name)
    if let kept, Self.hasState(state, of: kept) {
      // Whoever did it was cut off before the data plane was told, or somebody asks twice.
      do throws(Problem) {
        return Outcome(note: kept, isServed: try await tell(state, of: kept.target) != nil)
      } catch  where error.code == Self.refusedCode {
        // This state has no more what was served before: without the note the next control plane serves what the registry says.
        try notes.remove(Self.file(of: name))
        var problem = error
        problem.hint = "start the control plane: it serves what the registry says, as before"
        throw problem
      }
    }
    if let meant, kept == nil, let present = state.deployments.first(where: { $0.name == name }),
      present.rollout == nil, present.live.version != meant
    {
      // A control plane was cut off within that very roll-back: the state has it, the registry not yet.
      return try await noted(
        RollBackNote(
          trace: trace, at: moment, by: user, reason: reason,
          from: VersionReference(name: name, version: meant), to: present.live.version,
          bundle: present.live.bundle, state: Digest(of: state.canonicalContent)), in: state)
    }
    let way = try WayBack(of: name, in: state)
    let note: RollBackNote
    if let kept {
      guard kept.from == way.from, kept.to == way.to.version, kept.bundle == way.to.bundle else {
        throw Problem(
          .conflict, "roll-back.noted",
          "expected no note of '\(name)' but that of the way to version \(way.to.version), found one of the way to"
            + " version \(kept.to)",
          subject: name.description, hint: "start the control plane, which takes it in")
      }
      note = kept
    } else {
      note = try RollBackNote(
        trace: trace, at: moment, by: user, reason: reason, from: way.from, to: way.to.version,
        bundle: way.to.bundle, state: Digest(of: state.canonicalContent))
      try notes.keep(note)
      // A crash after this: the former version answers on, and the next control plane takes the name back by the note.
    }
    try states.save(way.state)
    // A crash after this: a process of the data plane that starts answers by it, one that runs does when it is told, and both
    // do by the next control plane.
    do throws(Problem) {
      return Outcome(note: note, isServed: try await tell(way.state, of: note.target) != nil)
    } catch  where error.code == Self.refusedCode {
      // The note first: a crash between the two leaves a state that the next control plane replaces by the registry's, which is
      // right, since nobody was told that it was done.
      try notes.remove(Self.file(of: name))
      try states.save(state)
      _ = try? await plane.apply(state.generation)
      throw error
    }
  }

  /// Notes what the state has already, and tells the data plane.
  private func noted(_ note: RollBackNote, in state: PlaneState) async throws(Problem) -> Outcome {
    try notes.keep(note)
    // A crash after this: nothing of what is served has changed, and the next control plane has the registry follow.
    return Outcome(note: note, isServed: try await tell(state, of: note.target) != nil)
  }

  private static let refusedCode = "roll-back.refused"

  /// What the note of a name stands under.
  static func file(of name: ModelName) -> String { "\(name).json" }

  private func kept(of name: ModelName) throws(Problem) -> RollBackNote? {
    for found in try notes.all() {
      if case .success(let note) = found.note, note.from.name == name { return note }
    }
    return nil
  }

  /// Whether a state is one in which a name was taken back as a note says.
  private static func hasState(_ state: PlaneState, of note: RollBackNote) -> Bool {
    state.deployments.contains {
      $0.name == note.from.name && $0.live.version == note.to && $0.live.bundle == note.bundle
        && $0.rollout == nil
    }
  }

  /// Throws `roll-back.refused` where the version cannot be served.
  private func tell(
    _ state: PlaneState, of target: VersionReference
  ) async throws(Problem) -> PlaneApplication? {
    guard let application = try await plane.apply(state.generation) else { return nil }
    let failure = application.failures.first {
      $0.deployment == target.name && $0.version == target.version
    }
    guard let failure else { return application }
    throw Problem(
      .unavailable, Self.refusedCode,
      "expected the data plane to serve '\(target)', found: \(failure.problem.message)",
      subject: target.description, hint: failure.problem.hint, cause: failure.problem.code)
  }
}
