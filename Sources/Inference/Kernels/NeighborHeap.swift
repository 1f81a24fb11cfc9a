/// The nearest of the points seen so far: a heap of fixed size with the farthest on top.
///
/// A point as far away as the farthest does not enter, and which of several farthest leaves is decided by where they
/// stand. Both are as in scikit-learn's `heap_push`, for they decide who counts among points at one distance.
struct NeighborHeap {
  private(set) var distances: [Double]
  private(set) var indices: [Int]

  /// A heap of `count` points that are `distance` away, none of which is one yet.
  init(count: Int, farthest distance: Double) {
    self.distances = Array(repeating: distance, count: count)
    self.indices = Array(repeating: 0, count: count)
  }

  /// The farthest distance.
  var farthest: Double { distances[0] }

  /// Lets a point in unless it is as far away as the farthest.
  mutating func push(_ distance: Double, _ index: Int) {
    guard !(distance >= distances[0]) else { return }
    var place = 0
    while true {
      let (left, right) = (2 * place + 1, 2 * place + 2)
      guard left < distances.count else { break }
      // The farther child; the left of two that are equally far.
      let child = right < distances.count && !(distances[left] >= distances[right]) ? right : left
      guard distance < distances[child] else { break }
      distances[place] = distances[child]
      indices[place] = indices[child]
      place = child
    }
    distances[place] = distance
    indices[place] = index
  }
}

/// Selection as `numpy.argpartition` does it, element for element: which of equal elements come first depends on it.
///
/// Source: `introselect_` in NumPy's `selection.cpp`, without the median of medians for adverse inputs, in whose
/// place these are sorted.
enum Selection {
  /// The indices of the `count` least elements, in no order.
  static func least(_ count: Int, of elements: [Double]) -> ArraySlice<Int> {
    var order = Array(elements.indices)
    select(count - 1, elements, &order)
    return order.prefix(count)
  }

  /// Whether one element comes before another: NaN comes last.
  private static func comesBefore(_ left: Double, _ right: Double) -> Bool {
    left < right || (right.isNaN && !left.isNaN)
  }

  private static func select(_ wanted: Int, _ v: [Double], _ order: inout [Int]) {
    func isLess(_ left: Int, _ right: Int) -> Bool { comesBefore(v[order[left]], v[order[right]]) }
    if wanted < 3 {
      for place in 0...wanted {
        var least = place
        for other in (place + 1)..<max(order.count, place + 1) where isLess(other, least) { least = other }
        order.swapAt(place, least)
      }
      return
    }
    if wanted == order.count - 1 {
      var greatest = 0
      for place in 1..<order.count where !isLess(place, greatest) { greatest = place }
      order.swapAt(wanted, greatest)
      return
    }
    var (low, high) = (0, order.count - 1)
    var depth = 2 * (Int.bitWidth - 1 - order.count.leadingZeroBitCount)
    while low + 1 < high {
      guard depth > 0 else {
        order.sort { comesBefore(v[$0], v[$1]) || (v[$0] == v[$1] && $0 < $1) }
        return
      }
      depth -= 1
      let middle = low + (high - low) / 2
      // The median of three goes to the front, the least of them behind it.
      if isLess(high, middle) { order.swapAt(high, middle) }
      if isLess(high, low) { order.swapAt(high, low) }
      if isLess(low, middle) { order.swapAt(low, middle) }
      order.swapAt(middle, low + 1)
      let pivot = v[order[low]]
      var (left, right) = (low + 1, high)
      while true {
        repeat { left += 1 } while comesBefore(v[order[left]], pivot)
        repeat { right -= 1 } while comesBefore(pivot, v[order[right]])
        guard right >= left else { break }
        order.swapAt(left, right)
      }
      order.swapAt(low, right)
      if right >= wanted { high = right - 1 }
      if right <= wanted { low = left }
    }
    if high == low + 1, isLess(high, low) { order.swapAt(high, low) }
  }
}
