import Domain
import ModelGraph

// Curves through given points.

extension Interpolation: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    let x = operands[0].name
    guard let lines = ONNXLines(points: points, values: values) else {
      throw inexpressible("a line too steep for a number")
    }
    let value = lines.values(at: x, into: &graph)
    guard outside != .clip else { return value }
    // What would be refused becomes NaN.
    let isBelow = graph.apply("Less", [x, graph.number(points[0])])
    let isAbove = graph.apply("Greater", [x, graph.number(points[points.count - 1])])
    return graph.choice(graph.apply("Or", [isBelow, isAbove]), graph.number(.nan), value)
  }
}

/// The lines between points in ascending order.
private struct ONNXLines {
  let points: [Double]
  let values: [Double]
  let slopes: [Double]

  /// nil where a line is too steep or a point infinite.
  init?(points: [Double], values: [Double]) {
    var slopes = [Double](repeating: 0, count: points.count)
    for index in points.indices.dropLast() where points[index] < points[index + 1] {
      slopes[index] = (values[index + 1] - values[index]) / (points[index + 1] - points[index])
    }
    guard (slopes + points + values).allSatisfy(\.isFinite) else { return nil }
    self.points = points
    self.values = values
    self.slopes = slopes
  }

  /// What stands at the elements of a column: ends stand for what is beyond them, and NaN stays.
  func values(at x: String, into graph: inout ONNXGraphWriter) -> String {
    let first = graph.number(points[0])
    let last = graph.number(points[points.count - 1])
    let raised = graph.choice(graph.apply("Less", [x, first]), first, x)
    let inside = graph.choice(graph.apply("Greater", [raised, last]), last, raised)
    // The last point that is not above x; before NaN there is none.
    let passed = graph.count(graph.apply("LessOrEqual", [graph.numbers(points), inside]))
    let before = graph.difference(passed, graph.number(1))
    let place = graph.cast(graph.apply("Max", [before, graph.number(0)]), to: .int64)
    let point = graph.elements(graph.numbers(points), at: place)
    let slope = graph.elements(graph.numbers(slopes), at: place)
    let value = graph.elements(graph.numbers(values), at: place)
    return graph.sum(graph.product(slope, graph.difference(inside, point)), value)
  }
}

extension QuantileTransform: ONNXExportable {
  func export(_ operands: [ONNXExportedValue], into graph: inout ONNXGraphWriter) throws(Problem) -> String {
    var parts: [String] = []
    for column in 0..<operands[0].columns {
      let own = Array(quantiles.elements[(column * references.count)..<((column + 1) * references.count)])
      let x = graph.columns(operands[0].name, [column])
      parts.append(try place(of: x, among: own, into: &graph))
    }
    let places = graph.sideBySide(parts)
    guard distribution == .normal else { return places }
    let bound = graph.normalQuantile(graph.number(Self.threshold - Double.ulpOfOne))
    let other = graph.normalQuantile(graph.number(1 - (Self.threshold - Double.ulpOfOne)))
    let safe = graph.choice(graph.isMissing(places), graph.number(0.5), places)
    let normal = graph.apply("Min", [graph.apply("Max", [graph.normalQuantile(safe), bound]), other])
    return graph.choice(graph.isMissing(places), places, normal)
  }

  /// How near to the ends a number counts as one, `BOUNDS_THRESHOLD` of scikit-learn.
  private static let threshold = 1e-7

  private func place(
    of x: String, among quantiles: [Double], into graph: inout ONNXGraphWriter
  ) throws(Problem) -> String {
    if quantiles.allSatisfy(\.isNaN) { return graph.sum(x, graph.number(.nan)) }
    guard let up = ONNXLines(points: quantiles, values: references),
      let down = ONNXLines(
        points: quantiles.reversed().map { -$0 }, values: references.reversed().map { -$0 })
    else { throw inexpressible("quantiles that are infinite, or too near to each other") }
    let ascending = up.values(at: x, into: &graph)
    let descending = down.values(at: graph.negative(x), into: &graph)
    let middle = graph.product(graph.number(0.5), graph.difference(ascending, descending))
    let (least, greatest) = (graph.number(up.points[0]), graph.number(up.points[up.points.count - 1]))
    let isLeast: String
    let isGreatest: String
    if distribution == .normal {
      let threshold = graph.number(Self.threshold)
      isLeast = graph.apply("Less", [graph.difference(x, threshold), least])
      isGreatest = graph.apply("Greater", [graph.sum(x, threshold), greatest])
    } else {
      isLeast = graph.apply("Equal", [x, least])
      isGreatest = graph.apply("Equal", [x, greatest])
    }
    return graph.choice(isLeast, graph.number(0), graph.choice(isGreatest, graph.number(1), middle))
  }
}

