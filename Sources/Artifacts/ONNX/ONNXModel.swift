/// A model of the Open Neural Network Exchange as its file has it (`onnx.proto3` of onnx 1.20).
///
/// Weights are not copied: tensors and attributes keep the part of the file that they stand in, and decode
/// it when asked. What the graph means, and whether it makes sense, is for whoever lifts it.
public struct ONNXModel: Sendable {
  /// The version of the format; 0 where the file does not say.
  public internal(set) var formatVersion: Int64 = 0
  /// The program that wrote the model.
  public internal(set) var producer = ""
  /// The version of that program.
  public internal(set) var producerVersion = ""
  /// The version of each operator set, by its domain; the empty domain is `ai.onnx`.
  public internal(set) var operatorSets: [String: Int64] = [:]
  /// The names of the functions that the model defines.
  public internal(set) var functions: [String] = []
  /// The nodes, weights, inputs and outputs.
  public internal(set) var graph = Graph()

  /// A graph: nodes in order, between inputs and outputs.
  public struct Graph: Sendable {
    /// What is computed, in an order in which everything is there when it is needed.
    public internal(set) var nodes: [Node] = []
    /// The weights; one that bears the name of an input is its default.
    public internal(set) var initializers: [Tensor] = []
    /// Whether weights are there that are stored sparsely.
    public internal(set) var hasSparseInitializers = false
    /// What goes in.
    public internal(set) var inputs: [Port] = []
    /// What comes out.
    public internal(set) var outputs: [Port] = []
  }

  /// One application of an operator.
  public struct Node: Sendable {
    /// Its name, which may be empty.
    public internal(set) var name = ""
    /// The operator.
    public internal(set) var operation = ""
    /// Where the operator is defined; empty for `ai.onnx`.
    public internal(set) var domain = ""
    /// The values it reads; an empty name stands for one that is left out.
    public internal(set) var inputs: [String] = []
    /// The values it makes; an empty name stands for one that nobody wants.
    public internal(set) var outputs: [String] = []
    /// Its parameters.
    public internal(set) var attributes: [Attribute] = []
    /// Where it starts, counted from the first byte of the model.
    public internal(set) var offset = 0

    /// A node that does nothing.
    public init() {}

    /// The parameter of this name.
    public func attribute(_ name: String) -> Attribute? { attributes.first { $0.name == name } }
  }

  /// An input or output of a graph.
  public struct Port: Sendable {
    /// Its name.
    public internal(set) var name = ""
    /// What it holds, where the file says.
    public internal(set) var type: PortType?
  }

  /// What an input or output holds.
  public enum PortType: Sendable {
    /// A dense tensor; no shape where the file leaves it open.
    case tensor(ONNXElementType?, shape: [Dimension]?)
    /// A sequence, a map, an optional value or a sparse tensor.
    case other
  }

  /// The length of one axis.
  public enum Dimension: Equatable, Sendable {
    /// So many elements.
    case size(Int)
    /// As many as there are, under a name that may be empty.
    case open(String)
  }
}
