public import Encoding

/// What reading an ONNX model brought to light.
public struct ONNXReading: Sendable {
  /// What is wrong, or worth knowing, in the order of the bytes.
  public internal(set) var observations: [ONNXObservation] = []
  /// Data of the model that is in other files.
  public internal(set) var externalData: [ONNXExternalData] = []
  /// Where the bytes stop being a model, if they do; what was observed before still holds.
  public internal(set) var damage: MalformedBytes?
  /// How many nodes the model has, those of its sub-graphs and functions included.
  public internal(set) var nodeCount = 0
  /// The first node, those of sub-graphs and functions included, that draws random numbers when it runs.
  public internal(set) var random: (operation: String, offset: Int)?
  /// How many tensors it has.
  public internal(set) var tensorCount = 0
}

/// One thing that was observed about an ONNX model.
public struct ONNXObservation: Sendable {
  /// What kind of thing it is.
  public enum Kind: Sendable {
    /// A path that leads out of the model's directory.
    case externalPath
    /// A field stands twice where the schema has one, or stands as a group.
    case duplicateField
    /// A shape that no data of any machine has.
    case shape
    /// A tensor whose shape and data do not agree.
    case tensorSize
    /// Two values of one graph have the same name.
    case duplicateName
    /// A value is used that nothing makes.
    case undefinedName
    /// Nodes that wait for each other, or functions that call each other in a circle.
    case cycle
    /// Graphs inside graphs, deeper than is followed.
    case nesting
    /// Functions that come to more operations than can be run.
    case expansion
    /// A loop without an end.
    case endlessLoop
    /// A decision tree that is none.
    case treeStructure
    /// Parameters of a node whose lengths do not agree, or an index out of range.
    case lengths
    /// A node that runs Python code.
    case pythonOperator
    /// An operator that is not one of the standard.
    case customOperator
    /// Graphs for training.
    case trainingInfo
    /// More names, edges or elements than are kept.
    case limit
  }

  /// What kind of thing it is.
  public let kind: Kind
  /// What was expected and what was found.
  public let detail: String
  /// Where, counted from the first byte of the model.
  public let offset: Int
}

/// Data that a tensor has in another file.
public struct ONNXExternalData: Sendable {
  /// The name of the tensor, cut and escaped.
  public let tensor: String
  /// The file, relative to the model's directory, as it stands in the model.
  public let location: ArraySlice<UInt8>
  /// Where in that file the data starts.
  public let start: UInt64
  /// How many bytes the tensor takes: those that the model says, else those of its shape.
  public let count: UInt64
  /// Where the model says so.
  public let offset: Int
}
