import Artifacts
import Domain
import Encoding
import ModelGraph

// The transformers of the domain for classical models.
extension ONNXLifter {
  static let classical: [String: Handler] = [
    "ai.onnx.ml.Scaler": { (lifter: inout ONNXLifter) throws(Problem) in [.batch(try lifter.scaler())] },
    "ai.onnx.ml.Normalizer": { (lifter: inout ONNXLifter) throws(Problem) in [.batch(try lifter.normalizer())]
    },
    "ai.onnx.ml.Imputer": { (lifter: inout ONNXLifter) throws(Problem) in [try lifter.imputer()] },
    "ai.onnx.ml.Binarizer": { (lifter: inout ONNXLifter) throws(Problem) in
      let threshold = try lifter.float("threshold", default: 0)
      var x = try lifter.numbers(0)
      // The runtime refuses NaN.
      x.value = try lifter.apply(CheckFinite(allowsNaN: false), to: [x.value], named: "checked")
      return [.batch(try lifter.with(threshold, .greater, x))]
    },
    "ai.onnx.ml.FeatureVectorizer": { (lifter: inout ONNXLifter) throws(Problem) in
      lifter.ignore("inputdimensions")
      var parts: [GraphValue] = []
      for index in lifter.node.inputs.indices {
        let part = try lifter.cast(try lifter.numbers(index), to: .float32)
        guard part.rowAxis == 0, part.shape[0] == 1 else {
          throw lifter.refusal("unexpected-shape", "rows and columns", "the shape \(part.shape)")
        }
        parts.append(part.value)
      }
      let value = parts.count == 1 ? parts[0] : try lifter.apply(Concat(), to: parts, named: "vector")
      return [.batch(ONNXBatch(value: value, kind: .float32, shape: [1, value.columns], rowAxis: 0))]
    },
    "ai.onnx.ml.ArrayFeatureExtractor": { (lifter: inout ONNXLifter) throws(Problem) in
      [try lifter.extractor()]
    },
    "ai.onnx.ml.ZipMap": { (lifter: inout ONNXLifter) throws(Problem) in
      let labels = try lifter.labels("classlabels_strings", "classlabels_int64s")
      let batch = try lifter.numbers(0)
      guard labels.elements.count == batch.columns else {
        throw lifter.refusal(
          "unexpected-attribute", "a label for each of \(batch.columns) columns", "\(labels.elements.count)")
      }
      if let name = lifter.node.outputs.first { lifter.zipped.insert(name) }
      return [.batch(batch)]
    },
  ]

  /// (x − offset) · scale.
  private mutating func scaler() throws(Problem) -> ONNXBatch {
    let (offset, scale) = (try floats("offset") ?? [], try floats("scale") ?? [])
    let x = try numbers(0)
    guard x.rowAxis == 0, x.shape[0] == 1, [1, x.columns].contains(offset.count),
      [1, x.columns].contains(scale.count)
    else {
      throw refusal(
        "unexpected-attribute", "an offset and a scale for each of \(x.columns) columns",
        "\(offset.count) and \(scale.count)")
    }
    try spend(offset.count + scale.count)
    var result = x
    result.value = try apply(Combine(.subtract, constants: offset), to: [x.value], named: "centred")
    result = try rounded(result)
    result.value = try apply(Combine(.multiply, constants: scale), to: [result.value], named: "scaled")
    return try rounded(result.with(kind: .float32))
  }

  private mutating func normalizer() throws(Problem) -> ONNXBatch {
    let norm = try text("norm", default: "MAX")
    var x = try numbers(0)
    guard x.rowAxis == 0, x.shape[0] == 1 else {
      throw refusal("unexpected-shape", "rows and columns", "the shape \(x.shape)")
    }
    x.kind = .float32
    switch norm {
    case "L1":
      x.value = try apply(NormalizeRows(norm: .l1, zeroNorm: .keep), to: [x.value], named: "normalized")
    case "L2": return try normalizedByLength(x)
    case "MAX":
      // The greatest element itself, not its size; rows in which it is 0 stay.
      let greatest = try reduced(x, .max, axes: Array(1..<x.rank), keeps: true)
      let divisor = try combined(.add, greatest, try with(0, .equal, greatest))
      x.value = try apply(Combine(.divide), to: [x.value, divisor.value], named: "normalized")
    default: throw refusal("unexpected-attribute", "a known norm", "'\(norm.excerpt(80))'")
    }
    return try rounded(x)
  }

