public import Access
public import Domain
import Synchronization

/// Who may do what, at hand for every request: what the registry says, read again after each change of it.
public final class AccessRules: Sendable {
  private struct Copy {
    var state: AccessState?
    /// Counts the changes, so that what was read before one is not kept after it.
    var generation = 0
  }

  private let registry: any RegistryReader
  private let time: any TimeSource
  private let copy = Mutex(Copy())

  init(registry: any RegistryReader, time: any TimeSource) {
    self.registry = registry
    self.time = time
  }

  /// What the registry says.
  public func current() async throws(Problem) -> AccessState {
    let (state, generation) = copy.withLock { ($0.state, $0.generation) }
    if let state { return state }
    let read = try await registry.access()
    copy.withLock { if $0.generation == generation { $0.state = read } }
    return read
  }

  /// Has the registry be asked again: it says something else, or may do so.
  func change() {
    copy.withLock {
      $0.state = nil
      $0.generation += 1
    }
  }

  /// Throws `access.denied` where an actor may not do something.
  public func require(
    _ right: Right, on object: AccessObject, madeBy author: Principal? = nil, of actor: Actor
  ) async throws(Problem) {
    if let refusal = try await current().refusal(actor, right, on: object, madeBy: author, at: time.now()) {
      throw refusal
    }
  }

  /// Whether an actor may do something.
  public func allow(_ right: Right, on object: AccessObject, _ actor: Actor) async throws(Problem) -> Bool {
    try await current().refusal(actor, right, on: object, at: time.now()) == nil
  }
}
