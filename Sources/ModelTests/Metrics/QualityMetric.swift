/// A number that says how good answers are; each is scikit-learn's of that name, where it has one.
public enum QualityMetric: String, Sendable, CaseIterable {
  /// The share of rows whose class is right.
  case accuracy
  /// The mean over the classes that occur of the share of their rows that are found.
  case balancedAccuracy = "balanced_accuracy"
  /// The harmonic mean of precision and recall of the second of two classes.
  case f1
  /// The mean of `f1` over the classes that occur or are predicted.
  case f1Macro = "f1_macro"
  /// The share of the rows predicted to be of the second of two classes that are.
  case precision
  /// The mean of `precision` over the classes that occur or are predicted.
  case precisionMacro = "precision_macro"
  /// The share of the rows of the second of two classes that are found.
  case recall
  /// The mean of `recall` over the classes that occur or are predicted.
  case recallMacro = "recall_macro"
  /// The area under the ROC curve; of more than two classes the mean over each against the others.
  case auc
  /// The mean of minus the logarithm of the true class's probability, none taken as below 2⁻⁵².
  case logLoss = "log_loss"
  /// The mean squared difference of the probability of the second of two classes and the truth; of more classes the
  /// mean of the sum over all.
  case brier
  /// The expected calibration error: the mean distance of the likeliest class's probability from how often it is
  /// right, over 15 bins of equal width, each with its upper end (Guo et al., "On calibration of modern neural
  /// networks", 2017).
  case calibrationError = "ece"
  /// The mean absolute error.
  case mae
  /// The root of the mean squared error.
  case rmse
  /// The coefficient of determination.
  case r2

  /// Whether it is of classes, and not of values.
  var isOfClasses: Bool {
    switch self {
    case .mae, .rmse, .r2: false
    default: true
    }
  }
}
