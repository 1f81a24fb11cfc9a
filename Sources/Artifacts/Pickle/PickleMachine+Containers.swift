// Lists, dictionaries and sets, and the instances that take items as they do.
extension PickleMachine {
  mutating func append(_ items: [ValueID]) throws(PickleObservation) {
    let id = try top()
    guard !items.isEmpty else { return }
    noteLateChange(id)
    switch values[id.index] {
    case .list(var list):
      values[id.index] = .none
      list.append(contentsOf: items)
      values[id.index] = .list(list)
    case .object(let object): add(items, to: id, object, needs: "a list") { $0.isSequence }
    case .global(let global): observe(.changes(global, detail: "items appended to it"))
    default: throw malformed("a list to append to", found: values[id.index].kind)
    }
  }

  mutating func setItems(_ items: [ValueID]) throws(PickleObservation) {
    let id = try top()
    let pairs = try pairs(items)
    guard !pairs.isEmpty else { return }
    noteLateChange(id)
    switch values[id.index] {
    case .dictionary(var dictionary):
      values[id.index] = .none
      dictionary.append(contentsOf: pairs)
      values[id.index] = .dictionary(dictionary)
    case .object(let object): add(items, to: id, object, needs: "a dictionary") { $0.isMapping }
    case .global(let global): observe(.changes(global, detail: "an item of it set"))
    default: throw malformed("a dictionary to set items of", found: values[id.index].kind)
    }
  }

  mutating func addItems(_ items: [ValueID]) throws(PickleObservation) {
    let id = try top()
    guard !items.isEmpty else { return }
    noteLateChange(id)
    switch values[id.index] {
    case .set(var set):
      values[id.index] = .none
      set.append(contentsOf: items)
      values[id.index] = .set(set)
    case .object(let object): add(items, to: id, object, needs: "a set") { _ in false }
    case .global(let global): observe(.changes(global, detail: "items added to it"))
    default: throw malformed("a set to add to", found: values[id.index].kind)
    }
  }

  /// The keys and values of a dictionary, which alternate in `items`.
  func pairs(_ items: [ValueID]) throws(PickleObservation) -> [(key: ValueID, value: ValueID)] {
    guard items.count.isMultiple(of: 2) else {
      throw malformed("keys and values in turn", found: "\(items.count) values")
    }
    var pairs: [(key: ValueID, value: ValueID)] = []
    pairs.reserveCapacity(items.count / 2)
    for index in stride(from: 0, to: items.count, by: 2) {
      switch values[items[index].index] {
      case .list, .dictionary, .set, .byteArray, .array:
        throw malformed("a key that can be hashed", found: values[items[index].index].kind)
      default: pairs.append((items[index], items[index + 1]))
      }
    }
    return pairs
  }

  private mutating func add(
    _ items: [ValueID], to id: ValueID, _ object: PickleObject, needs kind: String,
    where takesItems: (AllowedGlobal) -> Bool
  ) {
    if let entry = AllowList.entry(object.type), !takesItems(entry) {
      observe(.misuses(object.type, detail: "is given items as if it were \(kind)"))
    }
    var changed = object
    values[id.index] = .none
    changed.items.append(contentsOf: items)
    values[id.index] = .object(changed)
  }

  /// Marks a value that another one was made from; loaders differ in whether they see a change after that.
  mutating func consume(_ id: ValueID) {
    valueMarks[id.index].insert(.consumed)
    guard case .tuple(let items) = values[id.index] else { return }
    for item in items { valueMarks[item.index].insert(.consumed) }
  }

  mutating func noteLateChange(_ id: ValueID) {
    guard valueMarks[id.index].contains(.consumed) else { return }
    switch values[id.index] {
    case .list, .dictionary, .set, .dataType:
      observe(.changesLate(detail: "\(values[id.index].kind) is changed after a value was made from it"))
    default: break
    }
  }
}

extension AllowedGlobal {
  fileprivate var isSequence: Bool {
    switch self {
    case .sequenceClass, .constructor(.sequence): true
    default: false
    }
  }

  fileprivate var isMapping: Bool {
    switch self {
    case .mappingClass, .constructor(.mapping): true
    default: false
    }
  }
}

extension PickleValue {
  /// The kind of value, as a message names it.
  public var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a bool"
    case .integer, .largeInteger: "an int"
    case .float: "a float"
    case .bytes: "bytes"
    case .byteArray: "a bytearray"
    case .string: "a str"
    case .list: "a list"
    case .tuple: "a tuple"
    case .set: "a set"
    case .frozenSet: "a frozenset"
    case .dictionary: "a dict"
    case .global(let global): "the name \(global.description.escaped(limit: 120))"
    case .object(let object): "an instance of \(object.type.description.escaped(limit: 120))"
    case .array: "a NumPy array"
    case .scalar: "a NumPy scalar"
    case .dataType: "a NumPy data type"
    }
  }
}
