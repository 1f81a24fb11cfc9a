public import Domain

/// How far what came in one column is from training.
public struct ColumnDrift: Sendable, Equatable {
  /// The column.
  public let column: ColumnShape
  /// How many live values it is of, missing ones left out.
  public let count: Int
  /// The test of both distributions; numbers alone.
  public let kolmogorovSmirnov: KolmogorovSmirnov?
  /// How much the statistic above may be off for what the sketches forgot, with a probability of 98 %; 0 where both are exact.
  public let statisticError: Double
  /// How far values moved on average, in their own unit; numbers alone.
  public let wassersteinDistance: Double?
  /// Over the bins or categories, to base 2.
  public let jensenShannonDistance: Double?
  /// Over the bins or categories.
  public let stabilityIndex: Double?
  /// The test of the counts in bins or categories.
  public let chiSquared: ChiSquared?
  /// The mean now less that of training, in deviations of training; numbers alone.
  public let meanShift: Double?
  /// The share of values that are missing, less that of training.
  public let missingShift: Double
  /// The share of values that training had no room for: out of its range, or of no category of its.
  public let strangeShare: Double
  /// Of a masked column how far its values were on average over windows: the largest difference between cumulated shares in
  /// bins, or half of the sum of all differences for categories; nil where none is masked or there were too few at a time.
  public let maskedDistance: Double?
}

extension Reference {
  /// Measures how far live values are from training, column by column; throws `monitoring.unlike-profiles`.
  ///
  /// Measures say how much, not whether to worry: for that there is `DriftMonitor`.
  /// `exactSteps` is how long each exact test may take, see `KolmogorovSmirnov`.
  public func drift(
    of live: ModelProfile, exactSteps: Int = KolmogorovSmirnov.exactSteps
  ) throws(Problem) -> [ColumnDrift] {
    guard live.shape == shape else {
      throw Problem(
        .badInput, "monitoring.unlike-profiles",
        "expected a profile of the reference's \(shape.columns.count) columns, found another",
        hint: "compare a version with the reference of its own training")
    }
    var (numbers, categories) = (live.numbers.indices.makeIterator(), live.categories.indices.makeIterator())
    return shape.columns.compactMap { column in
      switch column.kind {
      case .number:
        numbers.next().map { drift(of: live.numbers[$0], column, profile.numbers[$0], exactSteps) }
      case .category: categories.next().map { drift(of: live.categories[$0], column, profile.categories[$0]) }
      }
    }
  }

  private func drift(
    of live: NumberProfile, _ column: ColumnShape, _ training: NumberProfile, _ exactSteps: Int
  ) -> ColumnDrift {
    let (now, then) = (live.quantiles.distribution, training.quantiles.distribution)
    let bins = (live: live.bins.map { Double($0) }, training: training.bins.map { Double($0) })
    let shift = training.moments.standardDeviation.flatMap { deviation in
      live.moments.count > 0 && deviation > 0 ? (live.moments.mean - training.moments.mean) / deviation : nil
    }
    return ColumnDrift(
      column: column, count: live.moments.count + live.hidden.count + live.infinite,
      kolmogorovSmirnov: KolmogorovSmirnov(now, then, exactSteps: exactSteps),
      statisticError: min(1, live.quantiles.rankError() + training.quantiles.rankError()),
      wassersteinDistance: now.wassersteinDistance(to: then),
      jensenShannonDistance: ShareDistance.jensenShannon(bins.live, bins.training),
      stabilityIndex: ShareDistance.stabilityIndex(live: bins.live, training: bins.training),
      chiSquared: ChiSquared(bins.live, bins.training), meanShift: shift,
      missingShift: share(live.missing, of: live.count) - share(training.missing, of: training.count),
      strangeShare: share(live.outOfRange, of: live.count - live.missing),
      maskedDistance: live.hidden.measured > 0 ? live.hidden.distance : nil)
  }

  private func drift(of live: CategoryProfile, _ column: ColumnShape, _ training: CategoryProfile)
    -> ColumnDrift
  {
    let now = (live.counts.known + [live.counts.unknown]).map { Double($0) }
    let then = (training.counts.known + [training.counts.unknown]).map { Double($0) }
    return ColumnDrift(
      column: column, count: live.count - live.missing, kolmogorovSmirnov: nil, statisticError: 0,
      wassersteinDistance: nil,
      jensenShannonDistance: ShareDistance.jensenShannon(now, then),
      stabilityIndex: ShareDistance.stabilityIndex(live: now, training: then),
      chiSquared: ChiSquared(now, then), meanShift: nil,
      missingShift: share(live.missing, of: live.count) - share(training.missing, of: training.count),
      strangeShare: share(live.unknown, of: live.count - live.missing),
      maskedDistance: live.hidden.measured > 0 ? live.hidden.distance : nil)
  }

  private func share(_ part: Int, of all: Int) -> Double { all > 0 ? Double(part) / Double(all) : 0 }
}
