import Domain
import ModelGraph

// What is decided between two classes at a time.

extension PairDecisions: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    // A column of coefficients for each pair, 0 for the vectors of other classes.
    let vectors = operands[0].columns
    var starts = [0]
    for count in counts { starts.append((starts.last ?? 0) + Int(count)) }
    var columns: [Double] = []
    for first in counts.indices {
      for second in counts.indices where second > first {
        var column = [Double](repeating: 0, count: vectors)
        for vector in starts[first]..<starts[first + 1] {
          column[vector] = coefficients.elements[(second - 1) * vectors + vector]
        }
        for vector in starts[second]..<starts[second + 1] {
          column[vector] = coefficients.elements[first * vectors + vector]
        }
        columns += column
      }
    }
    guard let matrix = ConstantMatrix(columns, rows: intercepts.count, columns: vectors) else {
      throw inexpressible("more coefficients than fit")
    }
    let product = graph.matrixProduct(operands[0].name, graph.constant(ONNXConstant(matrix.transposed)))
    return graph.apply("Add", [product, graph.numbers(intercepts)])
  }
}

extension PairVotes: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let isSecond = graph.apply("Equal", [operands[0].name, graph.number(1)])
    let second = graph.cast(isSecond, to: .double)
    let first = graph.difference(graph.number(1), second)
    // Numbers of votes are whole, so their order does not matter.
    let won = graph.sum(
      graph.matrixProduct(first, graph.constant(members(isFirst: true))),
      graph.matrixProduct(second, graph.constant(members(isFirst: false))))
    guard operands.count > 1 else { return won }
    let both = graph.sideBySide([operands[1].name, graph.negative(operands[1].name)])
    let count = classCount * (classCount - 1) / 2
    var total = graph.number(0)
    for turn in 0..<(classCount - 1) {
      // The confidences about each class, against its first opponent, its second and so on.
      let places = (0..<classCount).map { label -> Int in
        let other = turn < label ? turn : turn + 1
        let pair = pair(min(label, other), max(label, other))
        return label > other ? pair : count + pair
      }
      total = graph.sum(total, graph.columns(both, places))
    }
    let size = graph.product(graph.number(3), graph.sum(graph.size(total), graph.number(1)))
    return graph.sum(won, graph.quotient(total, size))
  }

  private func pair(_ first: Int, _ second: Int) -> Int {
    first * (2 * classCount - first - 1) / 2 + second - first - 1
  }

  /// Which class is the first or second of each pair: `[pairs, classes]`.
  private func members(isFirst: Bool) -> ONNXConstant {
    var elements: [Double] = []
    for first in 0..<classCount {
      for second in (first + 1)..<max(first + 1, classCount) {
        for label in 0..<classCount { elements.append(label == (isFirst ? first : second) ? 1 : 0) }
      }
    }
    return ONNXConstant(.doubles(elements), shape: [classCount * (classCount - 1) / 2, classCount])
  }
}

