// Lists, dictionaries and sets, and the instances that take items as they do.
extension PickleMachine {
  mutating func append(_ items: [ValueID]) throws(PickleObservation) {
    let id = try top()
    guard !items.isEmpty else { return }
    noteLateChange(id)
    if case .list = values[id.index] { return appendToList(id, items) }
    if let type = instanceType(id) { return add(items, to: id, of: type, needs: "a list") { $0.isSequence } }
    switch values[id.index] {
    case .global(let global): observe(.changes(global, detail: "items appended to it"))
    default: throw malformed("a list to append to", found: values[id.index].kind)
    }
  }

  mutating func setItems(_ items: [ValueID]) throws(PickleObservation) {
    let id = try top()
    let pairs = try pairs(items)
    guard !pairs.isEmpty else { return }
    noteLateChange(id)
    if case .dictionary = values[id.index] { return appendToDictionary(id, pairs) }
    if let type = instanceType(id) {
      return add(items, to: id, of: type, needs: "a dictionary") { $0.isMapping }
    }
    switch values[id.index] {
    case .global(let global): observe(.changes(global, detail: "an item of it set"))
    default: throw malformed("a dictionary to set items of", found: values[id.index].kind)
    }
  }

  mutating func addItems(_ items: [ValueID]) throws(PickleObservation) {
    let id = try top()
    guard !items.isEmpty else { return }
    noteLateChange(id)
    if case .set = values[id.index] { return appendToSet(id, items) }
    if let type = instanceType(id) { return add(items, to: id, of: type, needs: "a set") { _ in false } }
    switch values[id.index] {
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

  private func instanceType(_ id: ValueID) -> PickleGlobal? {
    guard case .object(let object) = values[id.index] else { return nil }
    return object.type
  }

  private mutating func appendToList(_ id: ValueID, _ items: [ValueID]) {
    guard case .list(var list) = takeValue(id) else { return }
    list.append(contentsOf: items)
    values[id.index] = .list(list)
  }

  private mutating func appendToSet(_ id: ValueID, _ items: [ValueID]) {
    guard case .set(var set) = takeValue(id) else { return }
    set.append(contentsOf: items)
    values[id.index] = .set(set)
  }

  private mutating func appendToDictionary(_ id: ValueID, _ pairs: [(key: ValueID, value: ValueID)]) {
    guard case .dictionary(var dictionary) = takeValue(id) else { return }
    dictionary.append(contentsOf: pairs)
    values[id.index] = .dictionary(dictionary)
  }

  /// Takes a value out of the arena to be changed and put back: a second reference to its items would make
  /// each change a copy of all of them.
  private mutating func takeValue(_ id: ValueID) -> PickleValue {
    var value = PickleValue.none
    swap(&value, &values[id.index])
    return value
  }

  private mutating func add(
    _ items: [ValueID], to id: ValueID, of type: PickleGlobal, needs kind: String,
    where takesItems: (AllowedGlobal) -> Bool
  ) {
    if let entry = AllowList.entry(type), !takesItems(entry) {
      observe(.misuses(type, detail: "is given items as if it were \(kind)"))
    }
    guard case .object(var changed) = takeValue(id) else { return }
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
