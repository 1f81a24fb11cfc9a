public import Domain

/// A number that says how good predictions were, with where it likely is.
public struct PerformanceEstimate: Sendable, Equatable {
  /// What it says, by the name that `gatehouse test` and scikit-learn have for it.
  public enum Metric: String, Sendable, CaseIterable {
    case accuracy
    case precision
    case recall
    case f1
    case auc
    case logLoss = "log_loss"
    case brier
    case calibrationError = "ece"
    case mae
    case rmse
  }

  /// What it says.
  public let metric: Metric
  /// The number over the rows that have labels.
  public let value: Double
  /// Where it is in 95 of 100 cases, for rows like those that have labels; nil where no formula says so.
  public let interval: ClosedRange<Double>?
}

/// How good the predictions of one window were, as far as their labels came.
public struct FeedbackReport: Sendable, Equatable {
  /// When the window begins.
  public let start: Timestamp
  /// When it ends.
  public let end: Timestamp
  /// How many predictions were made in it, kept or not.
  public let predictions: Int
  /// How many of them nothing is kept of, so that no label finds them.
  public let unkept: Int
  /// How many of them have a label.
  public let labelled: Int
  /// How many labels were put right by a later one.
  public let corrections: Int
  /// How many labels came after the window had ended.
  public let late: Int
  /// Whether it was handed out before labels were waited for long enough, for want of room.
  public let isCutShort: Bool
  /// The mean score of predictions with labels: the probability of the second class, the confidence, or the
  /// number itself; nil where there is none.
  public let labelledScore: Double?
  /// The mean score of those without.
  public let unlabelledScore: Double?
  /// What is defined for the rows with labels.
  public let estimates: [PerformanceEstimate]
  /// How many errors are so great that no number says their square: there is no root mean square error then, for one without its
  /// greatest errors would be better for them; and no mean where the errors themselves are.
  public let unsaidErrors: Int

  /// The share of the predictions that have labels: the estimates are of these, and of all only where it is chance which
  /// have them.
  public var labelledShare: Double { predictions > 0 ? Double(labelled) / Double(predictions) : 0 }

  /// The sentence about whom the estimates are of.
  public var selection: String {
    var text =
      "\(labelled) of \(predictions) predictions have labels (\((labelledShare * 100).rounded(places: 1)) %)"
    if let labelledScore, let unlabelledScore {
      text +=
        "; their mean score is \(labelledScore.shortText), that of the others \(unlabelledScore.shortText)"
    }
    if labelled < predictions {
      text += "; what is said holds for all of them only where it is chance which have labels"
    }
    if unsaidErrors > 0 {
      text +=
        "; the square of \(unsaidErrors) errors is beyond every number, so that nothing is said of squares"
    }
    return text
  }

  /// Works out how good predictions of a window were.
  ///
  /// `unkept` is how many more were made in it that nothing is kept of; `late` how many labels came after its end.
  public init(
    from start: Timestamp, until end: Timestamp, _ rows: [LabelledPrediction], unkept: Int = 0,
    corrections: Int = 0, late: Int = 0, isCutShort: Bool = false
  ) {
    self.start = start
    self.end = end
    predictions = rows.count + unkept
    self.unkept = unkept
    self.corrections = corrections
    self.late = late
    self.isCutShort = isCutShort
    var (with, without) = (Moments(), Moments())
    var classes = LabelledClasses()
    var values = LabelledValues()
    for row in rows {
      if let score = row.prediction.score {
        if row.label == nil { without.observe(score) } else { with.observe(score) }
      }
      switch (row.label, row.prediction) {
      case (.classes(let truth), .binary(let said, let probability)):
        classes.take(said, truth: truth, second: probability)
      case (.classes(let truth), .classes(let said, let confidence)):
        classes.take(said, truth: truth, confidence: confidence)
      case (.number(let truth), .number(let said)): values.take(said - truth)
      default: break
      }
    }
    labelled = rows.count { $0.label != nil }
    labelledScore = with.count > 0 ? with.mean : nil
    unlabelledScore = without.count > 0 ? without.mean : nil
    estimates = classes.estimates + values.estimates
    unsaidErrors = values.unsaidSquares
  }
}
