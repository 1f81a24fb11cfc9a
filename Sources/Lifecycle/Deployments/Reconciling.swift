import Access
public import Domain
public import Encoding
public import Gates
import Synchronization

/// How far a deployment has come on its way to what it is to be.
public struct DeploymentCondition: Equatable, Sendable {
  /// In one word.
  public enum Word: String, Sendable, CaseIterable {
    /// It is what it is to be.
    case inPlace = "in-place"
    /// It is on its way.
    case moving
    /// It goes on when somebody has said yes, or when a time has come.
    case waiting
    /// It cannot be what it is to be, until something changes.
    case blocked
  }

  /// In one word.
  public let word: Word
  /// In one sentence.
  public let message: String
  /// What to do about it.
  public let hint: String?

  init(_ word: Word, _ message: String, hint: String? = nil) {
    self.word = word
    self.message = message
    self.hint = hint
  }

  /// What is to be done next as it is told.
  init(_ next: NextStep) {
    switch next {
    case .inPlace: self.init(.inPlace, "it is what it is to be")
    case .moving(let words): self.init(.moving, words)
    case .waiting(let words): self.init(.waiting, words)
    case .blocked(let problem): self.init(.blocked, problem.message, hint: problem.hint)
    case .take(let step): self.init(.moving, "next, \(step.words)")
    }
  }

  /// What a step that failed makes of a deployment.
  init(_ problem: Problem) {
    let word: Word =
      switch problem.category {
      case .waiting: .waiting
      case .unavailable: .moving
      default: .blocked
      }
    self.init(word, problem.message, hint: problem.hint)
  }
}

/// What a deployment is to be, beside what it is.
public struct DeploymentStatus: Sendable {
  /// Which deployment.
  public let name: ModelName
  /// What it is to be, and who said so.
  public let record: DesiredRecord
  /// How far it has come.
  public let condition: DeploymentCondition
  /// In what it differs still.
  public let differences: [DeploymentDifference]

  /// The status as the HTTP face has it.
  public var json: JSON {
    [
      "name": .string(name.description), "condition": .string(condition.word.rawValue),
      "message": .string(condition.message), "hint": condition.hint.map { .string($0) } ?? .null,
      "differences": .array(differences.map(\.json)), "desired": record.desired.json,
      "by": .string(record.by.description), "at": .string(record.at.description),
    ]
  }
}

/// What has come of bringing deployments to what they are to be: kept in memory alone, for whoever starts anew may try anew.
final class Reconciling: Sendable {
  /// All that a step goes by: while it is the same, what failed fails again.
  struct Grounds: Equatable, Sendable {
    let record: DesiredRecord
    let present: PresentDeployment
    let policy: Digest
    let approvals: [ApprovalRecord]
    let roles: Set<Role>
  }

  /// A step that was tried and did not come off.
  struct Attempt: Sendable {
    let step: DeploymentStep
    let grounds: Grounds
    let problem: Problem
    /// How often in a row.
    let count: Int
    /// When it is tried again although nothing has changed; nil for never.
    let again: Timestamp?
  }

  private struct State {
    var attempts: [ModelName: Attempt] = [:]
    /// When deployments are looked at next.
    var next: Timestamp?
  }

  // An attempt and the moment of the next look are written by one at a time and read by many.
  private let state = Mutex(State())

  /// What failed last of a deployment.
  subscript(name: ModelName) -> Attempt? {
    get { state.withLock { $0.attempts[name] } }
    set { state.withLock { $0.attempts[name] = newValue } }
  }

  /// Whether it is time to look; a next look that is further away than any pause is of a clock that was set back.
  func isDue(at now: Timestamp) -> Bool {
    state.withLock { state in
      state.next.map { $0 <= now || $0.milliseconds - now.milliseconds > 10_000 } ?? true
    }
  }

  /// Has the next look be at a moment; now where there is none.
  func look(at moment: Timestamp?) { state.withLock { $0.next = moment } }

  /// Takes in that a step failed: what something was in the way of that may be gone is tried again after 1, 2, 4 … 64 seconds, what
  /// waits for a time is looked at each minute, and everything else when something has changed.
  func note(_ problem: Problem, of step: DeploymentStep, _ grounds: Grounds, at now: Timestamp) {
    let former = self[grounds.present.name]
    let isSame = former?.step == step && former?.grounds == grounds
    let count = isSame ? (former?.count ?? 0) + 1 : 1
    let pause: Int64? =
      switch problem.category {
      case .unavailable: 1000 << Int64(min(count - 1, 6))
      case .waiting: 60_000
      default: nil
      }
    self[grounds.present.name] = Attempt(
      step: step, grounds: grounds, problem: problem, count: count,
      again: pause.map { Timestamp(milliseconds: now.milliseconds + $0) })
  }
}

extension Reconciling.Attempt {
  /// Whether it is what would be done now, and is not to be done yet.
  func stands(against step: DeploymentStep, _ grounds: Reconciling.Grounds, at now: Timestamp) -> Bool {
    guard step == self.step, grounds == self.grounds else { return false }
    // A moment that is further away than any pause is of a clock that was set back.
    return again.map { now < $0 && $0.milliseconds - now.milliseconds <= 64_000 } ?? true
  }
}
