import Artifacts
import Domain
import ModelGraph

// What makes one number of many along some axes.
extension ONNXLifter {
  static let reductions: [String: Handler] = [
    "ReduceSum": reduction(.sum), "ReduceMean": reduction(.mean), "ReduceMax": reduction(.max),
    "ReduceMin": reduction(.min), "ReduceProd": reduction(.product), "ReduceL1": reduction(.l1),
    "ReduceL2": reduction(.l2), "ReduceSumSquare": reduction(.sumOfSquares),
    "ReduceLogSum": reduction(.logSum), "ReduceLogSumExp": reduction(.logSumExp),
    "ArgMax": choice(.firstGreatest, .lastGreatest), "ArgMin": choice(.firstLeast, .lastLeast),
    "GlobalAveragePool": global(.mean), "GlobalMaxPool": global(.max),
  ]

  private static func reduction(_ reduction: ReduceGroups.Reduction) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      let keeps = try lifter.integer("keepdims", default: 1) != 0
      let isEmptyNothing = try lifter.integer("noop_with_empty_axes", default: 0) != 0
      let stated = try lifter.axes(input: 1) ?? []
      let value = try lifter.required(0)
      if stated.isEmpty, isEmptyNothing { return [value] }
      if case .constant(let constant) = value {
        return [.constant(try lifter.folded(constant, reduction, axes: stated, keeps: keeps))]
      }
      if case .sizes(let sizes, _) = value {
        guard reduction == .product else {
          throw lifter.refusal("variable-input", "numbers that are known", "the number of rows")
        }
        return [try lifter.product(of: sizes, keeps: keeps)]
      }
      let batch = try lifter.numbers(0)
      var axes: [Int] = []
      for axis in stated { axes.append(try lifter.axis(axis, rank: batch.rank)) }
      guard !axes.isEmpty else {
        throw lifter.refusal("unsupported-axis", "axes other than that of the rows", "all of them")
      }
      return [.batch(try lifter.rounded(try lifter.reduced(batch, reduction, axes: axes, keeps: keeps)))]
    }
  }

  private static func choice(_ first: ReduceGroups.Reduction, _ last: ReduceGroups.Reduction) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      let stated = try lifter.integer("axis", default: 0)
      let keeps = try lifter.integer("keepdims", default: 1) != 0
      let isLast = try lifter.integer("select_last_index", default: 0) != 0
      let batch = try lifter.numbers(0)
      let axis = try lifter.axis(stated, rank: batch.rank)
      var result = try lifter.reduced(batch, isLast ? last : first, axes: [axis], keeps: keeps)
      result.kind = .integer
      if first == .firstGreatest, !isLast, result.columns == 1, axis != batch.rowAxis {
        // One index a row, which can pick a label.
        result.value = try lifter.apply(ArgMax(), to: [batch.value], named: "index")
        result.content = .indices(bound: batch.columns)
      }
      return [.batch(result)]
    }
  }

  private static func global(_ reduction: ReduceGroups.Reduction) -> Handler {
    { (lifter: inout ONNXLifter) throws(Problem) in
      let batch = try lifter.numbers(0)
      guard batch.rank > 2, batch.rowAxis == 0 else {
        throw lifter.refusal("unexpected-shape", "rows, channels and places", "another shape")
      }
      return [
        .batch(
          try lifter.rounded(try lifter.reduced(batch, reduction, axes: Array(2..<batch.rank), keeps: true)))
      ]
    }
  }

  /// One number of the elements along some axes.
  mutating func reduced(
    _ batch: ONNXBatch, _ reduction: ReduceGroups.Reduction, axes: [Int], keeps: Bool
  ) throws(Problem) -> ONNXBatch {
    let ordered = Set(axes).sorted()
    let (last, _) = try movedLast(batch, axes: ordered)
    let size = ordered.reduce(1) { $0 * batch.shape[$1] }
    var result = last
    result.value = try apply(ReduceGroups(reduction, size: size), to: [last.value], named: reduction.rawValue)
    var shape: [Int] = []
    var rowAxis = 0
    for (axis, size) in batch.shape.enumerated() {
      if axis == batch.rowAxis { rowAxis = shape.count }
      if !ordered.contains(axis) { shape.append(size) } else if keeps { shape.append(1) }
    }
    return result.reshaped(shape, rowAxis: rowAxis)
  }

  private func folded(
    _ constant: ONNXConstant, _ reduction: ReduceGroups.Reduction, axes stated: [Int], keeps: Bool
  ) throws(Problem) -> ONNXConstant {
    var axes: Set<Int> = []
    for axis in stated { axes.insert(try self.axis(axis, rank: constant.shape.count)) }
    if axes.isEmpty { axes = Set(constant.shape.indices) }
    let others = constant.shape.indices.filter { !axes.contains($0) }
    guard let moved = ONNXAxes.transposing(constant.shape, to: others + axes.sorted()),
      let numbers = constant.picking(moved.places, shape: moved.shape).doubles
    else { throw tooLarge() }
    let size = axes.reduce(1) { $0 * constant.shape[$1] }
    guard size > 0 else { throw refusal("empty-value", "elements to reduce", "none") }
    var result: [Double] = []
    for start in stride(from: 0, to: numbers.count, by: size) {
      let group = numbers[start..<(start + size)]
      switch reduction {
      case .sum: result.append(group.reduce(0, +))
      case .mean: result.append(group.reduce(0, +) / Double(size))
      case .product: result.append(group.reduce(1, *))
      case .max: result.append(group.max() ?? 0)
      case .min: result.append(group.min() ?? 0)
      case .sumOfSquares: result.append(group.reduce(0) { $0 + $1 * $1 })
      case .l1: result.append(group.reduce(0) { $0 + abs($1) })
      case .l2: result.append(group.reduce(0) { $0 + $1 * $1 }.squareRoot())
      default:
        throw refusal(
          "unsupported-constant", "a constant that can be computed", "'\(node.operation)' of constants")
      }
    }
    let shape = constant.shape.enumerated().compactMap { axis, size in
      axes.contains(axis) ? (keeps ? 1 : nil) : size
    }
    return rounded(constant, result, shape: shape)
  }

  private func product(of sizes: [ONNXSize], keeps: Bool) throws(Problem) -> ONNXValue {
    var times = 1
    var hasRows = false
    for size in sizes {
      let factor: Int
      switch size {
      case .known(let number): factor = number
      case .rows(let number):
        guard !hasRows else { throw tooLarge() }
        hasRows = true
        factor = number
      }
      let (product, overflow) = times.multipliedReportingOverflow(by: factor)
      guard !overflow else { throw tooLarge() }
      times = product
    }
    return .sizes([hasRows ? .rows(times: times) : .known(times)], isScalar: !keeps)
  }
}
