@testable import Inference
import ModelGraph
import TestKit
import Testing

/// The C kernels in every form that the processor at hand has, against the definition of `TreeEnsemble`.
@Suite struct EnsembleKernelTests {
  @Test(arguments: 0..<60)
  func `every form of the kernel answers bit for bit as the definition does`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let ensemble = GrownEnsemble(using: &random).ensemble
    for level in VectorLevel.upToHere {
      let kernel = TreeKernel(ensemble, level: level)
      for rowCount in [1, 2, 3, 16, 33, 300] {
        let rows = GrownEnsemble.rows(rowCount, for: ensemble, using: &random)
        guard case .numbers(let answer) = try kernel.run([.numbers(rows)], .of(rowCount)) else {
          Issue.record("no numbers")
          return
        }
        let expected = Definition(ensemble).answer(rows)
        #expect(
          answer.elements.map(\.bitPattern) == expected.map(\.bitPattern), "level \(level), \(rowCount) rows")
      }
    }
  }

  @Test func `sums start from the second operand`() throws {
    var random = SeededGenerator(seed: 3)
    let ensemble = GrownEnsemble(using: &random, base: false, aggregate: .sum).ensemble
    let rows = GrownEnsemble.rows(20, for: ensemble, using: &random)
    let start = (0..<(20 * ensemble.outputs)).map { Double($0) }
    let given = Matrix(elements: start, rows: 20, columns: ensemble.outputs)
    guard
      case .numbers(let answer) = try TreeKernel(ensemble).run([.numbers(rows), .numbers(given)], .of(20))
    else {
      Issue.record("no numbers")
      return
    }
    #expect(answer.elements == Definition(ensemble).answer(rows, startingFrom: start))
  }

  @Test func `trees too large for short nodes answer as the definition does`() throws {
    // A chain of 40,000 tests of one number: 80,001 nodes.
    let inner = 40_000
    var (left, right, threshold) = ([Int32](), [Int32](), [Double]())
    for node in 0..<inner {
      left.append(Int32(2 * node + 1))
      right.append(Int32(2 * node + 2))
      left.append(-1)
      right.append(-1)
      threshold += [Double(node), 0]
    }
    // Node 2n is the n-th test and node 2n + 1 its left leaf; the last right child is a leaf.
    left.append(-1)
    right.append(-1)
    threshold.append(0)
    let values = ConstantMatrix((0...inner).map { Double($0) }, rows: inner + 1, columns: 1) ?? .empty
    let ensemble = TreeEnsemble(
      roots: [0], left: left, right: right, feature: Array(repeating: 0, count: left.count),
      threshold: threshold, missingLeft: Array(repeating: false, count: left.count), leaves: values,
      comparesSingles: true)
    let rows = Matrix(elements: [-1, 0, 0.5, 12_345, 39_998.5, 1e9], rows: 6, columns: 1)
    guard case .numbers(let answer) = try TreeKernel(ensemble).run([.numbers(rows)], .of(6)) else {
      Issue.record("no numbers")
      return
    }
    #expect(answer.elements == [0, 0, 1, 12_345, 39_999, 40_000])
  }
}

extension VectorLevel {
  /// Every level that the processor at hand has.
  static var upToHere: [VectorLevel] { [.portable, .avx2, .avx512].filter { $0 <= .here } }
}

extension Batch {
  static func of(_ rowCount: Int) -> Batch {
    Batch(rowCount: rowCount, firstRow: 0, numberNames: nil, origin: "Test")
  }
}

/// An ensemble of every kind that there is, grown at random.
private struct GrownEnsemble {
  var ensemble: TreeEnsemble

