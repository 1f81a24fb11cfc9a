/// Answers of a classifier whose truth is known, counted.
///
/// The metrics are those of `ModelTests`, which depends on graphs, plans and YAML that the data plane is not to have.
struct LabelledClasses {
  /// How many bins the calibration error has, of equal width, each with its upper end.
  private static let bins = 15

  private var rows = 0
  private var hits = 0
  private var counts = [0, 0, 0, 0]
  private var isBinary = true
  private var losses = Moments()
  private var squares = Moments()
  private var scored: [(score: Double, isSecond: Bool)] = []
  private var binRows = [Double](repeating: 0, count: bins)
  private var binHits = [Double](repeating: 0, count: bins)
  private var binSums = [Double](repeating: 0, count: bins)

  /// One of two classes.
  mutating func take(_ said: Int, truth: Int, second probability: Double?) {
    rows += 1
    hits += said == truth ? 1 : 0
    counts[(said > 0 ? 2 : 0) + (truth > 0 ? 1 : 0)] += 1
    guard let probability, (0...1).contains(probability) else { return }
    let own = truth > 0 ? probability : 1 - probability
    losses.observe(-naturalLogarithm(min(max(own, Double.ulpOfOne), 1 - Double.ulpOfOne)))
    squares.observe((1 - own) * (1 - own))
    scored.append((probability, truth > 0))
    bin(max(probability, 1 - probability), isHit: (probability > 0.5) == (truth > 0))
  }

  /// One of more classes.
  mutating func take(_ said: Int, truth: Int, confidence: Double?) {
    isBinary = false
    rows += 1
    hits += said == truth ? 1 : 0
    guard let confidence, (0...1).contains(confidence) else { return }
    bin(confidence, isHit: said == truth)
  }

  private mutating func bin(_ confidence: Double, isHit: Bool) {
    let bin = min(max(Int((confidence * Double(Self.bins)).rounded(.up)) - 1, 0), Self.bins - 1)
    binRows[bin] += 1
    binHits[bin] += isHit ? 1 : 0
    binSums[bin] += confidence
  }

  var estimates: [PerformanceEstimate] {
    guard rows > 0 else { return [] }
    var estimates: [PerformanceEstimate] = []
    func add(_ metric: PerformanceEstimate.Metric, _ value: Double?, _ interval: ClosedRange<Double>?) {
      guard let value, value.isFinite else { return }
      estimates.append(PerformanceEstimate(metric: metric, value: value, interval: interval))
    }
    func addShare(_ metric: PerformanceEstimate.Metric, _ part: Int, of whole: Int) {
      guard whole > 0 else { return }
      add(metric, Double(part) / Double(whole), Interval.share(Double(part), of: Double(whole)))
    }
    addShare(.accuracy, hits, of: rows)
    if isBinary {
      let (misses, falls, right) = (counts[1], counts[2], counts[3])
      addShare(.precision, right, of: right + falls)
      addShare(.recall, right, of: right + misses)
      if right + misses + falls > 0 {
        add(
          .f1, Double(2 * right) / Double(2 * right + misses + falls),
          Interval.f1(hits: Double(right), misses: Double(misses + falls)))
      }
      let (area, positives, negatives) = area
      add(.auc, area, area.flatMap { Interval.area($0, positives: positives, negatives: negatives) })
      if losses.count > 0 { add(.logLoss, losses.mean, Interval.mean(losses)) }
      if squares.count > 0 { add(.brier, squares.mean, Interval.mean(squares)) }
    }
    let binned = binRows.reduce(0, +)
    if binned > 0 {
      // It is never negative, so that few rows alone make it greater than it is: no interval around it would be one.
      let gaps = binRows.indices.map { abs(binHits[$0] - binSums[$0]) }
      add(.calibrationError, gaps.reduce(0, +) / binned, nil)
    }
    return estimates
  }

  /// How often a row of the second class is above one of the first, ties by half (Mann and Whitney, 1947).
  private var area: (area: Double?, positives: Double, negatives: Double) {
    let sorted = scored.sorted { $0.score < $1.score }
    var (area, positives, negatives) = (0.0, 0.0, 0.0)
    var first = 0
    while first < sorted.count {
      var (last, own, others) = (first, 0.0, 0.0)
      while last < sorted.count, sorted[last].score == sorted[first].score {
        if sorted[last].isSecond { own += 1 } else { others += 1 }
        last += 1
      }
      area += own * (negatives + others / 2)
      positives += own
      negatives += others
      first = last
    }
    return (positives > 0 && negatives > 0 ? area / (positives * negatives) : nil, positives, negatives)
  }
}

/// Numbers that a model said beside the truth.
struct LabelledValues {
  private var absolute = Moments()
  private var squares = Moments()
  /// How many errors were so great that no number says them, or their squares.
  private(set) var (unsaid, unsaidSquares) = (0, 0)

  /// By how much what was said is more than the truth.
  mutating func take(_ error: Double) {
    if !error.isFinite { unsaid += 1 }
    if !(error * error).isFinite { unsaidSquares += 1 }
    absolute.observe(abs(error))
    squares.observe(error * error)
  }

  var estimates: [PerformanceEstimate] {
    guard absolute.count > 0 else { return [] }
    let square = Interval.mean(squares).map {
      max(0, $0.lowerBound).squareRoot()...$0.upperBound.squareRoot()
    }
    // Without its greatest errors a figure would be better for them.
    return [
      unsaid > 0
        ? nil : PerformanceEstimate(metric: .mae, value: absolute.mean, interval: Interval.mean(absolute)),
      unsaidSquares > 0
        ? nil : PerformanceEstimate(metric: .rmse, value: squares.mean.squareRoot(), interval: square),
    ].compactMap { $0 }.filter(\.value.isFinite)
  }
}
