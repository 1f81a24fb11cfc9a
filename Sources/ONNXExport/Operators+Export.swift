import Domain
import ModelGraph

// Checks, which a runtime does not make; what they round is rounded.

extension CheckFinite: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    asFloat32 ? graph.rounded(operands[0].name) : operands[0].name
  }
}

extension CheckPresent: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    operands[0].name
  }
}

extension CheckWhole: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    operands[0].name
  }
}

// Columns.

extension Columns: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.apply(
      "Gather", [operands[0].name, graph.constant(ONNXConstant(.integers(indices)))], [("axis", .integer(1))])
  }
}

extension Concat: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.sideBySide(operands.map(\.name))
  }
}

extension Fill: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let shape = graph.apply("Shape", [operands[0].name], [("start", .integer(0)), ("end", .integer(1))])
    let target = graph.apply("Concat", [shape, graph.integers([numbers.count])], [("axis", .integer(0))])
    let row = graph.constant(ONNXConstant(.doubles(numbers), shape: [1, numbers.count]))
    return graph.apply("Expand", [row, target])
  }
}

// Choices.

extension Mirror: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.sideBySide([graph.apply("Neg", [operands[0].name]), operands[0].name])
  }
}

extension Complement: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.sideBySide([graph.apply("Sub", [graph.number(1), operands[0].name]), operands[0].name])
  }
}

extension ArgMax: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.apply("ArgMax", [operands[0].name], [("axis", .integer(1)), ("keepdims", .integer(1))])
  }
}

extension Positive: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let operation = includesThreshold ? "GreaterOrEqual" : "Greater"
    return graph.cast(graph.apply(operation, [operands[0].name, graph.number(threshold)]), to: .int64)
  }
}

extension Pick: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.apply("Gather", [graph.numbers(numbers), operands[0].name])
  }
}

extension Label: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.apply("Gather", [graph.constant(ONNXConstant(ONNXElements(labels.elements))), operands[0].name])
  }
}

extension Cast: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.cast(operands[0].name, to: ONNXType(datatype))
  }
}

// Arithmetic.

extension Scale: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var value = operands[0].name
    if let offset { value = graph.apply("Sub", [value, graph.numbers(offset)]) }
    if let divisor { value = graph.apply("Div", [value, graph.numbers(divisor)]) }
    return value
  }
}

extension Linear: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let product = graph.matrixProduct(operands[0].name, graph.constant(ONNXConstant(coefficients.transposed)))
    return graph.apply("Add", [product, graph.numbers(intercepts)])
  }
}

extension Softmax: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.apply("Softmax", [operands[0].name], [("axis", .integer(1))])
  }
}

extension NormalizeRows: ONNXExportable {
  private static let operations: [Norm: String] = [
    .sum: "ReduceSum", .l1: "ReduceL1", .l2: "ReduceL2", .max: "ReduceMax",
  ]

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let value = operands[0].name
    guard let operation = Self.operations[norm] else { throw inexpressible("the norm '\(norm.rawValue)'") }
    let measured = norm == .max ? graph.apply("Abs", [value]) : value
    let size = graph.apply(operation, [measured, graph.integers([1])])
    if zeroNorm == .divide { return graph.apply("Div", [value, size]) }
    let isZero =
      zeroNorm == .keepTiny
      ? graph.apply("Less", [size, graph.number(10 * Double.ulpOfOne)])
      : graph.apply("Equal", [size, graph.number(0)])
    if zeroNorm == .uniform {
      let share = graph.number(1 / Double(operands[0].columns))
      return graph.choice(isZero, share, graph.apply("Div", [value, size]))
    }
    guard zeroNorm == .keep || zeroNorm == .keepTiny else {
      throw inexpressible("the rule '\(zeroNorm.rawValue)'")
    }
    return graph.apply("Div", [value, graph.choice(isZero, graph.number(1), size)])
  }
}

extension ReduceRows: ONNXExportable {
  private static let operations: [Reduction: String] = [
    .sum: "ReduceSum", .mean: "ReduceMean", .max: "ReduceMax", .min: "ReduceMin", .product: "ReduceProd",
    .sumOfSquares: "ReduceSumSquare", .logSumExp: "ReduceLogSumExp",
  ]

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    guard let operation = Self.operations[reduction] else {
      throw inexpressible("the reduction '\(reduction.rawValue)'")
    }
    return graph.apply(operation, [operands[0].name, graph.integers([1])])
  }
}

