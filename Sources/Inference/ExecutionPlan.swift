public import Domain
public import ModelGraph

/// A checked graph made ready to run: kernels in order, trees packed for the cache.
///
/// A plan is a value without state of its own: any number of threads may run one at once.
public struct ExecutionPlan: Sendable {
  /// What goes in and what comes out.
  public let signature: ModelSignature
  private let operations: [Operation]
  private let results: [PredictionMethod: Result]
  /// The most columns that any value has.
  private let widest: Int

  /// How many numbers one value may hold, 1 GiB of them; more rows are asked about in parts.
  private static let mostElements = 1 << 27

  /// One kernel and the value it reads.
  private struct Operation {
    let kernel: Kernel
    let input: Int
  }

  /// How one method is answered.
  private struct Result {
    let value: Int
    /// One number a row rather than a row of numbers.
    let isVector: Bool
    /// The operations that it takes, ascending.
    let operations: [Int]
  }

  /// Packs the constants of a graph; takes time in proportion to them.
  public init(_ graph: ValidatedGraph) {
    self.signature = graph.signature
    self.operations = graph.steps.map { Operation(kernel: Kernel($0), input: $0.input) }
    self.widest = graph.steps.reduce(graph.signature.featureCount) { max($0, $1.columns) }
    var results: [PredictionMethod: Result] = [:]
    for port in graph.signature.outputs {
      guard let method = PredictionMethod(rawValue: port.name), let value = graph.results[method] else {
        continue
      }
      var needed: [Int] = []
      var next = value
      while next > 0 {
        needed.append(next - 1)
        next = graph.steps[next - 1].input
      }
      results[method] = Result(
        value: value, isVector: port.shape.count == 1, operations: needed.reversed())
    }
    self.results = results
  }

  /// Runs the methods on the rows; what several of them need is computed once.
  ///
  /// Throws a problem of bad input: a method that the model does not have, another number of features, no
  /// rows or too many, an element that is not finite where the model does not take it.
  public func run(
    _ methods: [PredictionMethod], on rows: Rows
  ) throws(Problem) -> [PredictionMethod: Tensor] {
    try check(rows)
    var values = [Value?](repeating: nil, count: operations.count + 1)
    values[0] = .numbers(
      Matrix(elements: rows.values, rows: rows.rowCount, columns: rows.featureCount))
    var tensors: [PredictionMethod: Tensor] = [:]
    for method in methods {
      guard let result = results[method] else { throw noSuchMethod(method) }
      for index in result.operations where values[index + 1] == nil {
        guard let input = values[operations[index].input] else {
          preconditionFailure("a result lists the operations it needs in order")
        }
        values[index + 1] = try operations[index].kernel.run(on: input, signature: signature)
      }
      tensors[method] = values[result.value]?.tensor(rows: rows.rowCount, isVector: result.isVector)
    }
    return tensors
  }

  private func check(_ rows: Rows) throws(Problem) {
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
    let mostRows = Self.mostElements / widest
    guard rows.rowCount <= mostRows else {
      throw Problem(
        .tooLarge, "predict.too-many-rows",
        "expected at most \(mostRows) rows at once, found \(rows.rowCount)", hint: "ask in several parts")
    }
    let (count, overflow) = rows.rowCount.multipliedReportingOverflow(by: rows.featureCount)
    guard !overflow, rows.values.count == count else {
      throw Problem(
        .badInput, "predict.row-length",
        "expected \(rows.rowCount) rows of \(rows.featureCount) features, found \(rows.values.count) numbers")
    }
  }

  private func noSuchMethod(_ method: PredictionMethod) -> Problem {
    let names = signature.methods.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    return Problem(
      .badInput, "predict.no-such-method",
      "expected a method that the model has, found '\(method.rawValue)'", hint: "use \(names)")
  }
}

extension Value {
  /// The value as a caller gets it.
  fileprivate func tensor(rows: Int, isVector: Bool) -> Tensor? {
    switch self {
    case .numbers(let matrix):
      Tensor(shape: isVector ? [rows] : [rows, matrix.columns], elements: .float64(matrix.elements))
    case .indices(let indices):
      Tensor(shape: isVector ? [rows] : [rows, 1], elements: .int64(indices.map(Int64.init)))
    case .labels(let labels): Tensor(shape: isVector ? [rows] : [rows, 1], elements: labels)
    }
  }
}
