public import Domain
import Encoding
public import Gates
public import Lifecycle
import Provenance
import Synchronization

/// Notes of what was taken back while no control plane was there, in memory, with faults on request.
public final class InMemoryRollBackNotes: RollBackNotes {
  private struct State {
    // In the order in which they came.
    var files: [(name: String, bytes: [UInt8])] = []
    var refused: [String] = []
  }

  private let faults: FaultPlan
  // Replaced by one step at a time.
  private let state = Mutex(State())

  /// Has none yet; `faults` numbers what changes something.
  public init(faults: FaultPlan = FaultPlan()) {
    self.faults = faults
  }

  /// What was set aside, in the order in which it was.
  public var refused: [String] { state.withLock { $0.refused } }

  /// Has bytes stand under a name, whatever they are.
  public func put(_ bytes: [UInt8], as name: String) {
    state.withLock { state in
      state.files.removeAll { $0.name == name }
      state.files.append((name, bytes))
    }
  }

  /// What stands there, the earliest first; what does not read comes last.
  public func all() throws(Problem) -> [FoundRollBackNote] {
    var notes: [FoundRollBackNote] = []
    var others: [FoundRollBackNote] = []
    for (name, bytes) in state.withLock({ $0.files }) {
      let digest = Digest(of: bytes)
      do throws(Problem) {
        let note = try RollBackNote(parsing: bytes)
        notes.append(FoundRollBackNote(file: name, digest: digest, note: .success(note)))
      } catch {
        others.append(FoundRollBackNote(file: name, digest: digest, note: .failure(error)))
      }
    }
    notes.sort { left, right in
      guard case .success(let first) = left.note, case .success(let second) = right.note else { return false }
      return first.at < second.at
    }
    return notes + others
  }

  /// Keeps a note, in place of the one of this name.
  public func keep(_ note: RollBackNote) throws(Problem) {
    try faults.write { () throws(Problem) in put(note.json.canonicalBytes, as: "\(note.from.name).json") }
  }

  /// Forgets what stands under a name.
  public func remove(_ file: String) throws(Problem) {
    try faults.write { () throws(Problem) in
      state.withLock { state in state.files.removeAll { $0.name == file } }
    }
  }

  /// Sets aside what stands under a name.
  public func setAside(_ file: String) throws(Problem) {
    try faults.write { () throws(Problem) in
      state.withLock { state in
        guard state.files.contains(where: { $0.name == file }) else { return }
        state.files.removeAll { $0.name == file }
        state.refused.append(file)
      }
    }
  }
}
