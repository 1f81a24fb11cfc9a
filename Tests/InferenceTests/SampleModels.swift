import ModelGraph

/// Graphs made of a few operators, and of trees that a generator grows.
enum SampleModels {
  /// Operators one after another on numbers; `predict` gives what the last one makes.
  static func chain(
    _ operators: [any Operator], columns: Int, outputs: Int? = nil, names: [String]? = nil
  ) -> ModelGraph {
    graph(
      operators, columns: columns, names: names,
      ModelSignature.Output(.predict, .float64, shape: [-1, outputs ?? columns]))
  }

  /// Operators of which the last one chooses.
  static func choice(_ operators: [any Operator], columns: Int) -> ModelGraph {
    graph(
      operators, columns: columns, names: nil, ModelSignature.Output(.predict, .int64, shape: [-1]))
  }

  static func graph(
    _ operators: [any Operator], columns: Int, names: [String]?, _ output: ModelSignature.Output
  ) -> ModelGraph {
    let nodes = operators.enumerated().map { index, operation in
      ModelGraph.Node(
        output: "value\(index)", inputs: [index == 0 ? ModelGraph.inputName : "value\(index - 1)"],
        operator: operation, origin: "Test")
    }
    return ModelGraph(
      signature: ModelSignature(
        features: FeatureList(count: columns, names: names), outputs: [output], classes: []),
      nodes: nodes, results: [.predict: ["value\(operators.count - 1)"]])
  }
}

/// Trees as plain arrays, grown at random.
struct GrownTrees {
  var roots: [Int32] = []
  var left: [Int32] = []
  var right: [Int32] = []
  var feature: [Int32] = []
  var threshold: [Double] = []
  var missingLeft: [Bool] = []
  var values: [Double] = []
  let outputs: Int
  let columns: Int

  init(trees: Int, depth: Int, columns: Int, outputs: Int, using random: inout some RandomNumberGenerator) {
    self.outputs = outputs
    self.columns = columns
    for _ in 0..<trees {
      roots.append(Int32(left.count))
      _ = grow(depth: depth, using: &random)
    }
  }

  private mutating func grow(depth: Int, using random: inout some RandomNumberGenerator) -> Int32 {
    let node = left.count
    let isLeaf = depth == 0 || Int.random(in: 0..<6, using: &random) == 0
    left.append(-1)
    right.append(-1)
    feature.append(isLeaf ? 0 : Int32.random(in: 0..<Int32(columns), using: &random))
    threshold.append(isLeaf ? 0 : Self.number(using: &random))
    missingLeft.append(!isLeaf && Bool.random(using: &random))
    for _ in 0..<outputs { values.append(isLeaf ? Double.random(in: -1...1, using: &random) : 0) }
    guard !isLeaf else { return Int32(node) }
    left[node] = grow(depth: depth - 1, using: &random)
    right[node] = grow(depth: depth - 1, using: &random)
    return Int32(node)
  }

  /// Numbers that often fall on or beside a single-precision number.
  static func number(using random: inout some RandomNumberGenerator) -> Double {
    let single = Double(Float(Int.random(in: -8...8, using: &random)) / 3)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return single.nextUp
    case 1: return single.nextDown
    case 2: return Double.random(in: -3...3, using: &random)
    default: return single
    }
  }

  func graph(divisor: Double) -> ModelGraph {
    let ensemble = TreeEnsemble(
      roots: roots, left: left, right: right, feature: feature, threshold: threshold,
      missingLeft: missingLeft, leaves: leaves, comparesSingles: true, divisor: divisor)
    return SampleModels.chain([ensemble], columns: columns, outputs: outputs)
  }

  /// The values of the leaves alone.
  private var leaves: ConstantMatrix {
    let nodes = left.indices.filter { left[$0] < 0 }
    return ConstantMatrix(
      nodes.flatMap { values[($0 * outputs)..<(($0 + 1) * outputs)] }, rows: nodes.count, columns: outputs)
      ?? .empty
  }

  /// The definition, word for word: no packing, no blocks, thresholds in double precision.
  func answer(_ row: [Double], divisor: Double) -> [Double] {
    var sums = [Double](repeating: 0, count: outputs)
    for root in roots {
      var node = Int(root)
      while left[node] >= 0 {
        let x = Float(row[Int(feature[node])])
        let goesLeft = x.isNaN ? missingLeft[node] : Double(x) <= threshold[node]
        node = Int(goesLeft ? left[node] : right[node])
      }
      for output in 0..<outputs { sums[output] += values[node * outputs + output] }
    }
    return sums.map { $0 / divisor }
  }
}
