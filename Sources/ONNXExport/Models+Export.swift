import Domain
import ModelGraph

// What single libraries compute.

extension MarkMissing: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = operands[0].name
    let isAbove = graph.apply("GreaterOrEqual", [x, graph.number(lowest)])
    let isBelow = graph.apply("LessOrEqual", [x, graph.number(highest)])
    return graph.choice(graph.apply("And", [isAbove, isBelow]), graph.number(.nan), x)
  }
}

extension SingleLink: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = graph.cast(operands[0].name, to: .float)
    func number(_ value: Float) -> String { graph.constant(ONNXConstant(.floats([value]), shape: [])) }
    let result: String
    switch function {
    case .exp: result = graph.apply("Exp", [x])
    case .logistic: result = graph.logistic(x, one: number(1))
    case .boundedLogistic:
      let power = graph.apply("Exp", [graph.apply("Min", [graph.apply("Neg", [x]), number(88.7)])])
      result = graph.apply("Div", [number(1), graph.apply("Add", [power, number(1)])])
    case .softmax:
      // The sum alone is in double precision.
      let axes = graph.integers([1])
      let powers = graph.apply("Exp", [graph.apply("Sub", [x, graph.apply("ReduceMax", [x, axes])])])
      let sum = graph.apply("ReduceSum", [graph.cast(powers, to: .double), axes])
      result = graph.apply("Div", [powers, graph.cast(sum, to: .float)])
    }
    return graph.cast(result, to: .double)
  }
}

extension SingleLinear: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = graph.cast(operands[0].name, to: .float)
    let zero = graph.constant(ONNXConstant(.floats([0]), shape: []))
    let filled = graph.choice(graph.apply("IsNaN", [x]), zero, x)
    let matrix = ONNXConstant(
      .floats(weights.elements.map { Float($0) }), shape: [weights.rows, weights.columns])
    let product = graph.matrixProduct(filled, graph.constant(matrix))
    let sum = graph.apply(
      "Add", [product, graph.constant(ONNXConstant(.floats(bias.map { Float($0) })))])
    return graph.cast(sum, to: .double)
  }
}

extension SquaredDeviations: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = graph.besidePoints(operands[0].name, columns: operands[0].columns)
    let deviation = graph.apply("Sub", [x, graph.constant(ONNXConstant(centers))])
    let square = graph.apply("Mul", [deviation, deviation])
    let share = graph.apply("Div", [square, graph.constant(ONNXConstant(variances))])
    return graph.apply("ReduceSum", [share, graph.integers([2])], [("keepdims", .integer(0))])
  }
}

extension CategoryScores: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let places = graph.cast(graph.truncated(operands[0].name), to: .int64)
    var sum: String?
    for column in 0..<operands[0].columns {
      let (first, last) = (Int(starts[column]), Int(starts[column + 1]))
      let rows = scores.elements[(first * scores.columns)..<(last * scores.columns)]
      let table = graph.constant(
        ONNXConstant(.doubles(Array(rows)), shape: [last - first, scores.columns]))
      // A place without its axis, so that a row of the table stands in its stead.
      let place = graph.apply(
        "Gather", [places, graph.constant(ONNXConstant(.integers([Int64(column)]), shape: []))],
        [("axis", .integer(1))])
      let own = graph.apply("Gather", [table, place])
      sum = sum.map { graph.apply("Add", [$0, own]) } ?? own
    }
    guard let sum else { throw inexpressible("no columns") }
    return sum
  }
}

extension TopElements: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let groups = operands[0].columns / size
    let value = graph.reshaped(operands[0].name, [-1, groups, size])
    let (elements, places) = graph.applyForTwo(
      "TopK", [value, graph.integers([count])],
      [("axis", .integer(2)), ("largest", .integer(largest ? 1 : 0))])
    return graph.sideBySide([
      graph.reshaped(elements, [-1, groups * count]),
      graph.reshaped(graph.cast(places, to: .double), [-1, groups * count]),
    ])
  }
}

extension Convolve: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    guard (weights + bias).allSatisfy({ Double(Float($0)) == $0 }) else {
      throw inexpressible("weights in double precision, in which no runtime convolves")
    }
    let shape = [bias.count, channels / groups] + window.kernel
    let x = graph.reshaped(graph.cast(operands[0].name, to: .float), [-1, channels] + window.places)
    let result = graph.apply(
      "Conv",
      [
        x, graph.constant(ONNXConstant(.floats(weights.map { Float($0) }), shape: shape)),
        graph.constant(ONNXConstant(.floats(bias.map { Float($0) }))),
      ], window.parameters + [("group", .integer(groups))])
    return graph.cast(graph.reshaped(result, [0, -1]), to: .double)
  }
}

extension Pool: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var parameters = window.parameters + [("ceil_mode", .integer(window.roundsUp ? 1 : 0))]
    let x = graph.reshaped(operands[0].name, [-1, channels] + window.places)
    switch pooling {
    case .max: return graph.reshaped(graph.apply("MaxPool", [x], parameters), [0, -1])
    case .mean:
      // A runtime has the mean in single precision alone.
      parameters.append(("count_include_pad", .integer(countsPadding ? 1 : 0)))
      let result = graph.apply("AveragePool", [graph.cast(x, to: .float)], parameters)
      return graph.cast(graph.reshaped(result, [0, -1]), to: .double)
    }
  }
}

extension SlidingWindow {
  /// The attributes of an operator with a window.
  fileprivate var parameters: [(String, ONNXParameter)] {
    [
      ("kernel_shape", .integers(kernel)), ("strides", .integers(strides)),
      ("dilations", .integers(dilations)),
      ("pads", .integers(before + after)),
    ]
  }
}

extension DotProducts: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.matrixProduct(operands[0].name, graph.constant(ONNXConstant(points.transposed)))
  }
}
