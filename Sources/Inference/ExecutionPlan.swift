public import Domain
public import ModelGraph

/// A checked graph made ready to run: kernels in order, constants laid out for the cache.
///
/// A plan does not change: any number of threads may run one at once. It is an object, and so are its parts, because each
/// run would count the references in a copy.
public final class ExecutionPlan: Sendable {
  /// What goes in and what comes out.
  public let signature: ModelSignature
  private let operations: [PlannedOperation]
  fileprivate let results: [PredictionMethod: Result]
  /// All methods of the model, and what they take together: callers ask for one of them or for all.
  private let all: (methods: [PredictionMethod], asked: Asked)
  private let numberNames: [String]?
  private let numberCount: Int
  /// How many numbers of a row the features take, those that are numbers and those that are texts.
  private let inputWidths: [Int]
  /// Whether an engine answers, which is given all rows at once.
  public let usesEngine: Bool

  /// How many numbers may be held at once, 1 GiB of them; more rows are asked about in parts.
  private static let mostElements = 1 << 27
  /// How many steps one request may take: hours.
  private static let mostSteps = 1 << 42

  /// How one method is answered.
  fileprivate struct Result {
    /// For each value whether it is one element a row rather than a row of elements.
    let areVectors: [Bool]
    let asked: Asked
  }

  /// What is asked for by one or more methods.
  final class Asked: Sendable {
    /// The values that are asked for, as often as the methods name them.
    let values: [Int]
    /// How many numbers a row of all the values takes.
    let width: Int
    /// The operations that it takes.
    let schedule: Schedule

    init(values: [Int], width: Int, schedule: Schedule) {
      self.values = values
      self.width = width
      self.schedule = schedule
    }
  }

  /// Packs the constants of a graph; takes time in proportion to them, and for products of constants with each other
  /// to those.
  ///
  /// A model in it that needs an engine is refused when it is asked.
  public convenience init(_ graph: ValidatedGraph) {
    self.init(graph, sessions: [:])
  }

  /// Packs the constants of a graph, and has `engine` bring up the models in it that need one.
  ///
  /// Throws `engine.absent` where there is such a model and no engine, and what the engine throws.
  public convenience init(_ graph: ValidatedGraph, engine: (any InferenceEngine)?) throws(Problem) {
    var sessions: [Int: any EngineSession] = [:]
    for (index, step) in graph.steps.enumerated() {
      guard let model = step.operation as? ONNXRuntimeModel else { continue }
      guard let engine else { throw Problem.engineAbsent("found none") }
      sessions[index] = try engine.open(model)
    }
    self.init(graph, sessions: sessions)
  }

  private init(_ graph: ValidatedGraph, sessions: [Int: any EngineSession]) {
    let signature = graph.signature
    self.signature = signature
    self.usesEngine = graph.needsONNXRuntime
    let operations = PlannedOperation.all(of: graph, sessions)
    self.operations = operations
    let numbers = signature.features.numbers
    self.numberCount = numbers.count
    self.numberNames = signature.featureNames.map { names in numbers.map { names[$0] } }
    let inputWidths = [numbers.count, 2 * signature.features.texts.count]
    self.inputWidths = inputWidths
    func asked(_ values: [Int]) -> Asked {
      Asked(
        values: values, width: values.reduce(0) { $0 + ($1 > 1 ? graph.steps[$1 - 2].type.width : 1) },
        schedule: Schedule(of: values, operations: operations, inputWidths: inputWidths))
    }
    var results: [PredictionMethod: Result] = [:]
    for output in signature.outputs {
      results[output.method] = Result(
        areVectors: output.ports.map { $0.shape.count == 1 },
        asked: asked(graph.results[output.method] ?? []))
    }
    self.results = results
    let methods = signature.methods
    self.all = (methods, asked(methods.flatMap { graph.results[$0] ?? [] }))
  }

  /// About how many elementary steps it takes to answer the methods about the rows.
  ///
  /// The greater of two numbers takes longer, as a rule; what is done with them (whether a thread that others wait for
  /// can afford it) is the caller's. Methods that the model does not have count nothing. Takes time in proportion to
  /// the rows' texts.
  public func steps(of methods: [PredictionMethod], on rows: Rows) -> Int {
    asked(by: methods).schedule.work.steps(rows: rows.rowCount, bytes: rows.textBytes)
  }

  private func asked(by methods: [PredictionMethod]) -> Asked {
    if methods.count == 1, let result = results[methods[0]] { return result.asked }
    if methods == all.methods { return all.asked }
    let each = methods.compactMap { results[$0]?.asked }
    let values = each.flatMap(\.values)
    return Asked(
      values: values, width: each.reduce(0) { $0 + $1.width },
      schedule: Schedule(of: values, operations: operations, inputWidths: inputWidths))
  }

  /// Runs the methods on the rows; what several of them need is computed once.
  ///
  /// Each method gives the tensors that the signature names. Throws a problem of bad input: a method that the
  /// model does not have, another number of features, no rows or too many, an element that is not finite where
  /// the model does not take it. `isCancelled` is asked before each operation on a block of rows, every few seconds at
  /// most; once it says so, nothing more is computed.
  public func run(
    _ methods: [PredictionMethod], on rows: Rows,
    isCancelled: @escaping @Sendable () -> Bool = { Task.isCancelled }
  ) throws(Problem) -> [PredictionMethod: [Tensor]] {
    let request = try Request(methods, of: self, on: rows)
    return tensors(
      of: methods, from: try run(request, 0..<rows.rowCount, isCancelled), rows: rows.rowCount)
  }

  /// What is asked for.
  struct Request: Sendable {
    let rows: Rows
    let asked: Asked
    /// How many steps a row takes, of texts of average length.
    let steps: Int

