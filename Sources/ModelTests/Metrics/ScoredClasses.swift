#if canImport(Glibc)
  import func Glibc.log
#elseif canImport(Musl)
  import func Musl.log
#else
  import func Darwin.log
#endif

/// A classifier's answers to some rows beside the truth, ready to be counted again and again with other weights.
struct ScoredClasses {
  /// How many bins the calibration error has.
  private static let bins = 15
  /// How many elements the orders of the areas may have together.
  private static let orderLimit = 1 << 24

  private let classCount: Int
  private let truth: [Int]
  private let predicted: [Int]
  /// Of each row the loss, the Brier score, the likeliest class's probability and bin, and whether it is right.
  private var losses: [Double] = []
  private var squares: [Double] = []
  private var confidences: [Double] = []
  private var places: [Int] = []
  private var isRight: [Bool] = []
  /// For each class whose area is asked for its rows by ascending score.
  private var orders: [ScoreOrder] = []

  /// Takes the rows at `rows` out of answers.
  init(_ answers: ClassAnswers, truth: [Int], rows: [Int]) {
    classCount = answers.classCount
    self.truth = rows.map { truth[$0] }
    predicted = rows.map { answers.predicted[$0] }
    if let probabilities = answers.probabilities { take(probabilities, rows) }
    let isBinary = classCount == 2
    // Of several classes only probabilities are compared, as the library does.
    if isBinary || answers.probabilities != nil, rows.count * classCount <= Self.orderLimit {
      for place in isBinary ? 1..<2 : 0..<classCount {
        guard let scores = answers.scores(of: place) else { continue }
        orders.append(ScoreOrder(of: rows.map { scores[$0] }, place: place))
      }
    }
  }

  private mutating func take(_ probabilities: [Double], _ rows: [Int]) {
    let least = Double.ulpOfOne
    for (index, row) in rows.enumerated() {
      let own = probabilities[row * classCount..<(row + 1) * classCount]
      let place = own.startIndex + truth[index]
      losses.append(-log(min(max(own[place], least), 1 - least)))
      if classCount == 2 {
        let difference = own[own.startIndex + 1] - Double(truth[index])
        squares.append(difference * difference)
      } else {
        var sum = CompensatedSum()
        for (offset, probability) in own.enumerated() {
          let difference = probability - (offset == truth[index] ? 1 : 0)
          sum.add(difference * difference)
        }
        squares.append(sum.value)
      }
      var likeliest = own.startIndex
      for other in own.indices where own[other] > own[likeliest] { likeliest = other }
      let confidence = own[likeliest]
      confidences.append(confidence)
      let bin = (confidence * Double(Self.bins)).rounded(.up) - 1
      places.append(bin >= 0 ? min(Int(min(bin, 1e6)), Self.bins - 1) : 0)
      isRight.append(likeliest - own.startIndex == truth[index])
    }
  }

  /// How many numbers of all classes are looked at for one count of all metrics, in rows.
  var width: Int { 3 + 2 * orders.count }

