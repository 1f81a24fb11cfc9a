import Domain
import Encoding
import Gates
import Rollouts

/// Puts in order what a crash left half done, before the platform takes new acts.
struct Recovery: Sendable {
  let registry: any RegistryWriter & RegistryReader & LedgerReader
  let served: ServedState
  let plane: any DataPlane
  let time: any TimeSource

  /// Closes every act that has begun and not ended, and brings the data plane to what the registry says.
  ///
  /// What an unfinished act had done is without consequence: blobs and bundles that nothing names, or a data
  /// plane one step ahead, which applying the registry's state takes back. Nobody was told that it was done.
  /// Safe to be cut off itself: it runs again at the next start.
  func callAsFunction() async throws(Problem) -> [LedgerEntry] {
    let unfinished = try await registry.unfinished()
    try await close(
      unfinished, "the platform stopped before this act had ended; nothing of it is in the registry")
    try await plane.apply(served.current())
    return unfinished
  }

  /// Closes what an undertaking has begun that has failed, where its end could not be written down.
  ///
  /// Asked of the ledger and not of who failed: a commit can fail and be there all the same, as a `done` that nothing may
  /// contradict. Once the undertaking is over and the data plane has taken it back, nothing that it left open is in the
  /// registry or served; what it removed or replaced on the way stays so. Where this fails, too, the lone
  /// `begun` stays until the next start closes it; it keeps no other act from anything, since each end closes a beginning
  /// of its own undertaking.
  func close(trace: String) async throws(Problem) {
    try await close(
      try await registry.unfinished().filter { $0.trace == trace },
      "the end of this act could not be written down; nothing of it is in the registry")
  }

  private func close(_ unfinished: [LedgerEntry], _ message: String) async throws(Problem) {
    var failure: Problem?
    for entry in unfinished {
      var changes: [RegistryChange] = []
      var (phase, details): (ActPhase, [String: JSON]) =
        entry.act == .repave
        ? await end(ofRepave: entry)
        : (.failed, ["code": "platform.interrupted", "message": .string(message)])
      if let place = try await place(after: entry) { details["stands"] = .string(place) }
      if phase == .done {
        let said = Repave.said(of: details["old"] ?? .null, details["new"] ?? .null)
        changes.append(.governance(.repave(.repaved(said, at: time.now()))))
      }
      // Each by a commit of its own: one that cannot be written down keeps no other open, and a crash between two leaves
      // those that are to come to the next start.
      let closing = LedgerEntry(
        time: time.now(), principal: .platform, act: entry.act, phase: phase, subject: entry.subject,
        trace: entry.trace, details: details)
      do throws(Problem) { try await registry.commit([closing], changes) } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  /// How a repave ended whose end nobody wrote down.
  ///
  /// A new process carries the undertaking that it was made ready in, and begins only after it has answered as the former did:
  /// so one that has begun says that it was done, and where none has, what was made ready is ended and nothing came of it.
  private func end(ofRepave entry: LedgerEntry) async -> (ActPhase, [String: JSON]) {
    guard let new = await plane.process(of: entry.trace) else {
      let serving = try? await plane.process()
      let isFormer = serving.map { .string($0.instance) } == entry.details["old"]?["instance"]
      let rest =
        isFormer ? "the process that served before serves on" : "a process that was started apart serves"
      return (
        .failed,
        [
          "code": "repave.undone", "message": .string("no new process had begun to serve; \(rest)"),
          "serving": serving?.json ?? .null,
        ]
      )
    }
    return (
      .done,
      [
        "old": entry.details["old"] ?? .null, "new": new.json, "bundles": new.bundlesToldBriefly,
        "note": "found done: the new process had begun to serve, and its end was not written down",
      ]
    )
  }

  /// Who answers under the name that an act was to move, since it did not; nil for other acts.
  private func place(after entry: LedgerEntry) async throws(Problem) -> String? {
    guard [.rollOut, .rollBack, .share, .beginRollOut, .stepRollOut, .undoRollOut].contains(entry.act),
      let name = (try? VersionReference(parsing: entry.subject))?.name
    else { return nil }
    if let record = try await registry.rollout(of: name), record.isUnderWay {
      return "version \(record.version.version) goes on from \(record.state.words)"
    }
    guard let live = try await registry.deployments().first(where: { $0.name == name }) else {
      return "no version of '\(name)' answers"
    }
    return "version \(live.version) answers as before"
  }
}
