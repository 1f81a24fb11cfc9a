// Lists, dictionaries and sets, and the instances that take items as they do.
extension PickleMachine {
  /// APPEND and APPENDS.
  mutating func append(aboveMark: Bool) throws(PickleObservation) {
    let height = try heightBelow(aboveMark: aboveMark, count: 1)
    let isEmpty = height == stream.stack.count
    let target = try itemsTarget(below: height)
    if !isEmpty {
      switch values.cells[target].tag {
      case .list:
        noteLateChange(target)
        try extend(target, height)
      case .object: try add(height, to: target, needs: "a list") { $0.isSequence }
      case .byteArray: observe(.disagreement) { _ in .disagreement(detail: "a bytearray is appended to") }
      default: try changeForeign(target, needs: "a list to append to", what: "items appended to it")
      }
    }
    cutStack(to: height)
  }

  /// SETITEM and SETITEMS.
  mutating func setItems(aboveMark: Bool) throws(PickleObservation) {
    let height = try heightBelow(aboveMark: aboveMark, count: 2)
    let target = try itemsTarget(below: height)
    try checkPairs(height)
    if height < stream.stack.count {
      switch values.cells[target].tag {
      case .dictionary:
        noteLateChange(target)
        try extend(target, height)
      case .object: try add(height, to: target, needs: "a dictionary") { $0.isMapping }
      case .list, .byteArray:
        noteLateChange(target)
        observe(.disagreement) {
          .disagreement(detail: "an item of \($0.values[target].kind) is set by its number")
        }
      default: try changeForeign(target, needs: "a dictionary to set items of", what: "an item of it set")
      }
    }
    cutStack(to: height)
  }

  /// ADDITEMS.
  mutating func addItems() throws(PickleObservation) {
    let height = try heightBelow(aboveMark: true, count: 0)
    let target = try itemsTarget(below: height)
    if height < stream.stack.count {
      switch values.cells[target].tag {
      case .set:
        noteLateChange(target)
        try extend(target, height)
      case .object: try add(height, to: target, needs: "a set") { _ in false }
      default: try changeForeign(target, needs: "a set to add to", what: "items added to it")
      }
    }
    cutStack(to: height)
  }

  /// LIST and DICT: what stands above the mark as a new container.
  mutating func pushContainer(_ tag: PickleValues.Tag) throws(PickleObservation) {
    let height = try heightBelow(aboveMark: true, count: 0)
    if tag == .dictionary { try checkPairs(height) }
    try checkCount()
    let reference = values.append(tag, offset: position)
    if height < stream.stack.count { values.extend(Int(reference), stream.stack[height...]) }
    cutStack(to: height)
    push(reference)
  }

  /// The value that stands right below the items.
  private func itemsTarget(below height: Int) throws(PickleObservation) -> Int {
    guard height > (stream.marks.last.map { Int($0) } ?? 0) else {
      throw malformed("a value on the stack", found: stream.marks.isEmpty ? "an empty stack" : "a mark")
    }
    return Int(stream.stack[height - 1])
  }

  private mutating func extend(_ target: Int, _ height: Int) throws(PickleObservation) {
    // A list that grows is in two places while it moves to the larger one.
    let held = values.itemCount(target)
    if held > 65_536 { try checkMemory(for: held * MemoryLayout<UInt32>.size) }
    values.extend(target, stream.stack[height...])
  }

  /// Makes sure that keys and values alternate, and that no key is one that Python refuses.
  private func checkPairs(_ height: Int) throws(PickleObservation) {
    let count = stream.stack.count - height
    guard count.isMultiple(of: 2) else {
      throw malformed("keys and values in turn", found: "\(count) values")
    }
    for index in stride(from: height, to: stream.stack.count, by: 2) {
      let key = Int(stream.stack[index])
      switch values.cells[key].tag {
      case .list, .dictionary, .set, .byteArray:
        throw malformed("a key that can be hashed", found: values[key].kind)
      case .boxed:
        if case .array = values[key] { throw malformed("a key that can be hashed", found: "an array") }
      default: break
      }
    }
  }

  private mutating func changeForeign(_ target: Int, needs expected: String, what detail: String)
    throws(PickleObservation)
  {
    guard let number = values.globalNumber(target) else {
      throw malformed(expected, found: values[target].kind)
    }
    observe(.change) { .changes($0.values.globals[number], detail: detail) }
  }

  private mutating func add(
    _ height: Int, to target: Int, needs kind: String, where takesItems: (AllowedGlobal) -> Bool
  ) throws(PickleObservation) {
    let index = Int(values.cells[target].payload)
    let type = values.objects[index].type
    if let entry = values.globals.allowed(type), !takesItems(entry), values.globals.tellsCall(type) {
      observe(.misuses(values.globals[type], detail: "is given items as if it were \(kind)"))
    }
    values.extend(instance: index, stream.stack[height...])
  }

  /// Marks a value that another one was made from.
  ///
  /// Loaders differ in whether they see a change after that.
  /// Says whether it was not marked before.
  @discardableResult
  mutating func consume(_ index: Int) -> Bool {
    // A tuple marked before has its items marked.
    guard !values.cells[index].marks.contains(.consumed) else { return false }
    values.cells[index].marks.insert(.consumed)
    guard values.cells[index].tag == .tuple else { return true }
    for item in values.items(index) { values.cells[Int(item)].marks.insert(.consumed) }
    return true
  }

  mutating func noteLateChange(_ index: Int) {
    guard values.cells[index].marks.contains(.consumed) else { return }
    observe(.lateChange) {
      .changesLate(detail: "\($0.values[index].kind) is changed after a value was made from it")
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
