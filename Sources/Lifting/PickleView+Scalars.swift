import Artifacts
import Domain

extension PickleView {
  /// Whether None is there.
  var isNone: Bool {
    if case .none = value { true } else { false }
  }

  /// The text that is there, if it is one.
  var text: String? {
    guard case .string(let text) = value else { return nil }
    return text
  }

  /// The text that is there, Python's or NumPy's, if it is one.
  var anyText: String? {
    if case .scalar(let scalar) = value, let texts = scalar.items.strings(), texts.count == 1 {
      return texts[0]
    }
    return text
  }

  /// The text that is there.
  func string() throws(Problem) -> String {
    guard let text else { throw unexpected("a string") }
    return text
  }

  /// A truth value, Python's or NumPy's.
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
