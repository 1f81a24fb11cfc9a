public import Domain
import Glibc
import Lifecycle

extension LocalDataPlane {
  /// Makes the serving process serve what `state` says; throws what it refuses with, nothing changed.
  public func apply(_ state: PlaneState) async throws(Problem) {
    try await exclusively { () async throws(Problem) in
      // A state that no longer reads is replaced by this one all the same: the registry is what it comes from.
      let former = try? store.load()
      if let silence = await silence() {
        try await take(back: state, from: former)
        throw silence
      }
      await dismissOutdated()
      // Durable first: a process that starts at any moment from here on starts from the new state.
      try store.save(state)
      do throws(Problem) {
        try check(try await tell(state.generation), state, former: former)
      } catch {
        // What could not be applied must not come up at the next start either; what was revoked must not come up at all.
        if let former {
          try store.save(former.revoking(by: state))
          // Whoever has not said what became of it, and may yet do it, is not waited for.
          if error.code == ControlSocket.silentCode {
            await tellLater()
          } else {
            _ = try? await tell(former.generation)
          }
        }
        throw error
      }
    }
  }

  /// Ends what was made ready, or is: it knows nothing of what is applied.
  private func dismissOutdated() async {
    applications += 1
    guard let outdated = successor?.running else { return }
    successor = nil
    await dismiss(outdated, .silent)
  }

  /// Sees to it that what a state revokes does not come up with the next process, and goes with the one that hangs once it goes on.
  private func take(back state: PlaneState, from former: PlaneState?) async throws(Problem) {
    guard let former, former.revoking(by: state) != former else { return }
    await dismissOutdated()
    try store.save(former.revoking(by: state))
    await tellLater()
  }

  /// Leaves it to the process that serves to read what is saved when it comes to it.
  ///
  /// Where that cannot be left in its queue, it is told when it is heard next; one that is heard no more is replaced.
  func tellLater() async {
    guard let current = running else { return }
    let told: Void? = try? await Self.blocking { () throws(Problem) in try current.control.applyLater() }
    if running?.pid == current.pid { owesState = told == nil }
  }

  /// A version that this state brings must come up.
  ///
  /// One that was to be served before may be broken already; that is reported, and keeps nothing else from going on.
  private func check(_ application: PlaneApplication, _ state: PlaneState, former: PlaneState?)
    throws(Problem)
  {
    for failure in application.failures {
      guard let before = former?.deployments.first(where: { $0.name == failure.deployment }),
        let wanted = state.deployments.first(where: { $0.name == failure.deployment }),
        // Nor may a name or an alias move to what is broken.
        wanted.live == before.live || wanted.live.version != failure.version,
        wanted.aliases.allSatisfy({ $1 != failure.version || before.aliases[$0] == $1 }),
        before.versions.contains(where: { wanted.versions.contains($0) && $0.version == failure.version })
      else { throw failure.problem }
      reporting.yield(
        PlaneEvent(
          kind: .broken, process: Int(running?.pid ?? 0),
          detail: "\(failure.deployment)@\(failure.version) cannot be served: \(failure.problem.message)"))
    }
  }

  /// Has the serving process read the saved state, which is of that generation.
  private func tell(_ generation: Int) async throws(Problem) -> PlaneApplication {
    if let current = running {
      do throws(Problem) {
        return try await Self.blocking { () throws(Problem) in try current.control.apply(generation) }
      } catch  where error.code == ControlSocket.goneCode {
        // It died under the call, or cannot be reached: then it must not serve on unknown to us, with what may have been
        // revoked since. A new one starts from the saved state, which is the one to apply.
        let isEnded = try current.life.signal(SIGKILL)
        if running?.pid == current.pid { running = nil }
        if isEnded {
          reporting.yield(
            PlaneEvent(
              kind: .died, process: Int(current.pid), detail: "was ended: its control socket was gone"))
          await Self.waitForEnd(of: current)
        }
      }
    }
    if running == nil { try await start(.started) }
    guard let next = running else {
      throw Problem(.unavailable, ControlSocket.goneCode, "expected a data plane process, found none")
    }
    return try await Self.blocking { () throws(Problem) in try next.control.apply(generation) }
  }
}
