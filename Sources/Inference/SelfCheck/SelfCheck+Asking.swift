public import Domain
public import ModelGraph

// The check one row at a time, for whoever asks again while the model serves.

extension SelfCheck {
  /// What stands for the check of a bundle that has none, and of a model that runs in an engine: a row of zeros.
  public static let zeros = SelfCheck(cases: [])

  /// How many rows there are to ask about, 1 at least.
  public var questionCount: Int { max(1, cases.count) }

  /// A row, by its number from 0, and what a plan is asked of it.
  public func question(_ index: Int, for plan: ExecutionPlan) -> (methods: [PredictionMethod], rows: Rows) {
    let signature = plan.signature
    guard cases.indices.contains(index) else {
      let zeros = Self.rows(
        numbers: [Double](repeating: 0, count: signature.features.numberCount),
        texts: [String?](repeating: "", count: signature.features.texts.count), for: plan)
      return (signature.methods, zeros)
    }
    let one = cases[index]
    return (
      signature.methods.filter { one.answers[$0] != nil },
      Self.rows(numbers: one.numbers, texts: one.texts, for: plan)
    )
  }

  /// Whether it takes no longer than a row may take that is asked about again and again.
  public func isShort(_ index: Int, for plan: ExecutionPlan) -> Bool {
    let (methods, rows) = question(index, for: plan)
    return plan.steps(of: methods, on: rows) <= Self.mostSteps
  }

  /// Holds what a plan answered to a row against what it answered when the bundle was made; throws `bundle.self-check`.
  ///
  /// Where there are no rows, it must have run, or be refused as a row that the model does not take.
  public func judge(
    _ result: Result<[PredictionMethod: [Tensor]], Problem>, to index: Int, of plan: ExecutionPlan
  ) throws(Problem) {
    guard cases.indices.contains(index) else {
      do throws(Problem) { _ = try result.get() } catch  where error.category == .badInput { return }
      return
    }
    let expected = cases[index].answers
    let methods = plan.signature.methods.filter { expected[$0] != nil }
    guard methods.count == expected.count else { throw Self.differs("another method", index) }
    let answers: [PredictionMethod: [Tensor]]
    do throws(Problem) { answers = try result.get() } catch {
      throw Self.differs("a refusal", index, cause: error.code)
    }
    for method in methods {
      guard let found = answers[method], let wanted = expected[method], found.count == wanted.count,
        zip(wanted, found).allSatisfy({ $0.matches($1) })
      else { throw Self.differs("another answer of '\(method.rawValue)'", index) }
    }
  }
}
