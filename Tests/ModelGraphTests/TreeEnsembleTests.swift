import Domain
import ModelGraph
import Testing

/// What an ensemble may carry besides plain trees, and what is refused of it.
@Suite struct TreeEnsembleTests {
  /// One tree over two columns: a split and its two leaves.
  private static let stump = TreeEnsemble(
    roots: [0], left: [1, -1, -1], right: [2, -1, -1], feature: [1, 0, 0], threshold: [0.5, 0, 0],
    missingLeft: [false, false, false], leaves: leaves([1, 2]), comparesSingles: false)

  private static func leaves(_ elements: [Double]) -> ConstantMatrix {
    ConstantMatrix(elements, rows: elements.count, columns: 1) ?? .empty
  }

  private static func check(
    _ operands: [ValueType] = [.numbers(2)], _ change: (inout TreeEnsemble) -> Void
  ) throws(Problem) -> ValueType {
    var trees = stump
    change(&trees)
    return try trees.check(Operands(operands, node: "sum"))
  }

  private static func categories(_ nodes: [Int32], starts: [Int32] = [0, 1]) -> TreeCategories {
    TreeCategories(nodes: nodes, starts: starts, words: [0b1010], truncates: true)
  }

  @Test func `a tree may be for one of several outputs`() throws {
    let type = try Self.check { trees in
      trees.targets = [2]
      trees.outputs = 3
    }
    #expect(type == .numbers(3))
  }

  @Test func `a target that is no output is refused`() {
    #expect(
      throws: Problem(
        .badInput, "graph.index-range", "expected 'targets' of 'sum' to be from 0 to below 3, found 3")
    ) {
      try Self.check { trees in
        trees.targets = [3]
        trees.outputs = 3
      }
    }
  }

  @Test func `a tree without a target is refused`() {
    #expect(
      throws: Problem(
        .badInput, "graph.tensor-shape", "expected 'targets' to have 1 elements in 'sum', found 0")
    ) { try Self.check { $0.targets = [] } }
  }

  @Test func `leaves without a row are refused`() {
    #expect(
      throws: Problem(
        .badInput, "graph.tree", "expected 'leaves' to have a row for each of 2 leaves in 'sum', found 1")
    ) { try Self.check { $0.leaves = Self.leaves([1]) } }
  }

  @Test func `sums start from a base or from a second value and not from both`() throws {
    #expect(try Self.check { $0.base = [1] } == .numbers(1))
    #expect(try Self.check([.numbers(2), .numbers(1)]) { _ in } == .numbers(1))
    let problem = #expect(throws: Problem.self) {
      try Self.check([.numbers(2), .numbers(1)]) { $0.base = [1] }
    }
    #expect(problem?.code == "graph.operand")
    #expect(throws: Problem.self) { try Self.check([.numbers(2), .numbers(2)]) { _ in } }
  }

  @Test func `a node may ask for categories`() throws {
    let type = try Self.check { trees in
      trees.threshold = [0, 0, 0]
      trees.categories = Self.categories([0, -1, -1])
    }
    #expect(type == .numbers(1))
  }

  @Test(arguments: [[1, -1, -1], [-2, -1, -1], [0, 0, -1], [0, -1]] as [[Int32]])
  func `a set that there is not is refused`(nodes: [Int32]) {
    #expect(throws: Problem.self) {
      try Self.check { trees in
        trees.threshold = [0, 0, 0]
        trees.categories = Self.categories(nodes)
      }
    }
  }

  @Test(arguments: [[0], [0, 2], [1, 1], [0, 2, 1], []] as [[Int32]])
  func `sets that do not stand one after another in the words are refused`(starts: [Int32]) {
    #expect(throws: Problem.self) {
      try Self.check { trees in
        trees.threshold = [0, 0, 0]
        trees.categories = Self.categories([0, -1, -1], starts: starts)
      }
    }
  }

  @Test func `a number is in a set by its whole part`() {
    let sets = Self.categories([0])
    #expect([1, 1.9, 3].allSatisfy { sets.contains($0, at: 0) })
    #expect([0, -1, 2, 64, 1e300, .infinity, -.infinity].allSatisfy { !sets.contains($0, at: 0) })
  }

  @Test func `a number with a fraction is in no exact set`() {
    var sets = Self.categories([0])
    sets.truncates = false
    #expect(sets.contains(1, at: 0) && !sets.contains(1.5, at: 0))
  }
}
