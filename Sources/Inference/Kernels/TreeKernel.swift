import Domain
import ModelGraph

extension TreeEnsemble: Runnable {
  func kernel(_ operands: [ValueType]) -> any Kernel { TreeKernel(self) }
}

/// A tree ensemble packed for walking: 16 bytes a node, siblings side by side, leaf values in a table.
///
/// A row goes left where `Float(x) <= threshold`. The threshold is kept as the greatest single-precision
/// number not above it, which decides every single-precision x the same way in half the memory.
struct TreeKernel: Kernel {
  /// One node.
  ///
  /// Its children stand at `next` and `next + 1`; a leaf has `feature` −1, and its values start at
  /// `next × outputs` of the table.
  struct Node: Sendable {
    var threshold: Float
    var feature: Int32
    var next: Int32
    /// Where a missing element goes: 0 is left, 1 is right.
    var missingSide: Int32
  }

  private let nodes: [Node]
  private let roots: [Int32]
  /// `[leaves, outputs]`.
  private let leaves: [Double]
  private let outputs: Int
  private let divisor: Double

  /// How many rows are taken through the trees at a time: their features and sums stay in the nearest cache
  /// while each tree is read once.
  private static let rowBlock = 256

  init(_ trees: TreeEnsemble) {
    var packer = TreePacker(trees)
    packer.pack()
    self.nodes = packer.nodes
    self.roots = packer.roots
    self.leaves = packer.leaves
    self.outputs = trees.values.columns
    self.divisor = trees.divisor
  }

  func run(_ operands: [Value], _ batch: Batch) throws(Problem) -> Value {
    .numbers(run(on: operands[0].matrix))
  }

  private func run(on matrix: Matrix) -> Matrix {
    let features = matrix.elements.map { Float($0) }
    let count = matrix.rows * outputs
    let sums = unsafe [Double](unsafeUninitializedCapacity: count) { sums, initialized in
      // −0 is the number that changes nothing it is added to: a lone tree's values come out as they are.
      unsafe sums.initialize(repeating: -0.0)
      for start in stride(from: 0, to: matrix.rows, by: Self.rowBlock) {
        let rows = start..<min(start + Self.rowBlock, matrix.rows)
        unsafe features.withUnsafeBufferPointer { features in
          unsafe addLeaves(of: features, columns: matrix.columns, rows: rows, to: sums)
        }
      }
      initialized = count
    }
    guard divisor != 1 else { return Matrix(elements: sums, rows: matrix.rows, columns: outputs) }
    return Matrix(elements: sums.map { $0 / divisor }, rows: matrix.rows, columns: outputs)
  }

  /// Adds the leaf values of every tree, in the order of the trees, to the sums of `rows`.
  ///
  /// The unchecked accesses stand on what the graph's check and the packer establish: roots, an inner node's
  /// `next` and its neighbour are nodes, a leaf's `next` is a row of the table, a feature is one of `columns`,
  /// and every path ends, for a child is packed after its parent.
  @unsafe private func addLeaves(
    of features: UnsafeBufferPointer<Float>, columns: Int, rows: Range<Int>,
    to sums: UnsafeMutableBufferPointer<Double>
  ) {
    unsafe nodes.withUnsafeBufferPointer { nodes in
      unsafe leaves.withUnsafeBufferPointer { leaves in
        for root in roots {
          for row in rows {
            let base = row &* columns
            var node = unsafe nodes[Int(root)]
            while node.feature >= 0 {
              let x = unsafe features[base &+ Int(node.feature)]
              let side = x <= node.threshold ? 0 : x.isNaN ? node.missingSide : 1
              node = unsafe nodes[Int(node.next &+ side)]
            }
            let values = Int(node.next) &* outputs
            for output in 0..<outputs {
              unsafe sums[row &* outputs &+ output] += leaves[values &+ output]
            }
          }
        }
      }
    }
  }
}
