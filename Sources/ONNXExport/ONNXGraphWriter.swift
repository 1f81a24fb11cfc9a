import Encoding
import Domain
import ModelGraph

/// A value of the model that is written, and what it is.
///
/// Numbers are doubles of the shape `[rows, columns]`, indices integers of the shape `[rows, 1]`, texts and labels
/// have the type they show.
struct ONNXExportedValue {
  let name: String
  let type: ValueType

  /// How many columns it has.
  var columns: Int { type.columns }
}

/// A parameter of a node.
enum ONNXParameter {
  case integer(Int)
  case float(Float)
  case text(String)
  case integers([Int])
  case texts([String])
  case tensor(ONNXConstant)
  case graph(ONNXBody)
}

/// Collects nodes and weights of the model that is written, giving each value a name.
struct ONNXGraphWriter {
  private(set) var nodes = ProtobufWriter()
  private(set) var weights = ProtobufWriter()
  /// The estimator that the nodes come from, which their names begin with.
  var origin = ""
  /// What the value is called that the operator at hand makes.
  var target = ""
  private var count = 0

  /// A name that nothing else has.
  mutating func unique(_ prefix: String) -> String {
    count += 1
    return "\(prefix)\(count)"
  }

  /// Goes on with other nodes and gives those so far.
  mutating func swapNodes(for others: ProtobufWriter) -> ProtobufWriter {
    let before = nodes
    nodes = others
    return before
  }

  /// Adds a weight.
  mutating func constant(_ constant: ONNXConstant) -> String {
    let name = unique("c")
    weights.message(5) { constant.write(named: name, to: &$0) }
    return name
  }

  /// Adds a weight of one double.
  mutating func number(_ value: Double) -> String { constant(ONNXConstant(.doubles([value]), shape: [])) }

  /// Adds a weight of doubles, one for each column.
  mutating func numbers(_ values: [Double]) -> String { constant(ONNXConstant(.doubles(values))) }

  /// Adds a weight of integers.
  mutating func integers(_ values: [Int]) -> String {
    constant(ONNXConstant(.integers(values.map { Int64($0) })))
  }

  /// Applies an operator and gives the name of what it makes.
  mutating func apply(
    _ operation: String, _ inputs: [String], _ parameters: [(String, ONNXParameter)] = [], domain: String = ""
  ) -> String {
    let output = unique("t")
    add(operation, inputs, [output], parameters, domain: domain)
    return output
  }

  /// Applies an operator that makes two values.
  mutating func applyForTwo(
    _ operation: String, _ inputs: [String], _ parameters: [(String, ONNXParameter)]
  ) -> (String, String) {
    let outputs = (unique("t"), unique("t"))
    add(operation, inputs, [outputs.0, outputs.1], parameters)
    return outputs
  }

  /// Applies an operator that makes values of these names.
  mutating func add(
    _ operation: String, _ inputs: [String], _ outputs: [String],
    _ parameters: [(String, ONNXParameter)] = [],
    domain: String = ""
  ) {
    count += 1
    let name = "\(origin)/\(count)"
    nodes.message(1) { node in
      for input in inputs { node.text(1, input) }
      for output in outputs { node.text(2, output) }
      node.text(3, name)
      node.text(4, operation)
      for (name, parameter) in parameters { node.message(5) { Self.write(name, parameter, to: &$0) } }
      if !domain.isEmpty { node.text(7, domain) }
    }
  }

  private static func write(_ name: String, _ parameter: ONNXParameter, to message: inout ProtobufWriter) {
    message.text(1, name)
    switch parameter {
    case .float(let value):
      message.float(2, value)
      message.integer(20, 1)
    case .integer(let value):
      message.integer(3, Int64(value))
      message.integer(20, 2)
    case .text(let value):
      message.text(4, value)
      message.integer(20, 3)
    case .tensor(let constant):
      message.message(5) { constant.write(named: name, to: &$0) }
      message.integer(20, 4)
    case .graph(let body):
      message.field(6, body.bytes)
      message.integer(20, 5)
    case .integers(let values):
      for value in values { message.integer(8, Int64(value)) }
      message.integer(20, 7)
    case .texts(let values):
      for value in values { message.text(9, value) }
      message.integer(20, 8)
    }
  }

  // MARK: - What many operators need

  /// Converts a value to a type.
  mutating func cast(_ value: String, to type: ONNXType) -> String {
    apply("Cast", [value], [("to", .integer(Int(type.rawValue)))])
  }

  /// Rounds doubles to single precision.
  mutating func rounded(_ value: String) -> String { cast(cast(value, to: .float), to: .double) }

  /// Rearranges a value; 0 stands for the rows.
  mutating func reshaped(_ value: String, _ shape: [Int]) -> String {
    apply("Reshape", [value, integers(shape)])
  }

  /// Values side by side.
  mutating func sideBySide(_ values: [String]) -> String {
    values.count == 1 ? values[0] : apply("Concat", values, [("axis", .integer(1))])
  }

  /// 1 ÷ (1 + e⁻ˣ) as it stands: an operator of that name rounds what is far below 0 to it.
  mutating func logistic(_ value: String, one: String) -> String {
    apply("Div", [one, apply("Add", [one, apply("Exp", [apply("Neg", [value])])])])
  }

  /// The elements of each row behind each other once more for each of some points: `[rows, 1, columns]`.
  mutating func besidePoints(_ value: String, columns: Int) -> String { reshaped(value, [-1, 1, columns]) }

  /// x without its fraction.
  mutating func truncated(_ value: String) -> String {
    apply("Mul", [apply("Sign", [value]), apply("Floor", [apply("Abs", [value])])])
  }

  /// The product of two matrices.
  ///
  /// Not by `MatMul`: ONNX Runtime folds a factor before or behind that into it, and keeps it in single precision.
  mutating func matrixProduct(_ left: String, _ right: String) -> String { apply("Gemm", [left, right]) }

  /// One of a truth value's two choices.
  mutating func choice(_ test: String, _ yes: String, _ no: String) -> String {
    apply("Where", [test, yes, no])
  }
}
