import Domain
import ModelGraph

#if canImport(Glibc)
  import func Glibc.exp
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.exp
  import func Musl.log
#else
  import func Darwin.exp
  import func Darwin.log
#endif

extension ReduceGroups: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let elements = matrix.elements.span
    var result: [Double] = []
    result.reserveCapacity(elements.count / size)
    func reduce(_ make: (Span<Double>) -> Double) {
      for start in stride(from: 0, to: elements.count, by: size) {
        result.append(make(elements.extracting(start..<(start + size))))
      }
    }
    let count = Double(size)
    switch reduction {
    case .sum: reduce { PairwiseSum.of($0) }
    case .mean: reduce { PairwiseSum.of($0) / count }
    case .max: reduce { $0[Self.place(in: $0, isLast: false) { $0 > $1 }] }
    case .min: reduce { $0[Self.place(in: $0, isLast: false) { $0 < $1 }] }
    case .product: reduce { Self.fold($0, 1) { $0 * $1 } }
    case .sumOfSquares: reduce { Self.fold($0, 0) { $0 + $1 * $1 } }
    case .l1: reduce { Self.fold($0, 0) { $0 + abs($1) } }
    case .l2: reduce { Self.fold($0, 0) { $0 + $1 * $1 }.squareRoot() }
    case .logSum: reduce { log(PairwiseSum.of($0)) }
    case .logSumExp:
      reduce { run in
        let greatest = run[Self.place(in: run, isLast: false) { $0 > $1 }]
        let shift = greatest.isFinite ? greatest : 0
        return shift + log(Self.fold(run, 0) { $0 + exp($1 - shift) })
      }
    case .firstGreatest: reduce { Double(Self.place(in: $0, isLast: false) { $0 > $1 }) }
    case .lastGreatest: reduce { Double(Self.place(in: $0, isLast: true) { $0 > $1 }) }
    case .firstLeast: reduce { Double(Self.place(in: $0, isLast: false) { $0 < $1 }) }
    case .lastLeast: reduce { Double(Self.place(in: $0, isLast: true) { $0 < $1 }) }
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: matrix.columns / size))
  }

  private static func fold(_ run: Span<Double>, _ start: Double, _ combine: (Double, Double) -> Double)
    -> Double
  {
    var result = start
    for index in run.indices { result = combine(result, run[index]) }
    return result
  }

  /// The place of the element that precedes all others; the first NaN does.
  private static func place(
    in run: Span<Double>, isLast: Bool, _ precedes: (Double, Double) -> Bool
  ) -> Int {
    var best = 0
    for index in run.indices {
      if run[index].isNaN { return index }
      if precedes(run[index], run[best]) || (isLast && run[index] == run[best]) { best = index }
    }
    return best
  }
}

extension SoftmaxGroups: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for start in stride(from: 0, to: matrix.elements.count, by: size) {
      let run = start..<(start + size)
      var greatest = matrix.elements[start]
      for index in run where matrix.elements[index] > greatest { greatest = matrix.elements[index] }
      if isLogarithm {
        var sum = 0.0
        for index in run {
          matrix.elements[index] -= greatest
          sum += exp(matrix.elements[index])
        }
        let logarithm = log(sum)
        for index in run { matrix.elements[index] -= logarithm }
      } else {
        for index in run { matrix.elements[index] = exp(matrix.elements[index] - greatest) }
        let sum = PairwiseSum.of(matrix.elements.span.extracting(run))
        for index in run { matrix.elements[index] /= sum }
      }
    }
    return .numbers(matrix)
  }
}

extension NormalizeGroups: Runnable, Kernel {
  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    let count = Double(size)
    for start in stride(from: 0, to: matrix.elements.count, by: size) {
      let run = start..<(start + size)
      let mean = PairwiseSum.of(matrix.elements.span.extracting(run)) / count
      var squares = 0.0
      for index in run {
        matrix.elements[index] -= mean
        squares += matrix.elements[index] * matrix.elements[index]
      }
      let deviation = (squares / count + epsilon).squareRoot()
      for index in run { matrix.elements[index] /= deviation }
    }
    return .numbers(matrix)
  }
}

extension LinearGroups: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel {
    LinearGroupsKernel(
      inner: Linear(coefficients: coefficients, intercepts: intercepts).kernel(
        [.numbers(coefficients.columns)]),
      size: coefficients.columns, outputs: coefficients.rows)
  }
}

/// Runs of columns as rows of their own.
private struct LinearGroupsKernel: Kernel {
  let inner: any Kernel
  let size: Int
  let outputs: Int

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let groups = matrix.columns / size
    let (rows, columns) = (matrix.rows, groups * outputs)
    let runs = Matrix(elements: matrix.elements, rows: rows * groups, columns: size)
    let inside = Batch(
      rowCount: rows * groups, firstRow: 0, numberNames: nil, origin: batch.origin)
    let result = try inner.run([.numbers(runs)], inside).matrix
    return .numbers(Matrix(elements: result.elements, rows: rows, columns: columns))
  }
}

extension MatrixProduct: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let (left, right) = (operands[0].matrix, operands[1].matrix)
    let pairs = left.columns / (rows * inner)
    var result = Matrix(rows: left.rows, columns: pairs * rows * columns)
    for pair in 0..<(left.rows * pairs) {
      let (leftStart, rightStart) = (pair * rows * inner, pair * inner * columns)
      let resultStart = pair * rows * columns
      for row in 0..<rows {
        for index in 0..<inner {
          let factor = left.elements[leftStart + row * inner + index]
          for column in 0..<columns {
            result.elements[resultStart + row * columns + column].addProduct(
              factor, right.elements[rightStart + index * columns + column])
          }
        }
      }
    }
    return .numbers(result)
  }
}

extension TopElements: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let groups = matrix.columns / size
    let total = groups * count
    var result = Matrix(rows: matrix.rows, columns: 2 * total)
    for row in 0..<matrix.rows {
      for group in 0..<groups {
        let start = row * matrix.columns + group * size
        let order = (0..<size).sorted { first, second in
          let (x, y) = (matrix.elements[start + first], matrix.elements[start + second])
          if x.isNaN || y.isNaN {
            return x.isNaN && y.isNaN ? first < second : x.isNaN == largest
          }
          return x == y ? first < second : largest ? x > y : x < y
        }
        for index in 0..<count {
          let place = row * 2 * total + group * count + index
          result.elements[place] = matrix.elements[start + order[index]]
          result.elements[place + total] = Double(order[index])
        }
      }
    }
    return .numbers(result)
  }
}
