public import Domain
public import ModelGraph

/// A checked graph made ready to run: kernels in order, constants laid out for the cache.
///
/// A plan is a value without state of its own: any number of threads may run one at once.
public struct ExecutionPlan: Sendable {
  /// What goes in and what comes out.
  public let signature: ModelSignature
  private let operations: [Operation]
  private let results: [PredictionMethod: Result]
  private let numberNames: [String]?
  private let numberCount: Int
  /// The most columns that any value has whose zeros are written out.
  private let widest: Int

  /// How many numbers one value may hold, 1 GiB of them; more rows are asked about in parts.
  private static let mostElements = 1 << 27

  /// One kernel and the values it reads.
  private struct Operation {
    let kernel: any Kernel
    let inputs: [Int]
    let origin: String
  }

  /// How one method is answered.
  private struct Result {
    let values: [Int]
    /// For each value whether it is one element a row rather than a row of elements.
    let areVectors: [Bool]
    /// The most columns that one of the values has.
    let width: Int
    /// The operations that it takes, ascending.
    let operations: [Int]
  }

  /// Packs the constants of a graph; takes time in proportion to them.
  public init(_ graph: ValidatedGraph) {
    let signature = graph.signature
    self.signature = signature
    self.operations = graph.steps.map { step in
      guard let operation = step.operation as? any Runnable else {
        preconditionFailure("every operator that there is has a kernel")
      }
      return Operation(kernel: operation.kernel(step.operands), inputs: step.inputs, origin: step.origin)
    }
    let numbers = signature.features.numbers
    self.numberCount = numbers.count
    self.numberNames = signature.featureNames.map { names in numbers.map { names[$0] } }
    self.widest = Self.widest(of: graph)
    var results: [PredictionMethod: Result] = [:]
    for output in signature.outputs {
      let values = graph.results[output.method] ?? []
      results[output.method] = Result(
        values: values, areVectors: output.ports.map { $0.shape.count == 1 },
        width: values.reduce(1) { max($0, $1 > 1 ? graph.steps[$1 - 2].type.columns : 1) },
        operations: Self.operations(for: values, of: graph.steps))
    }
    self.results = results
  }

  /// How many columns the widest value has that is written out with its zeros, results aside.
  private static func widest(of graph: ValidatedGraph) -> Int {
    var areSparse = [false, false]
    var widest = max(1, graph.signature.featureCount)
    for step in graph.steps {
      let operands = step.inputs.map { areSparse[$0] }
      let sparsity = (step.operation as? any Runnable)?.sparsity(operands) ?? .none
      for (isSparse, operand) in zip(operands, step.operands) where isSparse && !sparsity.reads {
        widest = max(widest, operand.columns)
      }
      if !sparsity.gives { widest = max(widest, step.type.columns) }
      areSparse.append(sparsity.gives)
    }
    return widest
  }

  /// The operations that values depend on, ascending.
  private static func operations(for values: [Int], of steps: [ValidatedGraph.Step]) -> [Int] {
    var isNeeded = [Bool](repeating: false, count: steps.count)
    for value in values where value > 1 { isNeeded[value - 2] = true }
    for index in steps.indices.reversed() where isNeeded[index] {
      for input in steps[index].inputs where input > 1 { isNeeded[input - 2] = true }
    }
    return steps.indices.filter { isNeeded[$0] }
  }

  /// Runs the methods on the rows; what several of them need is computed once.
  ///
  /// Each method gives the tensors that the signature names. Throws a problem of bad input: a method that the
  /// model does not have, another number of features, no rows or too many, an element that is not finite where
  /// the model does not take it.
  public func run(
    _ methods: [PredictionMethod], on rows: Rows
  ) throws(Problem) -> [PredictionMethod: [Tensor]] {
    try check(rows, for: methods)
    var values = [Value?](repeating: nil, count: operations.count + 2)
    values[0] = .numbers(
      Matrix(elements: rows.numbers, rows: rows.rowCount, columns: numberCount))
    values[1] = .texts(
      TextMatrix(elements: rows.texts, rows: rows.rowCount, columns: signature.features.texts.count))
    var tensors: [PredictionMethod: [Tensor]] = [:]
    for method in methods {
      guard let result = results[method] else { throw noSuchMethod(method) }
      for index in result.operations where values[index + 2] == nil {
        let operation = operations[index]
        let operands = operation.inputs.map { number in
          guard let value = values[number] else {
            preconditionFailure("a result lists the operations it needs in order")
          }
          return value
        }
        values[index + 2] = try operation.kernel.run(
          operands,
          Batch(rowCount: rows.rowCount, firstRow: 0, numberNames: numberNames, origin: operation.origin))
      }
      tensors[method] = zip(result.values, result.areVectors).compactMap { value, isVector in
        values[value]?.tensor(rows: rows.rowCount, isVector: isVector)
      }
    }
    return tensors
  }

  private func check(_ rows: Rows, for methods: [PredictionMethod]) throws(Problem) {
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
    let mostRows = Self.mostElements / methods.reduce(widest) { max($0, results[$1]?.width ?? 1) }
    guard rows.rowCount <= mostRows else {
      throw Problem(
        .tooLarge, "predict.too-many-rows",
        "expected at most \(mostRows) rows at once, found \(rows.rowCount)", hint: "ask in several parts")
    }
    // No overflow: there are no more columns than the widest value has.
    let texts = rows.rowCount * signature.features.texts.count
    guard rows.numbers.count == rows.rowCount * numberCount, rows.texts.count == texts else {
      throw Problem(
        .badInput, "predict.row-length",
        "expected \(rows.rowCount) rows of \(rows.featureCount) features, found \(rows.numbers.count) numbers"
          + (texts + rows.texts.count == 0 ? "" : " and \(rows.texts.count) texts"))
    }
  }

  private func noSuchMethod(_ method: PredictionMethod) -> Problem {
    let names = signature.methods.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return Problem(
      .badInput, "predict.no-such-method",
      "expected a method that the model has, found '\(method.rawValue)'", hint: "use \(names)")
  }
}
