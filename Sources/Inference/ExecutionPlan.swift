public import Domain
public import ModelGraph

/// A checked graph made ready to run: kernels in order, constants laid out for the cache.
///
/// A plan is a value without state of its own: any number of threads may run one at once.
public struct ExecutionPlan: Sendable {
  /// What goes in and what comes out.
  public let signature: ModelSignature
  private let operations: [Operation]
  fileprivate let results: [PredictionMethod: Result]
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
  fileprivate struct Result {
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
    let operations = Self.operations(of: graph)
    self.operations = operations
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
        operations: Self.needed(for: values, of: operations))
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

  /// The kernels of a graph's steps, a `relu` made part of the product before it where nothing else reads that.
  private static func operations(of graph: ValidatedGraph) -> [Operation] {
    var readers = [Int](repeating: 0, count: graph.steps.count + 2)
    for step in graph.steps { for input in step.inputs { readers[input] += 1 } }
    for values in graph.results.values { for value in values { readers[value] += 1 } }
    return graph.steps.map { step in
      if let map = step.operation as? MapElements, map.function == .relu, step.inputs[0] > 1,
        readers[step.inputs[0]] == 1, let linear = graph.steps[step.inputs[0] - 2].operation as? Linear
      {
        return Operation(
          kernel: LinearKernel(linear, isRectified: true), inputs: graph.steps[step.inputs[0] - 2].inputs,
          origin: step.origin)
      }
      guard let operation = step.operation as? any Runnable else {
        preconditionFailure("every operator that there is has a kernel")
      }
      return Operation(kernel: operation.kernel(step.operands), inputs: step.inputs, origin: step.origin)
    }
  }

  /// The operations that values depend on, ascending.
  private static func needed(for values: [Int], of operations: [Operation]) -> [Int] {
    var isNeeded = [Bool](repeating: false, count: operations.count)
    for value in values where value > 1 { isNeeded[value - 2] = true }
    for index in operations.indices.reversed() where isNeeded[index] {
      for input in operations[index].inputs where input > 1 { isNeeded[input - 2] = true }
    }
    return operations.indices.filter { isNeeded[$0] }
  }

  /// Runs the methods on the rows; what several of them need is computed once.
  ///
  /// Each method gives the tensors that the signature names. Throws a problem of bad input: a method that the
  /// model does not have, another number of features, no rows or too many, an element that is not finite where
  /// the model does not take it.
  public func run(
    _ methods: [PredictionMethod], on rows: Rows
  ) throws(Problem) -> [PredictionMethod: [Tensor]] {
    let task = try Task(methods, of: self, on: rows)
    return tensors(of: methods, from: try run(task, 0..<rows.rowCount), rows: rows.rowCount)
  }

  /// Runs the methods on the rows, which up to `threads` threads share; the results are the same for any number.
  ///
  /// Where several rows are refused, the problem is that of the first part of them.
  public func run(
    _ methods: [PredictionMethod], on rows: Rows, threads: Int
  ) async throws(Problem) -> [PredictionMethod: [Tensor]] {
    let parts = RowBlocks.parts(of: rows.rowCount, count: threads)
    guard parts.count > 1 else { return try run(methods, on: rows) }
    let task = try Task(methods, of: self, on: rows)
    var results = await withTaskGroup(
      of: (Int, Swift.Result<[Value], Problem>).self,
      returning: [Swift.Result<[Value], Problem>?].self
    ) { group in
      for (index, part) in parts.enumerated().dropFirst() {
        group.addTask { (index, self.result(of: task, part)) }
      }
      var results = [Swift.Result<[Value], Problem>?](repeating: nil, count: parts.count)
      results[0] = result(of: task, parts[0])
      for await (index, result) in group { results[index] = result }
      return results
    }
    var values: [Value] = []
    for index in results.indices {
      guard let part = try results[index]?.get() else { continue }
      results[index] = nil
      if index == 0 {
        values = part
      } else {
        for place in values.indices { values[place].append(part[place]) }
      }
    }
    return tensors(of: methods, from: values, rows: rows.rowCount)
  }

  private func result(of task: Task, _ part: Range<Int>) -> Swift.Result<[Value], Problem> {
    do throws(Problem) { return .success(try run(task, part)) } catch { return .failure(error) }
  }

  /// What is asked for.
  private struct Task: Sendable {
    let rows: Rows
    /// The operations that it takes, ascending.
    let operations: [Int]
    /// The values that are asked for, as often as the methods name them.
    let values: [Int]

    /// Checks the methods and rows.
    init(_ methods: [PredictionMethod], of plan: ExecutionPlan, on rows: Rows) throws(Problem) {
      try plan.check(rows, for: methods)
      self.rows = rows
      var operations: [Int] = []
      var values: [Int] = []
      for method in methods {
        guard let result = plan.results[method] else { throw plan.noSuchMethod(method) }
        values += result.values
        operations =
          operations.isEmpty ? result.operations : Array(Set(operations).union(result.operations)).sorted()
      }
      self.operations = operations
      self.values = values
    }
  }

  /// The values asked for, of a range of the rows, block by block.
  private func run(_ task: Task, _ range: Range<Int>) throws(Problem) -> [Value] {
    let blocks = RowBlocks(range, widest: widest)
    var values = try runBlock(task, blocks.first)
    for block in blocks.others {
      let more = try runBlock(task, block)
      for place in values.indices { values[place].append(more[place]) }
    }
    return values
  }

  /// The values asked for, of a block of rows.
  private func runBlock(_ task: Task, _ block: Range<Int>) throws(Problem) -> [Value] {
    var values = [Value?](repeating: nil, count: operations.count + 2)
    values[0] = .numbers(task.rows.numbers(block, columns: numberCount))
    values[1] = .texts(task.rows.texts(block, columns: signature.features.texts.count))
    for index in task.operations {
      let operation = operations[index]
      let operands = operation.inputs.map { number in
        guard let value = values[number] else {
          preconditionFailure("a result lists the operations it needs in order")
        }
        return value
      }
      values[index + 2] = try operation.kernel.run(
        operands,
        Batch(
          rowCount: block.count, firstRow: block.lowerBound, numberNames: numberNames,
          origin: operation.origin))
    }
    return task.values.compactMap { values[$0] }
  }

  private func tensors(
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

  fileprivate func check(_ rows: Rows, for methods: [PredictionMethod]) throws(Problem) {
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

  fileprivate func noSuchMethod(_ method: PredictionMethod) -> Problem {
    let names = signature.methods.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return Problem(
      .badInput, "predict.no-such-method",
      "expected a method that the model has, found '\(method.rawValue)'", hint: "use \(names)")
  }
}
