import Domain
import ModelGraph

// Runs of columns.

extension ReduceGroups: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let groups = operands[0].columns / size
    let value = graph.reshaped(operands[0].name, [-1, groups, size])
    func reduced(_ operation: String) -> String {
      graph.apply(operation, [value, graph.integers([2])], [("keepdims", .integer(0))])
    }
    func place(_ operation: String, isLast: Bool) -> String {
      graph.cast(
        graph.apply(
          operation, [value],
          [("axis", .integer(2)), ("keepdims", .integer(0)), ("select_last_index", .integer(isLast ? 1 : 0))]),
        to: .double)
    }
    switch reduction {
    case .sum: return reduced("ReduceSum")
    case .mean: return reduced("ReduceMean")
    case .max: return reduced("ReduceMax")
    case .min: return reduced("ReduceMin")
    case .product: return reduced("ReduceProd")
    case .sumOfSquares: return reduced("ReduceSumSquare")
    case .l1: return reduced("ReduceL1")
    case .l2: return reduced("ReduceL2")
    case .logSum: return reduced("ReduceLogSum")
    case .logSumExp: return reduced("ReduceLogSumExp")
    case .firstGreatest: return place("ArgMax", isLast: false)
    case .lastGreatest: return place("ArgMax", isLast: true)
    case .firstLeast: return place("ArgMin", isLast: false)
    case .lastLeast: return place("ArgMin", isLast: true)
    }
  }
}

extension SoftmaxGroups: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let columns = operands[0].columns
    let value = graph.reshaped(operands[0].name, [-1, columns / size, size])
    let result = graph.apply(isLogarithm ? "LogSoftmax" : "Softmax", [value], [("axis", .integer(2))])
    return graph.reshaped(result, [-1, columns])
  }
}

extension NormalizeGroups: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let columns = operands[0].columns
    let value = graph.reshaped(operands[0].name, [-1, columns / size, size])
    let axes = graph.integers([2])
    let centred = graph.apply("Sub", [value, graph.apply("ReduceMean", [value, axes])])
    let variance = graph.apply("ReduceMean", [graph.apply("Mul", [centred, centred]), axes])
    let deviation = graph.apply("Sqrt", [graph.apply("Add", [variance, graph.number(epsilon)])])
    return graph.reshaped(graph.apply("Div", [centred, deviation]), [-1, columns])
  }
}

extension LinearGroups: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let groups = operands[0].columns / coefficients.columns
    let value = graph.reshaped(operands[0].name, [-1, groups, coefficients.columns])
    let product = graph.apply("MatMul", [value, graph.constant(ONNXConstant(coefficients.transposed))])
    let sum = graph.apply("Add", [product, graph.numbers(intercepts)])
    return graph.reshaped(sum, [-1, groups * coefficients.rows])
  }
}

extension MatrixProduct: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let pairs = operands[0].columns / (rows * inner)
    let left = graph.reshaped(operands[0].name, [-1, pairs, rows, inner])
    let right = graph.reshaped(operands[1].name, [-1, pairs, inner, columns])
    return graph.reshaped(graph.apply("MatMul", [left, right]), [-1, pairs * rows * columns])
  }
}

extension Select: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    graph.choice(graph.cast(operands[0].name, to: .bool), operands[1].name, operands[2].name)
  }
}

extension Embed: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let places = graph.cast(operands[0].name, to: .int64)
    let rows = graph.apply("Gather", [graph.constant(ONNXConstant(table)), places])
    return graph.reshaped(rows, [-1, operands[0].columns * table.columns])
  }
}
