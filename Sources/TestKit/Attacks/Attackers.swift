import Monitoring

/// A logistic function that an attacker fits to the answers it got.
package struct Surrogate {
  private let middles: [Double]
  private let factors: [Double]
  /// One for each feature, and the intercept.
  package private(set) var weights = [Double](repeating: 0, count: Customers.width + 1)

  /// Knows nothing yet but how rows are scaled.
  package init(like rows: [[Double]]) {
    middles = (0..<Customers.width).map { feature in
      rows.map { $0[feature] }.reduce(0, +) / Double(rows.count)
    }
    factors = Customers.deviations(rows).map { $0 > 0 ? 1 / $0 : 1 }
  }

  private func sum(_ row: [Double]) -> Double {
    var sum = weights[Customers.width]
    for feature in 0..<Customers.width {
      sum += weights[feature] * (row[feature] - middles[feature]) * factors[feature]
    }
    return sum
  }

  /// The class that it takes for likelier.
  package func label(_ row: [Double]) -> Int { sum(row) > 0 ? 1 : 0 }

  /// Learns from answers.
  package mutating func fit(_ rows: [[Double]], _ labels: [Int], passes: Int) {
    for pass in 0..<passes {
      let pace = 0.1 / Double(1 + pass)
      for (row, label) in zip(rows, labels) {
        let gap = Double(label) - 1 / (1 + exponential(-sum(row)))
        for feature in 0..<Customers.width {
          weights[feature] += pace * gap * (row[feature] - middles[feature]) * factors[feature]
        }
        weights[Customers.width] += pace * gap
      }
    }
  }
}

/// Ways to copy a model by its answers.
package enum Extraction: Sendable, CaseIterable {
  /// Anything in the ranges of training.
  case uniform
  /// Steps along the signs of a surrogate's gradient, from few rows (Papernot and others, "Practical black-box attacks
  /// against machine learning", 2017).
  case jacobian
  /// Steps in random directions from few rows ("T-RND" of Juuti and others, "PRADA", 2019).
  case randomSteps
  /// Noise around a hundred rows of training.
  case perturbations

  /// The queries, in order.
  package func queries(_ count: Int, of model: Customers.Model, training: [[Double]], _ draws: inout Draws)
    -> [[Double]]
  {
    let ranges = Customers.ranges(training)
    switch self {
    case .uniform:
      return (0..<count).map { _ in
        ranges.map { $0.lowerBound + draws.uniform() * ($0.upperBound - $0.lowerBound) }
      }
    case .perturbations:
      let deviations = Customers.deviations(training)
      let seeds = Array(training.prefix(100))
      return (0..<count).map { _ in
        let seed = seeds[Int(draws.uniform() * 100)]
        return (0..<Customers.width).map { seed[$0] + 0.1 * deviations[$0] * draws.normal() }
      }
    case .jacobian, .randomSteps:
      var asked = Array(training.prefix(100))
      var surrogate = Surrogate(like: asked)
      var round = 0
      while asked.count < count {
        let labels = asked.map(model.label)
        surrogate.fit(asked, labels, passes: 3)
        // The step turns round every third time, as in the paper.
        let step = (round / 3) % 2 == 0 ? 0.1 : -0.1
        for (row, label) in zip(asked, labels) where asked.count < count {
          let side = label == 1 ? step : -step
          let next = (0..<Customers.width).map { feature in
            let up =
              self == .jacobian ? surrogate.weights[feature] * side > 0 : draws.uniform() < 0.5
            return row[feature] + (up ? 0.1 : -0.1)
              * (ranges[feature].upperBound - ranges[feature].lowerBound)
          }
          asked.append(next)
        }
        round += 1
      }
      return asked
    }
  }
}

/// A search for a row just beyond the boundary, by labels alone: halving between two rows, then steps along the boundary as
/// of Chen, Jordan and Wainwright ("HopSkipJumpAttack", 2020), and small perturbations.
package struct EvasionSearch {
  private let model: Customers.Model
  private let deviations: [Double]
  private var asked: [[Double]] = []

  /// Begins with what an attacker knows of training.
  package init(of model: Customers.Model, training: [[Double]]) {
    self.model = model
    deviations = Customers.deviations(training)
  }

  private mutating func ask(_ row: [Double]) -> Int {
    asked.append(row)
    return model.label(row)
  }

  private func mix(_ left: [Double], _ right: [Double], _ share: Double) -> [Double] {
    zip(left, right).map { $0 + share * ($1 - $0) }
  }

  /// A row at the boundary between one of `label` and one of another, on the side of the latter.
  private mutating func halve(_ row: [Double], _ other: [Double], label: Int) -> [Double] {
    var (low, high) = (0.0, 1.0)
    while high - low > 1e-3 {
      let middle = (low + high) / 2
      if ask(mix(row, other, middle)) == label { low = middle } else { high = middle }
    }
    return mix(row, other, high)
  }

  /// So many queries from a row of one class to one of the other.
  package mutating func run(_ count: Int, from start: [Double], to end: [Double], _ draws: inout Draws)
    -> [[Double]]
  {
    let label = ask(start)
    _ = ask(end)
    var place = halve(start, end, label: label)
    var reach = 0.1
    while asked.count < count {
      var gradient = [Double](repeating: 0, count: Customers.width)
      for _ in 0..<20 {
        let direction = deviations.map { $0 * draws.normal() }
        let probe = (0..<Customers.width).map { place[$0] + reach * direction[$0] }
        let side = ask(probe) == label ? -1.0 : 1
        for feature in gradient.indices { gradient[feature] += side * direction[feature] / 20 }
      }
      let next = (0..<Customers.width).map { place[$0] + 0.5 * gradient[$0] }
      if ask(next) != label { place = halve(start, next, label: label) }
      for _ in 0..<10 {
        let probe = (0..<Customers.width).map { place[$0] + 0.02 * deviations[$0] * draws.normal() }
        if ask(probe) != label { place = probe }
      }
      reach *= 0.8
    }
    return Array(asked.prefix(count))
  }
}
