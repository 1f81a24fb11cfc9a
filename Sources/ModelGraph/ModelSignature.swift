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

  /// Hashes which method it is; its name takes longer to hash than there is to look up among four.
  public func hash(into hasher: inout Hasher) {
    let place: UInt8 =
      switch self {
      case .predict: 0
      case .predictProbabilities: 1
      case .decisionFunction: 2
      case .transform: 3
      }
    hasher.combine(place)
  }
}

/// What one row of a model's input is.
public enum InputForm: String, Sendable, CaseIterable {
  /// A list of features.
  case rows
  /// One text.
  case documents
  /// A mapping from names to values, as JSON.
  case mappings
  /// A list of names, or of pairs of a name and a value, as JSON.
  case lists
  /// A list of any number of features, of which none is read: of a row just that it is there.
  ///
  /// To operators it is one feature that is 0.
  case unread
}

/// The features of a model's rows: how many, what they are called and what each of them is.
public struct FeatureList: Equatable, Sendable {
  /// What one row is.
  public let form: InputForm
  /// How many features a row has.
  public let count: Int
  /// What they are called in order, where the model was trained with names.
  public let names: [String]?
  /// The features that are text, ascending; the others are numbers.
  public let texts: [Int]
  /// The features that nothing reads, ascending: a caller may send anything in their place.
  public let ignored: [Int]

  /// States the features.
  public init(
    form: InputForm = .rows, count: Int, names: [String]? = nil, texts: [Int] = [], ignored: [Int] = []
  ) {
    self.form = form
    self.count = count
    self.names = names
    self.texts = texts
    self.ignored = ignored
  }

  /// What a feature is to the model.
  public enum Kind: Sendable {
    /// A number, which may be missing.
    case number
    /// A text, which may be missing.
    case text
    /// Nothing that is read.
    case ignored
  }

  /// What each feature is.
  public var kinds: [Kind] {
    var kinds = [Kind](repeating: .number, count: count)
    for index in texts { kinds[index] = .text }
    for index in ignored { kinds[index] = .ignored }
    return kinds
  }

  /// The features that are numbers, ascending.
  public var numbers: [Int] {
    guard !texts.isEmpty || !ignored.isEmpty else { return Array(0..<count) }
    let others = Set(texts).union(ignored)
    return (0..<count).filter { !others.contains($0) }
  }

  /// How many features are numbers.
  public var numberCount: Int { count - texts.count - ignored.count }
}

/// Names, datatypes and shapes of what goes into a model and what comes out.
public struct ModelSignature: Equatable, Sendable {
  /// One tensor of a signature.
  public struct Port: Equatable, Sendable {
    /// Its name; for outputs the raw value of the method that gives it, with `.0`, `.1` … behind where the
    /// method gives several.
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

  /// What a method gives.
  public struct Output: Equatable, Sendable {
    /// The method.
    public let method: PredictionMethod
    /// The tensors, one but where a model of several targets answers each on its own.
    public let ports: [Port]

    /// States what a method gives.
    public init(method: PredictionMethod, ports: [Port]) {
      self.method = method
      self.ports = ports
    }

    /// A method that gives one tensor.
    public init(_ method: PredictionMethod, _ datatype: Datatype, shape: [Int]) {
      self.init(method: method, ports: [Port(name: method.rawValue, datatype: datatype, shape: shape)])
    }
  }

  /// The features of a row.
  public let features: FeatureList
  /// The outputs, one a method, the principal one (`predict` or `transform`) first.
  public let outputs: [Output]
  /// The labels of a classifier in the order of its probabilities: one tensor a target, none for what is no
  /// classifier.
  public let classes: [Tensor]

  /// States what goes in and what comes out.
  public init(features: FeatureList, outputs: [Output], classes: [Tensor]) {
    self.features = features
    self.outputs = outputs
    self.classes = classes
  }

  /// How many features a row has.
  public var featureCount: Int { features.count }

  /// The names of the features, where the model was trained with names.
  public var featureNames: [String]? { features.names }

  /// The methods that the model answers to, the principal one first.
  public var methods: [PredictionMethod] { outputs.map(\.method) }

  /// The tensors that a caller of the Open Inference Protocol sends: one, or where features are of several
  /// kinds one for each that is read.
  ///
  /// Made anew each time, in proportion to the features: whoever needs them for every request holds on to them.
  public var inputs: [Port] {
    let isText = features.texts.count == features.count
    switch features.form {
    case .documents, .mappings, .lists:
      return [Port(name: ModelGraph.inputName, datatype: .string, shape: [-1])]
    case .unread: return [Port(name: ModelGraph.inputName, datatype: .float64, shape: [-1, -1])]
    case .rows where isText || (features.texts.isEmpty && features.ignored.isEmpty):
      return [
        Port(
          name: ModelGraph.inputName, datatype: isText ? .string : .float64, shape: [-1, features.count])
      ]
    case .rows:
      let (texts, ignored) = (Set(features.texts), Set(features.ignored))
      return (0..<features.count).filter { !ignored.contains($0) }.map { index in
        Port(
          name: inputName(of: index),
          datatype: texts.contains(index) ? .string : .float64, shape: [-1, 1])
      }
    }
  }

  /// What the tensor of one feature is called, where each has one of its own.
  public func inputName(of feature: Int) -> String {
    features.names?[feature] ?? "feature_\(feature)"
  }
}
