import Domain
import ModelGraph

// What is solved step by step.

extension SolveTriangular: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let columns = operands[0].columns
    let places = graph.integers(Array(0..<columns))
    let table = graph.constant(ONNXConstant(factor))
    let diagonal = graph.numbers((0..<columns).map { factor.elements[$0 * columns + $0] })
    let target = operands[0].name
    let start = graph.rows(of: .doubles([Double](repeating: 0, count: columns)), like: target)
    return try graph.loop(count: columns, [(start, .double)]) { graph, turn, state throws(Problem) in
      // What is not solved for yet is 0.
      let known = graph.product(state[0], graph.elements(table, at: turn))
      let sum = graph.apply("ReduceSum", [known, graph.integers([1])])
      let one = graph.reshaped(turn, [1])
      let own = graph.apply("Gather", [target, one], [("axis", .integer(1))])
      let solution = graph.quotient(graph.difference(own, sum), graph.elements(diagonal, at: one))
      return (nil, [graph.choice(graph.apply("Equal", [places, turn]), solution, state[0])])
    }[0]
  }
}

extension NonNegativeFactors: ONNXExportable {
  /// How many components there may be: each has nodes of its own for every turn.
  private static let componentLimit = 256

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let count = components.rows
    guard count <= Self.componentLimit else {
      throw inexpressible("\(count) components, more than \(Self.componentLimit)")
    }
    let rows = operands[0].name
    let product = graph.matrixProduct(rows, graph.constant(ONNXConstant(components.transposed)))
    let targets = graph.difference(product, graph.number(l1))
    let products = products
    let start = graph.rows(of: .doubles([Double](repeating: 0, count: count)), like: rows)
    let first = graph.rows(of: .doubles([0]), like: rows)
    let isOpen = graph.rows(of: .booleans([true]), like: rows)
    let zero = graph.number(0)
    return try graph.loop(count: iterations, [(start, .double), (first, .double), (isOpen, .bool)]) {
      graph, turn, state throws(Problem) in
      var factors = state[0]
      var violation = zero
      for index in 0..<count {
        let own = Array(products[(index * count)..<((index + 1) * count)])
        let pull = graph.orderedSum(graph.product(factors, graph.numbers(own)), count: count)
        let gradient = graph.difference(pull, graph.columns(targets, [index]))
        let factor = graph.columns(factors, [index])
        let isZero = graph.apply("Equal", [factor, zero])
        let part = graph.choice(isZero, graph.apply("Min", [gradient, zero]), gradient)
        violation = graph.sum(violation, graph.size(part))
        guard own[index] != 0 else { continue }
        let step = graph.quotient(gradient, graph.number(own[index]))
        let moved = graph.apply("Max", [graph.difference(factor, step), zero])
        let isOwn = graph.constant(ONNXConstant(.booleans((0..<count).map { $0 == index })))
        factors = graph.choice(isOwn, moved, factors)
      }
      let isFirst = graph.apply("Equal", [turn, graph.constant(ONNXConstant(.integers([0]), shape: []))])
      let reference = graph.choice(isFirst, violation, state[1])
      let isDone = graph.apply(
        "Or",
        [
          graph.apply("Equal", [reference, zero]),
          graph.apply("LessOrEqual", [graph.quotient(violation, reference), graph.number(tolerance)]),
        ])
      let after = graph.choice(state[2], factors, state[0])
      let isOpen = graph.apply("And", [state[2], graph.apply("Not", [isDone])])
      let open = graph.count(isOpen, axis: 0, keeps: false)
      let continues = graph.reshaped(graph.apply("Greater", [open, zero]), [])
      return (continues, [after, reference, isOpen])
    }[0]
  }

  /// components · componentsᵀ, the diagonal with the weight of squares.
  private var products: [Double] {
    let (count, width) = (components.rows, components.columns)
    var products = [Double](repeating: 0, count: count * count)
    for first in 0..<count {
      for second in 0..<count {
        var sum = 0.0
        for column in 0..<width {
          sum.addProduct(
            components.elements[first * width + column], components.elements[second * width + column])
        }
        products[first * count + second] = sum + (first == second ? l2 : 0)
      }
    }
    return products
  }
}

extension LogisticOfGaussian: ONNXExportable {
  /// How steep each error function is, and how much of it is taken: the numbers of scikit-learn.
  private static let terms: [(steepness: Double, weight: Double)] = [
    (0.41, -1854.8214151), (0.4, 3516.89893646), (0.37, 221.29346712),
    (0.44, 128.12323805), (0.39, -2010.49422654),
  ]

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let (mean, variance) = (operands[0].name, operands[1].name)
    let alpha = graph.quotient(graph.number(1), graph.product(graph.number(2), variance))
    let root = graph.apply("Sqrt", [graph.quotient(graph.number(Double.pi), alpha)])
    let width = graph.product(graph.product(variance, graph.number(2)), graph.number(Double.pi))
    let under = graph.product(graph.number(2), graph.apply("Sqrt", [width]))
    var sum = graph.number(0)
    for (steepness, weight) in Self.terms {
      let flat = graph.sum(alpha, graph.number(steepness * steepness))
      let share = graph.apply("Sqrt", [graph.quotient(alpha, flat)])
      let scaled = graph.product(graph.product(graph.number(steepness), mean), share)
      let integral = graph.quotient(graph.product(root, graph.erf(scaled)), under)
      sum = graph.sum(sum, graph.product(graph.number(weight), integral))
    }
    let half = Self.terms.reduce(0.0) { $0 + 0.5 * $1.weight }
    return graph.sum(sum, graph.number(half))
  }
}

extension WeightedMedian: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = operands[0].name
    let count = operands[0].columns
    let least: [(String, ONNXParameter)] = [("axis", .integer(1)), ("largest", .integer(0))]
    // NaN comes last: in the order of the numbers first, then, which keeps that order, by what is NaN.
    let isMissing = graph.isMissing(x)
    let keys = graph.choice(isMissing, graph.number(.infinity), x)
    let (_, byNumber) = graph.applyForTwo("TopK", [keys, graph.integers([count])], least)
    let missing = graph.rowElements(graph.cast(isMissing, to: .double), at: byNumber)
    let (_, byKind) = graph.applyForTwo("TopK", [missing, graph.integers([count])], least)
    let order = graph.rowElements(byNumber, at: byKind)
    let sums = graph.apply(
      "CumSum", [graph.elements(graph.numbers(weights), at: order), graph.integers([1])])
    let half = graph.product(graph.number(0.5), graph.columns(sums, [count - 1]))
    let reaches = graph.cast(graph.apply("GreaterOrEqual", [sums, half]), to: .double)
    let place = graph.apply("ArgMax", [reaches], [("axis", .integer(1)), ("keepdims", .integer(1))])
    return graph.rowElements(x, at: graph.rowElements(order, at: place))
  }
}
