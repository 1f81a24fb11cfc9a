import ModelGraph

/// Graphs made of a few operators, and of trees that a generator grows.
enum SampleModels {
  /// Operators one after another on numbers; `predict` gives what the last one makes.
  static func chain(_ operators: [Operator], columns: Int, names: [String]? = nil) -> ModelGraph {
    let doubles = operators.contains(.mirror) || operators.contains(.complement)
    return graph(
      operators, columns: columns, names: names,
      ModelSignature.Port(name: "predict", datatype: .float64, shape: [-1, doubles ? 2 : columns]))
  }

  /// Operators of which the last one chooses.
  static func choice(_ operators: [Operator], columns: Int) -> ModelGraph {
    graph(
      operators, columns: columns, names: nil,
      ModelSignature.Port(name: "predict", datatype: .int64, shape: [-1]))
  }

  static func graph(
    _ operators: [Operator], columns: Int, names: [String]?, _ output: ModelSignature.Port,
    tensors: [String: Tensor] = [:]
  ) -> ModelGraph {
    let nodes = operators.enumerated().map { index, operation in
      ModelGraph.Node(
        output: "value\(index)", input: index == 0 ? ModelGraph.inputName : "value\(index - 1)",
        operator: operation, origin: "Test")
    }
    return ModelGraph(
      signature: ModelSignature(
        input: ModelSignature.Port(name: "input", datatype: .float64, shape: [-1, columns]),
        featureNames: names, outputs: [output], classes: nil),
      nodes: nodes, tensors: tensors, results: [.predict: "value\(operators.count - 1)"])
  }
}

/// Trees as plain arrays, grown at random.
struct GrownTrees {
  var roots: [Int64] = []
  var left: [Int64] = []
  var right: [Int64] = []
  var feature: [Int64] = []
  var threshold: [Double] = []
  var missingLeft: [Bool] = []
  var values: [Double] = []
  let outputs: Int
  let columns: Int

  init(trees: Int, depth: Int, columns: Int, outputs: Int, using random: inout some RandomNumberGenerator) {
    self.outputs = outputs
    self.columns = columns
    for _ in 0..<trees {
      roots.append(Int64(left.count))
      _ = grow(depth: depth, using: &random)
    }
  }

  private mutating func grow(depth: Int, using random: inout some RandomNumberGenerator) -> Int64 {
    let node = left.count
    let isLeaf = depth == 0 || Int.random(in: 0..<6, using: &random) == 0
    left.append(-1)
    right.append(-1)
    feature.append(isLeaf ? 0 : Int64.random(in: 0..<Int64(columns), using: &random))
    threshold.append(isLeaf ? 0 : Self.number(using: &random))
    missingLeft.append(!isLeaf && Bool.random(using: &random))
    for _ in 0..<outputs { values.append(isLeaf ? Double.random(in: -1...1, using: &random) : 0) }
    guard !isLeaf else { return Int64(node) }
    left[node] = grow(depth: depth - 1, using: &random)
    right[node] = grow(depth: depth - 1, using: &random)
    return Int64(node)
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
      roots: "roots", left: "left", right: "right", feature: "feature", threshold: "threshold",
      missingLeft: "missing", values: "values", divisor: divisor)
    return SampleModels.graph(
      [.treeEnsemble(ensemble)], columns: columns, names: nil,
      ModelSignature.Port(name: "predict", datatype: .float64, shape: [-1, outputs]),
      tensors: [
        "roots": Tensor(vector: .int64(roots)), "left": Tensor(vector: .int64(left)),
        "right": Tensor(vector: .int64(right)), "feature": Tensor(vector: .int64(feature)),
        "threshold": Tensor(vector: .float64(threshold)), "missing": Tensor(vector: .bool(missingLeft)),
        "values": Tensor(shape: [left.count, outputs], elements: .float64(values))
          ?? Tensor(vector: .float64(values)),
      ])
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
