import Domain
import ModelGraph

extension Neighbors: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel {
    NeighborsKernel(search: NeighborSearch(self), weighting: weighting, answer: answer)
  }
}

/// What the neighbours of each row say.
private struct NeighborsKernel: Kernel {
  let search: NeighborSearch
  let weighting: Neighbors.Weighting
  let answer: NeighborAnswer

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    var result = Matrix(rows: matrix.rows, columns: columns)
    try search.forEachRow(of: matrix) { row, list throws(Problem) in
      let places = (row * columns)..<((row + 1) * columns)
      switch answer {
      case .votes(let labels, let classes, let outliers):
        if list.indices.isEmpty {
          try place(outliers, classes, &result.elements, from: places.lowerBound, row: row, batch)
        } else {
          vote(list, labels, classes, &result.elements, from: places.lowerBound)
        }
      case .means(let targets): average(list, targets, &result.elements, from: places.lowerBound)
      case .outlierFactor(let reaches, let densities):
        result.elements[row] = Self.outlierFactor(list, reaches, densities)
      }
    }
    return .numbers(result)
  }

  private var columns: Int {
    switch answer {
    case .votes(_, let classes, _): classes.reduce(0) { $0 + Int($1) }
    case .means(let targets): targets.columns
    case .outlierFactor: 1
    }
  }

  /// 1 ÷ distance; where some are infinite, these count 1 and the others 0.
  private func weights(of list: NeighborList) -> [Double]? {
    guard weighting == .distance else { return nil }
    let weights = list.distances.map { 1 / $0 }
    guard weights.contains(where: \.isInfinite) else { return weights }
    return weights.map { $0.isInfinite ? 1 : 0 }
  }

  private func vote(
    _ list: NeighborList, _ labels: [Int64], _ classes: [Int64], _ votes: inout [Double], from start: Int
  ) {
    let weights = weights(of: list)
    var start = start
    for target in classes.indices {
      for (rank, point) in list.indices.enumerated() {
        votes[start + Int(labels[point * classes.count + target])] += weights?[rank] ?? 1
      }
      start += Int(classes[target])
    }
  }

  /// The votes of a row without neighbours.
  private func place(
    _ outliers: [Int64], _ classes: [Int64], _ votes: inout [Double], from start: Int, row: Int,
    _ batch: Batch
  ) throws(Problem) {
    var start = start
    for (target, outlier) in outliers.enumerated() {
      if outlier == NeighborAnswer.refused {
        let row = row + batch.firstRow
        throw Problem(
          .badInput, "predict.no-neighbors",
          "expected a training row within the radius of \(batch.origin), found none for row \(row)",
          position: "row \(row)", hint: "fit it with a greater radius or an outlier_label")
      }
      if outlier >= 0 { votes[start + Int(outlier)] = 1 }
      start += Int(classes[target])
    }
  }

  private func average(
    _ list: NeighborList, _ targets: ConstantMatrix, _ means: inout [Double], from start: Int
  ) {
    let weights = weights(of: list)
    for column in 0..<targets.columns {
      guard !list.indices.isEmpty else {
        means[start + column] = .nan
        continue
      }
      var terms = list.indices.map { targets.elements[$0 * targets.columns + column] }
      guard let weights else {
        // NumPy adds rows to one another here, in order, where it would add along a row in pairs.
        means[start + column] = terms.reduce(0, +) / Double(terms.count)
        continue
      }
      for index in terms.indices { terms[index] *= weights[index] }
      means[start + column] = PairwiseSum.of(terms.span) / PairwiseSum.of(weights.span)
    }
  }

  /// The mean of the neighbours' densities ÷ the row's own, negated.
  ///
  /// Source: Breunig et al., "LOF: Identifying Density-Based Local Outliers", definitions 5 to 7.
  private static func outlierFactor(
    _ list: NeighborList, _ reaches: [Double], _ densities: [Double]
  ) -> Double {
    let count = Double(list.indices.count)
    let reached = zip(list.indices, list.distances).map { Double.maximum($1, reaches[$0]) }
    let density = 1 / (PairwiseSum.of(reached.span) / count + 1e-10)
    let ratios = list.indices.map { densities[$0] / density }
    return -(PairwiseSum.of(ratios.span) / count)
  }
}