  init(
    using random: inout SeededGenerator, base: Bool? = nil, aggregate: TreeEnsemble.Aggregate? = nil
  ) {
    let hasTargets = Bool.random(using: &random)
    let outputs = Int.random(in: 1...4, using: &random)
    let grown = GrownTrees(
      trees: Int.random(in: 1...12, using: &random), depth: Int.random(in: 0...7, using: &random),
      columns: Int.random(in: 1...6, using: &random), outputs: hasTargets ? 1 : outputs, using: &random)
    let isLeaf = grown.left.map { $0 < 0 }
    let leaves = grown.values.indices.filter { isLeaf[$0 / grown.outputs] }.map { grown.values[$0] }
    ensemble = TreeEnsemble(
      roots: grown.roots, left: grown.left, right: grown.right, feature: grown.feature,
      threshold: grown.threshold, missingLeft: grown.missingLeft,
      leaves: ConstantMatrix(leaves, rows: leaves.count / grown.outputs, columns: grown.outputs) ?? .empty,
      targets: hasTargets
        ? grown.roots.map { _ in Int32.random(in: 0..<Int32(outputs), using: &random) } : nil,
      outputs: outputs, comparesSingles: Bool.random(using: &random),
      aggregate: aggregate ?? TreeEnsemble.Aggregate.allCases.randomElement(using: &random) ?? .sum,
      base: base ?? Bool.random(using: &random)
        ? (0..<outputs).map { _ in Double.random(in: -1...1, using: &random) } : nil,
      divisor: [1, 3].randomElement(using: &random) ?? 1)
    if Int.random(in: 0..<3, using: &random) == 0 { addCategories(using: &random) }
  }

  private mutating func addCategories(using random: inout SeededGenerator) {
    var categories = TreeCategories(
      nodes: Array(repeating: -1, count: ensemble.left.count), starts: [0, 1, 1, 3],
      words: (0..<3).map { _ in UInt64.random(in: 0 ... .max, using: &random) },
      truncates: Bool.random(using: &random))
    for node in ensemble.left.indices where ensemble.left[node] >= 0 && Bool.random(using: &random) {
      categories.nodes[node] = Int32.random(in: 0..<3, using: &random)
      ensemble.threshold[node] = 0
    }
    ensemble.categories = categories
  }

  /// Rows that sit on thresholds, miss elements, hold categories and numbers that are none.
  static func rows(_ count: Int, for ensemble: TreeEnsemble, using random: inout SeededGenerator) -> Matrix {
    let columns = Int(ensemble.feature.max() ?? 0) + 1
    let elements = (0..<(count * columns)).map { _ -> Double in
      switch Int.random(in: 0..<10, using: &random) {
      case 0: .nan
      case 1: ensemble.threshold.randomElement(using: &random) ?? 0
      case 2: Double(Int.random(in: -2..<200, using: &random))
      case 3: Double(Int.random(in: -2..<70, using: &random)) + 0.5
      case 4:
        [-0.5, -0.0, .infinity, -.infinity, 1e300, .leastNonzeroMagnitude, 1e30].randomElement(using: &random)
          ?? 0
      default: GrownTrees.number(using: &random)
      }
    }
    return Matrix(elements: elements, rows: count, columns: columns)
  }
}

/// `TreeEnsemble` word for word: no packing, no blocks.
private struct Definition {
  private let trees: TreeEnsemble
  /// The row of `leaves` for each leaf among the nodes.
  private var rows: [Int] = []

  init(_ trees: TreeEnsemble) {
    self.trees = trees
    var next = 0
    for left in trees.left {
      rows.append(next)
      if left < 0 { next += 1 }
    }
  }

  func answer(_ matrix: Matrix, startingFrom start: [Double]? = nil) -> [Double] {
    (0..<matrix.rows).flatMap { row in
      var sums =
        start.map { Array($0[(row * trees.outputs)..<((row + 1) * trees.outputs)]) } ?? trees.base
        ?? Array(repeating: nothing, count: trees.outputs)
      if trees.aggregate == .sumOfSingles { sums = sums.map { Double(Float($0)) } }
      let x = Array(matrix.elements[(row * matrix.columns)..<((row + 1) * matrix.columns)])
      for (tree, root) in trees.roots.enumerated() {
        let leaf = rows[leaf(of: x, from: Int(root))]
        if let targets = trees.targets {
          add(trees.leaves.elements[leaf], to: &sums[Int(targets[tree])])
        } else {
          for output in 0..<trees.outputs {
            add(trees.leaves.elements[leaf * trees.outputs + output], to: &sums[output])
          }
        }
      }
      return trees.divisor == 1 ? sums : sums.map { $0 / trees.divisor }
    }
  }

  private var nothing: Double {
    switch trees.aggregate {
    case .sum, .sumOfSingles: -0.0
    case .minimum: .infinity
    case .maximum: -.infinity
    }
  }

  private func leaf(of row: [Double], from root: Int) -> Int {
    var node = root
    while trees.left[node] >= 0 {
      var x = row[Int(trees.feature[node])]
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
