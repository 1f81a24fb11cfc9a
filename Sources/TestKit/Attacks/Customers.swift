package import Monitoring

/// A world of customers with eight features, some of which go together, and two small models of them.
package struct Customers {
  /// What decides between two classes.
  package enum Model: Sendable, CaseIterable {
    /// A smooth border.
    case logistic
    /// A border of steps.
    case tree

    /// The probability of the second class.
    package func probability(_ row: [Double]) -> Double {
      switch self {
      case .logistic:
        let sum =
          (row[0] - 50) / 10 + 0.0006 * (row[1] - 1_100) - (row[2] - 40) / 15 + 0.5 * row[4] - 0.4 * row[5]
        return 1 / (1 + exponential(-sum))
      case .tree:
        if row[1] > 1_400 { return row[0] > 42 ? (row[4] > -0.5 ? 0.9 : 0.6) : 0.3 }
        if row[2] > 45 { return row[5] > 0.8 ? 0.55 : 0.1 }
        return row[0] > 52 ? (row[3] > 45 ? 0.8 : 0.45) : 0.2
      }
    }

    /// The likelier class.
    package func label(_ row: [Double]) -> Int { probability(row) > 0.5 ? 1 : 0 }
    /// By how much it is likelier, from 0 to 1.
    package func margin(_ row: [Double]) -> Double { abs(2 * probability(row) - 1) }
  }

  /// How many features a customer has.
  package static let width = 8

  /// A customer.
  package static func row(_ draws: inout Draws) -> [Double] {
    let (a, b, c, d) = (draws.normal(), draws.normal(), draws.normal(), draws.normal())
    return [
      50 + 10 * a, 1_000 * exponential(0.5 * b + 0.4 * a), (20 + 45 * draws.uniform()).rounded(),
      40 + 7 * a + 4 * draws.normal(), c, 0.7 * c + 0.7 * d, (10 * draws.normal()).rounded() / 10,
      draws.uniform(),
    ]
  }

  /// So many customers.
  package static func rows(_ count: Int, _ draws: inout Draws) -> [[Double]] {
    (0..<count).map { _ in row(&draws) }
  }

  /// Customers as columns of training.
  package static func columns(_ rows: [[Double]]) -> [TrainingColumn] {
    (0..<width).map { feature in
      TrainingColumn(name: "f\(feature)", values: .numbers(rows.map { $0[feature] }))
    }
  }

  /// The least and the greatest value of each feature.
  package static func ranges(_ rows: [[Double]]) -> [ClosedRange<Double>] {
    (0..<width).map { feature in
      let values = rows.map { $0[feature] }
      return values.reduce(values[0], min)...values.reduce(values[0], max)
    }
  }

  /// The standard deviation of each feature.
  package static func deviations(_ rows: [[Double]]) -> [Double] {
    (0..<width).map { feature in
      var moments = Moments()
      for row in rows { moments.observe(row[feature]) }
      return moments.standardDeviation ?? 1
    }
  }
}
