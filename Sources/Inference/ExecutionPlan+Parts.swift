public import Domain
public import ModelGraph

extension ExecutionPlan {
  /// One request, cut into parts of its rows that any thread may take; the results are the same for any number of them.
  public struct Parts: Sendable {
    /// What a part came to.
    public struct Outcome: Sendable {
      fileprivate let result: Swift.Result<[Value], Problem>
    }

    private let plan: ExecutionPlan
    private let methods: [PredictionMethod]
    private let request: Request
    private let ranges: [Range<Int>]

    fileprivate init(
      _ plan: ExecutionPlan, _ methods: [PredictionMethod], _ rows: Rows, _ ranges: [Range<Int>]
    ) throws(Problem) {
      self.plan = plan
      self.methods = methods
      self.request = try Request(methods, of: plan, on: rows)
      self.ranges = ranges
    }

    /// How many parts there are, one at least.
    public var count: Int { ranges.count }

    /// Predicts for the rows of a part; what is wrong with them is told by `tensors`.
    ///
    /// `isCancelled` is asked before each operation on a block of rows, every few seconds at most; once it says so,
    /// nothing more is computed.
    public func run(
      _ part: Int, isCancelled: @escaping @Sendable () -> Bool = { Task.isCancelled }
    ) -> Outcome {
      do throws(Problem) {
        return Outcome(result: .success(try plan.run(request, ranges[part], isCancelled)))
      } catch {
        return Outcome(result: .failure(error))
      }
    }

    /// Puts together what the parts came to, in their order.
    ///
    /// Where rows are refused, the problem is that of the first part that has such.
    public func tensors(
      _ outcomes: consuming [Outcome]
    ) throws(Problem) -> [PredictionMethod: [Tensor]] {
      var values: [Value] = []
      for (index, outcome) in outcomes.enumerated() {
        let part = try outcome.result.get()
        guard index > 0 else {
          values = part
          continue
        }
        for place in values.indices { values[place].append(part[place]) }
      }
      return plan.tensors(of: methods, from: values, rows: request.rows.rowCount)
    }
  }

  /// Cuts a request into at most `count` parts, fewer where it has few rows.
  ///
  /// Throws a problem of bad input, as `run` does.
  public func parts(
    of methods: [PredictionMethod], on rows: Rows, count: Int
  ) throws(Problem) -> Parts {
    try Parts(
      self, methods, rows,
      usesEngine ? [0..<rows.rowCount] : RowBlocks.parts(of: rows.rowCount, count: count))
  }

  /// Runs the methods on the rows, which up to `threads` threads share.
  public func run(
    _ methods: [PredictionMethod], on rows: Rows, threads: Int,
    isCancelled: @escaping @Sendable () -> Bool = { Task.isCancelled }
  ) async throws(Problem) -> [PredictionMethod: [Tensor]] {
    let parts = try parts(of: methods, on: rows, count: threads)
    guard parts.count > 1 else { return try parts.tensors([parts.run(0, isCancelled: isCancelled)]) }
    let outcomes = await withTaskGroup(of: (Int, Parts.Outcome).self, returning: [Parts.Outcome].self) {
      group in
      for index in 1..<parts.count {
        group.addTask { (index, parts.run(index, isCancelled: isCancelled)) }
      }
      var outcomes = [Parts.Outcome](repeating: parts.run(0, isCancelled: isCancelled), count: parts.count)
      for await (index, outcome) in group { outcomes[index] = outcome }
      return outcomes
    }
    return try parts.tensors(outcomes)
  }
}
