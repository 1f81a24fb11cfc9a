/// What a model said of one row.
public enum KeptPrediction: Sendable, Equatable {
  /// One of two classes, and the probability of the second; nil where there was none.
  case binary(Int, probability: Double?)
  /// One of more classes, and its probability; nil where there was none.
  case classes(Int, confidence: Double?)
  /// A number.
  case number(Double)
}

extension KeptPrediction {
  /// The number that it is compared with others by; nil where there is none.
  public var score: Double? {
    switch self {
    case .binary(_, let probability): probability
    case .classes(_, let confidence): confidence
    case .number(let value): value
    }
  }
}

/// What turned out to be true of a row.
public enum TruthLabel: Sendable, Equatable {
  /// Its class, by place.
  case classes(Int)
  /// Its number.
  case number(Double)
}

extension TruthLabel {
  /// Whether it can be the truth about what was predicted.
  func isLike(_ prediction: KeptPrediction) -> Bool {
    switch (self, prediction) {
    case (.classes(let place), .binary): (0...1).contains(place)
    case (.classes(let place), .classes): place >= 0
    case (.number(let value), .number): value.isFinite
    default: false
    }
  }
}

/// What became of a label.
public enum LabelTurn: String, Sendable, CaseIterable {
  /// It is the first for its prediction.
  case taken
  /// It says what was said before.
  case repeated
  /// It says something else than before: it counts, the one before no longer does.
  case corrected
  /// Its prediction has not come yet: it waits.
  case pending
  /// No prediction is kept by this receipt or key: there was none, or it is gone.
  case unknown
  /// It is a class and the prediction a number, or the other way, or no class that the model has.
  case unlike

  /// What becomes of a label for a prediction that may have had one before; nil for a label that the model's output has no
  /// place for.
  public init(_ label: TruthLabel?, for prediction: KeptPrediction, before: TruthLabel?) {
    guard let label, label.isLike(prediction) else {
      self = .unlike
      return
    }
    self = before == nil ? .taken : before == label ? .repeated : .corrected
  }
}

/// A prediction, and what is known of its truth by now.
public struct LabelledPrediction: Sendable, Equatable {
  /// What was said.
  public let prediction: KeptPrediction
  /// What was true; nil where nobody has said it.
  public let label: TruthLabel?

  /// Puts both together.
  public init(_ prediction: KeptPrediction, _ label: TruthLabel? = nil) {
    self.prediction = prediction
    self.label = label
  }
}
