public import Domain

/// How good a classifier of two classes is, worked out of its probabilities alone: confidence-based performance
/// estimation (NannyML's CBPE; Kivimäki and others, "Confidence-based estimators for predictive performance in model
/// monitoring", 2025).
///
/// Where the probability of a row is p, an answer of the second class is right with probability p. That holds where
/// probabilities are calibrated and what makes a row of a class has not changed; which rows come may change. Of a concept
/// that changed it sees nothing, and says so in `assumption`.
public struct ExpectedPerformance: Sendable, Equatable {
  /// What has to hold for the numbers to.
  public static let assumption =
    "holds where probabilities are calibrated and the concept has not changed; labels alone show whether it has"

  /// How many rows there were.
  public let rows: Int
  /// How many right answers of the second class are expected.
  public let truePositives: Double
  /// How many wrong answers of the second class are expected.
  public let falsePositives: Double
  /// How many right answers of the first class are expected.
  public let trueNegatives: Double
  /// How many wrong answers of the first class are expected.
  public let falseNegatives: Double
  /// How often an answer is expected to be right.
  public let accuracy: Double
  /// Where the accuracy of rows like these would be in 95 of 100 cases by chance of their labels alone, by the variance of
  /// a sum of unlike coins; what is unknown of the calibration is not in it.
  public let accuracyInterval: ClosedRange<Double>
  /// The expected F1 of the second class, by expected counts; nil where there is none of it.
  public let f1: Double?
  /// The expected area under the ROC curve: how often a row of the second class is above one of the first, ties by half;
  /// nil where all rows are of one class for certain.
  public let auc: Double?

  /// Estimates of rows by what was said of the second class; `threshold` is from where on that is the answer.
  ///
  /// Without a calibration the probabilities count as they are. Throws `monitoring.few-rows` where there is none, and
  /// `monitoring.probability` where one is not from 0 to 1.
  public init(probabilities: [Double], threshold: Double = 0.5, calibration: CalibrationMap? = nil)
    throws(Problem)
  {
    guard !probabilities.isEmpty else {
      throw Problem(.badInput, "monitoring.few-rows", "expected a row or more to estimate from, found none")
    }
    if let other = probabilities.firstIndex(where: { !(0...1).contains($0) }) {
      throw Problem(
        .badInput, "monitoring.probability", "expected a probability from 0 to 1, found another number",
        position: "row \(other)")
    }
    var (tp, fp, tn, fn, variance) = (0.0, 0.0, 0.0, 0.0, 0.0)
    var believed: [Double] = []
    believed.reserveCapacity(probabilities.count)
    for said in probabilities {
      let p = calibration?(said) ?? said
      believed.append(p)
      if said >= threshold {
        tp += p
        fp += 1 - p
      } else {
        fn += p
        tn += 1 - p
      }
      variance += p * (1 - p)
    }
    let count = Double(probabilities.count)
    let accuracy = (tp + tn) / count
    let reach = 1.959_964 * variance.squareRoot() / count
    rows = probabilities.count
    (truePositives, falsePositives, trueNegatives, falseNegatives) = (tp, fp, tn, fn)
    self.accuracy = accuracy
    accuracyInterval = max(0, accuracy - reach)...min(1, accuracy + reach)
    f1 = 2 * tp + fp + fn > 0 ? 2 * tp / (2 * tp + fp + fn) : nil
    auc = Self.area(probabilities, believed)
  }

  /// Each row is of both classes by its probability.
  ///
  /// A row beside itself is no pair, which is taken out again.
  private static func area(_ said: [Double], _ believed: [Double]) -> Double? {
    let order = said.indices.sorted { said[$0] < said[$1] }
    var (area, pairs, positives, negatives) = (0.0, 0.0, 0.0, 0.0)
    var first = 0
    while first < order.count {
      var last = first
      var (own, others, alone) = (0.0, 0.0, 0.0)
      while last < order.count, said[order[last]] == said[order[first]] {
        let p = believed[order[last]]
        own += p
        others += 1 - p
        alone += p * (1 - p)
        last += 1
      }
      area += own * negatives + (own * others - alone) / 2
      pairs -= alone
      positives += own
      negatives += others
      first = last
    }
    pairs += positives * negatives
    return pairs > 0 ? min(1, max(0, area / pairs)) : nil
  }
}
