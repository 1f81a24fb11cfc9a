import Domain
// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.log
  import func Glibc.pow
#elseif canImport(Musl)
  import func Musl.log
  import func Musl.pow
#else
  import func Darwin.log
  import func Darwin.pow
#endif
import ModelGraph

extension MultiplicativeFactors: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { MultiplicativeFactorsKernel(self) }
}

/// `MultiplicativeFactors` with the sums of its components.
private struct MultiplicativeFactorsKernel: Kernel {
  let operation: MultiplicativeFactors
  /// Σ of each component.
  let sums: [Double]
  /// What a change is raised to.
  let gamma: Double

  /// The ε of single precision, which stands for what must not be 0.
  private static let least = Double(Float.ulpOfOne)

  init(_ operation: MultiplicativeFactors) {
    let components = operation.components
    self.operation = operation
    self.sums = (0..<components.rows).map { row in
      PairwiseSum.of(
        components.elements.span.extracting((row * components.columns)..<((row + 1) * components.columns)))
    }
    self.gamma =
      operation.beta < 1 ? 1 / (2 - operation.beta) : operation.beta > 2 ? 1 / (operation.beta - 1) : 1
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let count = operation.components.rows
    let needsPositive = operation.stop == .divergence && operation.beta <= 0
    var result = Matrix(rows: matrix.rows, columns: count)
    for row in 0..<matrix.rows {
      let start = row * matrix.columns
      let wrong = (0..<matrix.columns).first { column in
        matrix.elements[start + column] < 0 || (needsPositive && matrix.elements[start + column] == 0)
      }
      if let wrong {
        throw Problem(
          .badInput, "predict.negative",
          "expected numbers that are \(needsPositive ? "above 0" : "not negative") for \(batch.origin), found"
            + " another in row \(row + batch.firstRow), column \(wrong)",
          position: "row \(row + batch.firstRow), column \(wrong)", hint: "rows and columns count from 0")
      }
      let factors = factors(of: matrix.elements.span.extracting(start..<(start + matrix.columns)))
      for index in 0..<count { result.elements[row * count + index] = factors[index] }
    }
    return .numbers(result)
  }

  private func factors(of row: Span<Double>) -> [Double] {
    let count = operation.components.rows
    let mean = PairwiseSum.of(row) / Double(row.count)
    var factors = [Double](repeating: (mean / Double(count)).squareRoot(), count: count)
    var product = products(factors)
    let first = operation.stop == .divergence ? error(of: row, product, factors) : 0
    var previous = first
    for turn in stride(from: 1, through: operation.iterations, by: 1) {
      let before = factors
      improve(&factors, row, product)
      if operation.stop == .divergence, operation.beta < 1 {
        for index in 0..<count where factors[index] < Double.ulpOfOne { factors[index] = 0 }
      }
      product = products(factors)
      switch operation.stop {
      case .divergence:
        guard operation.tolerance > 0, turn.isMultiple(of: 10) else { continue }
        let current = error(of: row, product, factors)
        if (previous - current) / first < operation.tolerance { return factors }
        previous = current
      case .step:
        let moved = zip(factors, before).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        let size = factors.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if operation.tolerance > 0, moved / size <= operation.tolerance { return factors }
      }
    }
    return factors
  }

  /// Σ factor × component.
  private func products(_ factors: [Double]) -> [Double] {
    let components = operation.components
    var products = [Double](repeating: 0, count: components.columns)
    for row in 0..<components.rows {
      let start = row * components.columns
      for column in 0..<components.columns {
        products[column].addProduct(factors[row], components.elements[start + column])
      }
    }
    return products
  }

  /// x · componentsᵀ.
  private func projected(_ x: [Double], _ component: Int) -> Double {
    let width = operation.components.columns
    var sum = 0.0
    for column in 0..<width {
      sum.addProduct(x[column], operation.components.elements[component * width + column])
    }
    return sum
  }

  /// What must not be 0.
  private func raised(_ number: Double) -> Double {
    if operation.raisesSmall { return number < Self.least ? Self.least : number }
    return number == 0 ? Self.least : number
  }

  /// One turn: factor × (numerator ÷ denominator)^γ.
  private func improve(_ factors: inout [Double], _ row: Span<Double>, _ product: [Double]) {
    let beta = operation.beta
    var (pull, push) = ([Double](), product)
    pull.reserveCapacity(row.count)
    for column in 0..<row.count {
      let base = beta < 2 ? raised(product[column]) : product[column]
      switch beta {
      case 2: pull.append(row[column])
      case 1: pull.append(row[column] / base)
      case 0:
        let inverse = 1 / base
        pull.append(inverse * inverse * row[column])
      default: pull.append(Self.power(base, beta - 2) * row[column])
      }
      if beta != 2, beta != 1 {
        push[column] = Self.power(beta < 1 ? raised(product[column]) : product[column], beta - 1)
      }
    }
    let before = factors
    for index in factors.indices {
      var denominator = beta == 1 ? sums[index] : projected(push, index)
      if operation.l1 > 0 { denominator += operation.l1 }
      if operation.l2 > 0 { denominator += operation.l2 * before[index] }
      if denominator == 0 { denominator = Self.least }
      let change = projected(pull, index) / denominator
      factors[index] = before[index] * (gamma == 1 ? change : Self.power(change, gamma))
    }
  }

  /// √(2 divergence).
  private func error(of row: Span<Double>, _ product: [Double], _ factors: [Double]) -> Double {
    let beta = operation.beta
    var divergence = 0.0
    if beta == 2 {
      for column in 0..<row.count {
        let difference = row[column] - product[column]
        divergence.addProduct(difference, difference)
      }
      return divergence.squareRoot()
    }
    // Zeros are left out of all but the plain sums.
    let columns = (0..<row.count).filter { row[$0] > Self.least }
    switch beta {
    case 1:
      var total = 0.0
      for column in columns {
        divergence += row[column] * log(row[column] / raised(product[column]))
        total += row[column]
      }
      divergence += zip(factors, sums).reduce(0) { $0 + $1.0 * $1.1 } - total
    case 0:
      var logarithms = 0.0
      for column in columns {
        let ratio = row[column] / raised(product[column])
        divergence += ratio
        logarithms += log(ratio)
      }
      divergence = divergence - Double(row.count) - logarithms
    default:
      var (crossed, own) = (0.0, 0.0)
      for column in columns {
        crossed += row[column] * Self.power(raised(product[column]), beta - 1)
        own += Self.power(row[column], beta)
      }
      let all = product.reduce(0) { $0 + Self.power($1, beta) }
      divergence = own - beta * crossed
      divergence += all * (beta - 1)
      divergence /= beta * (beta - 1)
    }
    return (2 * max(divergence, 0)).squareRoot()
  }

  /// A power as NumPy takes it, which knows some exponents.
  private static func power(_ base: Double, _ exponent: Double) -> Double {
    switch exponent {
    case 1: base
    case -1: 1 / base
    case 0: 1
    case 0.5: base.squareRoot()
    case 2: base * base
    default: pow(base, exponent)
    }
  }
}
