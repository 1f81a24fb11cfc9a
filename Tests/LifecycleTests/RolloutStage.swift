import Access
import Domain
import Gates
import Lifecycle
import Rollouts
import TestKit
import Testing

/// Versions 1 and 2 of a model, the second in service, a third that waits to come, and traffic as it is told.
struct RolloutStage {
  static let logistic = "models/sklearn-1.9/iris-logistic/model.joblib"

  let bench: Bench
  /// The name of the process that counts.
  var instance = "a"
  /// What it counted, by version.
  var counted: [Int: PlaneCounts.Version] = [:]

  init(_ faults: Bench.Faults = .init(), policy: Policy = .standard) throws {
    bench = try Bench(faults, policy: policy)
  }

  /// On a platform that is there already.
  init(on bench: Bench) { self.bench = bench }

  /// Two steps, 10 % and all, of no least time and so many requests.
  static func terms(
    shares: [Int] = [1000, 10_000], yesBefore: Int? = nil, atLeast: Int = 100, disagreement: Double? = nil
  ) throws -> RolloutTerms {
    var criteria = Criteria.standard
    criteria.minimumRequests = atLeast
    if let disagreement { criteria.disagreement = Criteria.Lines(bound: disagreement) }
    return RolloutTerms(
      plan: try RolloutPlan(
        steps: shares.map {
          RolloutStep(share: try BasisPoints(parsing: $0), leastTime: 0, needsApproval: $0 == yesBefore)
        }, criteria: criteria))
  }

  static func reference(_ number: Int) throws -> VersionReference {
    try VersionReference(parsing: "iris@\(number)")
  }

  /// Pushes versions 1 to 3, the last of which is admitted and rolled back from.
  func prepare(_ control: ControlPlane) async throws {
    for fixture in [Fixture.tree, Fixture.forest, Self.logistic] {
      _ = try await Bench.push(fixture, to: control)
    }
    _ = try await control.rollOut(Self.reference(2), by: .administrator)
  }

  /// Begins to bring version 3 into service.
  func begin(_ control: ControlPlane, _ terms: RolloutTerms) async throws -> PushOutcome {
    let outcome = try await control.rollOut(Self.reference(3), in: .by(terms), by: .administrator)
    // The first look says from where counts are counted.
    publish()
    _ = await control.judgeRollOuts()
    return outcome
  }

  /// Has requests come to a version.
  mutating func answer(
    _ version: Int, _ count: Int, nanoseconds: Int = 200_000, failing: Int = 0, compared: Int = 0,
    disagreeing: Int = 0
  ) throws {
    var counts = try counted[version] ?? PlaneCounts.Version(Self.reference(version))
    counts.answered += count - failing
    counts.failed += failing
    let place = LatencyBounds.nanoseconds.firstIndex { nanoseconds <= $0 } ?? 0
    counts.latency[place] += count - failing
    counts.compared += compared
    counts.disagreeing += disagreeing
    counted[version] = counts
    publish()
  }

  /// The process ends, and another one begins at nothing.
  mutating func replaceProcess() {
    instance += "+"
    counted = [:]
    publish()
  }

  func publish() {
    bench.plane.count(
      PlaneCounts(instance: instance, versions: counted.sorted { $0.key < $1.key }.map(\.value)))
  }

  /// Lets traffic come and has it judged, until the roll-out is over, or so often.
  mutating func drive(
    _ control: ControlPlane, rounds: Int = 60, failing: Int = 0, nanoseconds: Int = 200_000
  ) async throws {
    for _ in 0..<rounds {
      guard let record = try await control.registry.rollout(of: Sample.name()), record.isUnderWay else {
        return
      }
      let whole = record.state.share == .whole
      try answer(3, 100, nanoseconds: nanoseconds, failing: failing)
      if !whole { try answer(2, 900) }
      let problems = await control.judgeRollOuts()
      #expect(problems.isEmpty)
    }
  }

  /// What the data plane was told last of the deployment.
  func served() throws -> PlaneState.Deployment {
    try #require(bench.plane.applied.last?.deployments.first)
  }

  /// The acts of roll-outs in the ledger, as `begin-roll-out done`.
  func acts() async throws -> [String] {
    try await bench.entries().filter {
      [.beginRollOut, .stepRollOut, .holdRollOut, .undoRollOut].contains($0.act)
        || ($0.act == .rollOut && $0.details["steps"] != nil)
    }.filter { $0.phase != .begun }.map { "\($0.act.rawValue) \($0.phase.rawValue)" }
  }
}