  /// Every metric that is defined for the rows, each counted as often as its weight says.
  func values(_ weights: [Int]) -> [QualityMetric: Double] {
    var values: [QualityMetric: Double] = [:]
    var (hits, actual, found) = (
      [Int](repeating: 0, count: classCount), [Int](repeating: 0, count: classCount),
      [Int](repeating: 0, count: classCount)
    )
    var (total, strangers) = (0, 0)
    for (row, weight) in weights.enumerated() where weight > 0 {
      total += weight
      actual[truth[row]] += weight
      if predicted[row] >= 0 { found[predicted[row]] += weight } else { strangers += weight }
      if predicted[row] == truth[row] { hits[truth[row]] += weight }
    }
    guard total > 0 else { return [:] }
    values[.accuracy] = Double(hits.reduce(0, +)) / Double(total)
    func ratio(_ part: Int, _ whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
    func mean(_ places: [Int], _ number: (Int) -> Double) -> Double {
      var sum = CompensatedSum()
      for place in places { sum.add(number(place)) }
      return sum.value / Double(places.count)
    }
    let occurring = actual.indices.filter { actual[$0] > 0 }
    let seen = actual.indices.filter { actual[$0] > 0 || found[$0] > 0 }
    let precision = { ratio(hits[$0], found[$0]) }
    let recall = { ratio(hits[$0], actual[$0]) }
    let f1 = { ratio(2 * hits[$0], found[$0] + actual[$0]) }
    values[.balancedAccuracy] = mean(occurring, recall)
    if strangers == 0 {
      values[.precisionMacro] = mean(seen, precision)
      values[.recallMacro] = mean(seen, recall)
      values[.f1Macro] = mean(seen, f1)
    }
    if classCount == 2 {
      values[.precision] = precision(1)
      values[.recall] = recall(1)
      values[.f1] = f1(1)
    }
    values[.auc] = area(weights, actual, total)
    guard !losses.isEmpty else { return values }
    values[.logLoss] = Self.mean(losses, weights, total)
    values[.brier] = Self.mean(squares, weights, total)
    values[.calibrationError] = calibrationError(weights, total)
    return values.filter { $0.value.isFinite }
  }

  private func area(_ weights: [Int], _ actual: [Int], _ total: Int) -> Double? {
    guard !orders.isEmpty, orders.count == (classCount == 2 ? 1 : classCount) else { return nil }
    var sum = CompensatedSum()
    for order in orders {
      // Without rows on both sides there is no curve.
      guard actual[order.place] > 0, actual[order.place] < total else { return nil }
      sum.add(order.area(truth, weights))
    }
    return sum.value / Double(orders.count)
  }

  private func calibrationError(_ weights: [Int], _ total: Int) -> Double {
    var counts = [Int](repeating: 0, count: Self.bins)
    var right = counts
    var sums = [CompensatedSum](repeating: CompensatedSum(), count: Self.bins)
    for (row, weight) in weights.enumerated() where weight > 0 {
      counts[places[row]] += weight
      if isRight[row] { right[places[row]] += weight }
      sums[places[row]].add(Double(weight) * confidences[row])
    }
    var error = CompensatedSum()
    for bin in counts.indices where counts[bin] > 0 {
      error.add(abs(Double(right[bin]) - sums[bin].value) / Double(total))
    }
    return error.value
  }

  static func mean(_ terms: [Double], _ weights: [Int], _ total: Int) -> Double {
    var sum = CompensatedSum()
    for (row, weight) in weights.enumerated() where weight > 0 { sum.add(Double(weight) * terms[row]) }
    return sum.value / Double(total)
  }
}

/// Rows by ascending score of a class, and where rows of one score end.
private struct ScoreOrder {
  let place: Int
  private let order: [Int]
  private let isLastOfScore: [Bool]

  init(of scores: [Double], place: Int) {
    self.place = place
    let order = scores.indices.sorted { (scores[$0], $0) < (scores[$1], $1) }
    self.order = order
    isLastOfScore = order.indices.map { $0 + 1 == order.count || scores[order[$0 + 1]] != scores[order[$0]] }
  }

  /// The area under the curve: how often a row of the class comes before one of another, ties by half (Mann and
  /// Whitney, 1947).
  func area(_ truth: [Int], _ weights: [Int]) -> Double {
    var (others, area) = (0.0, 0.0)
    var (tiedOwn, tiedOthers, own) = (0.0, 0.0, 0.0)
    for (index, row) in order.enumerated() {
      if truth[row] == place { tiedOwn += Double(weights[row]) } else { tiedOthers += Double(weights[row]) }
      guard isLastOfScore[index] else { continue }
      // Whole and half numbers below 2⁵³: exact.
      area += tiedOwn * (others + tiedOthers / 2)
      others += tiedOthers
      own += tiedOwn
      (tiedOwn, tiedOthers) = (0, 0)
    }
    return area / (own * others)
  }
}
