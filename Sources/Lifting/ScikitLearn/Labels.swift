import ModelGraph

extension Tensor.Elements {
  /// The elements as numbers; nil where they are texts.
  var doubles: [Double]? {
    switch self {
    case .bool(let elements): elements.map { $0 ? 1 : 0 }
    case .int32(let elements): elements.map(Double.init)
    case .int64(let elements): elements.map(Double.init)
    case .float32(let elements): elements.map(Double.init)
    case .float64(let elements): elements
    case .string: nil
    }
  }

  /// Where a label is that a parameter names; numbers of two types are equal as numbers.
  func index(of label: PickleView) -> Int? {
    switch self {
    case .string(let texts):
      // By their bytes: texts that only look alike are different labels.
      return label.anyText.flatMap { text in texts.firstIndex { $0.utf8.elementsEqual(text.utf8) } }
    case .int64(let numbers):
      if let number = try? label.integer() { return numbers.firstIndex(of: Int64(number)) }
    default: break
    }
    guard let numbers = doubles else { return nil }
    if let value = try? label.bool() { return numbers.firstIndex(of: value ? 1 : 0) }
    return (try? label.number()).flatMap { numbers.firstIndex(of: $0) }
  }

  /// For each element where an equal one stands first in another list; numbers of two types are equal as numbers.
  func places(in other: Tensor.Elements) -> [Int?] {
    func find<Item: Hashable>(_ own: [Item], _ all: [Item]) -> [Int?] {
      let places = Dictionary(zip(all, all.indices), uniquingKeysWith: { first, _ in first })
      return own.map { places[$0] }
    }
    return switch (self, other) {
    case (.bool(let own), .bool(let all)): find(own, all)
    case (.int32(let own), .int32(let all)): find(own, all)
    case (.int64(let own), .int64(let all)): find(own, all)
    case (.float32(let own), .float32(let all)): find(own, all)
    case (.float64(let own), .float64(let all)): find(own, all)
    // By their bytes: texts that only look alike are different labels.
    case (.string(let own), .string(let all)): find(own.map { Array($0.utf8) }, all.map { Array($0.utf8) })
    default:
      if let own = doubles, let all = other.doubles {
        find(own, all)
      } else {
        Array(repeating: nil, count: count)
      }
    }
  }

  /// Where each element stands in another list; nil where one does not, or two are one there.
  func distinctPlaces(in other: Tensor.Elements) -> [Int]? {
    let found = places(in: other).compactMap { $0 }
    return found.count == count && Set(found).count == count ? found : nil
  }
}
