// Instances: how they are made without a call, and the state that they are given.
extension PickleMachine {
  /// NEWOBJ and NEWOBJ_EX: `class.__new__(class, *arguments, **keywords)`.
  mutating func newObject(hasKeywords: Bool) throws(PickleObservation) {
    let keywords = hasKeywords ? Int(try pop()) : nil
    let arguments = Int(try pop())
    let type = Int(try pop())
    guard values.cells[arguments].tag == .tuple else {
      throw malformed("a tuple of arguments", found: values[arguments].kind)
    }
    let payload = values.cells[arguments].payload
    let start = UInt32(truncatingIfNeeded: payload >> 32)
    var range = start..<(start + UInt32(truncatingIfNeeded: payload))
    if let keywords {
      guard values.cells[keywords].tag == .dictionary else {
        throw malformed("a dict of keywords", found: values[keywords].kind)
      }
      if values.itemCount(keywords) > 0 {
        // One tuple of a million arguments may be given to a million classes: what is kept is the tuple.
        let items = range.count <= 64 ? Array(values.items(arguments)) : [UInt32(arguments)]
        range = values.hold(items + [UInt32(keywords)])
      }
      consume(keywords)
    }
    consume(arguments)
    push(try instance(of: type, range))
  }

  /// INST: the class by name, its arguments above the mark.
  mutating func instance() throws(PickleObservation) {
    let module = try readName()
    let name = try readName()
    let height = try heightBelow(aboveMark: true, count: 0)
    let arguments = values.hold(stream.stack[height...])
    cutStack(to: height)
    try pushGlobal(module: module, name: name)
    push(try instance(of: Int(try pop()), arguments))
  }

  /// OBJ: the class and its arguments above the mark.
  mutating func object() throws(PickleObservation) {
    let height = try heightBelow(aboveMark: true, count: 0)
    guard height < stream.stack.count else { throw malformed("a class above the mark", found: "nothing") }
    let type = Int(stream.stack[height])
    let arguments = values.hold(stream.stack[(height + 1)...])
    cutStack(to: height)
    push(try instance(of: type, arguments))
  }

  private mutating func instance(of type: Int, _ arguments: Range<UInt32>) throws(PickleObservation) -> UInt32
  {
    guard let number = values.globalNumber(type) else {
      guard let made = values.instance(type) else { throw malformed("a class", found: values[type].kind) }
      observeCallOfResult(made, type, arguments)
      let reference = try makeInstance(made.constructor, made.type, arguments)
      values.objects[Int(values.cells[Int(reference)].payload)].callee = UInt32(type)
      return reference
    }
    let global = values.globals[number]
    switch values.globals.allowed(number) {
    case nil:
      if values.globals.tellsCall(number) { observe(.calls(global, arguments: describe(arguments))) }
    case .constructor(.instance)?, .constructor(.mapping)?, .constructor(.sequence)?: break
    case .instanceClass?, .mappingClass?, .sequenceClass?:
      if !arguments.isEmpty, opcode == .inst || opcode == .obj, values.globals.tellsCall(number) {
        observe(.misuses(global, detail: "is called with (\(describe(arguments)))"))
      }
    default:
      if values.globals.tellsCall(number) {
        observe(.misuses(global, detail: "is instantiated with (\(describe(arguments)))"))
      }
    }
    return try makeInstance(number, number, arguments)
  }

  /// BUILD: the value on top becomes the state of the one below.
  mutating func build() throws(PickleObservation) {
    let state = Int(try pop())
    let index = Int(try top())
    let isNew = consume(state)
    switch values.cells[index].tag {
    case .object:
      noteBuilt(index)
      if values.cells[index].marks.contains(.pendingArray) {
        try reading { machine throws(PickleObservation) in try machine.buildArray(index, state) }
        return
      }
      if isNew { checkState(state, of: index) }
      let object = Int(values.cells[index].payload)
      checkNamespace(values.objects[object].type, state)
      values.objects[object].state = UInt32(state)
      if stream.readsJoblibArrays, Self.joblibWrappers.contains(values.globals[values.objects[object].type]) {
        try readJoblibArray(state)
      }
    case .global:
      let number = UInt32(truncatingIfNeeded: values.cells[index].payload)
      observe(.change) { .changes($0.values.globals[number], detail: "attributes of it set") }
    case .boxed:
      guard case .dataType = values[index] else { fallthrough }
      noteBuilt(index)
      try reading { machine throws(PickleObservation) in try machine.buildDataType(index, state) }
    default:
      // Nothing happens where the state is None, or empty in the unpickler written in Python.
      observe(.disagreement) { .disagreement(detail: "\($0.values[index].kind) is given a state") }
    }
  }

  /// `types.SimpleNamespace` has no `__setstate__`: its state is a dictionary, or CPython refuses it.
  private mutating func checkNamespace(_ type: UInt32, _ state: Int) {
    guard ![.dictionary, .none, .tuple].contains(values.cells[state].tag),
      values.globals[type] == PickleGlobal(module: "types", name: "SimpleNamespace"),
      values.globals.tellsCall(type)
    else { return }
    observe(.misuses(values.globals[type], detail: "is given \(values[state].kind) as its state"))
  }

  private mutating func noteBuilt(_ index: Int) {
    if values.cells[index].marks.contains(.built) {
      observe(.lateChange) { .changesLate(detail: "\($0.values[index].kind) is given a state a second time") }
    }
    values.cells[index].marks.insert(.built)
  }

  /// A state sets attributes: one of Python's own protocol changes what the instance does.
  private mutating func checkState(_ state: Int, of index: Int) {
    var states = [state]
    if values.cells[state].tag == .tuple, values.itemCount(state) == 2 {
      states = values.items(state).map { Int($0) }
    }
    for state in states where values.cells[state].tag == .dictionary {
      let items = values.items(state)
      guard items.count <= 2_000, let object = values.instance(index) else { continue }
      for position in stride(from: items.startIndex, to: items.endIndex, by: 2) {
        let key = Int(items[position])
        guard values.cells[key].tag == .string, let name = values.text(key), Self.protocolNames.contains(name)
        else { continue }
        observe(.changes(values.globals[object.type], detail: "\(name) of an instance set"))
      }
    }
  }

  private static let protocolNames: Set<String> = [
    "__setstate__", "__class__", "__reduce__", "__reduce_ex__", "__call__", "__del__", "__init__", "__new__",
    "__getattr__", "__getattribute__", "__builtins__", "__globals__", "__code__", "__bases__", "__mro__",
  ]

  /// Carries out something that may find an array it cannot read: reading goes on, for what stands behind.
  mutating func reading(_ body: (inout PickleMachine) throws(PickleObservation) -> Void)
    throws(PickleObservation)
  {
    do throws(PickleObservation) {
      try body(&self)
    } catch {
      switch error.kind {
      case .array, .unread: observe(error.kind)
      default: throw error
      }
    }
  }
}
