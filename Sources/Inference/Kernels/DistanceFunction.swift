import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.asin
  import func Glibc.cos
  import func Glibc.pow
  import func Glibc.sin
#elseif canImport(Musl)
  import func Musl.asin
  import func Musl.cos
  import func Musl.pow
  import func Musl.sin
#else
  import func Darwin.asin
  import func Darwin.cos
  import func Darwin.pow
  import func Darwin.sin
#endif
import ModelGraph

/// Distances of rows to fixed points, one metric laid out for many questions.
///
/// Like scikit-learn's `DistanceMetric` it knows a reduced distance, cheaper and in the same order: the square of
/// a Euclidean one, the power of a Minkowski one.
struct DistanceFunction: Sendable {
  let metric: DistanceMetric
  let points: [Double]
  let width: Int
  /// Σ y² of each point where distances are expanded.
  private let norms: [Double]
  /// Multiplies rows by all points, −2 x · y where distances are expanded, x · y for cosines.
  private let products: LinearKernel?

  /// How many products are kept at a time.
  private static let blockProducts = 1 << 18

  init(_ metric: DistanceMetric, to points: ConstantMatrix) {
    self.metric = metric
    self.width = points.columns
    var elements = points.elements
    var norms: [Double] = []
    var factors: [Double]?
    let starts = stride(from: 0, to: elements.count, by: max(1, points.columns))
    if metric.name == .cosine {
      for start in starts {
        Self.normalize(&elements, from: start, count: points.columns, least: metric.leastNorm)
      }
      factors = elements
    } else if metric.expansion != .none {
      norms = starts.map {
        Self.squares(of: elements.span.extracting($0..<($0 + points.columns)), metric.expansion)
      }
      // Twice a number is exact, so the products come out as the library's, which doubles them afterwards.
      factors = elements.map { -2 * $0 }
    }
    self.points = elements
    self.norms = norms
    self.products = factors.flatMap { factors in
      ConstantMatrix(factors, rows: points.rows, columns: points.columns).map { matrix in
        LinearKernel(
          Linear(coefficients: matrix, intercepts: [Double](repeating: 0, count: points.rows)))
      }
    }
  }

  /// How many rows are best made ready at a time.
  var blockRows: Int { max(1, Self.blockProducts / max(1, points.count / max(1, width))) }

  private static func squares(of x: Span<Double>, _ expansion: DistanceMetric.Expansion) -> Double {
    expansion == .blas ? SumOfSquares.blas(x) : SumOfSquares.einsum(x)
  }

  /// Divides by the Euclidean norm, which counts as 1 where it is 0 or too small.
  private static func normalize(_ x: inout [Double], from start: Int, count: Int, least: Double) {
    let norm = SumOfSquares.einsum(x.span.extracting(start..<(start + count))).squareRoot()
    guard norm != 0, norm >= least else { return }
    for index in start..<(start + count) { x[index] /= norm }
  }

  /// One row, with what is the same for all points.
  struct Row {
    fileprivate(set) var elements: [Double]
    fileprivate var norm = 0.0
    /// The products with all points, this row's and its neighbours', and where its own start.
    fileprivate var products: [Double] = []
    fileprivate var start = 0
  }

  /// Makes some rows of a matrix ready to be measured.
  func rows(_ matrix: Matrix, _ range: Range<Int>) -> [Row] {
    var block = Array(matrix.elements[(range.lowerBound * width)..<(range.upperBound * width)])
    if metric.name == .cosine {
      for index in 0..<range.count {
        Self.normalize(&block, from: index * width, count: width, least: metric.leastNorm)
      }
    }
    var rows = (0..<range.count).map { Row(elements: Array(block[($0 * width)..<(($0 + 1) * width)])) }
    guard let products else { return rows }
    let made = products.product(Matrix(elements: block, rows: range.count, columns: width))
    for index in rows.indices {
      if metric.expansion != .none {
        let own = block.span.extracting((index * width)..<((index + 1) * width))
        rows[index].norm = Self.squares(of: own, metric.expansion)
      }
      rows[index].products = made.elements
      rows[index].start = index * made.columns
    }
    return rows
  }

  /// The reduced distance of a row to the point at `index`.
  func reduced(_ row: Row, _ index: Int) -> Double {
    if metric.expansion != .none {
      // Two additions in the library's order: for one the sum is the same the other way about.
      let square = (row.norm + row.products[row.start + index]) + norms[index]
      return square > 0 || square.isNaN ? square : 0
    }
    if metric.name == .cosine { return min(max(1 - row.products[row.start + index], 0), 2) }
    return reduced(row.elements.span, points.span.extracting((index * width)..<((index + 1) * width)))
  }

