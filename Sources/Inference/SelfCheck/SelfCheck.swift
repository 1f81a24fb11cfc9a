public import Domain
public import ModelGraph

/// Rows that a model was asked about when its bundle was made, and what it answered: `self-check.json`.
///
/// Whoever loads the bundle asks again before it serves. A seal says that the bytes are those that were sealed; this
/// says that the program and the processor at hand make of them what the one that made the bundle made of them.
///
/// Answers that come of additions, products, comparisons and roots alone are compared bit for bit, NaN with NaN: those
/// are one and the same on every processor. Elementary functions (exp, log, pow …) are not, in the last bits: what
/// comes of them is kept in single precision and may be off by `tolerance`.
public struct SelfCheck: Sendable {
  /// Where it stands in a bundle.
  public static let path = "self-check.json"
  /// How far an answer that is not exact may be off, as a part of itself and at least of 1.
  public static let tolerance = 1e-6

  /// What a method answered.
  struct Answer: Sendable {
    /// How many elements the tensor has.
    let count: Int
    /// The first of them, as many as are compared.
    let elements: Tensor.Elements
    /// Whether they are compared bit for bit.
    let isExact: Bool
  }

  /// One row, and what each method that is compared answered.
  struct Case: Sendable {
    let numbers: [Double]
    let texts: [String?]
    let answers: [PredictionMethod: [Answer]]
  }

  /// The rows; none where the model takes none of those that were tried, runs in an engine, or takes too long.
  let cases: [Case]

  init(cases: [Case]) { self.cases = cases }

  /// The rows, each as one that a plan can be asked about.
  public func rows(for plan: ExecutionPlan) -> [Rows] {
    cases.map { Self.rows(numbers: $0.numbers, texts: $0.texts, for: plan) }
  }

  /// The most rows that are kept.
  static let mostCases = 8
  /// The most elements of a row's answers that are kept.
  static let mostElements = 1024
  /// The most steps that all rows together may take, a fraction of a second.
  static let mostSteps = 1 << 27

  /// Asks a model about rows that come of its own constants: the same graph gives the same check.
  public init(of graph: ValidatedGraph) {
    guard !graph.needsONNXRuntime else {
      self.init(cases: [])
      return
    }
    let plan = ExecutionPlan(graph)
    let methods = plan.signature.methods
    let exactMethods = graph.exactMethods
    var cases: [Case] = []
    var steps = 0
    for row in SampleRows(graph) where cases.count < Self.mostCases {
      let rows = Self.rows(numbers: row.numbers, texts: row.texts, for: plan)
      steps += plan.steps(of: methods, on: rows)
      guard steps <= Self.mostSteps else { break }
      // A row that the model refuses is none that it can be checked by.
      guard let answers = try? plan.run(methods, on: rows, isCancelled: { false }) else { continue }
      var room = Self.mostElements
      var kept: [PredictionMethod: [Answer]] = [:]
      for method in methods {
        let isExact = exactMethods.contains(method)
        // A row on an edge may fall to either side of it by the last bit.
        guard isExact || !row.isOnEdge, let tensors = answers[method] else { continue }
        kept[method] = tensors.map { Answer($0, isExact: isExact, room: &room) }
      }
      if !kept.isEmpty { cases.append(Case(numbers: row.numbers, texts: row.texts, answers: kept)) }
    }
    self.init(cases: cases)
  }

  /// Asks a plan the same; throws `bundle.self-check` where it answers anything else.
  ///
  /// Where there are no rows to ask about, a row of zeros must run, or be refused as a row that the model does not take.
  public func check(_ plan: ExecutionPlan) throws(Problem) {
    guard !cases.isEmpty else { return try Self.checkZeros(plan) }
    for index in cases.indices {
      let (methods, rows) = question(index, for: plan)
      let answers: Result<[PredictionMethod: [Tensor]], Problem>
      do throws(Problem) { answers = .success(try plan.run(methods, on: rows, isCancelled: { false })) } catch
      {
        answers = .failure(error)
      }
      try judge(answers, to: index, of: plan)
    }
  }

  /// What stands for the check of a bundle that has none.
  public static func checkZeros(_ plan: ExecutionPlan) throws(Problem) {
    let signature = plan.signature
    let rows = rows(
      numbers: [Double](repeating: 0, count: signature.features.numberCount),
      texts: [String?](repeating: "", count: signature.features.texts.count), for: plan)
    guard plan.steps(of: signature.methods, on: rows) <= mostSteps else { return }
    do throws(Problem) {
      _ = try plan.run(signature.methods, on: rows, isCancelled: { false })
    } catch  where error.category == .badInput {
      return
    }
  }

  static func rows(numbers: [Double], texts: [String?], for plan: ExecutionPlan) -> Rows {
    Rows(numbers: numbers, texts: texts, rowCount: 1, featureCount: plan.signature.featureCount)
  }

  static func differs(_ found: String, _ index: Int, cause: String? = nil) -> Problem {
    Problem(
      .integrity, "bundle.self-check",
      "expected what was answered when the bundle was made, found \(found) to row \(index) of '\(path)'",
      hint:
        "serve it by the release that made it, or push the model again; look for a defect of this machine",
      cause: cause)
  }
}

extension SelfCheck.Answer {
  /// Keeps as much of a tensor as there is room for; texts take room by their length.
  fileprivate init(_ tensor: Tensor, isExact: Bool, room: inout Int) {
    count = tensor.elements.count
    self.isExact = isExact
    var kept = min(count, room)
    if case .string(let texts) = tensor.elements {
      var bytes = 0
      kept =
        texts.prefix(kept).prefix { text in
          bytes += text.utf8.count
          return bytes <= 4 * SelfCheck.mostElements
        }.count
    }
    room -= kept
    let elements = tensor.elements[0..<min(kept, tensor.elements.count)]
    switch elements {
    case _ where isExact: self.elements = elements
    case .float64(let numbers): self.elements = .float64(numbers.map { Double(Float($0)) })
    case .float32: self.elements = elements
    // Which label it is can hang on the last bit of two probabilities.
    case .bool, .int32, .int64, .string: self.elements = elements[0..<0]
    }
  }

  /// Whether a tensor is this answer.
  func matches(_ tensor: Tensor) -> Bool {
    guard tensor.elements.count == count else { return false }
    switch (elements, tensor.elements[0..<min(elements.count, count)]) {
    case (.float64(let expected), .float64(let found)): return zip(expected, found).allSatisfy(isSame)
    case (.float32(let expected), .float32(let found)):
      return zip(expected, found).allSatisfy { isSame(Double($0), Double($1)) }
    case (let expected, let found): return expected == found
    }
  }

  private func isSame(_ expected: Double, _ found: Double) -> Bool {
    if expected.isNaN || found.isNaN { return expected.isNaN && found.isNaN }
    if isExact { return expected.bitPattern == found.bitPattern }
    return Float(expected) == Float(found)
      || abs(expected - found) <= SelfCheck.tolerance * max(1, abs(expected))
  }
}
