import Artifacts
import Domain
import Encoding
import ModelGraph

// What nodes read, and what they make.
extension ONNXLifter {
  /// The value of an input of the node; nil where the input is left out.
  func input(_ index: Int) throws(Problem) -> ONNXValue? {
    guard node.inputs.indices.contains(index), !node.inputs[index].isEmpty else { return nil }
    guard let value = values[node.inputs[index]] else {
      throw refusal(
        "undefined-value", "inputs that earlier nodes make",
        "'\(node.inputs[index].excerpt(80))' that nothing makes")
    }
    return value
  }

  /// The value of an input that the operator cannot do without.
  func required(_ index: Int) throws(Problem) -> ONNXValue {
    guard let value = try input(index) else {
      throw refusal("missing-input", "the input \(index)", "none")
    }
    return value
  }

  /// A value that has its elements for each row.
  func batch(_ index: Int) throws(Problem) -> ONNXBatch {
    guard case .batch(let batch) = try required(index) else {
      throw refusal("constant-input", "the input \(index) to depend on the rows", "a constant")
    }
    return batch
  }

  /// A value of each row that holds numbers.
  mutating func numbers(_ index: Int) throws(Problem) -> ONNXBatch { try numbers(try batch(index)) }

  /// The value as numbers, where it holds indices.
  mutating func numbers(_ batch: ONNXBatch) throws(Problem) -> ONNXBatch {
    switch batch.content {
    case .numbers: return batch
    case .indices(let bound):
      try spend(bound)
      var result = batch
      result.content = .numbers
      result.value = try apply(Pick((0..<bound).map { Double($0) }), to: [batch.value], named: "numbers")
      return result
    case .texts, .names:
      throw refusal("unsupported-type", "an input of numbers", "texts")
    }
  }

  /// An input that is known before anything runs; nil where it is left out.
  func constantIfPresent(_ index: Int) throws(Problem) -> ONNXConstant? {
    switch try input(index) {
    case nil: return nil
    case .constant(let constant): return constant
    case .sizes(let sizes, let isScalar):
      var known: [Int64] = []
      for size in sizes {
        guard case .known(let number) = size else {
          throw refusal("variable-input", "the input \(index) to be constant", "the number of rows")
        }
        known.append(Int64(number))
      }
      return ONNXConstant(kind: .integer, shape: isScalar ? [] : [known.count], elements: .integers(known))
    case .batch:
      throw refusal("variable-input", "the input \(index) to be constant", "one that depends on the rows")
    }
  }

  /// An input that is known before anything runs.
  func constant(_ index: Int) throws(Problem) -> ONNXConstant {
    guard let constant = try constantIfPresent(index) else {
      throw refusal("missing-input", "the input \(index)", "none")
    }
    return constant
  }

  /// The numbers of a constant input, in a shape.
  func doubles(_ index: Int, shape: [Int]) throws(Problem) -> [Double] {
    let constant = try constant(index)
    guard constant.shape == shape, let doubles = constant.doubles else {
      throw refusal(
        "unexpected-shape", "the input \(index) to be numbers of the shape \(shape)",
        "the shape \(constant.shape)")
    }
    return doubles
  }

  /// The integers of a constant input; nil where it is left out.
  func integersIfPresent(_ index: Int) throws(Problem) -> [Int]? {
    guard let constant = try constantIfPresent(index) else { return nil }
    guard let integers = constant.integers, constant.shape.count <= 1 else {
      throw refusal("unexpected-type", "a list of integers as input \(index)", "another constant")
    }
    return integers.map { Int($0) }
  }

  /// The single number of a constant input; nil where it is left out.
  func scalarIfPresent(_ index: Int) throws(Problem) -> Double? {
    guard let constant = try constantIfPresent(index) else { return nil }
    guard constant.count == 1, let number = constant.doubles?.first else {
      throw refusal("unexpected-shape", "one number as input \(index)", "\(constant.count) elements")
    }
    return number
  }

  /// The axes that an operator works on: an input in newer versions of the operators, an attribute in older ones.
  mutating func axes(input index: Int) throws(Problem) -> [Int]? {
    let attribute = try integers("axes")
    return try integersIfPresent(index) ?? attribute
  }

