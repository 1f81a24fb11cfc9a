import Domain
import Monitoring
import NIOConcurrencyHelpers

/// The callers of one version, held against what its training says that honest ones ask.
///
/// One for all event loops, so that a caller whose connections are spread over them is seen whole; the lock is held for the rows
/// of one answer, 190 ns each, in the time that the loops have for watching. Memory is made with the first caller: 1 KB each,
/// 1,000 callers at most.
final class WatchedCallers: Sendable {
  private struct State {
    var watch: CallerWatch?
    /// What was not taken yet, at most as many as a window has room for.
    var findings: [CallerFinding] = []
    var untold = 0
    var alarms: [String: Int] = [:]
  }

  private let baseline: CallerBaseline?
  private let state = NIOLockedValueBox(State())

  /// Callers of a version; without a baseline nothing is seen of them.
  init(_ baseline: CallerBaseline?) { self.baseline = baseline }

  /// Whether it is known what honest callers ask.
  var isPossible: Bool { baseline != nil }

  /// Takes rows of a caller with what was answered; whether there is evidence against it, told of before or not.
  func observe(_ rows: WatchedRows, by caller: String, at moment: Timestamp) -> Bool {
    guard let baseline else { return false }
    // Seeded anew in each process, so that nobody can choose a name that counts as another's.
    let id = UInt64(bitPattern: Int64(caller.hashValue))
    return state.withLockedValue { state in
      if state.watch == nil { state.watch = CallerWatch(baseline) }
      // Rows of another form than the baseline's cannot come: the reference was held against the signature.
      let found =
        (try? state.watch?.observe(
          caller: id, rows: rows.count, numbers: rows.numbers.span, texts: rows.texts, labels: rows.labels,
          margins: rows.margins)) ?? []
      for alarm in found where !alarm.isRepeated {
        state.alarms[alarm.attack.rawValue, default: 0] += 1
        if state.findings.count < CallerFinding.windowLimit {
          state.findings.append(CallerFinding(alarm, about: caller, at: moment))
        } else {
          state.untold += 1
        }
      }
      return !found.isEmpty
    }
  }

  /// What was found and not taken yet.
  func takeFindings() -> [CallerFinding] {
    state.withLockedValue { state in
      defer { state.findings = [] }
      return state.findings
    }
  }

  /// Whether there is anything to take.
  var hasFindings: Bool { state.withLockedValue { !$0.findings.isEmpty } }

  /// How many alarms there were beyond those that are told of.
  var untold: Int { state.withLockedValue { $0.untold } }

  /// How many alarms there were since the version was loaded, by what callers seemed to be after, in the order of the words.
  var alarms: [(attack: String, count: Int)] {
    state.withLockedValue { $0.alarms.sorted { $0.key < $1.key }.map { (attack: $0.key, count: $0.value) } }
  }

  /// Forgets the callers and the evidence against them; what was found stays until it is taken.
  func forget() { state.withLockedValue { $0.watch = nil } }
}
