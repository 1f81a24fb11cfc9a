public import Domain
public import Encoding

extension ModelSignature {
  /// The signature as graphs and manifests carry it.
  public var json: JSON {
    [
      "features": features.json, "outputs": .array(outputs.map(\.json)),
      "classes": .array(classes.map(\.json)),
    ]
  }

  /// Reads what `json` writes, and nothing else.
  public init(json: JSON) throws(Problem) {
    let fields = try JSONFields(json, of: "the signature", ["features", "outputs", "classes"])
    var outputs: [Output] = []
    for output in try fields.array("outputs") { outputs.append(try Output(json: output)) }
    var classes: [Tensor] = []
    for labels in try fields.array("classes") { classes.append(try Tensor(json: labels)) }
    self.init(
      features: try FeatureList(json: try fields.value("features")), outputs: outputs, classes: classes)
  }
}

extension FeatureList {
  fileprivate var json: JSON {
    [
      "form": .string(form.rawValue), "count": JSON(count),
      "names": names.map { .array($0.map { .string($0) }) } ?? .null,
      "texts": .array(texts.map { JSON($0) }), "ignored": .array(ignored.map { JSON($0) }),
    ]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = try JSONFields(json, of: "the features", ["form", "count", "names", "texts", "ignored"])
    guard let form = InputForm(rawValue: try fields.string("form")) else {
      throw fields.malformed("form", "one of \(InputForm.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    guard let count = try fields.value("count").int, count >= 0 else {
      throw fields.malformed("count", "a count")
    }
    var names: [String]?
    if try fields.value("names") != .null {
      let elements = try fields.array("names")
      names = elements.compactMap(\.string)
      guard names?.count == elements.count else { throw fields.malformed("names", "strings") }
    }
    func indices(_ name: String) throws(Problem) -> [Int] {
      let elements = try fields.array(name)
      let indices = elements.compactMap(\.int)
      guard indices.count == elements.count else { throw fields.malformed(name, "integers") }
      return indices
    }
    self.init(
      form: form, count: count, names: names, texts: try indices("texts"),
      ignored: try indices("ignored"))
  }
}

extension ModelSignature.Output {
  fileprivate var json: JSON {
    ["method": .string(method.rawValue), "ports": .array(ports.map(\.json))]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = try JSONFields(json, of: "an output", ["method", "ports"])
    guard let method = PredictionMethod(rawValue: try fields.string("method")) else {
      throw fields.malformed(
        "method", "one of \(PredictionMethod.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    var ports: [ModelSignature.Port] = []
    for port in try fields.array("ports") { ports.append(try ModelSignature.Port(json: port)) }
    self.init(method: method, ports: ports)
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
      case .int32(let elements): elements.map { .integer(Int64($0)) }
      case .int64(let elements): elements.map { .integer($0) }
      case .float32(let elements): elements.map { .number(Double($0)) }
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
      case .int32: .int32(values.compactMap { $0.integer.flatMap { Int32(exactly: $0) } })
      case .int64: .int64(values.compactMap(\.integer))
      case .float32: .float32(values.compactMap { $0.double.flatMap { Float(exactly: $0) } })
      case .float64: .float64(values.compactMap(\.double))
      case .string: .string(values.compactMap(\.string))
      }
    guard elements.count == values.count,
      let tensor = Tensor(shape: try fields.shape(), elements: elements)
    else { throw fields.malformed("elements", "as many elements of the datatype as the shape asks") }
    self = tensor
  }
}
