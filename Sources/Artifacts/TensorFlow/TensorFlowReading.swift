public import Encoding

/// What reading a TensorFlow graph, a SavedModel or a TensorFlow Lite file brought to light.
public struct TensorFlowReading: Sendable {
  /// What is wrong, or worth knowing, in the order of the bytes.
  public internal(set) var observations: [TensorFlowObservation] = []
  /// The configurations of Keras layers, as JSON text that stands in the file.
  public internal(set) var kerasConfigurations: [ArraySlice<UInt8>] = []
  /// Where the bytes stop being a model, if they do; what was observed before still holds.
  public internal(set) var damage: MalformedBytes?
  /// How many operations the graphs and functions have.
  public internal(set) var nodeCount = 0
}

/// One thing that was observed about a TensorFlow model.
public struct TensorFlowObservation: Sendable {
  /// What kind of thing it is.
  public enum Kind: Sendable {
    /// An operation that runs Python code.
    case python
    /// An operation that reads or writes files.
    case file
    /// An operation that talks to other hosts.
    case network
    /// An operation that ends the process.
    case abort
    /// A constant path that leads out of the model's directory.
    case path
    /// The path of a table on the machine that the graph was made on.
    case ownFile
    /// A field stands twice where the schema has one, or stands as a group.
    case duplicateField
    /// Two nodes or functions have the same name.
    case duplicateName
    /// A shape that no memory holds.
    case shape
    /// A tensor whose shape and data do not agree.
    case tensorSize
    /// Functions that call each other in a circle.
    case cycle
    /// Functions that come to more operations than can be run.
    case expansion
    /// Values inside values, deeper than is followed.
    case nesting
    /// An index that points at nothing.
    case index
    /// An operator that TensorFlow does not have.
    case customOperator
    /// More than is kept.
    case limit
  }

  /// What kind of thing it is.
  public let kind: Kind
  /// What was expected and what was found.
  public let detail: String
  /// Where, counted from the first byte of the file.
  public let offset: Int
}
