import Domain
import ModelGraph

extension SplineBasis: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { SplineKernel(self) }
}

/// The splines of every column with their values at the ends.
private struct SplineKernel: Kernel {
  private let columns: [SplineColumn]
  private let outside: SplineBasis.Outside
  private let zeroesMissing: Bool

  init(_ operation: SplineBasis) {
    outside = operation.outside
    zeroesMissing = operation.zeroesMissing
    // scikit-learn raises the degree while it goes through the columns, of splines that it continues as lines, and
    // takes the last inner knots by the raised degree.
    var degree = operation.degree
    columns = (0..<operation.knots.rows).map { index in
      let column = SplineColumn(operation, index, endDegree: degree)
      if operation.outside == .linear, degree <= 1 { degree += 1 }
      return column
    }
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    var result: [Double] = []
    let splines = columns.first?.splines ?? 0
    result.reserveCapacity(matrix.rows * matrix.columns * splines)
    for row in 0..<matrix.rows {
      for (index, column) in columns.enumerated() {
        let x = matrix.elements[row * matrix.columns + index]
        if x.isNaN, zeroesMissing {
          result += repeatElement(0, count: splines)
        } else if let values = column.values(at: x, outside: outside) {
          result += values
        } else {
          let row = row + batch.firstRow
          throw Problem(
            .badInput, "predict.out-of-range",
            "expected numbers within the knots for \(batch.origin), found another in row \(row), column \(index)",
            position: "row \(row), column \(index)", hint: "rows and columns count from 0")
        }
      }
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: columns.count * splines))
  }
}

/// The splines of one column.
private struct SplineColumn: Sendable {
  let splines: Int
  private let knots: [Double]
  private let coefficients: [Double]
  private let degree: Int
  /// How many splines are continued as lines at each end.
  private let lines: Int
  private let lowest: Double
  private let highest: Double
  private var atLowest: [Double] = []
  private var atHighest: [Double] = []
  private var slopesAtLowest: [Double] = []
  private var slopesAtHighest: [Double] = []

  init(_ operation: SplineBasis, _ index: Int, endDegree: Int) {
    let count = operation.knots.columns
    knots = Array(operation.knots.elements[(index * count)..<((index + 1) * count)])
    splines = operation.coefficients.columns
    let size = operation.basisCount * splines
    coefficients = Array(operation.coefficients.elements[(index * size)..<((index + 1) * size)])
    degree = operation.degree
    lines = endDegree <= 1 ? endDegree + 1 : endDegree
    // No further than the middle: a degree is raised by 2 at most, and there may be few knots.
    lowest = knots[min(endDegree, count - 1)]
    highest = knots[max(count - 1 - endDegree, 0)]
    atLowest = evaluate(lowest, derivative: false)
    atHighest = evaluate(highest, derivative: false)
    slopesAtLowest = evaluate(lowest, derivative: true)
    slopesAtHighest = evaluate(highest, derivative: true)
  }

  /// nil where the number is outside and that is refused.
  func values(at x: Double, outside: SplineBasis.Outside) -> [Double]? {
    let last = knots.count - 1 - degree
    switch outside {
    case .refuse:
      guard x >= knots[degree], x <= knots[last] else { return nil }
      return evaluate(x, derivative: false)
    case .polynomial: return evaluate(x, derivative: false)
    case .periodic:
      let (start, period) = (knots[degree], knots[last] - knots[degree])
      guard period > 0 else { return evaluate(0, derivative: false) }
      // Python's remainder has the sign of the divisor.
      var rest = (x - start).truncatingRemainder(dividingBy: period)
      if rest < 0 { rest += period }
      return evaluate(start + rest, derivative: false)
    case .constant, .linear:
      if lowest <= x, x <= highest { return evaluate(x, derivative: false) }
      var values = [Double](repeating: 0, count: splines)
      let isBelow = x < lowest
      let count = min(outside == .linear ? lines : degree, splines)
      for place in 0..<count {
        let spline = isBelow ? place : splines - 1 - place
        let value = isBelow ? atLowest[spline] : atHighest[spline]
        let slope = isBelow ? slopesAtLowest[spline] : slopesAtHighest[spline]
        values[spline] =
          outside == .linear ? value + (x - (isBelow ? lowest : highest)) * slope : value
      }
      return values
    }
  }

  /// The splines, or their first derivatives, at one number.
  private func evaluate(_ x: Double, derivative: Bool) -> [Double] {
    let basisCount = knots.count - degree - 1
    // The interval between the inner knots that holds x, the first or the last where none does.
    var interval = degree
    while interval < basisCount - 1, x >= knots[interval + 1] { interval += 1 }
    let basis = basis(x, interval, derivative: derivative)
    var values = [Double](repeating: 0, count: splines)
    for place in 0...degree {
      let row = (interval + place - degree) * splines
      for spline in 0..<splines { values[spline] += coefficients[row + spline] * basis[place] }
    }
    return values
  }

  /// The basis functions that are not 0 in an interval.
  private func basis(_ x: Double, _ interval: Int, derivative: Bool) -> [Double] {
    var h = [Double](repeating: 0, count: degree + 1)
    h[0] = 1
    let steps = derivative ? degree - 1 : degree
    if steps > 0 {
      for j in 1...steps {
        let before = h
        h[0] = 0
        for n in 1...j {
          let (xb, xa) = (knots[interval + n], knots[interval + n - j])
          if xb == xa {
            h[n] = 0
            continue
          }
          let w = before[n - 1] / (xb - xa)
          h[n - 1] += w * (xb - x)
          h[n] = w * (x - xa)
        }
      }
    }
    guard derivative else { return h }
    // A constant has no slope.
    guard degree > 0 else { return [0] }
    let before = h
    h[0] = 0
    for n in 1...degree {
      let (xb, xa) = (knots[interval + n], knots[interval + n - degree])
      if xb == xa {
        h[n] = 0
        continue
      }
      let w = Double(degree) * before[n - 1] / (xb - xa)
      h[n - 1] -= w
      h[n] = w
    }
    return h
  }
}
