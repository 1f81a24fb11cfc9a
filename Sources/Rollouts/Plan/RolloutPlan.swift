public import Domain
import Encoding

/// One step of a plan.
public struct RolloutStep: Hashable, Sendable {
  /// The share of all callers that the version has; none at a step in the shadow of what answers.
  public let share: BasisPoints
  /// How long the step takes at least, in milliseconds.
  public let leastTime: Int64
  /// Whether a person has to say yes before it.
  public let needsApproval: Bool

  /// States a step.
  public init(share: BasisPoints, leastTime: Int64, needsApproval: Bool = false) {
    self.share = share
    self.leastTime = leastTime
    self.needsApproval = needsApproval
  }
}

/// How a version comes to answer all callers: step by step, and by which criteria.
public struct RolloutPlan: Hashable, Sendable {
  /// The code of what is thrown where a document is none of these.
  static let malformedCode = "plan.malformed"
  /// The most steps.
  public static let stepLimit = 16
  /// How long a step takes at most at least: 30 days.
  static let longestLeastTime: Int64 = 30 * 86_400_000

  /// What a plan says.
  ///
  /// Every state, record and order carries one plan unchanged, and with a reference in it none of them is so large that compilers
  /// before LLVM's #214590 have its initialiser throw what nobody threw (`scripts/check-thrown`).
  private final class Contents: Hashable, Sendable {
    let steps: [RolloutStep]
    let criteria: Criteria

    init(_ steps: [RolloutStep], _ criteria: Criteria) {
      self.steps = steps
      self.criteria = criteria
    }

    static func == (one: Contents, other: Contents) -> Bool {
      one === other || one.steps == other.steps && one.criteria == other.criteria
    }

    func hash(into hasher: inout Hasher) {
      hasher.combine(steps)
      hasher.combine(criteria)
    }
  }

  private let contents: Contents

  /// The steps, their shares rising to all; the first may have none.
  public var steps: [RolloutStep] { contents.steps }
  /// When a step is passed, and when the version goes back.
  public var criteria: Criteria { contents.criteria }

  /// States a plan; throws `plan.malformed` unless there are 1 to 16 steps whose shares rise to 10,000.
  ///
  /// A step without a share needs criteria that ask shadows, and a yes can be wanted before any step but the first: the order to
  /// begin is one.
  public init(steps: [RolloutStep], criteria: Criteria = .standard) throws(Problem) {
    let isRising = zip(steps, steps.dropFirst()).allSatisfy { $0.share < $1.share }
    guard 1...Self.stepLimit ~= steps.count, isRising, steps.last?.share == .whole else {
      throw Problem(
        .badInput, Self.malformedCode,
        "expected 1 to \(Self.stepLimit) steps whose shares rise to 10000 basis points, found"
          + " \(steps.prefix(20).map { String($0.share.value) }.joined(separator: ", "))",
        hint: "end with a step of 10000")
    }
    guard steps.allSatisfy({ 0...Self.longestLeastTime ~= $0.leastTime }) else {
      throw Problem(
        .badInput, Self.malformedCode,
        "expected steps of 0 to \(Self.longestLeastTime) milliseconds, found another")
    }
    guard steps.first?.share != BasisPoints.none || criteria.disagreement != nil else {
      throw Problem(
        .badInput, Self.malformedCode,
        "expected a bound of disagreement beside a step in the shadow, found none",
        hint: "say 'disagreement' in the criteria, or begin with a share")
    }
    guard steps.first?.needsApproval == false else {
      throw Problem(
        .badInput, Self.malformedCode, "expected no yes before the first step, found that one is wanted",
        hint: "leave it out: who begins the roll-out says yes to its first step")
    }
    contents = Contents(steps, criteria)
  }

  private init(unchecked steps: [RolloutStep], _ criteria: Criteria) {
    contents = Contents(steps, criteria)
  }

  /// 1 %, 10 % and 50 % for ten minutes at least, then all.
  public static let standard = RolloutPlan(
    unchecked: [100, 1_000, 5_000, 10_000].map {
      RolloutStep(share: BasisPoints($0) ?? .whole, leastTime: 600_000)
    }, .standard)

  /// The share of the version at a step; none where there is no such step.
  func share(at step: Int) -> BasisPoints { steps.indices.contains(step) ? steps[step].share : .none }

  /// The step's part of what may be undone falsely: half of it is the first step's, at which a bad version should be found.
  func stake(of step: Int) -> Double {
    steps.count == 1 ? 1 : step == 0 ? 0.5 : 0.5 / Double(steps.count - 1)
  }
}
