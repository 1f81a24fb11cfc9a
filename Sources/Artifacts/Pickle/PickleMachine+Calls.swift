// Names, and what would be called with them.
extension PickleMachine {
  /// Reads one line of GLOBAL or INST.
  mutating func readName() throws(PickleObservation) -> String {
    let line = try line("a name", limit: 4_096)
    guard let text = String(validating: line, as: UTF8.self) else {
      throw malformed("a name in UTF-8", found: "bytes that are not")
    }
    return text
  }

  /// Resolves a name as the loader would, short of importing it.
  private mutating func importName(module: String, name: String) -> PickleGlobal {
    var global = PickleGlobal(module: module, name: name)
    if stream.protocolVersion < 3 { global = Python2Names.current(global) }
    if AllowList.entry(global) == nil { observe(.imports(global)) }
    return global
  }

  mutating func pushGlobal(module: String, name: String) throws(PickleObservation) {
    try pushNew(.global(importName(module: module, name: name)))
  }

  mutating func stackGlobal() throws(PickleObservation) {
    let name = try pop()
    let module = try pop()
    guard case .string(let moduleText) = values[module.index], case .string(let nameText) = values[name.index]
    else {
      throw malformed(
        "two strings", found: "\(values[module.index].kind) and \(values[name.index].kind)")
    }
    try pushGlobal(module: moduleText, name: nameText)
  }

  mutating func pushExtension(_ code: Int) throws(PickleObservation) {
    guard code > 0 else { throw malformed("an extension code above 0", found: "\(code)") }
    observe(.extensionCode(code))
    try pushNew(.global(PickleGlobal(module: "copyreg", name: "extension \(code)")))
  }

  mutating func pushPersistent(text: ArraySlice<UInt8>) throws(PickleObservation) {
    let text = String(decoding: text.prefix(200), as: UTF8.self)
    observe(.persistentReference("'\(text.escaped(limit: 120))'"))
    try pushNew(.none)
  }

  mutating func pushPersistent(value: ValueID) throws(PickleObservation) {
    // PyTorch's older format writes a class that way, with its source.
    if allowsPersistentIDs, case .tuple(let items) = values[value.index], items.count == 4,
      case .string("module") = values[items[0].index], case .global = values[items[1].index]
    {
      return push(items[1])
    }
    if !allowsPersistentIDs { observe(.persistentReference(describe(value))) }
    let loader = Self.persistentLoad
    try pushNew(.object(PickleObject(constructor: loader, type: loader, arguments: [value])))
  }

  /// REDUCE: call what stands below with the tuple on top.
  mutating func reduce() throws(PickleObservation) {
    let arguments = try pop()
    let callee = try pop()
    // joblib's loader, which is written in Python, spreads any sequence.
    let items: [ValueID]
    switch values[arguments.index] {
    case .tuple(let elements), .list(let elements): items = elements
    default: items = [arguments]
    }
    consume(arguments)
    push(try call(callee, items))
    guard case .tuple = values[arguments.index] else {
      throw malformed("a tuple of arguments", found: values[arguments.index].kind)
    }
  }

  private mutating func call(_ callee: ValueID, _ arguments: [ValueID]) throws(PickleObservation) -> ValueID {
    switch values[callee.index] {
    case .global(let global):
      guard let entry = AllowList.entry(global) else {
        observe(.calls(global, arguments: describe(arguments)))
        return try make(result(of: global, arguments))
      }
      guard case .constructor(let constructor) = entry else {
        observe(.misuses(global, detail: "is called with (\(describe(arguments)))"))
        return try make(.object(PickleObject(constructor: global, type: global, arguments: arguments)))
      }
      return try construct(constructor, global, arguments)
    case .object(let object):
      observe(.callsResult(of: object.constructor, arguments: describe(arguments)))
      return try make(
        .object(
          PickleObject(constructor: object.constructor, type: object.type, arguments: [callee] + arguments)))
    default:
      throw malformed("something that can be called", found: values[callee.index].kind)
    }
  }

  /// What stands in for the result of a call that is not understood.
  private func result(of callee: PickleGlobal, _ arguments: [ValueID]) -> PickleValue {
    // cloudpickle names the types of code and functions so; what is then called is that type.
    if callee == PickleGlobal(module: "cloudpickle.cloudpickle", name: "_builtin_type"),
      let first = arguments.first, case .string(let name) = values[first.index]
    {
      return .global(PickleGlobal(module: "types", name: name))
    }
    return .object(PickleObject(constructor: callee, type: callee, arguments: arguments))
  }

  /// NEWOBJ and NEWOBJ_EX: `class.__new__(class, *arguments, **keywords)`.
  mutating func newObject(hasKeywords: Bool) throws(PickleObservation) {
    let keywords = hasKeywords ? try pop() : nil
    let arguments = try pop()
    let type = try pop()
    guard case .tuple(var items) = values[arguments.index] else {
      throw malformed("a tuple of arguments", found: values[arguments.index].kind)
    }
    if let keywords {
      guard case .dictionary(let pairs) = values[keywords.index] else {
        throw malformed("a dict of keywords", found: values[keywords.index].kind)
      }
      if !pairs.isEmpty { items.append(keywords) }
      consume(keywords)
    }
    consume(arguments)
    push(try instance(of: type, items))
  }

