import Domain
import ModelGraph

// The mathematical functions alone: no files, sockets or clocks come with a scoped import.
#if canImport(Glibc)
  import func Glibc.exp
#elseif canImport(Musl)
  import func Musl.exp
#else
  import func Darwin.exp
#endif

extension PairDecisions: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    let vectors = matrix.columns
    var starts = [0]
    for count in counts { starts.append((starts.last ?? 0) + Int(count)) }
    var result: [Double] = []
    result.reserveCapacity(matrix.rows * intercepts.count)
    for row in 0..<matrix.rows {
      let values = matrix.elements.span.extracting((row * vectors)..<((row + 1) * vectors))
      var pair = 0
      for first in counts.indices {
        for second in (first + 1)..<max(first + 1, counts.count) {
          var sum = 0.0
          for vector in starts[first]..<starts[first + 1] {
            sum += coefficients.elements[(second - 1) * vectors + vector] * values[vector]
          }
          for vector in starts[second]..<starts[second + 1] {
            sum += coefficients.elements[first * vectors + vector] * values[vector]
          }
          result.append(sum + intercepts[pair])
          pair += 1
        }
      }
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: intercepts.count))
  }
}

extension PairVotes: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let winners = operands[0].matrix
    let confidences = operands.count > 1 ? operands[1].matrix : nil
    var result = Matrix(rows: winners.rows, columns: classCount)
    var sums = [Double](repeating: 0, count: classCount)
    for row in 0..<winners.rows {
      let start = row * classCount
      var pair = row * winners.columns
      for index in sums.indices { sums[index] = 0 }
      for first in 0..<classCount {
        for second in (first + 1)..<max(first + 1, classCount) {
          result.elements[start + (winners.elements[pair] == 1 ? second : first)] += 1
          if let confidences {
            sums[first] -= confidences.elements[pair]
            sums[second] += confidences.elements[pair]
          }
          pair += 1
        }
      }
      if confidences != nil {
        for (index, sum) in sums.enumerated() {
          result.elements[start + index] += sum / (3 * (abs(sum) + 1))
        }
      }
    }
    return .numbers(result)
  }
}

extension PairCoupling: Runnable, Kernel {
  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    var coupling = Coupling(classCount: classCount)
    var result: [Double] = []
    result.reserveCapacity(matrix.rows * classCount)
    for row in 0..<matrix.rows {
      var pair = 0
      for first in 0..<classCount {
        for second in (first + 1)..<max(first + 1, classCount) {
          let decision = matrix.elements[row * matrix.columns + pair]
          coupling.set(first, second, to: probability(decision * slopes[pair] + offsets[pair]))
          pair += 1
        }
      }
      result += coupling.solved()
    }
    return .numbers(Matrix(elements: result, rows: matrix.rows, columns: classCount))
  }

  /// 1 ÷ (1 + eˣ), computed so that neither end loses digits, within the limits.
  private func probability(_ x: Double) -> Double {
    let least = 1e-7
    let value = x >= 0 ? exp(-x) / (1 + exp(-x)) : 1 / (1 + exp(x))
    // NaN becomes the lower limit, as in the comparisons of C.
    return value > least ? min(value, 1 - least) : least
  }
}

/// The quadratic problem whose solution the coupled probabilities are.
private struct Coupling {
  private let count: Int
  /// How probable the first of two classes is, by row and column.
  private var pairs: [Double]
  private var quadratic: [Double]

  init(classCount: Int) {
    self.count = classCount
    self.pairs = Array(repeating: 0, count: classCount * classCount)
    self.quadratic = pairs
  }

  mutating func set(_ first: Int, _ second: Int, to probability: Double) {
    pairs[first * count + second] = probability
    pairs[second * count + first] = 1 - probability
  }

  /// The probabilities, by coordinates in turn until the error is below 0.005 ÷ classes.
  mutating func solved() -> [Double] {
    prepare()
    let limit = 0.005 / Double(count)
    var probabilities = [Double](repeating: 1 / Double(count), count: count)
    var products = [Double](repeating: 0, count: count)
    for _ in 0..<max(100, count) {
      // Anew in each turn, so that errors do not add up.
      var total = 0.0
      for t in 0..<count {
        products[t] = 0
        for j in 0..<count { products[t] += quadratic[t * count + j] * probabilities[j] }
        total += probabilities[t] * products[t]
      }
      var worst = 0.0
      for t in 0..<count where abs(products[t] - total) > worst { worst = abs(products[t] - total) }
      if worst < limit { break }
      for t in 0..<count {
        let diagonal = quadratic[t * count + t]
        let step = (-products[t] + total) / diagonal
        probabilities[t] += step
        total = (total + step * (step * diagonal + 2 * products[t])) / (1 + step) / (1 + step)
        for j in 0..<count {
          products[j] = (products[j] + step * quadratic[t * count + j]) / (1 + step)
          probabilities[j] /= 1 + step
        }
      }
    }
    return probabilities
  }

  private mutating func prepare() {
    for t in 0..<count {
      var diagonal = 0.0
      for j in 0..<count where j != t {
        let against = pairs[j * count + t]
        diagonal += against * against
        quadratic[t * count + j] = j < t ? quadratic[j * count + t] : -against * pairs[t * count + j]
      }
      quadratic[t * count + t] = diagonal
    }
  }
}