extension Combine: ONNXExportable {
  private static let arithmetic: [Function: String] = [
    .add: "Add", .subtract: "Sub", .multiply: "Mul", .divide: "Div", .power: "Pow", .minimum: "Min",
    .maximum: "Max",
  ]
  private static let comparisons: [Function: String] = [
    .less: "Less", .lessEqual: "LessOrEqual", .greater: "Greater", .greaterEqual: "GreaterOrEqual",
    .equal: "Equal",
  ]

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var pair = operands.map(\.name)
    if let constants {
      let constant = constants.count == 1 ? graph.number(constants[0]) : graph.numbers(constants)
      pair = constantsFirst ? [constant, pair[0]] : [pair[0], constant]
    }
    if let operation = Self.arithmetic[function] { return graph.apply(operation, pair) }
    if let operation = Self.comparisons[function] {
      return graph.cast(graph.apply(operation, pair), to: .double)
    }
    guard function == .fillMissing else { throw inexpressible("the function '\(function.rawValue)'") }
    return graph.choice(graph.apply("IsNaN", [pair[0]]), pair[1], pair[0])
  }
}

extension MapElements: ONNXExportable {
  /// The functions that ONNX Runtime computes in double precision by an operator of the name.
  private static let direct: [Function: String] = [
    .absolute: "Abs", .negative: "Neg", .exp: "Exp", .log: "Log", .sqrt: "Sqrt", .reciprocal: "Reciprocal",
    .sign: "Sign", .floor: "Floor", .ceil: "Ceil", .rint: "Round", .sin: "Sin", .cos: "Cos", .tanh: "Tanh",
    .relu: "Relu",
  ]

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = operands[0].name
    if let operation = Self.direct[function] { return graph.apply(operation, [x]) }
    func with(_ operation: String, _ left: String, _ number: Double) -> String {
      graph.apply(operation, [left, graph.number(number)])
    }
    switch function {
    case .float32: return graph.rounded(x)
    case .logistic: return graph.logistic(x, one: graph.number(1))
    case .erf: return graph.erf(x)
    case .isMissing: return graph.cast(graph.apply("IsNaN", [x]), to: .double)
    case .square: return graph.apply("Mul", [x, x])
    case .trunc: return graph.truncated(x)
    case .exp2: return graph.apply("Pow", [graph.number(2), x])
    case .log2: return with("Div", graph.apply("Log", [x]), 0.693147180559945309417)
    case .log10: return with("Div", graph.apply("Log", [x]), 2.302585092994045684018)
    case .cbrt:
      return graph.apply("Mul", [graph.apply("Sign", [x]), with("Pow", graph.apply("Abs", [x]), 1.0 / 3)])
    case .radians: return with("Mul", x, Double.pi / 180)
    case .degrees: return with("Mul", x, 180 / Double.pi)
    case .tan: return graph.apply("Div", [graph.apply("Sin", [x]), graph.apply("Cos", [x])])
    case .expm1:
      // tanh(x ÷ 2) · (eˣ + 1), which loses nothing near 0; far above, eˣ − 1 itself.
      let power = graph.apply("Exp", [x])
      let half = graph.apply("Tanh", [with("Mul", x, 0.5)])
      let near = graph.apply("Mul", [half, with("Add", power, 1)])
      return graph.choice(with("Less", graph.apply("Abs", [x]), 1), near, with("Sub", power, 1))
    case .log1p:
      // log(1 + x) · x ÷ ((1 + x) − 1), which loses nothing near 0 (Goldberg, 1991, theorem 4).
      let sum = with("Add", x, 1)
      let back = with("Sub", sum, 1)
      let isZero = with("Equal", back, 0)
      let ratio = graph.apply("Div", [x, graph.choice(isZero, graph.number(1), back)])
      let product = graph.apply("Mul", [graph.apply("Log", [sum]), ratio])
      let near = graph.choice(isZero, x, product)
      return graph.choice(with("Less", graph.apply("Abs", [x]), 1), near, graph.apply("Log", [sum]))
    default:
      throw inexpressible("the function '\(function.rawValue)', which no runtime has in double precision")
    }
  }
}