  /// INST: the class by name, its arguments above the mark.
  mutating func instance() throws(PickleObservation) {
    let module = try readName()
    let name = try readName()
    let arguments = try popToMark()
    let type = try make(.global(importName(module: module, name: name)))
    push(try instance(of: type, arguments))
  }

  /// OBJ: the class and its arguments above the mark.
  mutating func object() throws(PickleObservation) {
    let items = try popToMark()
    guard let type = items.first else { throw malformed("a class above the mark", found: "nothing") }
    push(try instance(of: type, Array(items.dropFirst())))
  }

  private mutating func instance(of type: ValueID, _ arguments: [ValueID]) throws(PickleObservation)
    -> ValueID
  {
    switch values[type.index] {
    case .global(let global):
      switch AllowList.entry(global) {
      case nil: observe(.calls(global, arguments: describe(arguments)))
      case .instanceClass?, .mappingClass?, .sequenceClass?:
        if !arguments.isEmpty, opcode == .inst || opcode == .obj {
          observe(.misuses(global, detail: "is called with (\(describe(arguments)))"))
        }
      default: observe(.misuses(global, detail: "is instantiated with (\(describe(arguments)))"))
      }
      return try make(.object(PickleObject(constructor: global, type: global, arguments: arguments)))
    case .object(let object):
      observe(.callsResult(of: object.constructor, arguments: describe(arguments)))
      return try make(
        .object(
          PickleObject(constructor: object.constructor, type: object.type, arguments: [type] + arguments)))
    default:
      throw malformed("a class", found: values[type.index].kind)
    }
  }

  /// BUILD: the value on top becomes the state of the one below.
  mutating func build() throws(PickleObservation) {
    let state = try pop()
    let id = try top()
    consume(state)
    if valueMarks[id.index].contains(.built) {
      observe(.changesLate(detail: "\(values[id.index].kind) is given a state a second time"))
    }
    valueMarks[id.index].insert(.built)
    switch values[id.index] {
    case .object(var object):
      if valueMarks[id.index].contains(.pendingArray) {
        try buildArray(id, state)
      } else {
        values[id.index] = .none
        object.state = state
        values[id.index] = .object(object)
        if stream.readsJoblibArrays, object.type == Self.joblibWrapper { try readJoblibArray(state) }
      }
    case .dataType: try buildDataType(id, state)
    case .global(let global): observe(.changes(global, detail: "attributes of it set"))
    default: throw malformed("an instance to give a state to", found: values[id.index].kind)
    }
  }

  /// A call that is understood.
  private mutating func construct(
    _ constructor: AllowedGlobal.Constructor, _ global: PickleGlobal, _ arguments: [ValueID]
  ) throws(PickleObservation) -> ValueID {
    switch constructor {
    case .instance, .mapping, .sequence: break
    case .instanceOfArgument, .reconstructor:
      if let first = arguments.first, case .global(let type) = values[first.index] {
        return try make(.object(PickleObject(constructor: global, type: type, arguments: arguments)))
      }
      observe(
        .misuses(global, detail: "expected a class as its first argument, found (\(describe(arguments)))"))
    case .latin1Bytes: if let value = latin1Bytes(arguments) { return try make(value) }
    case .bytes: if arguments.isEmpty { return try make(.bytes([])) }
    case .byteArray: if let value = byteArray(arguments) { return try make(value) }
    case .set: if let items = elements(arguments) { return try make(.set(items)) }
    case .frozenSet: if let items = elements(arguments) { return try make(.frozenSet(items)) }
    case .numPyReconstruct: return try reconstructArray(global, arguments)
    case .numPyFromBuffer: return try make(.array(try arrayFromBuffer(arguments)))
    case .numPyDataType: return try make(.dataType(try dataType(arguments)))
    case .numPyScalar: return try make(.scalar(try scalar(global, arguments)))
    }
    switch constructor {
    case .instance, .mapping, .sequence, .instanceOfArgument, .reconstructor: break
    default: observe(.misuses(global, detail: "is called with (\(describe(arguments)))"))
    }
    return try make(.object(PickleObject(constructor: global, type: global, arguments: arguments)))
  }

  /// `_codecs.encode(text, 'latin1')`.
  private func latin1Bytes(_ arguments: [ValueID]) -> PickleValue? {
    guard arguments.count == 2, case .string(let text) = values[arguments[0].index],
      case .string("latin1") = values[arguments[1].index]
    else { return nil }
    return Self.latin1(text).map { .bytes($0[...]) }
  }

  /// `bytearray()`, `bytearray(bytes)` and `bytearray(text, 'latin-1')`.
  private func byteArray(_ arguments: [ValueID]) -> PickleValue? {
    guard let first = arguments.first else { return .byteArray([]) }
    switch (arguments.count, values[first.index]) {
    case (1, .bytes(let bytes)): return .byteArray(bytes)
    case (2, .string(let text)):
      guard case .string("latin-1") = values[arguments[1].index] else { return nil }
      return Self.latin1(text).map { .byteArray($0[...]) }
    default: return nil
    }
  }

  private static func latin1(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  /// The elements for `set()` or `set([…])`.
  private func elements(_ arguments: [ValueID]) -> [ValueID]? {
    guard let first = arguments.first else { return [] }
    guard arguments.count == 1 else { return nil }
    switch values[first.index] {
    case .list(let items), .tuple(let items), .set(let items), .frozenSet(let items): return items
    default: return nil
    }
  }
}