  /// The reduced distance of two points that are none of those known here.
  func reduced(_ x: Span<Double>, _ y: Span<Double>) -> Double {
    switch metric.name {
    case .euclidean, .squaredEuclidean: return sum(x, y) { ($0 - $1) * ($0 - $1) }
    case .manhattan: return sum(x, y) { abs($0 - $1) }
    case .chebyshev:
      var greatest = 0.0
      for index in 0..<x.count { greatest = .maximum(greatest, abs(x[index] - y[index])) }
      return greatest
    case .minkowski:
      var sum = 0.0
      for index in 0..<x.count {
        let term = pow(abs(x[index] - y[index]), metric.order)
        sum += metric.weights.map { $0[index] * term } ?? term
      }
      return sum
    case .cosine: return min(max(1 - SumOfSquares.product(x, y), 0), 2)
    case .canberra:
      return sum(x, y) { x, y in
        let size = abs(x) + abs(y)
        return size > 0 ? abs(x - y) / size : 0
      }
    case .brayCurtis:
      let size = sum(x, y) { abs($0) + abs($1) }
      return size > 0 ? sum(x, y) { abs($0 - $1) } / size : 0
    case .hamming: return sum(x, y) { $0 == $1 ? 0 : 1 } / Double(x.count)
    case .standardizedEuclidean:
      guard let weights = metric.weights else { return .nan }
      var sum = 0.0
      for index in 0..<x.count {
        let difference = x[index] - y[index]
        sum += difference * difference / weights[index]
      }
      return sum
    case .mahalanobis: return mahalanobis(x, y)
    case .haversine:
      let (latitude, longitude) = (sin(0.5 * (x[0] - y[0])), sin(0.5 * (x[1] - y[1])))
      return latitude * latitude + cos(x[0]) * cos(y[0]) * longitude * longitude
    }
  }

  @inline(__always)
  private func sum(
    _ x: Span<Double>, _ y: Span<Double>, _ term: (Double, Double) -> Double
  ) -> Double {
    var sum = 0.0
    for index in 0..<x.count { sum += term(x[index], y[index]) }
    return sum
  }

  private func mahalanobis(_ x: Span<Double>, _ y: Span<Double>) -> Double {
    guard let inverse = metric.inverse else { return .nan }
    var total = 0.0
    for row in 0..<x.count {
      var sum = 0.0
      for column in 0..<x.count {
        sum += inverse.elements[row * x.count + column] * (x[column] - y[column])
      }
      total += sum * (x[row] - y[row])
    }
    return total
  }

  /// Whether the library compares the squares of distances, for which it has a matrix product.
  var isSquared: Bool { metric.name == .euclidean && metric.expansion != .none }

  /// The exponent of a Minkowski metric, by whatever name.
  var exponent: Double { metric.name == .manhattan ? 1 : metric.order }

  /// The distance that a reduced one stands for.
  func distance(ofReduced reduced: Double) -> Double {
    switch metric.name {
    case .euclidean, .standardizedEuclidean, .mahalanobis: reduced.squareRoot()
    case .minkowski: pow(reduced, 1 / metric.order)
    case .haversine: 2 * asin(reduced.squareRoot())
    default: reduced
    }
  }

  /// The reduced distance that stands for a distance.
  func reduced(ofDistance distance: Double) -> Double {
    switch metric.name {
    case .euclidean, .standardizedEuclidean, .mahalanobis: return distance * distance
    case .minkowski: return pow(distance, metric.order)
    case .haversine:
      let half = sin(0.5 * distance)
      return half * half
    default: return distance
    }
  }
}

extension Distances: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel {
    DistancesKernel(function: DistanceFunction(metric, to: points), count: points.rows)
  }
}

/// The distance of each row to each point.
private struct DistancesKernel: Kernel {
  let function: DistanceFunction
  let count: Int

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    var result = Matrix(rows: matrix.rows, columns: count)
    for start in stride(from: 0, to: matrix.rows, by: function.blockRows) {
      let range = start..<min(start + function.blockRows, matrix.rows)
      for (row, index) in zip(function.rows(matrix, range), range) {
        for point in 0..<count {
          result.elements[index * count + point] =
            function.distance(ofReduced: function.reduced(row, point))
        }
      }
    }
    return .numbers(result)
  }
}
