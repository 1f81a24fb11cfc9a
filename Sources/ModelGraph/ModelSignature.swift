/// What a caller can ask a model for, by scikit-learn's names for it.
public enum PredictionMethod: String, Sendable, CaseIterable {
  /// Labels of a classifier, values of a regressor.
  case predict
  /// A probability for each class.
  case predictProbabilities = "predict_proba"
  /// The signed distance from the decision border.
  case decisionFunction = "decision_function"
  /// What a transformer makes of its input.
  case transform
}

/// Names, datatypes and shapes of what goes into a model and what comes out.
public struct ModelSignature: Equatable, Sendable {
  /// One tensor of a signature.
  public struct Port: Equatable, Sendable {
    /// Its name; for outputs the raw value of the method that gives it.
    public let name: String
    /// The type of its elements.
    public let datatype: Datatype
    /// The length of each axis, −1 where it varies (the rows).
    public let shape: [Int]

    /// Names a tensor, its datatype and its shape.
    public init(name: String, datatype: Datatype, shape: [Int]) {
      self.name = name
      self.datatype = datatype
      self.shape = shape
    }
  }

  /// The input: rows of features, `[-1, featureCount]`.
  public let input: Port
  /// The names of the features in order, where the model was trained with names.
  public let featureNames: [String]?
  /// The outputs, one a method, the principal one (`predict` or `transform`) first.
  public let outputs: [Port]
  /// The labels of a classifier in the order of its probabilities.
  public let classes: Tensor?

  /// States what goes in and what comes out.
  public init(input: Port, featureNames: [String]?, outputs: [Port], classes: Tensor?) {
    self.input = input
    self.featureNames = featureNames
    self.outputs = outputs
    self.classes = classes
  }

  /// How many features a row has.
  public var featureCount: Int { input.shape.last ?? 0 }

  /// The methods that the model answers to, the principal one first.
  public var methods: [PredictionMethod] { outputs.compactMap { PredictionMethod(rawValue: $0.name) } }
}
