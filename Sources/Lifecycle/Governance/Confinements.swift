import Domain
import Synchronization

/// How the data plane confines itself, as it said last: while one process gives way to the next nobody answers, and what was
/// decided by the answer need not be decided anew.
final class Confinements: Sendable {
  private let plane: any DataPlane
  private let last = Mutex<PlaneConfinement?>(nil)

  init(of plane: any DataPlane) { self.plane = plane }

  /// What it says, or said last since the start; nil where it never did.
  func latest() async -> PlaneConfinement? {
    let found = await plane.confinement()
    return last.withLock { last in
      last = found ?? last
      return last
    }
  }
}
