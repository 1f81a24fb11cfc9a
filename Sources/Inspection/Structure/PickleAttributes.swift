import Artifacts

/// The attributes of the instances in a pickle, by name; a state that several share is taken apart once.
struct PickleAttributes {
  let document: PickleDocument
  private var states: [ValueID: [String: ValueID]] = [:]

  init(of document: PickleDocument) {
    self.document = document
  }

  /// The instance that a value is, if it is one.
  func object(_ id: ValueID) -> PickleObject? {
    guard case .object(let object) = document[id] else { return nil }
    return object
  }

  /// The attributes of an instance; none where its state is no dictionary.
  mutating func attributes(of object: PickleObject) -> [String: ValueID] {
    guard let state = object.state, case .dictionary(let pairs) = document[state] else { return [:] }
    if let known = states[state] { return known }
    var attributes: [String: ValueID] = [:]
    // A name that occurs again has its later value.
    for (key, value) in pairs {
      if case .string(let name) = document[key] { attributes[name] = value }
    }
    states[state] = attributes
    return attributes
  }

  /// A whole number, Python's or NumPy's.
  func integer(_ id: ValueID?) -> Int64? {
    guard let id else { return nil }
    switch document[id] {
    case .integer(let value): return value
    case .scalar(let scalar): return scalar.items.integers()?.first
    default: return nil
    }
  }

  /// An array that holds bytes.
  func array(_ id: ValueID?) -> NumPyArray? {
    guard let id, case .array(let array) = document[id] else { return nil }
    return array
  }

  /// The elements of a list, a tuple or an array of objects.
  func elements(_ id: ValueID?) -> [ValueID]? {
    guard let id else { return nil }
    switch document[id] {
    case .list(let items), .tuple(let items): return items
    case .array(let array):
      guard case .objects(let items) = array.storage else { return nil }
      return items
    default: return nil
    }
  }

  /// Whether a value is there and is not `None`.
  func isPresent(_ id: ValueID?) -> Bool {
    guard let id else { return false }
    if case .none = document[id] { return false }
    return true
  }
}