  /// The sign of x times √(x² ÷ Σ x²), the squares in single precision; rows whose squares are too small for it stay.
  private mutating func normalizedByLength(_ x: ONNXBatch) throws(Problem) -> ONNXBatch {
    let squares = try combined(.multiply, x, x)
    let sum = try rounded(try reduced(squares, .sum, axes: Array(1..<x.rank), keeps: true))
    let isZero = try with(0, .equal, sum)
    let divisor = try combined(.add, sum, isZero)
    var part = squares
    part.value = try apply(Combine(.divide), to: [part.value, divisor.value], named: "parts")
    let length = try combined(.multiply, try map(.sqrt, try rounded(part)), try map(.sign, x))
    let places = try apply(
      Columns([Int64](repeating: 0, count: x.columns)), to: [isZero.value], named: "is_zero")
    var result = x
    result.value = try apply(Select(), to: [places, x.value, length.value], named: "normalized")
    return result
  }

  private mutating func imputer() throws(Problem) -> ONNXValue {
    let x = try numbers(0)
    let isFloat = x.kind.isFloat
    let replaced =
      isFloat
      ? try float("replaced_value_float", default: 0)
      : Double(try integer("replaced_value_int64", default: 0))
    let filling =
      isFloat ? try floats("imputed_value_floats") : try integers("imputed_value_int64s")?.map { Double($0) }
    ignore(
      "replaced_value_float", "replaced_value_int64", "imputed_value_floats", "imputed_value_int64s")
    guard let filling, x.rowAxis == 0, x.shape[0] == 1, [1, x.columns].contains(filling.count) else {
      throw refusal("unexpected-attribute", "a value to fill in for each of \(x.columns) columns", "others")
    }
    try spend(filling.count)
    var result = x
    if replaced.isNaN {
      result.value = try apply(Combine(.fillMissing, constants: filling), to: [x.value], named: "filled")
    } else {
      let isMissing = try with(replaced, .equal, x)
      let full = filling.count == x.columns ? filling : [Double](repeating: filling[0], count: x.columns)
      try spend(full.count)
      let constants = try apply(Fill(full), to: [x.value], named: "filling")
      result.value = try apply(Select(), to: [isMissing.value, constants, x.value], named: "filled")
    }
    return .batch(result)
  }

  /// Some places along the last axis.
  private mutating func extractor() throws(Problem) -> ONNXValue {
    let value = try required(0)
    if case .constant(let table) = value {
      let widened = table.shape.count == 1 ? table.reshaped([1] + table.shape) : table
      switch try required(1) {
      case .batch(let indices):
        let flat = indices.reshaped([indices.columns], rowAxis: 0)
        guard widened.shape.dropLast().allSatisfy({ $0 == 1 }) else {
          throw refusal("unexpected-shape", "a table of one row", "the shape \(table.shape)")
        }
        return .batch(try lookedUp(widened, axis: widened.shape.count - 1, flat))
      default:
        guard let places = try constant(1).integers else { break }
        let positions = try positions(places, size: widened.shape.last ?? 0)
        guard
          let axes = ONNXAxes.selecting(positions, along: widened.shape.count - 1, of: widened.shape)
        else { throw tooLarge() }
        try spend(axes.places.count)
        return .constant(widened.picking(axes.places, shape: axes.shape))
      }
      throw refusal("unexpected-type", "integers as places", "others")
    }
    guard case .batch(let batch) = value else {
      throw refusal("variable-input", "a value of the rows", "the number of rows")
    }
    guard let places = try constant(1).integers, batch.rank >= 2 else {
      throw refusal("unexpected-type", "integers as places", "others")
    }
    let positions = try positions(places, size: batch.shape[batch.rank - 1])
    return .batch(
      try rearranged(
        batch, ONNXAxes.selecting(positions, along: batch.rank - 1, of: batch.shape), rowAxis: batch.rowAxis))
  }
}
