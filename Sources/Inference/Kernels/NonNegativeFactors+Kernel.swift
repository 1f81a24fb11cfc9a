import Domain
import ModelGraph

extension NonNegativeFactors: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { NonNegativeFactorsKernel(self) }
}

/// `NonNegativeFactors` with the products of its components.
private struct NonNegativeFactorsKernel: Kernel {
  let operation: NonNegativeFactors
  /// components · componentsᵀ, the diagonal with the weight of squares.
  let products: [Double]

  init(_ operation: NonNegativeFactors) {
    self.operation = operation
    let (components, count) = (operation.components, operation.components.rows)
    var products = [Double](repeating: 0, count: count * count)
    for first in 0..<count {
      for second in first..<count {
        var sum = 0.0
        for column in 0..<components.columns {
          sum.addProduct(
            components.elements[first * components.columns + column],
            components.elements[second * components.columns + column])
        }
        products[first * count + second] = sum + (first == second ? operation.l2 : 0)
        products[second * count + first] = products[first * count + second]
      }
    }
    self.products = products
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let count = operation.components.rows
    var result = Matrix(rows: matrix.rows, columns: count)
    for row in 0..<matrix.rows {
      let start = row * matrix.columns
      if let column = (0..<matrix.columns).first(where: { matrix.elements[start + $0] < 0 }) {
        throw Problem(
          .badInput, "predict.negative",
          "expected numbers that are not negative for \(batch.origin), found one in row"
            + " \(row + batch.firstRow), column \(column)",
          position: "row \(row + batch.firstRow), column \(column)", hint: "rows and columns count from 0")
      }
      let factors = factors(of: matrix.elements.span.extracting(start..<(start + matrix.columns)))
      for index in 0..<count { result.elements[row * count + index] = factors[index] }
    }
    return .numbers(result)
  }

  private func factors(of row: Span<Double>) -> [Double] {
    let (components, count) = (operation.components, operation.components.rows)
    var targets = [Double](repeating: -operation.l1, count: count)
    for index in 0..<count {
      for column in 0..<row.count {
        targets[index].addProduct(row[column], components.elements[index * components.columns + column])
      }
    }
    var factors = [Double](repeating: 0, count: count)
    var first = 0.0
    for iteration in 0..<operation.iterations {
      var violation = 0.0
      for index in 0..<count {
        var gradient = -targets[index]
        for other in 0..<count { gradient += products[index * count + other] * factors[other] }
        violation += abs(factors[index] == 0 ? min(0, gradient) : gradient)
        let curvature = products[index * count + index]
        if curvature != 0 { factors[index] = max(factors[index] - gradient / curvature, 0) }
      }
      if iteration == 0 { first = violation }
      if first == 0 || violation / first <= operation.tolerance { break }
    }
    return factors
  }
}