extension PairCoupling: ONNXExportable {
  /// How many classes there may be: each has nodes of its own for every turn.
  private static let classLimit = 64

  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    guard classCount <= Self.classLimit else {
      throw inexpressible("\(classCount) classes, more than \(Self.classLimit)")
    }
    let decisions = operands[0].name
    let likely = likely(decisions, into: &graph)
    let quadratic = quadratic(likely, into: &graph)
    let (count, classes) = (classCount, 0..<classCount)
    let even = [Double](repeating: 1 / Double(count), count: count)
    let start = graph.rows(of: .doubles(even), like: decisions)
    let isOpen = graph.rows(of: .booleans([true]), like: decisions)
    let limit = graph.number(0.005 / Double(count))
    let one = graph.number(1)
    // Wu, Lin and Weng's second method by coordinates in turn, until the error of a row is below the limit.
    let solved = try graph.loop(count: max(100, count), [(start, .double), (isOpen, .bool)]) {
      graph, _, state throws(Problem) in
      var probabilities = state[0]
      var products = graph.product(
        graph.columns(quadratic, classes.map { $0 * count }), graph.columns(state[0], [0]))
      for j in classes.dropFirst() {
        let column = graph.columns(quadratic, classes.map { $0 * count + j })
        products = graph.sum(products, graph.product(column, graph.columns(state[0], [j])))
      }
      var total = graph.orderedSum(graph.product(state[0], products), count: count)
      let errors = graph.size(graph.difference(products, total))
      let worst = graph.apply("ReduceMax", [errors, graph.integers([1])])
      let isOpen = graph.apply(
        "And", [state[1], graph.apply("Not", [graph.apply("Less", [worst, limit])])])
      for t in classes {
        let diagonal = graph.columns(quadratic, [t * count + t])
        let product = graph.columns(products, [t])
        let step = graph.quotient(graph.sum(graph.negative(product), total), diagonal)
        let scale = graph.sum(one, step)
        let own = graph.constant(ONNXConstant(.booleans(classes.map { $0 == t })))
        let raised = graph.choice(own, graph.sum(probabilities, step), probabilities)
        let twice = graph.product(graph.number(2), product)
        let change = graph.product(step, graph.sum(graph.product(step, diagonal), twice))
        total = graph.quotient(graph.quotient(graph.sum(total, change), scale), scale)
        let row = graph.columns(quadratic, classes.map { t * count + $0 })
        products = graph.quotient(graph.sum(products, graph.product(step, row)), scale)
        probabilities = graph.quotient(raised, scale)
      }
      let after = graph.choice(isOpen, probabilities, state[0])
      let open = graph.count(isOpen, axis: 0, keeps: false)
      let continues = graph.reshaped(graph.apply("Greater", [open, graph.number(0)]), [])
      return (continues, [after, isOpen])
    }
    return solved[0]
  }

  /// How probable the first of two classes is beside the second, `[rows, classes · classes]`; 0 for one and itself.
  private func likely(_ decisions: String, into graph: inout ONNXGraphWriter) -> String {
    let x = graph.sum(graph.product(decisions, graph.numbers(slopes)), graph.numbers(offsets))
    let power = graph.apply("Exp", [graph.negative(graph.size(x))])
    let under = graph.sum(graph.number(1), power)
    let isAbove = graph.apply("GreaterOrEqual", [x, graph.number(0)])
    let value = graph.quotient(graph.choice(isAbove, power, graph.number(1)), under)
    let least = graph.number(1e-7)
    let bounded = graph.apply("Min", [value, graph.number(1 - 1e-7)])
    let first = graph.choice(graph.apply("Greater", [value, least]), bounded, least)
    let second = graph.difference(graph.number(1), first)
    let all = graph.sideBySide([first, second])
    let pairs = slopes.count
    var places: [Int] = []
    for left in 0..<classCount {
      for right in 0..<classCount {
        let (low, high) = (min(left, right), max(left, right))
        let pair = low * (2 * classCount - low - 1) / 2 + high - low - 1
        places.append(left == right ? 0 : left < right ? pair : pairs + pair)
      }
    }
    return graph.columns(all, places)
  }

  /// The matrix of the quadratic problem, `[rows, classes · classes]`.
  private func quadratic(_ likely: String, into graph: inout ONNXGraphWriter) -> String {
    let classes = 0..<classCount
    var diagonal: String?
    for turn in 0..<(classCount - 1) {
      let column = graph.columns(
        likely, classes.map { label in (turn < label ? turn : turn + 1) * classCount + label })
      let square = graph.product(column, column)
      diagonal = diagonal.map { graph.sum($0, square) } ?? square
    }
    var (exchanged, own): ([Int], [Int]) = ([], [])
    var isOwn: [Bool] = []
    for left in classes {
      for right in classes {
        exchanged.append(right * classCount + left)
        own.append(left)
        isOwn.append(left == right)
      }
    }
    let other = graph.product(graph.negative(graph.columns(likely, exchanged)), likely)
    guard let diagonal else { return other }
    return graph.choice(
      graph.constant(ONNXConstant(.booleans(isOwn))), graph.columns(diagonal, own), other)
  }
}
