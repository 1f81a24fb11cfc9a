/// A lifted model: operators in the order they run and a signature, all of it data.
public struct ModelGraph: Equatable, Sendable {
  /// One operator applied to values.
  public struct Node: Equatable, Sendable {
    /// The name of the value it makes; unique in the graph.
    public var output: String
    /// The values it reads: what the graph is given, or outputs of earlier nodes.
    public var inputs: [String]
    /// What it computes.
    public var `operator`: any Operator
    /// The estimator it came from, for messages: `RandomForestClassifier`.
    public var origin: String

    /// Applies an operator to values.
    public init(output: String, inputs: [String], operator: any Operator, origin: String) {
      self.output = output
      self.inputs = inputs
      self.operator = `operator`
      self.origin = origin
    }

    /// Whether two nodes are the same in every part.
    public static func == (left: Node, right: Node) -> Bool {
      left.output == right.output && left.inputs == right.inputs && left.origin == right.origin
        && left.operator.equals(right.operator)
    }
  }

  /// The value that the numbers of the caller's rows become, column by column in the order of the features.
  public static let inputName = "input"
  /// The value that the texts of the caller's rows become, column by column in the order of the features.
  public static let textsName = "texts"

  /// What goes in and what comes out.
  public var signature: ModelSignature
  /// The operators, each after those whose values it reads.
  public var nodes: [Node]
  /// Which values each method gives; one but where the signature says that there are several.
  public var results: [PredictionMethod: [String]]

  /// Puts a graph together; nothing is checked here, see `ValidatedGraph`.
  public init(signature: ModelSignature, nodes: [Node], results: [PredictionMethod: [String]]) {
    self.signature = signature
    self.nodes = nodes
    self.results = results
  }
}
