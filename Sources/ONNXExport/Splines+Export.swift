import Domain
import ModelGraph

extension SplineBasis: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let columns = operands[0].columns
    let x = operands[0].name
    let ends = ends
    let (lowest, highest) = (graph.numbers(ends.map(\.lowest)), graph.numbers(ends.map(\.highest)))
    var value: String
    switch outside {
    case .polynomial: value = splines(at: x, columns, derivative: false, into: &graph)
    case .periodic:
      value = splines(at: wrapped(x, columns, into: &graph), columns, derivative: false, into: &graph)
    case .refuse:
      value = splines(at: x, columns, derivative: false, into: &graph)
      let (first, last) = (knot(degree, columns), knot(knots.columns - 1 - degree, columns))
      let isOutside = graph.apply(
        "Or",
        [
          graph.apply("Less", [x, graph.numbers(first)]), graph.apply("Greater", [x, graph.numbers(last)]),
        ])
      value = graph.choice(beside(isOutside, columns, into: &graph), graph.number(.nan), value)
    case .constant, .linear:
      // Beyond the ends some splines go on, and all others are 0.
      let isBelow = graph.apply("Less", [x, lowest])
      let isAbove = graph.apply("Greater", [x, highest])
      let bounded = graph.choice(isBelow, lowest, graph.choice(isAbove, highest, x))
      value = splines(at: bounded, columns, derivative: false, into: &graph)
      var beyond = value
      if outside == .linear {
        let slopes = splines(at: bounded, columns, derivative: true, into: &graph)
        let distance = beside(graph.difference(x, bounded), columns, into: &graph)
        beyond = graph.sum(value, graph.product(distance, slopes))
      }
      let zero = graph.number(0)
      let count = coefficients.columns
      func going(_ isLow: Bool) -> String {
        var truths: [Bool] = []
        for end in ends {
          for place in 0..<count { truths.append((isLow ? place : count - 1 - place) < end.going) }
        }
        let mask = graph.constant(ONNXConstant(.booleans(truths), shape: [columns, count]))
        return graph.choice(mask, beyond, zero)
      }
      let below = graph.choice(beside(isBelow, columns, into: &graph), going(true), value)
      value = graph.choice(beside(isAbove, columns, into: &graph), going(false), below)
    }
    if zeroesMissing {
      let isMissing = beside(graph.isMissing(x), columns, into: &graph)
      value = graph.choice(isMissing, graph.number(0), value)
    }
    return graph.reshaped(value, [-1, columns * coefficients.columns])
  }

  /// Where the splines of a column end, and how many of them go on beyond it.
  ///
  /// The degree is raised from column to column as scikit-learn does it for splines that go on as lines.
  private var ends: [(lowest: Double, highest: Double, going: Int)] {
    var endDegree = degree
    return (0..<knots.rows).map { row in
      let own = Array(knots.elements[(row * knots.columns)..<((row + 1) * knots.columns)])
      let lines = endDegree <= 1 ? endDegree + 1 : endDegree
      let end = (
        own[min(endDegree, own.count - 1)], own[max(own.count - 1 - endDegree, 0)],
        min(outside == .linear ? lines : degree, coefficients.columns)
      )
      if outside == .linear, endDegree <= 1 { endDegree += 1 }
      return end
    }
  }

  /// One knot of each column.
  private func knot(_ place: Int, _ columns: Int) -> [Double] {
    (0..<columns).map { knots.elements[$0 * knots.columns + place] }
  }

  /// The elements of each column, each with an axis for the splines.
  private func beside(_ value: String, _ columns: Int, into graph: inout ONNXGraphWriter) -> String {
    graph.reshaped(value, [-1, columns, 1])
  }

  /// x in the first period; Python's remainder has the sign of the divisor.
  private func wrapped(_ x: String, _ columns: Int, into graph: inout ONNXGraphWriter) -> String {
    let start = knot(degree, columns)
    let period = zip(knot(knots.columns - 1 - degree, columns), start).map { $0 - $1 }
    let periods = graph.numbers(period.map { $0 > 0 ? $0 : 1 })
    let rest = graph.apply(
      "Mod", [graph.difference(x, graph.numbers(start)), periods], [("fmod", .integer(1))])
    let isNegative = graph.apply("Less", [rest, graph.number(0)])
    let positive = graph.choice(isNegative, graph.sum(rest, periods), rest)
    let place = graph.sum(graph.numbers(start), positive)
    guard !period.allSatisfy({ $0 > 0 }) else { return place }
    let holds = graph.constant(ONNXConstant(.booleans(period.map { $0 > 0 })))
    return graph.choice(holds, place, graph.number(0))
  }

  /// The splines of each column at its elements, or their first derivatives: `[rows, columns, splines]`.
  private func splines(
    at x: String, _ columns: Int, derivative: Bool, into graph: inout ONNXGraphWriter
  ) -> String {
    let inner = (degree + 1)..<basisCount
    // The interval between the inner knots that holds x, counted from the first.
    var interval = graph.rows(of: .doubles([Double](repeating: 0, count: columns)), like: x)
    if !inner.isEmpty {
      let edges = (0..<columns).flatMap { row in inner.map { knots.elements[row * knots.columns + $0] } }
      let table = graph.constant(ONNXConstant(.doubles(edges), shape: [columns, inner.count]))
      let passed = graph.apply("GreaterOrEqual", [beside(x, columns, into: &graph), table])
      interval = graph.count(passed, axis: 2, keeps: false)
    }
    let place = graph.cast(interval, to: .int64)
    let flat = graph.numbers(knots.elements)
    let firsts = (0..<columns).map { $0 * knots.columns + degree }
    // Those around x that the recursion asks for: of a degree d the last d before it and the first d after it.
    var around: [String] = []
    for offset in stride(from: 1 - degree, through: degree, by: 1) {
      around.append(graph.elements(flat, at: graph.sum(place, graph.integers(firsts.map { $0 + offset }))))
    }
    let functions = basis(at: x, derivative: derivative, around, into: &graph)
    let table = graph.constant(ONNXConstant(coefficients))
    var total: String?
    for (offset, function) in functions.enumerated() {
      let rows = graph.sum(place, graph.integers((0..<columns).map { $0 * basisCount + offset }))
      let term = graph.product(graph.elements(table, at: rows), beside(function, columns, into: &graph))
      total = total.map { graph.sum($0, term) } ?? term
    }
    return total ?? x
  }

  /// The basis functions that are not 0 in the interval, by the steps of the recursion.
  private func basis(
    at x: String, derivative: Bool, _ around: [String], into graph: inout ONNXGraphWriter
  ) -> [String] {
    let one = graph.sum(
      graph.product(graph.number(0), graph.cast(graph.isMissing(x), to: .double)), graph.number(1))
    let zero = graph.difference(one, one)
    guard !derivative || degree > 0 else { return [zero] }
    var h = [one] + [String](repeating: zero, count: degree)
    func ratio(_ value: String, _ upper: String, _ lower: String) -> String {
      // Where two knots are one, there is nothing.
      let isOne = graph.apply("Equal", [upper, lower])
      let width = graph.choice(isOne, graph.number(1), graph.difference(upper, lower))
      return graph.choice(isOne, graph.number(0), graph.quotient(value, width))
    }
    let steps = derivative ? degree - 1 : degree
    for j in stride(from: 1, through: steps, by: 1) {
      let before = h
      h[0] = zero
      for n in 1...j {
        let (upper, lower) = (around[n + degree - 1], around[n - j + degree - 1])
        let w = ratio(before[n - 1], upper, lower)
        h[n - 1] = graph.sum(h[n - 1], graph.product(w, graph.difference(upper, x)))
        h[n] = graph.product(w, graph.difference(x, lower))
      }
    }
    guard derivative else { return h }
    let before = h
    h[0] = zero
    for n in 1...degree {
      let scaled = graph.product(graph.number(Double(degree)), before[n - 1])
      let w = ratio(scaled, around[n + degree - 1], around[n - 1])
      h[n - 1] = graph.difference(h[n - 1], w)
      h[n] = w
    }
    return h
  }
}
