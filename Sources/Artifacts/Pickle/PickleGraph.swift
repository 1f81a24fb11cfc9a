/// The values of a pickle as a graph: how deep it nests, and how much it would be without sharing.
struct PickleGraph {
  let values: [PickleValue]
  let offsets: [Int]

  /// Stops at the first value that nests deeper or, written out, is larger than the budget allows.
  ///
  /// Walks with a stack of its own, each value once. A value that contains itself counts once there.
  func check(against budget: ReadingBudget) throws(PickleObservation) {
    // 0 where not seen yet; the walk fills it in when it leaves the value.
    var sizes = [Int](repeating: 0, count: values.count)
    var depths = [Int32](repeating: 0, count: values.count)
    var path: [(index: Int, next: Int)] = []
    for start in values.indices where sizes[start] == 0 {
      path.append((start, 0))
      sizes[start] = 1
      depths[start] = 1
      while let (index, next) = path.last {
        guard let child = values[index].child(next)?.index else {
          path.removeLast()
          try check(index, size: sizes[index], depth: depths[index], budget)
          if let parent = path.last?.index {
            sizes[parent] = min(sizes[parent] + sizes[index], budget.expansion + 1)
            depths[parent] = max(depths[parent], depths[index] + 1)
          }
          continue
        }
        path[path.count - 1].next += 1
        if sizes[child] == 0 {
          sizes[child] = 1
          depths[child] = 1
          path.append((child, 0))
        } else {
          sizes[index] = min(sizes[index] + sizes[child], budget.expansion + 1)
          depths[index] = max(depths[index], depths[child] + 1)
        }
      }
    }
  }

  private func check(_ index: Int, size: Int, depth: Int32, _ budget: ReadingBudget)
    throws(PickleObservation)
  {
    if depth > budget.depth {
      throw PickleObservation(
        .budget(.depth, detail: "values nest more than \(budget.depth) deep"), offset: offsets[index],
        opcode: nil)
    }
    if size > budget.expansion {
      throw PickleObservation(
        .budget(
          .expansion, detail: "a value holds more than \(budget.expansion) others, counted without sharing"),
        offset: offsets[index], opcode: nil)
    }
  }
}

extension PickleValue {
  /// The value numbered `number` among those that this one holds; nil past the last.
  func child(_ number: Int) -> ValueID? {
    switch self {
    case .list(let items), .tuple(let items), .set(let items), .frozenSet(let items):
      return number < items.count ? items[number] : nil
    case .dictionary(let pairs):
      guard number / 2 < pairs.count else { return nil }
      return number.isMultiple(of: 2) ? pairs[number / 2].key : pairs[number / 2].value
    case .object(let object):
      if number < object.arguments.count { return object.arguments[number] }
      let rest = number - object.arguments.count
      guard let state = object.state else { return rest < object.items.count ? object.items[rest] : nil }
      if rest == 0 { return state }
      return rest - 1 < object.items.count ? object.items[rest - 1] : nil
    case .array(let array):
      guard case .objects(let items) = array.storage, number < items.count else { return nil }
      return items[number]
    default: return nil
    }
  }
}
