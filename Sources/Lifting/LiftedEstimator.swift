import Artifacts
import Domain
import ModelGraph

/// What an estimator has become: the values that answer its methods.
struct LiftedEstimator {
  /// What answers one method.
  struct Answer {
    /// One value, or one a target where a model of several targets answers each on its own.
    let values: [GraphValue]
    /// Whether an answer of one column is one element a row, rather than a row of one.
    let isVector: Bool
    /// What a caller gets the numbers as, where that is not double precision.
    let datatype: Datatype?

    init(_ value: GraphValue, isVector: Bool = false) {
      self.init(values: [value], isVector: isVector)
    }

    init(values: [GraphValue], isVector: Bool, datatype: Datatype? = nil) {
      self.values = values
      self.isVector = isVector
      self.datatype = datatype
    }
  }

  /// Labels of a classifier, values of a regressor.
  var predict: Answer?
  /// A probability for each class.
  var probabilities: Answer?
  /// The signed distance from the decision border.
  var decision: Answer?
  /// What the next step of a pipeline gets; nil for what is no transformer.
  var transformed: Operand?
  /// The datatype in which a caller gets that, the numbers being what they are.
  var transformedDatatype: Datatype {
    get { transformed?.datatype ?? .float64 }
    set { transformed?.datatype = newValue }
  }
  /// Whether a caller gets it as one element a row, where it has one column.
  var transformedIsVector = false
  /// The labels of a classifier, one list a target.
  var classes: [Tensor] = []
  /// For each target the index of the class that `predict` gives, before it becomes a label.
  var classIndices: [GraphValue] = []
  /// Whether it answers every row alike, standing for a class that all rows had or none.
  var isConstant = false

  /// A transformer that makes one value.
  static func transformer(
    _ value: GraphValue, datatype: Datatype = .float64, storage: Operand.Storage = .dense
  ) -> LiftedEstimator {
    var operand = Operand(value)
    operand.datatype = datatype
    operand.storage = storage
    return LiftedEstimator(transformed: operand)
  }

  /// A regressor whose predictions are the columns of a value; a vector where the target was one.
  static func regressor(
    _ value: GraphValue, isVector: Bool, datatype: Datatype? = nil
  ) -> LiftedEstimator {
    LiftedEstimator(predict: Answer(values: [value], isVector: isVector, datatype: datatype))
  }

  /// A classifier of one target that gives the label at an index, and perhaps more, a caller getting the numbers as
  /// `datatype`.
  static func classifier(
    _ classes: Tensor, index: GraphValue, probabilities: GraphValue? = nil, decision: GraphValue? = nil,
    datatype: Datatype? = nil, for estimator: Estimator, _ builder: inout GraphBuilder
  ) throws(Problem) -> LiftedEstimator {
    let label = try builder.apply(Label(classes), to: index, named: "label", for: estimator)
    return LiftedEstimator(
      predict: Answer(label, isVector: true),
      probabilities: probabilities.map { Answer(values: [$0], isVector: false, datatype: datatype) },
      decision: decision.map { Answer(values: [$0], isVector: $0.columns == 1, datatype: datatype) },
      classes: [classes],
      classIndices: [index])
  }
}

extension LiftedEstimator {
  /// The methods with their answers, the principal one first.
  private var answers: [(method: PredictionMethod, answer: Answer)] {
    [
      (PredictionMethod.predict, predict), (.predictProbabilities, probabilities),
      (.decisionFunction, decision),
    ].compactMap { method, answer in answer.map { (method, $0) } }
  }

  /// The whole graph, this being the outermost estimator.
  func graph(of root: Estimator, _ builder: inout GraphBuilder) throws(Problem) -> ModelGraph {
    var answers = answers
    if let transformed, transformed.count != nil {
      var value =
        transformed.isText
        ? try builder.texts(transformed, origin: root) : try builder.numbers(transformed, origin: root)
      if transformedDatatype != .float64, value.type.content == .numbers {
        value = try builder.apply(Cast(transformedDatatype), to: value, named: "transformed", for: root)
      }
      answers.append((.transform, Answer(value, isVector: transformedIsVector)))
    }
    guard !answers.isEmpty, builder.featureCount != nil || !builder.unreadNodes.isEmpty else {
      throw Problem(
        .refused, "lift.no-estimator",
        "expected a pipeline with a step that computes, found none at \(root.name)",
        position: root.view.position)
    }
    var outputs: [ModelSignature.Output] = []
    var results: [PredictionMethod: [String]] = [:]
    for (method, answer) in answers {
      var values = answer.values
      if let datatype = answer.datatype {
        values = []
        for value in answer.values {
          values.append(
            try builder.apply(Cast(datatype), to: value, named: "\(value.name).cast", for: root))
        }
      }
      let ports = values.enumerated().map { index, value in
        ModelSignature.Port(
          name: values.count == 1 ? method.rawValue : "\(method.rawValue).\(index)",
          datatype: value.type.datatype,
          shape: answer.isVector && value.columns == 1 ? [-1] : [-1, value.columns])
      }
      outputs.append(ModelSignature.Output(method: method, ports: ports))
      results[method] = values.map(\.name)
    }
    return builder.graph(outputs: outputs, results: results, classes: classes)
  }
}

extension Operand {
  /// Whether the columns are known to be text: those of a value that holds texts.
  var isText: Bool {
    guard case .value(let value, _)? = segments?.first else { return false }
    return value.type.content == .texts
  }
}
