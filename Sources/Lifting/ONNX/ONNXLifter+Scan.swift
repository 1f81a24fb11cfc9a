import Artifacts
import Domain
import Encoding
import ModelGraph

// The one loop that converters of estimators write: over constant points, for the distance of each row to each.
extension ONNXLifter {
  static let scans: [String: Handler] = [
    "Scan": { (lifter: inout ONNXLifter) throws(Problem) in try lifter.scanned() }
  ]

  /// The rows as they came, and an axis of distances before that of the rows.
  private mutating func scanned() throws(Problem) -> [ONNXValue] {
    for name in [
      "scan_input_axes", "scan_input_directions", "scan_output_axes", "scan_output_directions",
    ] where try integers(name)?.allSatisfy({ $0 == 0 }) == false {
      throw refusal("unsupported-attribute", "'\(name)' of 0", "others")
    }
    guard operatorSet >= 9, try integer("num_scan_inputs") == 1, node.inputs.count == 2,
      let body = try graph("body")
    else { throw unsupportedScan() }
    let rows = try numbers(0)
    let points = try constant(1)
    guard rows.rank == 2, rows.rowAxis == 0, rows.shape[0] == 1, points.shape.count == 2,
      points.shape[1] == rows.shape[1], let doubles = points.doubles,
      let matrix = ConstantMatrix(doubles, rows: points.shape[0], columns: points.shape[1]), matrix.rows > 0
    else { throw unsupportedScan() }
    let metric = try distance(in: body)
    try spend(doubles.count)
    var result = rows.reshaped([matrix.rows, 1], rowAxis: 1)
    result.value = try apply(
      Distances(to: matrix, DistanceMetric(metric)), to: [rows.value], named: "distances")
    return [.batch(rows), .batch(try rounded(result))]
  }

  /// The distance between each row of the first input and the one point that is the second.
  private mutating func distance(in body: ONNXModel.Graph) throws(Problem) -> DistanceMetric.Name {
    guard body.inputs.count == 2, body.outputs.count == 2, body.nodes.count <= 16,
      !body.hasSparseInitializers,
      Set(body.nodes.flatMap(\.outputs) + body.inputs.map(\.name)).count
        == body.nodes.reduce(2, { $0 + $1.outputs.count })
    else { throw unsupportedScan() }
    let (rows, point) = (body.inputs[0].name, body.inputs[1].name)
    // The rows stay as they are.
    guard made(body.outputs[0].name, in: body, by: []).name == rows else { throw unsupportedScan() }
    var path: [String] = []
    var name = body.outputs[1].name
    while path.count < 4 {
      let (node, _) = made(
        name, in: body, by: ["Sub", "Abs", "Sqrt", "ReduceSumSquare", "ReduceSum", "ReduceMax"])
      guard let node, node.domain.isEmpty, node.outputs.count == 1, let first = node.inputs.first else {
        break
      }
      path.append(node.operation)
      if node.operation == "Sub" {
        guard node.inputs.count == 2, node.attributes.isEmpty,
          [[rows, point], [point, rows]].contains(node.inputs)
        else { break }
        switch path {
        case ["ReduceSumSquare", "Sub"]: return .squaredEuclidean
        case ["Sqrt", "ReduceSumSquare", "Sub"]: return .euclidean
        case ["ReduceSum", "Abs", "Sub"]: return .manhattan
        case ["ReduceMax", "Abs", "Sub"]: return .chebyshev
        default: throw unsupportedScan()
        }
      }
      if node.operation.hasPrefix("Reduce") {
        guard try reducesCoordinates(node, in: body) else { break }
      } else {
        guard node.attributes.isEmpty else { break }
      }
      name = first
    }
    throw unsupportedScan()
  }

  /// The node that makes a value, behind copies of it, where it is one of these operators; and what it copies.
  private func made(_ name: String, in body: ONNXModel.Graph, by operations: Set<String>) -> (
    node: ONNXModel.Node?, name: String
  ) {
    var name = name
    // No more steps than nodes, for copies of each other may go round.
    for _ in 0...body.nodes.count {
      guard let node = body.nodes.first(where: { $0.outputs.contains(name) }) else { return (nil, name) }
      guard node.operation == "Identity", node.domain.isEmpty, node.inputs.count == 1 else {
        return (operations.contains(node.operation) ? node : nil, name)
      }
      name = node.inputs[0]
    }
    return (nil, name)
  }

  /// Whether a node adds along the axis of the coordinates alone, and drops it.
  private mutating func reducesCoordinates(
    _ node: ONNXModel.Node, in body: ONNXModel.Graph
  ) throws(Problem) -> Bool {
    var axes: [Int64]?
    var keepsAxes = true
    for attribute in node.attributes {
      switch attribute.name {
      case "axes" where attribute.kind == .integers:
        axes = try reading { () throws(MalformedBytes) in try attribute.integers() }
      case "keepdims" where attribute.kind == .integer:
        keepsAxes = try reading { () throws(MalformedBytes) in try attribute.integer() } != 0
      case "noop_with_empty_axes": break
      default: return false
      }
    }
    if node.inputs.count == 2 {
      guard axes == nil else { return false }
      guard let tensor = body.initializers.first(where: { $0.name == node.inputs[1] }) else {
        // A weight of the graph around this one.
        guard case .constant(let constant)? = values[node.inputs[1]] else { return false }
        return !keepsAxes && (constant.integers == [1] || constant.integers == [-1])
      }
      axes = try constant(of: tensor).integers
    }
    return !keepsAxes && node.inputs.count <= 2 && (axes == [1] || axes == [-1])
  }

  private func unsupportedScan() -> Problem {
    refusal(
      "unsupported-loop", "distances to constant points", "another loop",
      hint: "convert the model with the option 'cdist', or without loops")
  }
}