    /// Checks the methods and rows.
    init(_ methods: [PredictionMethod], of plan: ExecutionPlan, on rows: Rows) throws(Problem) {
      if let stranger = methods.first(where: { plan.results[$0] == nil }) {
        throw plan.noSuchMethod(stranger)
      }
      let asked = plan.asked(by: methods)
      let steps = asked.schedule.work.steps(rows: rows.rowCount, bytes: rows.textBytes)
      try plan.check(rows, asked, steps: steps)
      self.rows = rows
      self.asked = asked
      self.steps = steps / max(1, rows.rowCount)
    }
  }

  /// The values asked for, of a range of the rows, block by block.
  func run(
    _ request: Request, _ range: Range<Int>, _ isCancelled: @escaping @Sendable () -> Bool
  ) throws(Problem) -> [Value] {
    // How a library sums may depend on how many rows it is given, so that it is given those that were sent.
    let blocks =
      usesEngine
      ? RowBlocks(whole: range) : RowBlocks(range, for: request.asked.schedule, steps: request.steps)
    var values = try runBlock(request, blocks.first, isCancelled)
    for block in blocks.others {
      let more = try runBlock(request, block, isCancelled)
      for place in values.indices { values[place].append(more[place]) }
    }
    return values
  }

  /// The values asked for, of a block of rows.
  ///
  /// Each value is let go before its last reader runs, which then has the only reference and may use its memory.
  private func runBlock(
    _ request: Request, _ block: Range<Int>, _ isCancelled: @escaping @Sendable () -> Bool
  ) throws(Problem) -> [Value] {
    let schedule = request.asked.schedule
    var values = [Value?](repeating: nil, count: operations.count + 2)
    values[0] = .numbers(request.rows.numbers(block, columns: numberCount))
    values[1] = .texts(request.rows.texts(block, columns: signature.features.texts.count))
    // Elements of sparse values, which no count of columns bounds.
    var sparseElements = 0
    for turn in schedule.turns {
      guard !isCancelled() else { throw Self.cancelled }
      let operation = operations[turn.operation]
      let operands = operation.inputs.map { number in
        guard let value = values[number] else {
          preconditionFailure("a schedule has each value made before it is read, and let go after")
        }
        return value
      }
      for number in turn.lastReads {
        if schedule.hasSparse { sparseElements -= values[number]?.sparseCount ?? 0 }
        values[number] = nil
      }
      let value = try operation.kernel.run(
        consume operands,
        Batch(
          rowCount: block.count, firstRow: block.lowerBound, numberNames: numberNames,
          origin: operation.origin, isCancelled: isCancelled))
      if schedule.hasSparse { sparseElements += value.sparseCount }
      guard sparseElements <= SparseMatrix.mostElements else { throw SparseMatrix.tooMany }
      values[turn.operation + 2] = value
    }
    return request.asked.values.compactMap { values[$0] }
  }

  static var cancelled: Problem {
    Problem(
      .unavailable, "predict.cancelled",
      "expected somebody to wait for the answer, found that nobody does any more")
  }

  func tensors(
    of methods: [PredictionMethod], from values: [Value], rows: Int
  ) -> [PredictionMethod: [Tensor]] {
    var tensors: [PredictionMethod: [Tensor]] = [:]
    var place = 0
    for method in methods {
      guard let result = results[method] else { continue }
      tensors[method] = result.areVectors.enumerated().compactMap { index, isVector in
        values[place + index].tensor(rows: rows, isVector: isVector)
      }
      place += result.areVectors.count
    }
    return tensors
  }

  fileprivate func check(
    _ rows: Rows, _ asked: Asked, steps: Int
  ) throws(Problem) {
    guard rows.featureCount == signature.featureCount else {
      throw Problem(
        .badInput, "predict.feature-count",
        "expected \(signature.featureCount) features in each row, found \(rows.featureCount)",
        hint: signature.featureNames.map { names in
          "send them in this order: \(names.prefix(50).joined(separator: ", "))"
            + (names.count > 50 ? " …" : "")
        })
    }
    guard rows.rowCount > 0 else {
      throw Problem(.badInput, "predict.no-rows", "expected at least one row, found none")
    }
    guard asked.schedule.live <= Self.mostElements else {
      throw Problem(
        .tooLarge, "predict.too-wide",
        "expected at most \(Self.mostElements) numbers at once for a row, found \(asked.schedule.live)",
        hint: "serve a model of fewer columns")
    }
    let mostRows = Self.mostElements / max(1, asked.width, inputWidths[0], inputWidths[1])
    guard rows.rowCount <= mostRows else {
      throw Problem(
        .tooLarge, "predict.too-many-rows",
        "expected at most \(mostRows) rows at once, found \(rows.rowCount)", hint: "ask in several parts")
    }
    guard steps <= Self.mostSteps else {
      throw Problem(
        .tooLarge, "predict.too-much-work",
        "expected rows that take the model at most \(Self.mostSteps) steps, found \(rows.rowCount) that take more",
        hint: "ask in several parts")
    }
    // No overflow: the features are among what was counted.
    let texts = rows.rowCount * signature.features.texts.count
    guard rows.numbers.count == rows.rowCount * numberCount, rows.texts.count == texts else {
      throw Problem(
        .badInput, "predict.row-length",
        "expected \(rows.rowCount) rows of \(rows.featureCount) features, found \(rows.numbers.count) numbers"
          + (texts + rows.texts.count == 0 ? "" : " and \(rows.texts.count) texts"))
    }
  }

  fileprivate func noSuchMethod(_ method: PredictionMethod) -> Problem {
    let names = signature.methods.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return Problem(
      .badInput, "predict.no-such-method",
      "expected a method that the model has, found '\(method.rawValue)'", hint: "use \(names)")
  }
}
