import Domain
import ModelGraph

// What single transformers and ensembles compute.

extension PickRows: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let rows = graph.apply("Gather", [graph.constant(ONNXConstant(table)), operands[0].name])
    return graph.reshaped(rows, [-1, table.columns])
  }
}

extension AddValues: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var sum = graph.apply("Add", [operands[0].name, graph.number(0)])
    for operand in operands.dropFirst() { sum = graph.apply("Add", [sum, operand.name]) }
    return sum
  }
}

extension Products: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    // Terms of as many factors are made together, out of those that have one less.
    var factors = [Int](repeating: 0, count: bases.count)
    for term in bases.indices where features[term] >= 0 {
      factors[term] = bases[term] < 0 ? 1 : factors[Int(bases[term])] + 1
    }
    let x = operands[0].name
    func columns(_ value: String, _ places: [Int]) -> String {
      graph.apply("Gather", [value, graph.integers(places)], [("axis", .integer(1))])
    }
    var parts: [String] = []
    var place = [Int](repeating: 0, count: bases.count)
    var before = ""
    var total = 0
    var placeBefore = place
    for count in 0...(factors.max() ?? 0) {
      let terms = bases.indices.filter { factors[$0] == count }
      guard !terms.isEmpty else { continue }
      var value = columns(x, terms.map { max(0, Int(features[$0])) })
      if count == 0 {
        value = try Fill([Double](repeating: 1, count: terms.count)).export(operands, into: &graph)
      } else if count > 1 {
        value = graph.apply("Mul", [columns(before, terms.map { placeBefore[Int(bases[$0])] }), value])
      }
      for (index, term) in terms.enumerated() {
        placeBefore[term] = index
        place[term] = total + index
      }
      before = value
      total += terms.count
      parts.append(value)
    }
    return columns(graph.sideBySide(parts), Array(place[hidden...]))
  }
}

extension Bins: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var x = operands[0].name
    if nudges {
      let size = graph.apply("Mul", [graph.apply("Abs", [x]), graph.number(1e-5)])
      x = graph.apply("Add", [x, graph.apply("Add", [graph.number(1e-8), size])])
    }
    var parts: [String] = []
    for column in 0..<operands[0].columns {
      let own = graph.apply("Gather", [x, graph.integers([column])], [("axis", .integer(1))])
      let edges = Array(edges[Int(starts[column])..<Int(starts[column + 1])])
      var bin: String
      if edges.isEmpty {
        bin = try Fill([0]).export(operands, into: &graph)
      } else {
        let reached = graph.apply("GreaterOrEqual", [own, graph.numbers(edges)])
        let counted = graph.apply("Or", [reached, graph.apply("IsNaN", [own])])
        bin = graph.apply("ReduceSum", [graph.cast(counted, to: .double), graph.integers([1])])
      }
      if oneHot {
        let places = (0...edges.count).map { Double($0) }
        bin = graph.cast(graph.apply("Equal", [bin, graph.numbers(places)]), to: .double)
      }
      parts.append(bin)
    }
    return graph.sideBySide(parts)
  }
}

extension PowerTransform: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = operands[0].name
    guard method != .boxCox else { return raised(x, powers, into: &graph) }
    func with(_ operation: String, _ left: String, _ number: Double) -> String {
      graph.apply(operation, [left, graph.number(number)])
    }
    // Either half is computed of what is safe for it.
    let above = raised(with("Add", with("Max", x, 0), 1), powers, into: &graph)
    let size = with("Add", graph.apply("Neg", [with("Min", x, 0)]), 1)
    let below = graph.apply("Neg", [raised(size, powers.map { 2 - $0 }, into: &graph)])
    return graph.choice(
      with("GreaterOrEqual", x, 0), above, graph.choice(graph.apply("IsNaN", [x]), x, below))
  }

  /// (xᵏ − 1) ÷ k, or ln x in the columns where k is 0.
  private func raised(_ x: String, _ powers: [Double], into graph: inout ONNXGraphWriter) -> String {
    let safe = powers.map { $0 == 0 ? 1 : $0 }
    let power = graph.apply("Pow", [x, graph.numbers(safe)])
    let curve = graph.apply("Div", [graph.apply("Sub", [power, graph.number(1)]), graph.numbers(safe)])
    guard powers.contains(0) else { return curve }
    let test = graph.constant(ONNXConstant(.booleans(powers.map { $0 == 0 })))
    return graph.choice(test, graph.apply("Log", [x]), curve)
  }
}

// A runtime has no missing texts: only those count that a text stands for.

extension FillTexts: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    guard let missing else { return operands[0].name }
    let test = graph.apply("Equal", [operands[0].name, graph.constant(ONNXConstant(.texts([missing])))])
    return graph.choice(test, graph.constant(ONNXConstant(.texts(texts))), operands[0].name)
  }
}

extension MissingTexts: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    guard let missing else {
      return try Fill([Double](repeating: 0, count: operands[0].columns)).export(operands, into: &graph)
    }
    let test = graph.apply("Equal", [operands[0].name, graph.constant(ONNXConstant(.texts([missing])))])
    return graph.cast(test, to: .double)
  }
}
