import Artifacts
import Domain
import ModelGraph

extension PickleView {
  /// An array of real numbers, row by row, with its shape.
  func numbers(axes: Int) throws(Problem) -> (elements: [Double], shape: [Int]) {
    guard case .array(let array) = value, array.shape.count == axes, let elements = array.items?.doubles()
    else { throw unexpected("an array of numbers with \(axes) \(axes == 1 ? "axis" : "axes")") }
    return (array.rowMajor(elements), array.shape)
  }

  /// An array of real numbers of just this shape, row by row.
  func numbers(shape: [Int]) throws(Problem) -> [Double] {
    guard case .array(let array) = value, array.shape == shape, let elements = array.items?.doubles()
    else { throw unexpected("an array of numbers of shape \(shape)") }
    return array.rowMajor(elements)
  }

  /// An array of whole numbers with one axis, each from 0 to `greatest`.
  func indices(atMost greatest: Int) throws(Problem) -> [Int] {
    guard case .array(let array) = value, array.shape.count == 1, let elements = array.items?.integers(),
      elements.allSatisfy({ $0 >= 0 && $0 <= greatest })
    else { throw unexpected("an array of whole numbers from 0 to \(greatest)") }
    return elements.map { Int($0) }
  }

  /// The elements of an array of Python objects, row by row, and its shape.
  func objects(axes: Int) throws(Problem) -> (elements: [PickleView], shape: [Int]) {
    guard case .array(let array) = value, array.shape.count == axes, case .objects(let ids) = array.storage
    else { throw unexpected("an array of objects with \(axes) \(axes == 1 ? "axis" : "axes")") }
    return (views(of: array.rowMajor(ids)), array.shape)
  }

  /// So many numbers, in an array of any shape or as one number alone.
  func numbers(count: Int) throws(Problem) -> [Double] {
    if case .array(let array) = value, !array.shape.isEmpty {
      guard array.count == count, let elements = array.items?.doubles(), elements.count == count else {
        throw unexpected("an array of \(count) numbers")
      }
      return array.rowMajor(elements)
    }
    guard count == 1 else { throw unexpected("an array of \(count) numbers") }
    return [try number()]
  }

  /// An array of truth values with one axis, which old compiled code keeps as bytes.
  func flags(count: Int? = nil) throws(Problem) -> [Bool] {
    if case .array(let array) = value, array.shape.count == 1, count == nil || array.shape == [count] {
      if let flags = array.items?.booleans() { return flags }
      if case .unsigned(size: 1, _) = array.type, let bytes = array.items?.integers() {
        return bytes.map { $0 != 0 }
      }
    }
    throw unexpected("an array of \(count.map { "\($0) " } ?? "")truth values")
  }

  /// Whether an array of numbers of single precision is there.
  var isSinglePrecision: Bool {
    if case .array(let array) = value, case .float(size: 4, _) = array.type { true } else { false }
  }

  /// Whether an array of numbers of less than double precision is there.
  var isNarrow: Bool {
    if case .array(let array) = value, case .float(let size, _) = array.type { size < 8 } else { false }
  }

  /// Whether an array of doubles is there.
  var isDoublePrecision: Bool {
    if case .array(let array) = value, case .float(size: 8, _) = array.type { true } else { false }
  }

  /// An array of strings with one axis.
  func strings(count: Int) throws(Problem) -> [String] {
    if case .array(let array) = value, array.shape == [count] {
      switch array.storage {
      case .bytes: if let strings = array.items?.strings() { return strings }
      case .objects(let ids):
        let strings = views(of: ids).compactMap(\.text)
        if strings.count == count { return strings }
      }
    }
    throw unexpected("an array of \(count) strings")
  }

  /// The labels of a classifier: integers, booleans, floats or strings, one axis.
  func labels() throws(Problem) -> Tensor {
    guard case .array(let array) = value, array.shape.count == 1, array.shape[0] > 0 else {
      throw unexpected("an array of labels with one axis")
    }
    let elements: Tensor.Elements? =
      switch array.storage {
      case .objects(let ids): objectLabels(ids)
      case .bytes: array.items.flatMap { Self.labels($0, of: array.type) }
      }
    guard let elements, elements.count == array.shape[0] else {
      throw unexpected("an array of labels that are all integers, booleans, finite floats or strings")
    }
    return Tensor(vector: elements)
  }

  private static func labels(_ items: NumPyItems, of type: NumPyType) -> Tensor.Elements? {
    if let booleans = items.booleans() { return .bool(booleans) }
    if case .integer(size: 4, _) = type, let integers = items.integers() {
      return .int32(integers.map { Int32(truncatingIfNeeded: $0) })
    }
    if let integers = items.integers() { return .int64(integers) }
    if let strings = items.strings() { return .string(strings) }
    // An integer beyond 64 bits with a sign is none that a double holds.
    guard case .float(let size, _) = type, let numbers = items.doubles(), numbers.allSatisfy(\.isFinite)
    else { return nil }
    return size == 4 ? .float32(numbers.map { Float($0) }) : .float64(numbers)
  }

  /// Labels that are Python objects: all of one type, and that one of those that labels may have.
  private func objectLabels(_ ids: [ValueID]) -> Tensor.Elements? {
    let values = views(of: ids).map(\.value)
    let strings = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    if strings.count == ids.count { return .string(strings) }
    let integers = values.compactMap { if case .integer(let number) = $0 { number } else { nil } }
    if integers.count == ids.count { return .int64(integers) }
    let booleans = values.compactMap { if case .bool(let value) = $0 { value } else { nil } }
    if booleans.count == ids.count { return .bool(booleans) }
    let numbers = values.compactMap { if case .float(let number) = $0 { number } else { nil } }
    return numbers.count == ids.count && numbers.allSatisfy(\.isFinite) ? .float64(numbers) : nil
  }
}
