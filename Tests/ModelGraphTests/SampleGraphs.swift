import ModelGraph

/// Small graphs to change and to break.
enum SampleGraphs {
  static let iris = ModelSignature.Port(name: "input", datatype: .float64, shape: [-1, 2])

  /// Two trees over two features: a split with two leaves, and a lone leaf.
  static func forest() -> ModelGraph {
    let ensemble = TreeEnsemble(
      roots: "roots", left: "left", right: "right", feature: "feature", threshold: "threshold",
      missingLeft: "missing", values: "values", divisor: 2)
    let classes = Tensor(vector: .string(["no", "yes"]))
    return ModelGraph(
      signature: ModelSignature(
        input: iris, featureNames: ["a", "b"],
        outputs: [
          ModelSignature.Port(name: "predict", datatype: .string, shape: [-1]),
          ModelSignature.Port(name: "predict_proba", datatype: .float64, shape: [-1, 2]),
        ], classes: classes),
      nodes: [
        ModelGraph.Node(
          output: "checked", input: "input", operator: .checkFinite(allowsNaN: true, asFloat32: true),
          origin: "RandomForestClassifier"),
        ModelGraph.Node(
          output: "mean", input: "checked", operator: .treeEnsemble(ensemble),
          origin: "RandomForestClassifier"),
        ModelGraph.Node(
          output: "index", input: "mean", operator: .argMax, origin: "RandomForestClassifier"),
        ModelGraph.Node(
          output: "label", input: "index", operator: .label(labels: "classes"),
          origin: "RandomForestClassifier"),
      ],
      tensors: [
        "roots": Tensor(vector: .int64([0, 3])), "left": Tensor(vector: .int64([1, -1, -1, -1])),
        "right": Tensor(vector: .int64([2, -1, -1, -1])), "feature": Tensor(vector: .int64([1, 0, 0, 0])),
        "threshold": Tensor(vector: .float64([0.5, 0, 0, 0])),
        "missing": Tensor(vector: .bool([true, false, false, false])),
        "values": matrix([4, 2], [0, 0, 1, 0, 0.25, 0.75, 0.5, 0.5]), "classes": classes,
      ], results: [.predict: "label", .predictProbabilities: "mean"])
  }

  /// A scaler and a regression with two targets.
  static func regression() -> ModelGraph {
    ModelGraph(
      signature: ModelSignature(
        input: iris, featureNames: nil,
        outputs: [ModelSignature.Port(name: "predict", datatype: .float64, shape: [-1, 2])], classes: nil),
      nodes: [
        ModelGraph.Node(
          output: "scaled", input: "input", operator: .scale(offset: "mean", divisor: "scale"),
          origin: "StandardScaler"),
        ModelGraph.Node(
          output: "value", input: "scaled",
          operator: .linear(coefficients: "coefficients", intercepts: "intercepts"),
          origin: "LinearRegression"),
      ],
      tensors: [
        "mean": Tensor(vector: .float64([1, 2])), "scale": Tensor(vector: .float64([2, 4])),
        "coefficients": matrix([2, 2], [1, 2, 3, 4]), "intercepts": Tensor(vector: .float64([0.5, -0.0])),
      ], results: [.predict: "value"])
  }

  static func matrix(_ shape: [Int], _ elements: [Double]) -> Tensor {
    Tensor(shape: shape, elements: .float64(elements)) ?? Tensor(vector: .float64(elements))
  }
}
