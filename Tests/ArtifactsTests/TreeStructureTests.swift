import Artifacts
import Testing

@Suite struct TreeStructureTests {
  /// A node as `nil` for a leaf, or its two children.
  private static func violation(
    _ nodes: [(Int64, Int64)?], features: Int? = nil, feature: Int64 = 0, unused: Set<Int> = []
  ) -> TreeViolation? {
    do throws(TreeViolation) {
      try TreeStructure.check(tree: 3, count: nodes.count, features: features) { index in
        if unused.contains(index) { return .unused }
        guard let (left, right) = nodes[index] else { return .leaf }
        return .split(left: left, right: right, feature: feature)
      }
      return nil
    } catch {
      return error
    }
  }

  @Test func `a leaf alone, a tree in order and a tree out of order are trees`() {
    #expect(Self.violation([nil]) == nil)
    #expect(Self.violation([(1, 2), nil, (3, 4), nil, nil], features: 1) == nil)
    #expect(Self.violation([(4, 3), nil, nil, nil, (1, 2)]) == nil)
    #expect(Self.violation([(2, 3), (9, 9), nil, nil], unused: [1]) == nil)
  }

  @Test func `no node at all is damage`() {
    let violation = Self.violation([])
    #expect(violation?.kind == .empty)
    #expect(violation?.isHarmful == false)
    #expect(violation?.description == "expected at least one node in tree 3, found none")
  }

  @Test(arguments: [5, -2, Int64.max, Int64.min])
  func `a child out of range is named with its parent`(child: Int64) {
    let violation = Self.violation([(1, 2), nil, (child, 3), nil, nil])
    #expect(violation == TreeViolation(tree: 3, node: 2, .childOutOfRange(child, count: 5)))
    #expect(violation?.isHarmful == true)
  }

  @Test func `a way back to the root, to oneself or to another branch is told`() {
    #expect(Self.violation([(1, 2), nil, (0, 3), nil])?.kind == .rootIsChild)
    #expect(Self.violation([(1, 2), nil, (2, 3), nil])?.kind == .severalParents(0, 2))
    #expect(Self.violation([(1, 1), nil])?.kind == .severalParents(0, 0))
    #expect(Self.violation([(1, 2), (3, 4), (3, 4), nil, nil])?.node == 3)
  }

  @Test func `a cycle beside the tree is found, and what hangs below it`() {
    // Nodes 3 and 4 are each other's parents; every node has just one.
    let violation = Self.violation([(1, 2), nil, nil, (4, 5), (3, 6), nil, nil])
    #expect(violation?.kind == .cycle)
    #expect(violation?.isHarmful == true)
    #expect(Self.violation([(1, 2), nil, nil, (3, 4), nil])?.kind == .cycle)
  }

  @Test func `one child, a node left over and an unused child are told`() {
    #expect(Self.violation([(1, -1), nil])?.kind == .oneChild)
    #expect(Self.violation([(1, 2), nil, nil, nil]) == TreeViolation(tree: 3, node: 3, .unreached))
    #expect(Self.violation([(1, 2), nil, nil], unused: [2])?.kind == .unusedChild(of: 0))
  }

  @Test(arguments: [-1, 4, Int64.max])
  func `a feature out of range is told where rows have a known width`(feature: Int64) {
    let nodes: [(Int64, Int64)?] = [(1, 2), nil, nil]
    #expect(
      Self.violation(nodes, features: 4, feature: feature)?.kind == .featureOutOfRange(feature, count: 4))
    #expect(Self.violation(nodes, feature: feature) == nil)
  }

  @Test func `a chain of a million nodes is checked without recursion, in both directions`() {
    let count: Int64 = 1_000_001
    // Each split has a leaf and the next split, which in the second tree stands before it.
    let down: [(Int64, Int64)?] = (0..<count).map {
      $0.isMultiple(of: 2) && $0 < count - 1 ? ($0 + 1, $0 + 2) : nil
    }
    #expect(Self.violation(down) == nil)
    let up: [(Int64, Int64)?] = (0..<count).map { index in
      if index == 0 { return (count - 1, count - 2) }
      return index.isMultiple(of: 2) && index > 2 ? (index - 1 - 2, index - 2) : nil
    }
    #expect(Self.violation(up) == nil)
  }
}
