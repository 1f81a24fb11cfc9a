import Domain
import Encoding

extension Operator {
  /// The operator with its attributes; its kind is `type`.
  var json: JSON {
    switch self {
    case .checkFinite(let allowsNaN, let asFloat32):
      ["type": "check_finite", "allows_nan": .bool(allowsNaN), "as_float32": .bool(asFloat32)]
    case .scale(let offset, let divisor):
      [
        "type": "scale", "offset": offset.map { .string($0) } ?? .null,
        "divisor": divisor.map { .string($0) } ?? .null,
      ]
    case .linear(let coefficients, let intercepts):
      ["type": "linear", "coefficients": .string(coefficients), "intercepts": .string(intercepts)]
    case .treeEnsemble(let trees):
      [
        "type": "tree_ensemble", "roots": .string(trees.roots), "left": .string(trees.left),
        "right": .string(trees.right), "feature": .string(trees.feature),
        "threshold": .string(trees.threshold), "missing_left": .string(trees.missingLeft),
        "values": .string(trees.values), "divisor": .number(trees.divisor),
      ]
    case .softmax: ["type": "softmax"]
    case .logistic: ["type": "logistic"]
    case .normalizeRows(let zeroSum): ["type": "normalize_rows", "zero_sum": .string(zeroSum.rawValue)]
    case .mirror: ["type": "mirror"]
    case .complement: ["type": "complement"]
    case .argMax: ["type": "arg_max"]
    case .positive: ["type": "positive"]
    case .label(let labels): ["type": "label", "labels": .string(labels)]
    }
  }

  /// Reads what `json` writes, and nothing else.
  init(json: JSON) throws(Problem) {
    let type = json["type"]?.string ?? ""
    func fields(_ names: String...) throws(Problem) -> JSONFields {
      try JSONFields(json, of: "the operator '\(type)'", Set(names + ["type"]))
    }
    switch type {
    case "check_finite":
      let fields = try fields("allows_nan", "as_float32")
      self = .checkFinite(
        allowsNaN: try fields.bool("allows_nan"), asFloat32: try fields.bool("as_float32"))
    case "scale":
      let fields = try fields("offset", "divisor")
      self = .scale(
        offset: try fields.stringIfPresent("offset"), divisor: try fields.stringIfPresent("divisor"))
    case "linear":
      let fields = try fields("coefficients", "intercepts")
      self = .linear(
        coefficients: try fields.string("coefficients"), intercepts: try fields.string("intercepts"))
    case "tree_ensemble":
      let fields = try fields(
        "roots", "left", "right", "feature", "threshold", "missing_left", "values", "divisor")
      self = .treeEnsemble(try TreeEnsemble(fields))
    case "normalize_rows":
      let fields = try fields("zero_sum")
      guard let zeroSum = ZeroSum(rawValue: try fields.string("zero_sum")) else {
        throw fields.malformed("zero_sum", "'divide' or 'keep'")
      }
      self = .normalizeRows(zeroSum: zeroSum)
    case "label": self = .label(labels: try fields("labels").string("labels"))
    default:
      guard let plain = Self.plain[type] else {
        throw JSONFields.problem("expected a known operator, found '\(type.prefix(80))'")
      }
      _ = try fields()
      self = plain
    }
  }

  /// The operators without attributes.
  private static let plain: [String: Operator] = [
    "softmax": .softmax, "logistic": .logistic, "mirror": .mirror, "complement": .complement,
    "arg_max": .argMax, "positive": .positive,
  ]
}

extension TreeEnsemble {
  fileprivate init(_ fields: JSONFields) throws(Problem) {
    self.init(
      roots: try fields.string("roots"), left: try fields.string("left"),
      right: try fields.string("right"), feature: try fields.string("feature"),
      threshold: try fields.string("threshold"), missingLeft: try fields.string("missing_left"),
      values: try fields.string("values"), divisor: try fields.number("divisor"))
  }
}
