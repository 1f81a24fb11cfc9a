import ModelGraph

/// Small graphs to change and to break.
enum SampleGraphs {
  static let classes = Tensor(vector: .string(["no", "yes"]))

  /// Two trees over two features: a split with two leaves, and a lone leaf.
  static let trees = TreeEnsemble(
    roots: [0, 3], left: [1, -1, -1, -1], right: [2, -1, -1, -1], feature: [1, 0, 0, 0],
    threshold: [0.5, 0, 0, 0], missingLeft: [true, false, false, false],
    leaves: matrix(3, 2, [1, 0, 0.25, 0.75, 0.5, 0.5]), comparesSingles: true, divisor: 2)

  static func forest(_ trees: TreeEnsemble = trees) -> ModelGraph {
    func node(_ output: String, _ input: String, _ operation: any Operator) -> ModelGraph.Node {
      ModelGraph.Node(
        output: output, inputs: [input], operator: operation, origin: "RandomForestClassifier")
    }
    return ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 2, names: ["a", "b"]),
        outputs: [
          ModelSignature.Output(.predict, .string, shape: [-1]),
          ModelSignature.Output(.predictProbabilities, .float64, shape: [-1, 2]),
        ], classes: [classes]),
      nodes: [
        node("checked", "input", CheckFinite(allowsNaN: true, asFloat32: true)),
        node("mean", "checked", trees), node("index", "mean", ArgMax()),
        node("label", "index", Label(classes)),
      ], results: [.predict: ["label"], .predictProbabilities: ["mean"]])
  }

  /// A scaler and a regression with two targets.
  static func regression(
    scale: Scale = Scale(offset: [1, 2], divisor: [2, 4]),
    linear: Linear = Linear(coefficients: matrix(2, 2, [1, 2, 3, 4]), intercepts: [0.5, -0.0])
  ) -> ModelGraph {
    ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: 2),
        outputs: [ModelSignature.Output(.predict, .float64, shape: [-1, 2])], classes: []),
      nodes: [
        ModelGraph.Node(output: "scaled", inputs: ["input"], operator: scale, origin: "StandardScaler"),
        ModelGraph.Node(output: "value", inputs: ["scaled"], operator: linear, origin: "LinearRegression"),
      ], results: [.predict: ["value"]])
  }

  static func matrix(_ rows: Int, _ columns: Int, _ elements: [Double]) -> ConstantMatrix {
    ConstantMatrix(elements, rows: rows, columns: columns) ?? .empty
  }
}
