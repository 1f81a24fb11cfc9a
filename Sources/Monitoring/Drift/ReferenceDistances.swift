/// How far live values are from training by the counts of their cells alone: what can be asked again and again for next to
/// nothing, where a reference is too large to be kept.
public struct ReferenceDistances: Sendable {
  private struct Stream: Sendable {
    let place: Int
    let shares: [Double]
  }

  private let streams: [Stream]

  /// Keeps the shares of a reference's cells; columns of which training had no value are left out.
  public init(_ reference: Reference) {
    streams = DriftMonitor.cells(of: reference.profile, isTraining: true).enumerated().compactMap {
      place, cells in
      let sum = cells.counts.reduce(0, +)
      guard cells.aspect == .values, sum > 0 else { return nil }
      return Stream(place: place, shares: cells.counts.map { $0 / sum })
    }
  }

  /// Of each column that has values the Kolmogorov–Smirnov statistic between bins where it is of numbers, the total variation
  /// distance where it is of categories.
  public func distances(of live: ModelProfile) -> [(column: ColumnShape, distance: Double)] {
    measured(live).map { ($0.column, $0.distance) }
  }

  /// The same with the place of the stream of cells, by which columns of one name are told apart.
  func measured(_ live: ModelProfile) -> [(place: Int, column: ColumnShape, distance: Double)] {
    let cells = DriftMonitor.cells(of: live, isTraining: false)
    return streams.compactMap { stream in
      guard cells.indices.contains(stream.place) else { return nil }
      let now = cells[stream.place]
      let rows = now.counts.reduce(0, +)
      guard rows > 0, now.counts.count == stream.shares.count else { return nil }
      var (sum, largest, total) = (0.0, 0.0, 0.0)
      for (count, share) in zip(now.counts, stream.shares) {
        let gap = count / rows - share
        sum += gap
        largest = max(largest, abs(sum))
        total += abs(gap)
      }
      return (stream.place, now.column, min(1, now.isOrdered ? largest : total / 2))
    }
  }
}
