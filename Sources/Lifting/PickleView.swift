import Artifacts
import Domain
import Encoding

/// One value of a pickle, with the path that leads to it from the model: `Pipeline.steps[1] 'clf' SVC`.
///
/// Its readers take what is there or throw a problem that says where, what was expected and what was found.
struct PickleView {
  let source: PickleSource
  let id: ValueID
  /// The path, but for the place among its siblings.
  private let stem: String
  /// Which element of a list it is.
  private let place: Int?

  /// A view of a value of a document, which is called `path`.
  init(_ source: PickleSource, _ id: ValueID, path: String) {
    self.init(source, id, stem: path, place: nil)
  }

  private init(_ source: PickleSource, _ id: ValueID, stem: String, place: Int?) {
    self.source = source
    self.id = id
    self.stem = stem
    self.place = place
  }

  /// How it is reached from the model.
  var path: String { place.map { "\(stem)[\($0)]" } ?? stem }

  /// What is there; the lift pays for looking.
  var value: PickleValue { source.value(of: self) }

  /// Where it is in the (decompressed) stream.
  var position: String { "byte \(source.document.offset(of: id))" }

  /// A view of another value under this path.
  func view(of id: ValueID, _ suffix: String) -> PickleView {
    PickleView(source, id, path: path + suffix)
  }

  /// The same value under another path.
  func renamed(_ path: String) -> PickleView { PickleView(source, id, path: path) }

  /// Views of the elements of a list, in order.
  func views(of ids: [ValueID]) -> [PickleView] {
    let path = path
    return ids.enumerated().map { PickleView(source, $1, stem: path, place: $0) }
  }

  /// A refusal of this value.
  func unexpected(_ expected: String) -> Problem {
    Problem(
      .refused, "lift.unexpected-attribute", "expected \(path) to be \(expected), found \(description)",
      position: position)
  }
}

// MARK: - Instances

extension PickleView {
  /// The instance that is there, if it is one.
  var object: PickleObject? {
    guard case .object(let object) = value else { return nil }
    return object
  }

  /// The attribute of an instance, or the item of its state; nil where it has none of that name.
  func attributeIfPresent(_ name: String) -> PickleView? {
    guard let state = source.document.attributes(of: id) else { return nil }
    return source.item(name, of: state, for: self).map { view(of: $0, ".\(name)") }
  }

  /// What a dictionary has under a name; nil where it has nothing, or no dictionary is there.
  func item(_ name: String) -> PickleView? {
    source.item(name, of: id, for: self).map { view(of: $0, "['\(name.excerpt(80))']") }
  }

  /// Whether a dictionary is there.
  var isDictionary: Bool { source.document.values.isDictionary(at: id.index) }

  /// The attribute of an instance.
  func attribute(_ name: String) throws(Problem) -> PickleView {
    guard let attribute = attributeIfPresent(name) else {
      throw Problem(
        .refused, "lift.unexpected-attribute", "expected \(path) to have the attribute '\(name)', found none",
        position: position)
    }
    return attribute
  }

  /// An attribute that fitting sets.
  func fittedAttribute(_ name: String) throws(Problem) -> PickleView {
    guard let attribute = attributeIfPresent(name) else {
      throw Problem(
        .refused, "lift.not-fitted", "expected \(path) to be fitted, found no attribute '\(name)'",
        position: position, hint: "call fit before you save the model")
    }
    return attribute
  }
}

// MARK: - Plain values

extension PickleView {
  var isNone: Bool {
    if case .none = value { true } else { false }
  }

  /// The text that is there, if it is one.
  var text: String? {
    guard case .string(let text) = value else { return nil }
    return text
  }

  func string() throws(Problem) -> String {
    guard let text else { throw unexpected("a string") }
    return text
  }

  func bool() throws(Problem) -> Bool {
    switch value {
    case .bool(let value): return value
    case .scalar(let scalar) where scalar.type == .bool: return scalar.bytes.first != 0
    default: throw unexpected("a boolean")
    }
  }

  /// A whole number, Python's or NumPy's.
  func integer() throws(Problem) -> Int {
    switch value {
    case .integer(let value): return Int(value)
    case .scalar(let scalar):
      if let values = scalar.items.integers(), values.count == 1 { return Int(values[0]) }
    default: break
    }
    throw unexpected("an integer")
  }

  /// A number, Python's or NumPy's, also as an array without axes.
  func number() throws(Problem) -> Double {
    switch value {
    case .integer(let value): return Double(value)
    case .float(let value): return value
    case .scalar(let scalar):
      if let values = scalar.items.doubles(), values.count == 1 { return values[0] }
    case .array(let array) where array.shape.isEmpty:
      if let values = array.items?.doubles(), values.count == 1 { return values[0] }
    default: break
    }
    throw unexpected("a number")
  }

  /// The elements of a list or tuple.
  func elements() throws(Problem) -> [PickleView] {
    switch value {
    case .list(let ids), .tuple(let ids): return views(of: ids)
    default: throw unexpected("a list")
    }
  }

  /// What is there, for a message; no content of it.
  var description: String {
    switch value {
    case .none: "None"
    case .bool: "a boolean"
    case .integer, .largeInteger: "an integer"
    case .float: "a float"
    case .bytes, .byteArray: "bytes"
    case .string: "a string"
    case .list(let ids): "a list of \(ids.count)"
    case .tuple(let ids): "a tuple of \(ids.count)"
    case .set, .frozenSet: "a set"
    case .dictionary: "a dictionary"
    case .global(let global): "the name \(global)"
    case .object(let object): "an instance of \(object.type)"
    case .array(let array): "an array of \(array.type.name) of shape \(array.shape)"
    case .scalar(let scalar): "a NumPy \(scalar.type.name)"
    case .dataType: "a NumPy data type"
    }
  }
}

extension NumPyType {
  /// NumPy's name for it.
  fileprivate var name: String {
    switch self {
    case .bool: "bool"
    case .integer(let size, _): "int\(size * 8)"
    case .unsigned(let size, _): "uint\(size * 8)"
    case .float(let size, _): "float\(size * 8)"
    case .complex(let size, _): "complex\(size * 8)"
    case .unicode: "str"
    case .bytes: "bytes"
    case .void: "void"
    case .datetime(_, let isSpan, _): isSpan ? "timedelta64" : "datetime64"
    case .object: "object"
    case .structured: "a structured type"
    }
  }
}
