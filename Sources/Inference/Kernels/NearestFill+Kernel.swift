import Domain
import ModelGraph

extension NearestFill: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { NearestFillKernel(self) }
}

/// `NearestFill` with what does not depend on the rows computed once.
private struct NearestFillKernel: Kernel {
  let operation: NearestFill
  /// For each column the mean of what the table has there.
  let means: [Double]
  /// For each column the rows of the table that have it.
  let donors: [[Int]]

  init(_ operation: NearestFill) {
    self.operation = operation
    let table = operation.table
    var donors: [[Int]] = []
    var means: [Double] = []
    for column in 0..<table.columns {
      let rows = (0..<table.rows).filter { !table.elements[$0 * table.columns + column].isNaN }
      let sum = rows.reduce(0.0) { $0 + table.elements[$1 * table.columns + column] }
      donors.append(rows)
      means.append(rows.isEmpty ? .nan : sum / Double(rows.count))
    }
    self.donors = donors
    self.means = means
  }

  func run(_ operands: consuming [Value], _ batch: Batch) throws(Problem) -> Value {
    var matrix = operands.takeMatrix(0)
    for start in stride(from: 0, to: matrix.elements.count, by: matrix.columns) {
      let row = Array(matrix.elements[start..<(start + matrix.columns)])
      guard row.contains(where: \.isNaN) else { continue }
      let distances = (0..<operation.table.rows).map { distance(row, to: $0) }
      for column in row.indices where row[column].isNaN && !donors[column].isEmpty {
        matrix.elements[start + column] = fill(column, distances)
      }
    }
    return .numbers(matrix)
  }

  /// NaN where the two rows have no column in common.
  private func distance(_ row: [Double], to other: Int) -> Double {
    let table = operation.table
    var sum = 0.0
    var present = 0
    for column in row.indices {
      let (x, y) = (row[column], table.elements[other * table.columns + column])
      guard !x.isNaN, !y.isNaN else { continue }
      sum += (x - y) * (x - y)
      present += 1
    }
    guard present > 0 else { return .nan }
    return (sum / Double(present) * Double(row.count)).squareRoot()
  }

  private func fill(_ column: Int, _ distances: [Double]) -> Double {
    let table = operation.table
    let known = donors[column].filter { !distances[$0].isNaN }
    guard !known.isEmpty else { return means[column] }
    // Of equally near rows the first in the table counts.
    let nearest = known.sorted { (distances[$0], $0) < (distances[$1], $1) }.prefix(operation.neighbors)
    var weights = nearest.map { _ in 1.0 }
    if operation.byDistance {
      let isHit = nearest.contains { distances[$0] == 0 }
      weights = nearest.map { isHit ? (distances[$0] == 0 ? 1 : 0) : 1 / distances[$0] }
    }
    var (sum, total) = (0.0, 0.0)
    for (donor, weight) in zip(nearest, weights) {
      sum += table.elements[donor * table.columns + column] * weight
      total += weight
    }
    return sum / total
  }
}