  /// An axis that may be counted from the end.
  func axis(_ axis: Int, rank: Int) throws(Problem) -> Int {
    guard axis >= -rank, axis < rank else {
      throw refusal("unexpected-axis", "an axis from \(-rank) to \(rank - 1)", "\(axis)")
    }
    return axis < 0 ? axis + rank : axis
  }

  // MARK: - Making values

  /// Applies an operator.
  mutating func apply(_ operation: any Operator, to inputs: [GraphValue], named name: String) throws(Problem)
    -> GraphValue
  {
    try builder.apply(
      operation, to: inputs, named: name, origin: node.operation, position: "byte \(node.offset)")
  }

  /// Takes elements from the budget, before constants are made of them.
  mutating func spend(_ elements: Int) throws(Problem) {
    guard builder.spend(elements: elements) else {
      throw refusal(
        "too-large", "constants in proportion to the file", "\(elements) elements more")
    }
  }

  /// The elements of a tensor of the file.
  mutating func constant(of tensor: ONNXModel.Tensor) throws(Problem) -> ONNXConstant {
    guard !tensor.isExternal else {
      throw refusal(
        "external-weights", "weights in the file itself", "'\(tensor.name.excerpt(80))' in another file",
        hint: "save the model in one file")
    }
    guard let kind = ONNXKind(tensor.type) else {
      throw refusal(
        "unsupported-type", "weights in single or double precision, integers, truth values or texts",
        "\(tensor.type.map { "\($0)" } ?? "an unknown type") in '\(tensor.name.excerpt(80))'")
    }
    try spend(tensor.count)
    let elements: ONNXConstant.Elements?
    switch kind {
    case .text: elements = try reading { () throws(MalformedBytes) in try tensor.texts() }.map { .texts($0) }
    case .integer, .boolean:
      elements = try reading { () throws(MalformedBytes) in try tensor.integers() }.map { .integers($0) }
    case .float32, .float64:
      elements = try reading { () throws(MalformedBytes) in try tensor.doubles() }.map { .numbers($0) }
    }
    guard let elements else {
      throw refusal("unsupported-type", "elements that can be read in '\(tensor.name.excerpt(80))'", "others")
    }
    return ONNXConstant(kind: kind, shape: tensor.shape, elements: elements)
  }

  /// The columns at these places, as a value of a shape.
  mutating func rearranged(_ batch: ONNXBatch, _ axes: ONNXAxes?, rowAxis: Int) throws(Problem) -> ONNXBatch {
    guard let axes else { throw tooLarge() }
    guard !axes.places.isEmpty else { throw refusal("empty-value", "elements in each row", "none") }
    if axes.places.count == batch.columns, axes.isIdentity {
      return batch.reshaped(axes.shape, rowAxis: rowAxis)
    }
    try spend(axes.places.count)
    var source = batch
    if case .texts = batch.content {} else { source = try numbers(batch) }
    source.value = try apply(Columns(axes.places.map { Int64($0) }), to: [source.value], named: "columns")
    return source.reshaped(axes.shape, rowAxis: rowAxis)
  }

  /// A constant as a value that every row has alike, laid out like `like`.
  mutating func filled(_ constant: ONNXConstant, rowAxis: Int, shape: [Int], on any: GraphValue)
    throws(Problem) -> ONNXBatch
  {
    guard let doubles = constant.doubles, !doubles.isEmpty else {
      throw refusal("unsupported-type", "a constant of numbers", "another")
    }
    try spend(doubles.count)
    return ONNXBatch(
      value: try apply(Fill(doubles), to: [any], named: "constant"), kind: constant.kind, shape: shape,
      rowAxis: rowAxis)
  }

  /// The value rounded to the precision of its kind.
  mutating func rounded(_ batch: ONNXBatch) throws(Problem) -> ONNXBatch {
    guard batch.kind == .float32 else { return batch }
    var result = batch
    result.value = try apply(MapElements(.float32), to: [batch.value], named: "single")
    return result
  }

  /// A refusal of more elements than are laid out.
  func tooLarge() -> Problem {
    refusal(
      "too-large", "at most \(ONNXAxes.placeLimit) elements in each row, of a shape that fits", "others")
  }
}
