import Testing

@testable import Inference

/// The order in which equally near points give way decides predictions: it is NumPy's and scikit-learn's.
@Suite struct NeighborHeapTests {
  @Test func `a point as far away as the farthest does not enter`() {
    var heap = NeighborHeap(count: 2, farthest: .infinity)
    for (point, distance) in [1.0, 2, 2, 2].enumerated() { heap.push(distance, point) }
    #expect(Set(heap.indices) == [0, 1])
  }

  @Test func `what is at an infinite distance never enters`() {
    var heap = NeighborHeap(count: 2, farthest: .infinity)
    heap.push(.infinity, 7)
    heap.push(3, 8)
    #expect(Set(heap.indices) == [0, 8])
  }

  @Test func `the nearest stay, whatever the order`() {
    var heap = NeighborHeap(count: 3, farthest: .greatestFiniteMagnitude)
    for point in 0..<50 { heap.push(Double((point * 37) % 50), point) }
    #expect(heap.distances.sorted() == [0, 1, 2])
    #expect(zip(heap.indices, heap.distances).allSatisfy { Double(($0 * 37) % 50) == $1 })
  }

  @Test(arguments: [
    // numpy 1.23: np.argpartition(v, k - 1)[:k] of v = [3, 1, 2, 1, 3, 2, 1, 0, 2, 3] for k = 2, 5 and 10.
    (2, [7, 1]), (5, [1, 7, 6, 3, 5]), (10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
  ])
  func `of equal elements those are selected that NumPy selects`(_ count: Int, _ wanted: [Int]) {
    let elements: [Double] = [3, 1, 2, 1, 3, 2, 1, 0, 2, 3]
    #expect(Array(Selection.least(count, of: elements)) == wanted)
  }

  @Test func `NaN is selected last`() {
    #expect(Set(Selection.least(4, of: [.nan, 1, .nan, 0, 5, .infinity])) == [1, 3, 4, 5])
  }

  @Test func `an adverse order ends all the same`() {
    let elements = (0..<4000).map { Double($0 % 2 == 0 ? $0 : 4000 - $0) }
    #expect(Selection.least(1000, of: elements).map { elements[$0] }.sorted() == (0..<1000).map(Double.init))
  }
}
