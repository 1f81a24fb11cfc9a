import Artifacts
import Domain
import Encoding

/// Makes indices of what a ColumnTransformer was told to select: names, indices (also from the end), slices of
/// either, masks.
struct ColumnSelection {
  /// How many columns there are.
  let count: Int
  /// Where each name stands, by its bytes; nil for a name that stands twice.
  private let places: [[UInt8]: Int?]

  /// Selects among so many columns, which may have names.
  init(count: Int, names: [String]?) {
    self.count = count
    places = Dictionary(
      (names ?? []).enumerated().map { (Array($1.utf8), Optional($0)) }, uniquingKeysWith: { _, _ in nil })
  }

  /// The columns that are selected, in order; nil for a selection in a type of another library.
  func indices(_ view: PickleView) throws(Problem) -> [Int]? {
    switch view.value {
    // 0.24 says None for a remainder of no columns.
    case .none: return []
    case .string(let name): return [try index(of: name, view)]
    case .integer, .scalar: return [try index(at: try view.integer(), view)]
    case .list, .tuple: return try indices(of: try view.elements(), view)
    case .array(let array):
      switch array.storage {
      case .objects(let ids): return try indices(of: ids.map { view.view(of: $0, "[]") }, view)
      case .bytes:
        guard array.shape.count <= 1 else { throw view.unexpected("columns with one axis") }
        if let mask = array.items?.booleans() { return try indices(mask: mask, view) }
        if let names = array.items?.strings() {
          var indices: [Int] = []
          for name in names { indices.append(try index(of: name, view)) }
          return indices
        }
        guard let integers = array.items?.integers() else {
          throw view.unexpected("names, indices or a mask")
        }
        var indices: [Int] = []
        for integer in integers { indices.append(try index(at: Int(integer), view)) }
        return indices
      }
    case .object(let object):
      if object.type == .slice {
        return try indices(slice: object.arguments.map { view.view(of: $0, "") }, view)
      }
      // The list of remaining columns of 1.5 to 1.8, which warns whoever looks into it.
      if object.type == .remainderColumns {
        return try indices(of: try view.attribute("data").elements(), view)
      }
      return nil
    default: return nil
    }
  }

  private func indices(of elements: [PickleView], _ view: PickleView) throws(Problem) -> [Int] {
    let mask = elements.compactMap { element in
      switch element.value {
      case .bool(let isSelected): isSelected
      case .scalar(let scalar) where scalar.type == .bool: scalar.bytes.first != 0
      default: nil
      }
    }
    if !elements.isEmpty, mask.count == elements.count { return try indices(mask: mask, view) }
    var indices: [Int] = []
    indices.reserveCapacity(elements.count)
    for element in elements {
      if let name = element.anyText {
        indices.append(try index(of: name, element))
      } else {
        indices.append(try index(at: try element.integer(), element))
      }
    }
    return indices
  }

  private func indices(mask: [Bool], _ view: PickleView) throws(Problem) -> [Int] {
    guard mask.count == count else { throw view.unexpected("a mask of \(count) columns") }
    return mask.indices.filter { mask[$0] }
  }

  /// A slice of names includes its end, one of indices does not.
  private func indices(slice: [PickleView], _ view: PickleView) throws(Problem) -> [Int] {
    guard slice.count == 3 else { throw view.unexpected("a slice of a start, an end and a step") }
    let bounds = slice.prefix(2)
    if bounds.contains(where: { $0.text != nil }) {
      guard slice[2].isNone else { throw view.unexpected("a slice of names without a step") }
      let start = slice[0].isNone ? 0 : try index(of: try slice[0].string(), slice[0])
      let end = slice[1].isNone ? count : try index(of: try slice[1].string(), slice[1]) + 1
      return start < end ? Array(start..<end) : []
    }
    let step = slice[2].isNone ? 1 : try slice[2].integer()
    guard step != 0, (-Self.mostStep...Self.mostStep).contains(step) else {
      throw slice[2].unexpected("a step")
    }
    // As Python: counted from the end where negative, then held within the columns.
    func bound(_ view: PickleView, _ open: Int) throws(Problem) -> Int {
      if view.isNone { return open }
      var value = try view.integer()
      if value < 0 { value = value < -count ? -1 : value + count }
      return step > 0 ? min(max(value, 0), count) : min(max(value, -1), count - 1)
    }
    let start = try bound(slice[0], step > 0 ? 0 : count - 1)
    let end = try bound(slice[1], step > 0 ? count : -1)
    return Array(stride(from: start, to: end, by: step))
  }

  /// A step that is beyond all columns, and with which no index overflows.
  private static let mostStep = 1 << 32

  private func index(of name: String, _ view: PickleView) throws(Problem) -> Int {
    guard case .some(.some(let place)) = places[Array(name.utf8)] else {
      throw Problem(
        .refused, "lift.unexpected-attribute",
        "expected \(view.path) to be one of the columns that the model was fitted on, found"
          + " '\(name.excerpt(80))'", position: view.position)
    }
    return place
  }

  private func index(at place: Int, _ view: PickleView) throws(Problem) -> Int {
    guard place >= -count, place < count else {
      throw view.unexpected("a column from \(-count) to \(count - 1)")
    }
    return place < 0 ? place + count : place
  }
}

extension PickleGlobal {
  fileprivate static let slice = Self(module: "builtins", name: "slice")
  fileprivate static let remainderColumns = sklearn("compose._column_transformer", "_RemainderColsList")
}
