import Domain
import ModelGraph

extension TreeEnsemble: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { TreeKernel(self) }
}

/// A tree ensemble made ready for walking.
struct TreeKernel: Kernel {
  private let trees: TreeEnsemble
  /// The row of `leaves` for each leaf among the nodes.
  private let rows: [Int32]

  init(_ trees: TreeEnsemble) {
    self.trees = trees
    var next: Int32 = 0
    self.rows = trees.left.map { left in
      guard left < 0 else { return 0 }
      next += 1
      return next - 1
    }
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    let matrix = operands[0].matrix
    var result = operands.count > 1 ? operands[1].matrix : start(rows: matrix.rows)
    if trees.aggregate == .sumOfSingles {
      for index in result.elements.indices {
        result.elements[index] = Double(Float(result.elements[index]))
      }
    }
    for (tree, root) in trees.roots.enumerated() {
      for row in 0..<matrix.rows {
        let leaf = Int(rows[leaf(of: matrix.elements, at: row * matrix.columns, from: Int(root))])
        let place = row * trees.outputs
        if let targets = trees.targets {
          add(trees.leaves.elements[leaf], to: &result.elements[place + Int(targets[tree])])
        } else {
          for output in 0..<trees.outputs {
            add(trees.leaves.elements[leaf * trees.outputs + output], to: &result.elements[place + output])
          }
        }
      }
    }
    if trees.divisor != 1 {
      for index in result.elements.indices { result.elements[index] /= trees.divisor }
    }
    return .numbers(result)
  }

  private func start(rows: Int) -> Matrix {
    var elements: [Double] = []
    elements.reserveCapacity(rows * trees.outputs)
    // −0 is the number that changes nothing it is added to: a lone tree's values come out as they are.
    let nothing: Double =
      switch trees.aggregate {
      case .sum, .sumOfSingles: -0.0
      case .minimum: .infinity
      case .maximum: -.infinity
      }
    for _ in 0..<rows { elements += trees.base ?? Array(repeating: nothing, count: trees.outputs) }
    return Matrix(elements: elements, rows: rows, columns: trees.outputs)
  }

  private func leaf(of elements: [Double], at start: Int, from root: Int) -> Int {
    var node = root
    while trees.left[node] >= 0 {
      var x = elements[start + Int(trees.feature[node])]
      if trees.comparesSingles { x = Double(Float(x)) }
      let goesLeft =
        if x.isNaN {
          trees.missingLeft[node]
        } else if let categories = trees.categories, categories.nodes[node] >= 0 {
          categories.contains(x, at: node)
        } else {
          x <= trees.threshold[node]
        }
      node = Int(goesLeft ? trees.left[node] : trees.right[node])
    }
    return node
  }

  private func add(_ value: Double, to sum: inout Double) {
    switch trees.aggregate {
    case .sum: sum += value
    case .sumOfSingles: sum = Double(Float(sum) + Float(value))
    case .minimum: sum = min(sum, value)
    case .maximum: sum = max(sum, value)
    }
  }
}
