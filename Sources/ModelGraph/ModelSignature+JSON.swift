public import Domain
public import Encoding

extension ModelSignature {
  /// The signature as graphs and manifests carry it.
  public var json: JSON {
    [
      "input": input.json, "outputs": .array(outputs.map(\.json)),
      "feature_names": featureNames.map { .array($0.map { .string($0) }) } ?? .null,
      "classes": classes.map(\.json) ?? .null,
    ]
  }

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON) throws(Problem) {
    let fields = try JSONFields(json, of: "the signature", ["input", "outputs", "feature_names", "classes"])
    var outputs: [Port] = []
    for output in try fields.array("outputs") { outputs.append(try Port(json: output)) }
    var featureNames: [String]?
    if case .array(let names) = try fields.value("feature_names") {
      featureNames = names.compactMap(\.string)
      guard featureNames?.count == names.count else { throw fields.malformed("feature_names", "strings") }
    } else if try fields.value("feature_names") != .null {
      throw fields.malformed("feature_names", "an array or null")
    }
    let classes = try fields.value("classes")
    self.init(
      input: try Port(json: try fields.value("input")), featureNames: featureNames, outputs: outputs,
      classes: classes == .null ? nil : try Tensor(json: classes))
  }
}

extension ModelSignature.Port {
  fileprivate var json: JSON {
    [
      "name": .string(name), "datatype": .string(datatype.rawValue),
      "shape": .array(shape.map { JSON($0) }),
    ]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = try JSONFields(json, of: "a port", ["name", "datatype", "shape"])
    self.init(
      name: try fields.string("name"), datatype: try fields.datatype(), shape: try fields.shape())
  }
}

/// Small tensors, labels above all, are written out.
extension Tensor {
  var json: JSON {
    let elements: [JSON] =
      switch elements {
      case .bool(let elements): elements.map { .bool($0) }
      case .int64(let elements): elements.map { .integer($0) }
      case .float64(let elements): elements.map { .number($0) }
      case .string(let elements): elements.map { .string($0) }
      }
    return [
      "datatype": .string(self.elements.datatype.rawValue), "shape": .array(shape.map { JSON($0) }),
      "elements": .array(elements),
    ]
  }

  init(json: JSON) throws(Problem) {
    let fields = try JSONFields(json, of: "a tensor", ["datatype", "shape", "elements"])
    let values = try fields.array("elements")
    let elements: Elements =
      switch try fields.datatype() {
      case .bool: .bool(values.compactMap(\.bool))
      case .int64: .int64(values.compactMap(\.integer))
      case .float64: .float64(values.compactMap(\.double))
      case .string: .string(values.compactMap(\.string))
      }
    guard elements.count == values.count,
      let tensor = Tensor(shape: try fields.shape(), elements: elements)
    else { throw fields.malformed("elements", "as many elements of the datatype as the shape asks") }
    self = tensor
  }
}