extension ONNXGraphWriter {
  /// The number that a normal variable is below with this probability, by Moshier's approximations (`ndtri`, 1989).
  fileprivate mutating func normalQuantile(_ probability: String) -> String {
    let tail = 0.13533528323661269189
    let isUpper = apply("Greater", [probability, number(1 - tail)])
    let y = choice(isUpper, difference(number(1), probability), probability)
    let centred = difference(y, number(0.5))
    let square = product(centred, centred)
    let ratio = quotient(
      product(square, polynomial(square, NormalQuantile.near.p)), polynomial(square, NormalQuantile.near.q))
    let near = product(sum(centred, product(centred, ratio)), number(2.50662827463100050242))
    // Only tails come here; of the others anything.
    let bounded = apply("Min", [y, number(tail)])
    let x = apply("Sqrt", [product(number(-2), apply("Log", [bounded]))])
    let z = quotient(number(1), x)
    func share(_ part: (p: [Double], q: [Double])) -> String {
      quotient(product(z, polynomial(z, part.p)), polynomial(z, part.q))
    }
    let second = choice(
      apply("Less", [x, number(8)]), share(NormalQuantile.middle), share(NormalQuantile.far))
    let far = difference(difference(x, quotient(apply("Log", [x]), x)), second)
    let signed = choice(isUpper, far, negative(far))
    let value = choice(apply("Greater", [y, number(tail)]), near, signed)
    // At the ends there is no number.
    let isZero = apply("LessOrEqual", [probability, number(0)])
    let isOne = apply("GreaterOrEqual", [probability, number(1)])
    return choice(isZero, number(-.infinity), choice(isOne, number(.infinity), value))
  }
}

/// The coefficients of the quantile function of the normal distribution, the highest first.
private enum NormalQuantile {
  static let near: (p: [Double], q: [Double]) = (
    [
      -5.99633501014107895267e1, 9.80010754185999661536e1, -5.66762857469070293439e1,
      1.39312609387279679503e1, -1.23916583867381258016e0,
    ],
    [
      1, 1.95448858338141759834e0, 4.67627912898881538453e0, 8.63602421390890590575e1,
      -2.25462687854119370527e2, 2.00260212380060660359e2, -8.20372256168333339912e1,
      1.59056225126211695515e1, -1.18331621121330003142e0,
    ]
  )
  static let middle: (p: [Double], q: [Double]) = (
    [
      4.05544892305962419923e0, 3.15251094599893866154e1, 5.71628192246421288162e1,
      4.40805073893200834700e1, 1.46849561928858024014e1, 2.18663306850790267539e0,
      -1.40256079171354495875e-1, -3.50424626827848203418e-2, -8.57456785154685413611e-4,
    ],
    [
      1, 1.57799883256466749731e1, 4.53907635128879210584e1, 4.13172038254672030440e1,
      1.50425385692907503408e1, 2.50464946208309415979e0, -1.42182922854787788574e-1,
      -3.80806407691578277194e-2, -9.33259480895457427372e-4,
    ]
  )
  static let far: (p: [Double], q: [Double]) = (
    [
      3.23774891776946035970e0, 6.91522889068984211695e0, 3.93881025292474443415e0,
      1.33303460815807542389e0, 2.01485389549179081538e-1, 1.23716634817820021358e-2,
      3.01581553508235416007e-4, 2.65806974686737550832e-6, 6.23974539184983293730e-9,
    ],
    [
      1, 6.02427039364742014255e0, 3.67983563836160859403e0, 1.37702099489081330271e0,
      2.16236993594496635890e-1, 1.34204006088543189037e-2, 3.28014464682127739104e-4,
      2.89247864745380683936e-6, 6.79019408009981274425e-9,
    ]
  )
}
