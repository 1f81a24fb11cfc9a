/// A lifted model: operators in the order they run, constants and signature, all of it data.
public struct ModelGraph: Equatable, Sendable {
  /// One operator applied to one value.
  public struct Node: Equatable, Sendable {
    /// The name of the value it makes; unique in the graph.
    public var output: String
    /// The value it reads: the graph's `input`, or the output of an earlier node.
    public var input: String
    /// What it computes.
    public var `operator`: Operator
    /// The estimator it came from, for messages: `RandomForestClassifier`.
    public var origin: String

    /// Applies an operator to a value.
    public init(output: String, input: String, operator: Operator, origin: String) {
      self.output = output
      self.input = input
      self.operator = `operator`
      self.origin = origin
    }
  }

  /// The value that the caller's rows become.
  public static let inputName = "input"

  /// What goes in and what comes out.
  public var signature: ModelSignature
  /// The operators, each after those whose values it reads.
  public var nodes: [Node]
  /// The constants by name.
  public var tensors: [String: Tensor]
  /// Which value each method gives.
  public var results: [PredictionMethod: String]

  /// Puts a graph together; nothing is checked here, see `ValidatedGraph`.
  public init(
    signature: ModelSignature, nodes: [Node], tensors: [String: Tensor],
    results: [PredictionMethod: String]
  ) {
    self.signature = signature
    self.nodes = nodes
    self.tensors = tensors
    self.results = results
  }
}
