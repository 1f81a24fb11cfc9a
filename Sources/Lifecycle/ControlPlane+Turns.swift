public import Access
public import Domain
import Encoding

// How acts have their turn, one after another, and who may have one.

extension ControlPlane {
  /// Lets an act have its turn.
  ///
  /// One that fails between its effect and its entry leaves the data plane ahead of the registry; applying
  /// the registry's state takes that back.
  func perform<Result: Sendable>(
    _ act: @escaping @Sendable () async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    try await perform(recordedUnder: nil, act)
  }

  /// Lets an act of somebody have its turn, if they may do it when its turn comes.
  ///
  /// Asked before, so that whoever may not takes nobody's turn, and then: what was taken back while the act waited is gone. A
  /// refusal is in the ledger.
  func perform<Result: Sendable>(
    by actor: Actor, _ right: Right, on object: AccessObject,
    _ act: @escaping @Sendable (Recorder) async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    let asked = "\(right.rawValue) on \(object.description)"
    try await require(right, on: object, of: actor, asking: asked)
    return try await perform(for: actor) { [self] recorder async throws(Problem) in
      try await require(right, on: object, of: actor, asking: asked)
      return try await act(recorder)
    }
  }

  /// Throws `access.denied` where somebody may not do something, and has the ledger know of it.
  public func require(
    _ right: Right, on object: AccessObject, madeBy author: Principal? = nil, of actor: Actor,
    asking subject: String
  ) async throws(Problem) {
    do throws(Problem) {
      try await rules.require(right, on: object, madeBy: author, of: actor)
    } catch {
      await refusals.note(
        error, asked: subject, by: actor.principal, origin: actor.statedOrigin,
        details: ["right": .string(right.rawValue), "object": .string(object.description)])
      throw error
    }
  }

  /// Lets an act on behalf of somebody have its turn, and gives it what it is recorded with.
  ///
  /// One that fails leaves nothing open in the ledger, if that can be written to and the data plane has taken back what it
  /// did: else the next start closes it, when it has.
  func perform<Result: Sendable>(
    for actor: Actor, _ act: @escaping @Sendable (Recorder) async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    let recorder = recorder(for: actor)
    return try await perform(recordedUnder: recorder.trace) { () async throws(Problem) in
      try await act(recorder)
    }
  }

  /// Lets an act have its turn whose undertaking has this trace; nil for what is recorded nowhere.
  func perform<Result: Sendable>(
    recordedUnder trace: String?, isPatient: Bool = false,
    _ act: @escaping @Sendable () async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    let (served, plane) = (served, parts.plane)
    return try await queue.perform(isPatient: isPatient) { [self] () async throws(Problem) in
      do throws(Problem) {
        return try await act()
      } catch let failure {
        do throws(Problem) {
          try await plane.apply(served.current())
          // Only now is it true that nothing of it is served.
          if let trace { try await recovery.close(trace: trace) }
        } catch {}
        throw failure
      }
    }
  }

  /// Does what is recorded and needs no turn among the acts, since nothing that is served changes by it.
  ///
  /// Where it fails, nothing is left open in the ledger, if that can be written to; else the next start closes it.
  func beside<Result: Sendable>(
    recordedUnder trace: String, _ work: () async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    do throws(Problem) {
      return try await work()
    } catch {
      try? await recovery.close(trace: trace)
      throw error
    }
  }

  func recorder(for actor: Actor) -> Recorder {
    Recorder(
      registry: parts.registry, time: parts.time, principal: actor.principal,
      trace: Hexadecimal.encode(parts.entropy.bytes(8)), origin: actor.statedOrigin)
  }
}
