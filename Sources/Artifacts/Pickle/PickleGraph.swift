/// The values of a pickle as a graph: how deep it nests, and how much it would be without sharing.
struct PickleGraph {
  /// The memory that the check takes for each value.
  static let bytesPerValue = MemoryLayout<UInt32>.size + MemoryLayout<UInt16>.size

  let values: PickleValues

  /// Stops at the first value that nests deeper or, written out, is larger than the budget allows.
  ///
  /// Walks with a stack of its own, each value once, first from the root. A value that contains itself counts
  /// once there.
  func check(from root: Int, against budget: ReadingBudget) throws(PickleObservation) {
    let limit = UInt32(clamping: min(budget.expansion, 1 << 31))
    let deepest = UInt16(clamping: min(budget.depth, 60_000))
    // 0 where not seen yet; the walk fills it in when it leaves the value.
    var sizes = [UInt32](repeating: 0, count: values.count)
    var depths = [UInt16](repeating: 0, count: values.count)
    var path: [(index: Int, next: Int)] = []
    var start = root
    var following = 0
    while start < values.count {
      if sizes[start] == 0 { path.append((start, 0)) }
      start = following
      following += 1
      while let (index, next) = path.last {
        if next == 0, sizes[index] == 0 {
          sizes[index] = 1
          depths[index] = 1
        }
        guard let child = values.child(next, of: index) else {
          path.removeLast()
          if sizes[index] > limit { throw exceeded(.expansion, index, budget) }
          if let parent = path.last?.index {
            add(index, to: parent, &sizes, &depths, limit)
            if depths[parent] > deepest { throw exceeded(.depth, parent, budget) }
          }
          continue
        }
        path[path.count - 1].next += 1
        if sizes[child] == 0 {
          guard path.count < budget.depth else { throw exceeded(.depth, index, budget) }
          path.append((child, 0))
        } else {
          add(child, to: index, &sizes, &depths, limit)
          if depths[index] > deepest { throw exceeded(.depth, index, budget) }
        }
      }
    }
  }

  private func add(
    _ child: Int, to parent: Int, _ sizes: inout [UInt32], _ depths: inout [UInt16], _ limit: UInt32
  ) {
    // Neither is above the limit + 1 before, and the limit is far below 2^31.
    let (sum, overflow) = sizes[parent].addingReportingOverflow(sizes[child])
    sizes[parent] = overflow ? limit + 1 : min(sum, limit + 1)
    depths[parent] = max(depths[parent], depths[child] + 1)
  }

  private func exceeded(_ limit: ReadingBudget.Limit, _ index: Int, _ budget: ReadingBudget)
    -> PickleObservation
  {
    let detail =
      limit == .depth
      ? "values nest more than \(budget.depth) deep"
      : "a value holds more than \(budget.expansion) others, counted without sharing"
    return PickleObservation(
      .budget(limit, detail: detail), offset: values.cells[index].offset, opcode: nil)
  }
}
