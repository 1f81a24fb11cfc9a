// Arithmetic on values by name, so that formulas can be read.

extension ONNXGraphWriter {
  /// x + y.
  mutating func sum(_ x: String, _ y: String) -> String { apply("Add", [x, y]) }

  /// x − y.
  mutating func difference(_ x: String, _ y: String) -> String { apply("Sub", [x, y]) }

  /// x · y.
  mutating func product(_ x: String, _ y: String) -> String { apply("Mul", [x, y]) }

  /// x ÷ y.
  mutating func quotient(_ x: String, _ y: String) -> String { apply("Div", [x, y]) }

  /// |x|.
  mutating func size(_ x: String) -> String { apply("Abs", [x]) }

  /// −x.
  mutating func negative(_ x: String) -> String { apply("Neg", [x]) }

  /// Whether x is NaN.
  mutating func isMissing(_ x: String) -> String { apply("IsNaN", [x]) }

  /// Some columns of a value.
  mutating func columns(_ value: String, _ places: [Int]) -> String {
    apply("Gather", [value, integers(places)], [("axis", .integer(1))])
  }

  /// Elements of one axis at places, which have the shape of what comes out.
  mutating func elements(_ value: String, at places: String) -> String { apply("Gather", [value, places]) }

  /// Elements of each row at places of that row.
  mutating func rowElements(_ value: String, at places: String) -> String {
    apply("GatherElements", [value, places], [("axis", .integer(1))])
  }

  /// For each row how many of some truths hold, as a double.
  mutating func count(_ truths: String, axis: Int = 1, keeps: Bool = true) -> String {
    apply(
      "ReduceSum", [cast(truths, to: .double), integers([axis])], [("keepdims", .integer(keeps ? 1 : 0))])
  }

  /// The sum of each row of `count` columns, added from the first to the last: a reduction may take another order.
  mutating func orderedSum(_ value: String, count: Int) -> String {
    columns(apply("CumSum", [value, integers([1])]), [count - 1])
  }

  /// As many rows as a value has, all of them this one.
  mutating func rows(of row: ONNXElements, like value: String) -> String {
    let shape = apply("Shape", [value], [("start", .integer(0)), ("end", .integer(1))])
    let target = apply("Concat", [shape, integers([row.count])], [("axis", .integer(0))])
    return apply("Expand", [constant(ONNXConstant(row, shape: [1, row.count])), target])
  }

  /// A polynomial by Horner's rule, its highest coefficient first.
  mutating func polynomial(_ x: String, _ coefficients: [Double]) -> String {
    guard let highest = coefficients.first else { return number(0) }
    var value = number(highest)
    for coefficient in coefficients.dropFirst() { value = sum(product(value, x), number(coefficient)) }
    return value
  }

  /// The error function, by the approximations of Sun's fdlibm (1993), which runtimes have in single precision alone.
  mutating func erf(_ x: String) -> String {
    let size = size(x)
    func isBelow(_ bound: Double) -> String { apply("Less", [size, number(bound)]) }
    func ratio(_ x: String, _ upper: [Double], _ lower: [Double]) -> String {
      quotient(polynomial(x, upper), polynomial(x, lower))
    }
    let square = product(x, x)
    let small = sum(x, product(x, ratio(square, ErrorFunction.nearZero, ErrorFunction.underNearZero)))
    let beyond = difference(size, number(1))
    let middle = sum(
      number(0.845062911510467529297), ratio(beyond, ErrorFunction.nearOne, ErrorFunction.underNearOne))
    // Beyond 6 there is nothing left of it.
    let bounded = apply("Min", [apply("Max", [size, number(1)]), number(6)])
    let inverse = quotient(number(1), product(bounded, bounded))
    let share = choice(
      isBelow(1 / 0.35), ratio(inverse, ErrorFunction.middle, ErrorFunction.underMiddle),
      ratio(inverse, ErrorFunction.far, ErrorFunction.underFar))
    // z² is exact, z being x in single precision.
    let z = rounded(bounded)
    let main = apply("Exp", [difference(number(-0.5625), product(z, z))])
    let rest = apply("Exp", [sum(product(difference(z, bounded), sum(z, bounded)), share)])
    let tail = difference(number(1), quotient(product(main, rest), bounded))
    let outer = choice(isBelow(1.25), middle, tail)
    let large = product(apply("Sign", [x]), outer)
    return choice(apply("Less", [size, number(0.84375)]), small, choice(isMissing(x), x, large))
  }
}

/// The coefficients of the error function, the highest first.
private enum ErrorFunction {
  static let nearZero = [
    -2.37630166566501626084e-05, -5.77027029648944159157e-03, -2.84817495755985104766e-02,
    -3.25042107247001499370e-01, 1.28379167095512558561e-01,
  ]
  static let underNearZero = [
    -3.96022827877536812320e-06, 1.32494738004321644526e-04, 5.08130628187576562776e-03,
    6.50222499887672944485e-02, 3.97917223959155352819e-01, 1,
  ]
  static let nearOne = [
    -2.16637559486879084300e-03, 3.54783043256182359371e-02, -1.10894694282396677476e-01,
    3.18346619901161753674e-01, -3.72207876035701323847e-01, 4.14856118683748331666e-01,
    -2.36211856075265944077e-03,
  ]
  static let underNearOne = [
    1.19844998467991074170e-02, 1.36370839120290507362e-02, 1.26171219808761642112e-01,
    7.18286544141962662868e-02, 5.40397917702171048937e-01, 1.06420880400844228286e-01, 1,
  ]
  static let middle = [
    -9.81432934416914548592e+00, -8.12874355063065934246e+01, -1.84605092906711035994e+02,
    -1.62396669462573470355e+02, -6.23753324503260060396e+01, -1.05586262253232909814e+01,
    -6.93858572707181764372e-01, -9.86494403484714822705e-03,
  ]
  static let underMiddle = [
    -6.04244152148580987438e-02, 6.57024977031928170135e+00, 1.08635005541779435134e+02,
    4.29008140027567833386e+02, 6.45387271733267880336e+02, 4.34565877475229228821e+02,
    1.37657754143519042600e+02, 1.96512716674392571292e+01, 1,
  ]
  static let far = [
    -4.83519191608651397019e+02, -1.02509513161107724954e+03, -6.37566443368389627722e+02,
    -1.60636384855821916062e+02, -1.77579549177547519889e+01, -7.99283237680523006574e-01,
    -9.86494292470009928597e-03,
  ]
  static let underFar = [
    -2.24409524465858183362e+01, 4.74528541206955367215e+02, 2.55305040643316442583e+03,
    3.19985821950859553908e+03, 1.53672958608443695994e+03, 3.25792512996573918826e+02,
    3.03380607434824582924e+01, 1,
  ]
}
