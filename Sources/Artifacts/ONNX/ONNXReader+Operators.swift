import Encoding

// What single operators do with their constants: shapes to be made, loops, and the parameters of the operators of
// `ai.onnx.ml`, which runtimes index by one another without a look at their lengths.
extension ONNXReader {
  /// From how many rounds on a loop that nothing can end is as good as endless.
  private static let endlessCount: Int64 = 1 << 40
  /// How many outputs a tree ensemble may have.
  private static let targetLimit: Int64 = 1 << 24

  mutating func checkOperator(_ node: ONNXNode) throws(MalformedBytes) {
    if node.isMachineLearning {
      try checkMachineLearning(node)
    } else {
      try checkStandard(node)
    }
    propagateWidth(node)
  }

  // MARK: - The standard's own domain

  private mutating func checkStandard(_ node: ONNXNode) throws(MalformedBytes) {
    switch node.operation {
    case "Constant":
      if let tensor = node.attribute("value")?.tensor {
        // It was measured when the attribute was read.
        let count = reading.tensorCount
        let observed = reading.observations.count
        let external = reading.externalData.count
        let value = try readTensor(tensor, at: node.offset)
        reading.tensorCount = count
        reading.observations.removeLast(reading.observations.count - observed)
        reading.externalData.removeLast(reading.externalData.count - external)
        if value.type == .int64 || value.type == .int32, let values = value.integers(limit: 16) {
          keepConstant(values, named: node.firstOutput)
        }
      } else if let integer = node.attribute("value_int")?.integer {
        keepConstant([integer], named: node.firstOutput)
      } else if let list = node.attribute("value_ints"), list.integerCount <= 16 {
        keepConstant(try wideIntegers(list), named: node.firstOutput)
      }
    case "ConstantOfShape": checkShape(constant(node, 0), node)
    case "Expand", "Tile": checkShape(constant(node, 1), node)
    case "OneHot": checkShape(constant(node, 1), node)
    case "RandomNormal", "RandomUniform":
      if let shape = node.attribute("shape"), shape.integerCount <= 64 {
        checkShape(try wideIntegers(shape), node)
      }
    case "Loop": checkLoop(node)
    default: break
    }
  }

  private func wideIntegers(_ attribute: ONNXAttribute) throws(MalformedBytes) -> [Int64] {
    var values: [Int64] = []
    var fields = ProtobufReader(attribute.bytes, origin: origin)
    while let field = try fields.next() {
      if field.number == 8 { try field.forEachInteger { values.append($0) } }
    }
    return values
  }

  private func constant(_ node: ONNXNode, _ index: Int) -> [Int64]? {
    guard node.inputs.indices.contains(index) else { return nil }
    return constants[node.inputs[index].stableHash]
  }

  /// A shape that an operator fills has to fit in memory.
  private mutating func checkShape(_ shape: [Int64]?, _ node: ONNXNode) {
    guard let shape else { return }
    var tensor = ONNXTensor(name: node.firstOutput)
    tensor.dimensions = shape
    if let count = tensor.elementCount, count <= Self.absurdByteCount { return }
    // Tile and Expand leave a dimension of -1 or 0 to the reader, who refuses it.
    guard shape.contains(where: { $0 > 1 }) else { return }
    observe(
      .shape,
      "expected \(node.operation) \(node.label) to make a shape that fits in memory, found"
        + " [\(shape.map(String.init).joined(separator: ", "))]", node.offset)
  }

  /// Without a condition nothing ends a loop but its count.
  private mutating func checkLoop(_ node: ONNXNode) {
    let hasCondition = node.inputs.count > 1 && !node.inputs[1].isEmpty
    guard !hasCondition else { return }
    let hasCount = !(node.inputs.first?.isEmpty ?? true)
    if !hasCount {
      observe(
        .endlessLoop, "expected a count or a condition for the loop \(node.label), found neither", node.offset
      )
    } else if let count = constant(node, 0)?.first, count > Self.endlessCount {
      observe(
        .endlessLoop, "expected a loop \(node.label) that ends, found \(count) rounds and no condition",
        node.offset)
    }
  }

  // MARK: - ai.onnx.ml

  private mutating func checkMachineLearning(_ node: ONNXNode) throws(MalformedBytes) {
    switch node.operation {
    case "TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble":
      var trees = ONNXTrees(node, width: node.inputs.first.flatMap { widths[$0.stableHash] })
      try trees.check()
      for fault in trees.faults { observe(fault.kind, "\(fault.detail) in \(node.label)", fault.offset) }
    case "LinearClassifier": checkLinear(node, outputs: node.attribute("intercepts")?.floatCount ?? 0)
    case "LinearRegressor": checkLinear(node, outputs: Int(clamping: node.attribute("targets")?.integer ?? 1))
    case "SVMClassifier", "SVMRegressor": try checkSupportVectors(node)
    default: break
    }
  }

  private mutating func checkLinear(_ node: ONNXNode, outputs: Int) {
    let coefficients = node.attribute("coefficients")?.floatCount ?? 0
    guard outputs > 0 else {
      if node.operation == "LinearRegressor" {
        observe(.lengths, "expected at least one target of \(node.label), found \(outputs)", node.offset)
      }
      return
    }
    let intercepts = node.attribute("intercepts")?.floatCount ?? 0
    if !coefficients.isMultiple(of: outputs) || intercepts > 0 && intercepts != outputs {
      observe(
        .lengths,
        "expected as many coefficients for each of \(outputs) outputs of \(node.label), found"
          + " \(coefficients) and \(intercepts) intercepts", node.offset)
    } else if let input = node.inputs.first, let width = widths[input.stableHash],
      Int64(coefficients / outputs) != width
    {
      observe(
        .lengths,
        "expected \(width) coefficients for each output of \(node.label), found"
          + " \(coefficients / outputs)", node.offset)
    }
  }

  private mutating func checkSupportVectors(_ node: ONNXNode) throws(MalformedBytes) {
    let vectors = node.attribute("support_vectors")?.floatCount ?? 0
    let coefficients = node.attribute("coefficients")?.floatCount ?? 0
    var count = 0
    var classes = 1
    if node.operation == "SVMRegressor" {
      count = Int(clamping: node.attribute("n_supports")?.integer ?? 0)
    } else if let perClass = node.attribute("vectors_per_class") {
      let counts = try perClass.integers()
      if let negative = counts.first(where: { $0 < 0 }) {
        observe(.lengths, "expected counts of vectors in \(node.label), found \(negative)", node.offset)
        return
      }
      count = counts.reduce(0) { $0 + Int($1) }
      classes = max(1, counts.count - 1)
    }
    guard count != 0 else { return }
    let (needed, overflow) = count.multipliedReportingOverflow(by: classes)
    if count < 0 || overflow || vectors == 0 || !vectors.isMultiple(of: count) || needed != coefficients {
      observe(
        .lengths,
        "expected vectors and coefficients for \(count) supports of \(node.label), found \(vectors) and"
          + " \(coefficients) numbers", node.offset)
    }
  }

  /// Operators that leave the last dimension as it is hand on its size.
  private mutating func propagateWidth(_ node: ONNXNode) {
    let keeps = [
      "Cast", "Identity", "Scaler", "Normalizer", "Binarizer", "Imputer", "Abs", "Relu", "Sigmoid", "Tanh",
    ]
    guard keeps.contains(node.operation), let input = node.inputs.first,
      let width = widths[input.stableHash], widths[node.firstOutput.stableHash] == nil, widths.count < 100_000
    else { return }
    widths[node.firstOutput.stableHash] = width
  }
}
