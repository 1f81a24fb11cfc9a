public import Domain
public import Inference
public import ModelGraph

/// A plan with all that it takes to be run: models as data, rows, and where chance begins.
public struct TestJob: Sendable {
  /// A model that is to be run.
  public struct Model: Sendable {
    let graph: ValidatedGraph
    let byteCount: Int?
    let digest: Digest

    /// Names a model: `byteCount` are graph and weights together, `digest` is what reports name it by.
    public init(_ graph: ValidatedGraph, byteCount: Int?, digest: Digest) {
      self.graph = graph
      self.byteCount = byteCount
      self.digest = digest
    }

    fileprivate func tested(
      by engine: (any InferenceEngine)?, until deadline: Duration,
      _ uptime: @escaping @Sendable () -> Duration
    ) throws(Problem) -> TestedModel {
      let plan = try ExecutionPlan(graph, engine: engine)
      return TestedModel(
        signature: plan.signature, byteCount: byteCount,
        requireTime: { () throws(Problem) in
          guard uptime() < deadline else { throw TestJob.tooLong }
        }
      ) { methods, rows throws(Problem) in
        guard uptime() < deadline else { throw TestJob.tooLong }
        return try plan.run(methods, on: rows, isCancelled: { uptime() >= deadline })
      }
    }
  }

  /// Against whom a model is compared.
  public enum Champion: Sendable {
    /// Nothing is in service: what is asked in comparison holds.
    case none
    /// The version in service.
    case model(Model)
  }

  /// What a run came to.
  public struct Outcome: Sendable {
    /// What is the same each time.
    public let report: TestReport
    /// What is not; nil where the plan does not ask for it.
    public let latency: MeasuredLatency?

    /// Whether every test holds.
    ///
    /// A plan that asks nothing is none that holds.
    public var isPassed: Bool {
      report.isPassed && latency?.isPassed != false && (!report.results.isEmpty || latency != nil)
    }
  }

  /// For how long tests may ask models.
  public static let patience: Duration = .seconds(120)

  private static let tooLong = Problem(
    .refused, "model-tests.too-long", "expected tests that end within two minutes, found that they go on",
    hint: "ask for fewer trials and resamples, or send fewer rows")

  private let plan: TestPlan
  private let model: Model
  private let data: DataTable?
  private let champion: Champion
  private let seed: UInt64?

  /// Puts a job together; a seed of nil is the plan's.
  public init(
    _ plan: TestPlan, of model: Model, on data: DataTable?, against champion: Champion, seed: UInt64?
  ) {
    self.plan = plan
    self.model = model
    self.data = data
    self.champion = champion
    self.seed = seed
  }

  /// Runs it on this thread; `uptime` is a clock that never goes back.
  ///
  /// A champion that these rows do not fit, because it was trained with other columns, is left out: what is asked in
  /// comparison with it fails. Throws as `TestRun.report` does, and `model-tests.too-long`.
  public func run(
    by engine: (any InferenceEngine)?, uptime: @escaping @Sendable () -> Duration
  ) throws(Problem) -> Outcome {
    let deadline = uptime() + Self.patience
    let tested = try model.tested(by: engine, until: deadline, uptime)
    func judge(against other: TestedModel?, isFirst: Bool) throws(Problem) -> TestReport {
      try TestRun(plan, of: tested, on: data, against: other, isFirst: isFirst, seed: seed).report()
    }
    var report: TestReport
    switch champion {
    case .none: report = try judge(against: nil, isFirst: true)
    case .model(let former):
      do throws(Problem) {
        report = try judge(against: try former.tested(by: engine, until: deadline, uptime), isFirst: false)
        report.champion = former.digest
      } catch  where error.category == .badInput {
        report = try judge(against: nil, isFirst: false)
      }
    }
    // A refusal by the clock could be taken for one of the model's own.
    guard uptime() < deadline else { throw Self.tooLong }
    report.model = model.digest
    let latency = try TestRun(plan, of: tested, on: data, seed: seed).latency {
      let (seconds, attoseconds) = uptime().components
      return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
    return Outcome(report: report, latency: latency)
  }
}
