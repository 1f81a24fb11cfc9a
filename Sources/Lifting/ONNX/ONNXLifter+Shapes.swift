import Artifacts
import Domain
import ModelGraph

// What changes the shape and not the elements: mostly renamings.
extension ONNXLifter {
  static let shapes: [String: Handler] = [
    "Identity": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.required(0)] },
    "Dropout": { (lifter: inout ONNXLifter) throws(Problem) in
      lifter.ignore("ratio", "seed", "is_test", "consumed_inputs")
      if let training = try lifter.constantIfPresent(2), training.doubles?.first != 0 {
        throw lifter.refusal("unsupported-model", "a model that predicts", "one that is being trained")
      }
      return [try lifter.required(0)]
    },
    "Constant": { (lifter: inout ONNXLifter) throws(Problem) in [.constant(try lifter.constantNode())] },
    "ConstantOfShape": { (lifter: inout ONNXLifter) throws(Problem) in
      let value = try lifter.tensor("value")
      guard case .sizes(let sizes, _) = try lifter.required(0), case .rows(let times) = sizes.first else {
        guard let shape = try lifter.integersIfPresent(0), let count = ONNXAxes.count(shape) else {
          throw lifter.tooLarge()
        }
        try lifter.spend(count)
        let one = value ?? ONNXConstant(kind: .float32, shape: [1], elements: .numbers([0]))
        guard one.count == 1 else {
          throw lifter.refusal("unexpected-shape", "one element as 'value'", "\(one.count)")
        }
        return [.constant(one.picking([Int](repeating: 0, count: count), shape: shape))]
      }
      var shape = [times]
      for size in sizes.dropFirst() {
        guard case .known(let size) = size, size > 0 else { throw lifter.tooLarge() }
        shape.append(size)
      }
      guard let count = ONNXAxes.count(shape), let any = lifter.anyValue else { throw lifter.tooLarge() }
      try lifter.spend(count)
      let one = value ?? ONNXConstant(kind: .float32, shape: [1], elements: .numbers([0]))
      guard one.count == 1 else {
        throw lifter.refusal("unexpected-shape", "one element as 'value'", "\(one.count)")
      }
      let filling = one.picking([Int](repeating: 0, count: count), shape: shape)
      return [.batch(try lifter.filled(filling, rowAxis: 0, shape: shape, on: any))]
    },
    "Shape": { (lifter: inout ONNXLifter) throws(Problem) in
      let start = try lifter.integer("start", default: 0)
      let end = try lifter.integer("end")
      let sizes: [ONNXSize]
      switch try lifter.required(0) {
      case .constant(let constant): sizes = constant.shape.map { .known($0) }
      case .sizes(let inner, let isScalar): sizes = isScalar ? [] : [.known(inner.count)]
      case .batch(let batch):
        sizes = batch.shape.enumerated().map { axis, size in
          axis == batch.rowAxis ? .rows(times: size) : .known(size)
        }
      }
      func place(_ index: Int) -> Int { min(max(index < 0 ? index + sizes.count : index, 0), sizes.count) }
      let (first, last) = (place(start), end.map(place) ?? sizes.count)
      return [.sizes(Array(sizes[first..<max(first, last)]), isScalar: false)]
    },
    "Reshape": { (lifter: inout ONNXLifter) throws(Problem) in
      let allowsZero = try lifter.integer("allowzero", default: 0) != 0
      lifter.ignore("consumed_inputs")
      if let name = lifter.node.inputs.first, lifter.stacked.contains(name) {
        return [try lifter.required(0)]
      }
      let attribute = try lifter.integers("shape")
      let target: [ONNXSize]
      if let attribute {
        target = attribute.map { .known($0) }
      } else {
        target = try lifter.sizes(1)
      }
      return [try lifter.reshaped(try lifter.required(0), to: target, allowsZero: allowsZero)]
    },
    "Flatten": { (lifter: inout ONNXLifter) throws(Problem) in
      let batch = try lifter.batch(0)
      let axis = try lifter.integer("axis", default: 1)
      guard axis == 1 || axis == 1 - batch.rank, batch.rowAxis == 0 else {
        throw lifter.refusal("unsupported-axis", "axis 1, which leaves the rows apart", "axis \(axis)")
      }
      return [.batch(batch.reshaped([batch.shape[0], batch.columns / batch.shape[0]], rowAxis: 0))]
    },
    "Squeeze": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.squeezed()] },
    "Unsqueeze": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.unsqueezed()] },
    "Transpose": { (lifter: inout ONNXLifter) throws(Problem) in
      let order = try lifter.integers("perm")
      func checked(_ rank: Int) throws(Problem) -> [Int] {
        let order = order ?? Array((0..<rank).reversed())
        guard order.sorted() == Array(0..<rank) else {
          throw lifter.refusal("unexpected-attribute", "an order of \(rank) axes", "\(order.prefix(64))")
        }
        return order
      }
      switch try lifter.required(0) {
      case .batch(let batch): return [.batch(try lifter.transposed(batch, to: try checked(batch.rank)))]
      case .constant(let constant):
        guard let axes = ONNXAxes.transposing(constant.shape, to: try checked(constant.shape.count)) else {
          throw lifter.tooLarge()
        }
        return [.constant(constant.picking(axes.places, shape: axes.shape))]
      case .sizes: return [try lifter.required(0)]
      }
    },
    "Expand": { (lifter: inout ONNXLifter) throws(Problem) in
      let target = try lifter.sizes(1)
      switch try lifter.required(0) {
      case .constant(let constant):
        if target.contains(where: { if case .rows = $0 { true } else { false } }) { break }
        guard let shape = ONNXAxes.broadcast(constant.shape, target.map(\.knownOrOne)),
          let axes = ONNXAxes.broadcasting(constant.shape, to: shape)
        else { throw lifter.tooLarge() }
        try lifter.spend(axes.places.count)
        return [.constant(constant.picking(axes.places, shape: axes.shape))]
      case .batch(let batch):
        let shape = target.map(\.knownOrOne)
        let fromEnd = batch.rank - batch.rowAxis
        guard
          shape.count < fromEnd || target[shape.count - fromEnd] == .rows(times: batch.shape[batch.rowAxis])
            || shape[shape.count - fromEnd] == 1
        else { break }
        var inner = shape
        if shape.count >= fromEnd { inner[shape.count - fromEnd] = 1 }
        return [.batch(try lifter.widened(batch, for: inner).0)]
      case .sizes: break
      }
      throw lifter.refusal("unsupported-broadcast", "rows that stay as many as they are", "others")
    },
    "Tile": { (lifter: inout ONNXLifter) throws(Problem) in
      guard let repeats = try lifter.integersIfPresent(1) else {
        throw lifter.refusal("missing-input", "the input 1", "none")
      }
      func tiled(_ shape: [Int]) throws(Problem) -> ONNXAxes? {
        guard repeats.count == shape.count, repeats.allSatisfy({ $0 > 0 && $0 <= ONNXAxes.placeLimit }) else {
          throw lifter.refusal("unexpected-shape", "a count for each axis", "others")
        }
        guard ONNXAxes.count(zip(shape, repeats).map { $0 &* $1 }) != nil else { return nil }
        return ONNXAxes.selecting(
          zip(shape, repeats).map { size, times in (0..<(size * times)).map { $0 % size } }, of: shape)
      }
      switch try lifter.required(0) {
      case .batch(let batch):
        guard repeats.indices.contains(batch.rowAxis), repeats[batch.rowAxis] == 1 else {
          throw lifter.refusal("unsupported-axis", "rows that stay as many as they are", "repeated rows")
        }
        return [.batch(try lifter.rearranged(batch, try tiled(batch.shape), rowAxis: batch.rowAxis))]
      case .constant(let constant):
        guard let axes = try tiled(constant.shape) else { throw lifter.tooLarge() }
        try lifter.spend(axes.places.count)
        return [.constant(constant.picking(axes.places, shape: axes.shape))]
      case .sizes: throw lifter.refusal("variable-input", "numbers that are known", "the number of rows")
      }
    },
  ]

  /// Any value that there is one of for each row.
  var anyValue: GraphValue? {
    for port in model.graph.inputs { if case .batch(let batch) = values[port.name] { return batch.value } }
    return nil
  }

  /// The numbers of an input that is a shape.
  func sizes(_ index: Int) throws(Problem) -> [ONNXSize] {
    if case .sizes(let sizes, _) = try required(index) { return sizes }
    guard let integers = try integersIfPresent(index) else {
      throw refusal("missing-input", "the input \(index)", "none")
    }
    return integers.map { .known($0) }
  }

  // MARK: - Constants

  private mutating func constantNode() throws(Problem) -> ONNXConstant {
    if let tensor = try tensor("value") { return tensor }
    if node.attribute("value_float") != nil {
      return ONNXConstant(
        kind: .float32, shape: [], elements: .numbers([try float("value_float", default: 0)]))
    }
    if let floats = try floats("value_floats") {
      return ONNXConstant(kind: .float32, shape: [floats.count], elements: .numbers(floats))
    }
    if let integer = try integer("value_int") {
      return ONNXConstant(kind: .integer, shape: [], elements: .integers([Int64(integer)]))
    }
    if let integers = try integers("value_ints") {
      return ONNXConstant(
        kind: .integer, shape: [integers.count], elements: .integers(integers.map { Int64($0) }))
    }
    if node.attribute("value_string") != nil {
      return ONNXConstant(kind: .text, shape: [], elements: .texts([try text("value_string", default: "")]))
    }
    if let texts = try texts("value_strings") {
      return ONNXConstant(kind: .text, shape: [texts.count], elements: .texts(texts))
    }
    throw refusal("missing-attribute", "a dense value", "none")
  }
}

extension ONNXSize {
  /// The number where it is known; 1 for the rows.
  var knownOrOne: Int { if case .known(let number) = self { number } else { 1 } }
}
