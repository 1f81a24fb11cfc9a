import Artifacts
import Domain
import Encoding
import ModelGraph

// The same elements in another shape.
extension ONNXLifter {
  func reshaped(_ value: ONNXValue, to target: [ONNXSize], allowsZero: Bool) throws(Problem)
    -> ONNXValue
  {
    switch value {
    case .sizes(let sizes, _):
      guard sizes.count == 1 || target == [.known(-1)] || target == [.known(sizes.count)] else { break }
      return .sizes(sizes, isScalar: target.isEmpty)
    case .constant(let constant):
      var shape: [Int] = []
      for (axis, size) in target.enumerated() {
        guard case .known(let number) = size else {
          throw refusal("variable-input", "a shape that is known", "the number of rows")
        }
        shape.append(
          number == 0 && !allowsZero && constant.shape.indices.contains(axis) ? constant.shape[axis] : number)
      }
      if let unknown = shape.firstIndex(of: -1) {
        guard let others = ONNXAxes.count(shape.enumerated().map { $0 == unknown ? 1 : $1 }), others > 0,
          constant.count.isMultiple(of: others)
        else { break }
        shape[unknown] = constant.count / others
      }
      guard ONNXAxes.count(shape) == constant.count else { break }
      return .constant(constant.reshaped(shape))
    case .batch(let batch):
      return .batch(try reshaped(batch, to: target, allowsZero: allowsZero))
    }
    throw refusal("unexpected-shape", "a shape for as many elements as there are", "another")
  }

  /// A shape with the rows first, behind axes of length 1 at most.
  func reshaped(_ batch: ONNXBatch, to target: [ONNXSize], allowsZero: Bool) throws(Problem)
    -> ONNXBatch
  {
    let refused = refusal(
      "unsupported-shape", "a shape that keeps the elements of a row together", "another", hint: nil)
    guard batch.shape.prefix(batch.rowAxis).allSatisfy({ $0 == 1 }) else { throw refused }
    // What each entry is: the rows so many times, an inner size, or left open.
    var sizes: [ONNXSize?] = []
    for (axis, size) in target.enumerated() {
      switch size {
      case .known(0) where !allowsZero:
        guard batch.shape.indices.contains(axis) else { throw refused }
        sizes.append(axis == batch.rowAxis ? .rows(times: batch.shape[axis]) : .known(batch.shape[axis]))
      case .known(-1): sizes.append(nil)
      case .known(let number):
        guard number > 0 else { throw refused }
        sizes.append(size)
      case .rows: sizes.append(size)
      }
    }
    guard let rowAxis = rowAxis(of: sizes, columns: batch.columns) else { throw refused }
    var shape: [Int] = []
    var open: Int?
    for (axis, size) in sizes.enumerated() {
      switch size {
      case .known(let number): shape.append(axis == rowAxis ? 1 : number)
      case .rows(let times):
        guard axis == rowAxis else { throw refused }
        shape.append(times)
      case nil:
        open = axis
        shape.append(1)
      }
    }
    guard let known = ONNXAxes.count(shape), known > 0, batch.columns.isMultiple(of: known) else {
      throw refused
    }
    if let open { shape[open] = batch.columns / known }
    guard ONNXAxes.count(shape) == batch.columns else { throw refused }
    return batch.reshaped(shape, rowAxis: rowAxis)
  }

  /// Which entry of a shape is that of the rows: the one that says so, else the first that may vary, else the first
  /// of a model that was exported for one row.
  private func rowAxis(of sizes: [ONNXSize?], columns: Int) -> Int? {
    if let stated = sizes.firstIndex(where: { if case .rows = $0 { true } else { false } }) {
      return sizes.prefix(stated).allSatisfy { $0 == .known(1) } ? stated : nil
    }
    let inner = sizes.reduce(1) { product, size in
      if case .known(let number) = size {
        product.multipliedReportingOverflow(by: number).partialValue
      } else {
        product
      }
    }
    if let open = sizes.firstIndex(where: { $0 == nil }), sizes.prefix(open).allSatisfy({ $0 == .known(1) }) {
      // `[1, -1]` of a model for any number of rows puts them behind; of a model for one row it is that row.
      return open == 0 ? 0 : isForOneRow ? 0 : open
    }
    return sizes.first == .known(1) && (inner == columns || sizes.contains { $0 == nil }) && isForOneRow
      ? 0 : nil
  }

  /// Whether the first axis of the inputs has the length 1, as exporters write it that trace one example.
  private var isForOneRow: Bool {
    model.graph.inputs.contains { port in
      if case .tensor(_, shape: let shape?) = port.type { shape.first == .size(1) } else { false }
    }
  }

  // MARK: - Axes of length 1

  mutating func squeezed() throws(Problem) -> ONNXValue {
    let axes = try axes(input: 1)
    switch try required(0) {
    case .sizes(let sizes, _): return .sizes(sizes, isScalar: sizes.count == 1)
    case .constant(let constant):
      let dropped = try dropped(axes, constant.shape, keeping: nil)
      return .constant(
        constant.reshaped(constant.shape.indices.filter { !dropped.contains($0) }.map { constant.shape[$0] }))
    case .batch(let batch):
      let dropped = try dropped(axes, batch.shape, keeping: batch.rowAxis)
      let kept = batch.shape.indices.filter { !dropped.contains($0) }
      return .batch(
        batch.reshaped(kept.map { batch.shape[$0] }, rowAxis: kept.firstIndex(of: batch.rowAxis) ?? 0))
    }
  }

  private func dropped(_ axes: [Int]?, _ shape: [Int], keeping rowAxis: Int?) throws(Problem) -> Set<Int> {
    guard let axes else { return Set(shape.indices.filter { shape[$0] == 1 && $0 != rowAxis }) }
    var dropped: Set<Int> = []
    for axis in axes {
      let index = try self.axis(axis, rank: shape.count)
      guard shape[index] == 1, index != rowAxis else {
        throw refusal("unexpected-shape", "axes of length 1", "axis \(index)")
      }
      dropped.insert(index)
    }
    return dropped
  }

  mutating func unsqueezed() throws(Problem) -> ONNXValue {
    guard let axes = try axes(input: 1) else { throw refusal("missing-input", "axes", "none") }
    func widened(_ shape: [Int], _ rowAxis: Int) throws(Problem) -> ([Int], Int) {
      let rank = shape.count + axes.count
      var added: Set<Int> = []
      for axis in axes { added.insert(try self.axis(axis, rank: rank)) }
      guard added.count == axes.count, rank <= 64 else {
        throw refusal("unexpected-axis", "different axes", "one twice")
      }
      var result: [Int] = []
      var rest = shape[...]
      var row = rowAxis
      for axis in 0..<rank {
        if added.contains(axis) {
          result.append(1)
        } else if let size = rest.popFirst() {
          if rest.startIndex - 1 == rowAxis { row = axis }
          result.append(size)
        }
      }
      return (result, row)
    }
    switch try required(0) {
    case .sizes(let sizes, _): return .sizes(sizes, isScalar: false)
    case .constant(let constant): return .constant(constant.reshaped(try widened(constant.shape, 0).0))
    case .batch(let batch):
      let (shape, row) = try widened(batch.shape, batch.rowAxis)
      return .batch(batch.reshaped(shape, rowAxis: row))
    }
  }
}
