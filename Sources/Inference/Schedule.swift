import ModelGraph

/// One kernel of a plan, the values it reads, and what is known of it before rows come.
final class PlannedOperation: Sendable {
  let kernel: any Kernel
  /// The values it reads: 0 for the numbers of the rows, 1 for their texts, n + 2 for what operation n gives.
  let inputs: [Int]
  /// The estimator it came from.
  let origin: String
  /// How many numbers of a row the result takes; 0 where it leaves out zeros.
  let width: Int
  /// Whether the result leaves out zeros.
  let isSparse: Bool
  /// How many numbers of a row are written out for it from values that leave out zeros.
  let writtenOut: Int
  /// About how much it takes.
  let work: Work

  init(
    kernel: any Kernel, inputs: [Int], origin: String, width: Int, isSparse: Bool, writtenOut: Int, work: Work
  ) {
    self.kernel = kernel
    self.inputs = inputs
    self.origin = origin
    self.width = width
    self.isSparse = isSparse
    self.writtenOut = writtenOut
    self.work = work
  }
}

/// The operations that some values depend on, in order.
struct Schedule: Sendable {
  /// One operation's turn.
  struct Turn: Sendable {
    /// Which operation.
    let operation: Int
    /// The values it reads that nothing reads after it: they are let go, so that it may use their memory.
    let lastReads: [Int]
  }

  /// What runs, in order.
  let turns: [Turn]
  /// How much it takes in all.
  let work: Work
  /// How many numbers of a row the widest value takes.
  let widest: Int
  /// How many numbers of a row are there at one time at most.
  let live: Int
  /// Whether there are values that leave out zeros.
  let hasSparse: Bool
  /// How many rows at a time are worth more than values that stay in the cache.
  let worthwhileRows: Int

  /// Orders what `values` depend on; these are kept to the end.
  ///
  /// `inputWidths` says how many numbers a row of the values 0 and 1 takes.
  init(of values: [Int], operations: [PlannedOperation], inputWidths: [Int]) {
    var isNeeded = [Bool](repeating: false, count: operations.count + 2)
    for value in values { isNeeded[value] = true }
    var isRead = isNeeded
    var turns: [Turn] = []
    for index in operations.indices.reversed() where isNeeded[index + 2] {
      var lastReads: [Int] = []
      for input in operations[index].inputs where !isRead[input] {
        isRead[input] = true
        isNeeded[input] = true
        lastReads.append(input)
      }
      turns.append(Turn(operation: index, lastReads: lastReads))
    }
    turns.reverse()
    self.turns = turns
    func width(_ value: Int) -> Int { value < 2 ? inputWidths[value] : operations[value - 2].width }
    var work = Work.none
    var widest = max(1, inputWidths.max() ?? 1)
    var live = inputWidths.reduce(0, +)
    var most = max(1, live)
    for turn in turns {
      let operation = operations[turn.operation]
      work += operation.work
      live += operation.width
      widest = max(widest, operation.width, operation.writtenOut)
      most = max(most, live + operation.writtenOut)
      for value in turn.lastReads { live -= width(value) }
    }
    self.work = work
    self.widest = widest
    self.live = most
    self.worthwhileRows = turns.reduce(1) { max($0, operations[$1.operation].kernel.worthwhileRows) }
    self.hasSparse = turns.contains { operations[$0.operation].isSparse }
  }
}

extension PlannedOperation {
  /// The kernels of a graph's steps, a `relu` made part of the product before it where nothing else reads that.
  ///
  /// `sessions` are what engines have brought up, by the number of the step.
  static func all(
    of graph: ValidatedGraph, _ sessions: [Int: any EngineSession] = [:]
  ) -> [PlannedOperation] {
    var readers = [Int](repeating: 0, count: graph.steps.count + 2)
    for step in graph.steps { for input in step.inputs { readers[input] += 1 } }
    for values in graph.results.values { for value in values { readers[value] += 1 } }
    var areSparse = [false, false]
    var works: [Work] = []
    return graph.steps.enumerated().map { index, step in
      guard let operation = step.operation as? any Runnable else {
        preconditionFailure("every operator that there is has a kernel")
      }
      let operands = step.inputs.map { areSparse[$0] }
      let sparsity = operation.sparsity(operands)
      areSparse.append(sparsity.gives)
      works.append(step.work(reading: sparsity.reads ? operands : [], gives: sparsity.gives))
      let rectified = step.rectified(readers: readers, in: graph)
      let asked = (operation as? ONNXRuntimeModel).map { EngineKernel($0, session: sessions[index]) }
      let kernel: (any Kernel)? = asked ?? rectified.map { LinearKernel($0.product, isRectified: true) }
      return PlannedOperation(
        kernel: kernel ?? operation.kernel(step.operands),
        inputs: rectified?.inputs ?? step.inputs, origin: step.origin,
        width: sparsity.gives ? 0 : step.type.width, isSparse: sparsity.gives,
        writtenOut: sparsity.reads
          ? 0 : zip(operands, step.operands).reduce(0) { $0 + ($1.0 ? $1.1.columns : 0) },
        work: works[works.count - 1] + (rectified == nil ? .none : works[step.inputs[0] - 2]))
    }
  }
}

extension ValidatedGraph.Step {
  /// How many elements other than 0 a row of a sparse value is taken to have at most, in counts of work.
  private static let sparseColumns = 4096

  /// How much the step takes whose kernel passes the zeros of sparse operands by.
  fileprivate func work(reading areSparse: [Bool], gives isSparse: Bool) -> Work {
    guard areSparse.contains(true) || isSparse else { return work }
    func shown(_ type: ValueType, _ isSparse: Bool) -> ValueType {
      isSparse ? ValueType(type.content, columns: min(type.columns, Self.sparseColumns)) : type
    }
    let shownOperands = operands.enumerated().map { index, type in
      shown(type, areSparse.indices.contains(index) && areSparse[index])
    }
    return Self.work(of: operation, on: shownOperands, gives: shown(type, isSparse))
  }

  /// The product that this step rectifies, where nothing else reads it.
  fileprivate func rectified(
    readers: [Int], in graph: ValidatedGraph
  ) -> (product: Linear, inputs: [Int])? {
    guard let map = operation as? MapElements, map.function == .relu, inputs[0] > 1, readers[inputs[0]] == 1
    else { return nil }
    let before = graph.steps[inputs[0] - 2]
    guard let product = before.operation as? Linear else { return nil }
    return (product, before.inputs)
  }
}

extension ValueType {
  /// How many numbers of 8 bytes a row takes.
  var width: Int {
    switch content {
    case .texts, .labels(.string), .parts: 2 * columns
    case .numbers, .indices, .labels: columns
    }
  }
}
