// Names, and what would be called with them.
extension PickleMachine {
  /// Reads one line of GLOBAL or INST.
  mutating func readName() throws(PickleObservation) -> String {
    guard let text = String(validating: try line("a name"), as: UTF8.self) else {
      throw malformed("a name in UTF-8", found: "bytes that are not")
    }
    return text
  }

  /// Resolves a name as the loader would, short of importing it.
  private mutating func importName(module: String, name: String) throws(PickleObservation) -> UInt32 {
    var global = PickleGlobal(module: module, name: name)
    if stream.protocolVersion < 3 { global = Python2Names.current(global) }
    let number = values.number(of: global)
    // A `functools.partial` is told where it wraps what is not on the list.
    if values.globals.allowed(number) == nil, global != Self.partial, values.globals.tellsImport(number) {
      observe(.imports(global))
    }
    try checkCount()
    return values.append(.global, UInt64(number), offset: position)
  }

  mutating func pushGlobal(module: String, name: String) throws(PickleObservation) {
    push(try importName(module: module, name: name))
  }

  mutating func stackGlobal() throws(PickleObservation) {
    let name = Int(try pop())
    let module = Int(try pop())
    guard let moduleText = values.text(module), let nameText = values.text(name) else {
      throw malformed("two strings", found: "\(values[module].kind) and \(values[name].kind)")
    }
    try pushGlobal(module: moduleText, name: nameText)
  }

  mutating func pushExtension(_ code: Int) throws(PickleObservation) {
    guard code > 0 else { throw malformed("an extension code above 0", found: "\(code)") }
    observe(.extensionCode) { _ in .extensionCode(code) }
    try pushNew(.global(PickleGlobal(module: "copyreg", name: "extension \(code)")))
  }

  mutating func pushPersistent(text: ArraySlice<UInt8>) throws(PickleObservation) {
    if hasRoom() {
      let text = String(decoding: text.prefix(200), as: UTF8.self)
      observe(.persistentReference("'\(text.escaped(limit: 120))'"))
    }
    try pushPlaceholder([])
  }

  mutating func pushPersistent(value: UInt32) throws(PickleObservation) {
    if allowsPersistentIDs {
      // PyTorch's older format writes a class that way, with its source.
      let items = values.items(Int(value))
      if items.count == 4, let first = items.first, values.text(Int(first)) == "module",
        let type = items.dropFirst().first, values.globalNumber(Int(type)) != nil
      {
        return push(type)
      }
    } else if hasRoom() {
      observe(.persistentReference(describe(ValueID(value))))
    }
    try pushPlaceholder([value])
  }

  /// What stands in for a value that a loader would find elsewhere.
  private mutating func pushPlaceholder(_ arguments: [UInt32]) throws(PickleObservation) {
    try checkCount()
    let loader = values.number(of: Self.persistentLoad)
    push(
      values.append(
        PickleValues.Instance(constructor: loader, type: loader, arguments: values.hold(arguments)),
        offset: position))
  }

  /// REDUCE: call what stands below with the tuple on top.
  mutating func reduce() throws(PickleObservation) {
    let arguments = Int(try pop())
    let callee = Int(try pop())
    consume(arguments)
    switch values.cells[arguments].tag {
    case .tuple: push(try call(callee, range(ofTuple: arguments)))
    case .list, .set, .frozenSet, .dictionary, .string, .bytes:
      // joblib's loader, which is written in Python, spreads anything that can be iterated over.
      let items = values.cells[arguments].tag == .list ? Array(values.items(arguments)) : [UInt32(arguments)]
      observe(.disagreement) {
        .disagreement(detail: "a call is given \($0.values[arguments].kind) in place of a tuple of arguments")
      }
      push(try call(callee, values.hold(items)))
    default: throw malformed("a tuple of arguments", found: values[arguments].kind)
    }
  }

  /// Where the items of a tuple stand, without a copy of them.
  private func range(ofTuple index: Int) -> Range<UInt32> {
    let payload = values.cells[index].payload
    let start = UInt32(truncatingIfNeeded: payload >> 32)
    return start..<(start + UInt32(truncatingIfNeeded: payload))
  }

  private mutating func call(_ callee: Int, _ arguments: Range<UInt32>) throws(PickleObservation) -> UInt32 {
    if let number = values.globalNumber(callee) { return try call(global: number, arguments) }
    guard values.instance(callee) != nil else {
      throw malformed("something that can be called", found: values[callee].kind)
    }
    return try callResult(callee, arguments)
  }

  private mutating func call(global number: UInt32, _ arguments: Range<UInt32>) throws(PickleObservation)
    -> UInt32
  {
    let global = values.globals[number]
    try checkGrowth(global, arguments)
    guard let entry = values.globals.allowed(number) else {
      if wrapsAllowed(global, arguments) { return try makeInstance(number, number, arguments) }
      if global.name == "_ufunc_reconstruct", global.module.hasPrefix("numpy.") {
        return try universalFunction(number, global, arguments)
      }
      observeCall(number, global, arguments)
      if let type = typeByName(global, arguments) {
        return try importName(module: Self.codeTypes.contains(type) ? "types" : "builtins", name: type)
      }
      if let attribute = attribute(global, arguments) {
        return try makeAttribute(number, attribute, arguments)
      }
      return try makeInstance(number, number, arguments)
    }
    guard case .constructor(let constructor) = entry else {
      switch entry {
      // A class of attributes that is called without arguments is made empty, as NEWOBJ makes it.
      case .instanceClass where arguments.isEmpty, .mappingClass where arguments.isEmpty,
        .sequenceClass where arguments.isEmpty:
        return try makeInstance(number, number, arguments)
      default: break
      }
      if values.globals.tellsCall(number) {
        observe(.misuses(global, detail: "is called with (\(describe(arguments)))"))
      }
      return try makeInstance(number, number, arguments)
    }
    if let value = try construct(constructor, number, global, arguments) { return value }
    return try makeInstance(number, number, arguments)
  }

  /// A call of what an earlier call returned.
  private mutating func callResult(_ callee: Int, _ arguments: Range<UInt32>) throws(PickleObservation)
    -> UInt32
  {
    guard let made = values.instance(callee) else {
      throw malformed("something that can be called", found: values[callee].kind)
    }
    if let wrapped = try callWrapped(made, arguments) { return wrapped }
    observeCallOfResult(made, callee, arguments)
    try checkCount()
    var instance = PickleValues.Instance(constructor: made.constructor, type: made.type, arguments: arguments)
    instance.callee = UInt32(callee)
    return values.append(instance, offset: position)
  }

  mutating func observeCallOfResult(
    _ made: PickleValues.Instance, _ callee: Int, _ arguments: Range<UInt32>
  ) {
    // A method is its class's, whatever class that is.
    let isMethod = values.globals[made.constructor] == Self.getattr
    let origin = isMethod ? made.type : made.constructor
    guard values.globals.tellsResult(origin) else { return }
    observe(
      .callsResult(
        of: values.globals[origin], callee: describe(ValueID(index: callee)),
        arguments: describe(arguments)))
  }

  mutating func makeInstance(_ constructor: UInt32, _ type: UInt32, _ arguments: Range<UInt32>)
    throws(PickleObservation) -> UInt32
  {
    try checkCount()
    return values.append(
      PickleValues.Instance(constructor: constructor, type: type, arguments: arguments), offset: position)
  }

  private mutating func observeCall(_ number: UInt32, _ global: PickleGlobal, _ arguments: Range<UInt32>) {
    switch (global.module, global.name) {
    case ("builtins", "getattr"), ("operator", _), ("_operator", _):
      // What these do is decided by their arguments: each is told that was not told before.
      guard hasRoom() else { return }
      let text = describe(arguments)
      guard reached.insert("\(global.name)(\(text))").inserted else { return }
      if let attribute = attribute(global, arguments) {
        observe(.reaches(into: attribute.owner, attribute: attribute.name, arguments: text))
      } else {
        observe(.calls(global, arguments: text))
      }
    default:
      if values.globals.tellsCall(number) { observe(.calls(global, arguments: describe(arguments))) }
    }
  }

  /// `getattr` of a class, an instance or a plain value.
  private struct Attribute {
    let owner: PickleGlobal
    let isClass: Bool
    let name: String
  }

  private static let getattr = PickleGlobal(module: "builtins", name: "getattr")

  private func attribute(_ callee: PickleGlobal, _ arguments: Range<UInt32>) -> Attribute? {
    guard callee == Self.getattr, 2...3 ~= arguments.count,
      let name = values.text(Int(values.pool[Int(arguments.lowerBound) + 1]))
    else { return nil }
    let index = Int(values.pool[Int(arguments.lowerBound)])
    if let number = values.globalNumber(index) {
      return Attribute(owner: values.globals[number], isClass: true, name: name)
    }
    let owner =
      if let instance = values.instance(index) {
        values.globals[instance.type]
      } else if let plain = values[index].plainType {
        PickleGlobal(module: "builtins", name: plain)
      } else {
        PickleGlobal?.none
      }
    return owner.map { Attribute(owner: $0, isClass: false, name: name) }
  }

  /// What `getattr` gives: of a class, what a dotted name would; of an instance a method of its class.
  private mutating func makeAttribute(_ getattr: UInt32, _ attribute: Attribute, _ arguments: Range<UInt32>)
    throws(PickleObservation) -> UInt32
  {
    let isSpecial = attribute.name.hasPrefix("__") || attribute.name.contains(".")
    if attribute.isClass, !isSpecial, attribute.owner.name.utf8.count < 1_000 {
      let name = "\(attribute.owner.name).\(attribute.name)"
      let number = values.number(of: PickleGlobal(module: attribute.owner.module, name: name))
      try checkCount()
      return values.append(.global, UInt64(number), offset: position)
    }
    return try makeInstance(getattr, isSpecial ? getattr : values.number(of: attribute.owner), arguments)
  }

  /// The call of a `functools.partial` is that of what it wraps; nil where that is not a name.
  private mutating func callWrapped(_ made: PickleValues.Instance, _ arguments: Range<UInt32>)
    throws(PickleObservation) -> UInt32?
  {
    guard values.globals[made.constructor] == Self.partial else {
      return nil
    }
    // Its state names the function again, and may name another.
    var wrapped = values.arguments(made).prefix(1).map { Int($0) }
    if let state = made.state.map({ Int($0) }), values.cells[state].tag == .tuple {
      wrapped += values.items(state).prefix(1).map { Int($0) }
    }
    var all = Array(values.arguments(made).dropFirst().prefix(64))
    all += values.pool[Int(arguments.lowerBound)..<Int(arguments.upperBound)].prefix(64)
    let range = values.hold(all)
    var result: UInt32?
    for function in wrapped {
      guard let number = values.globalNumber(function) else { return nil }
      result = try call(global: number, range)
    }
    return result
  }

  /// Whether it is a `functools.partial` of a name on the allow-list.
  private func wrapsAllowed(_ global: PickleGlobal, _ arguments: Range<UInt32>) -> Bool {
    guard global == Self.partial, arguments.count > 0,
      let wrapped = values.globalNumber(Int(values.pool[Int(arguments.lowerBound)]))
    else { return false }
    switch values.globals.allowed(wrapped) {
    // What it would import is told by its call alone.
    case .constructor(.numPyUniversalFunction)?, nil: return false
    default: return true
    }
  }

  static let partial = PickleGlobal(module: "functools", name: "partial")

  /// `_ufunc_reconstruct(module, name)` of NumPy before 1.20, which imports whatever its arguments name.
  ///
  /// It is harmless where they name a universal function; with anything else it is a name like any that is unknown.
  mutating func universalFunction(_ number: UInt32, _ global: PickleGlobal, _ arguments: Range<UInt32>)
    throws(PickleObservation) -> UInt32
  {
    var function: PickleGlobal?
    if arguments.count == 2, let module = values.text(Int(values.pool[Int(arguments.lowerBound)])),
      let name = values.text(Int(values.pool[Int(arguments.lowerBound) + 1]))
    {
      function = PickleGlobal(module: module, name: name)
    }
    if let function, AllowList.isUniversalFunction(function) {
      return try importName(module: function.module, name: function.name)
    }
    if values.globals.tellsImport(number) { observe(.imports(global)) }
    if let function { return try importName(module: function.module, name: function.name) }
    observeCall(number, global, arguments)
    return try makeInstance(number, number, arguments)
  }

  /// cloudpickle and dill name the types of code and functions so; what is then called is that type.
  private func typeByName(_ callee: PickleGlobal, _ arguments: Range<UInt32>) -> String? {
    guard callee.name == "_builtin_type" || callee.name == "_load_type", arguments.count == 1,
      callee.module.hasPrefix("cloudpickle.") || callee.module.hasPrefix("dill.")
        || callee.module.hasPrefix("joblib.externals.cloudpickle."),
      let name = values.text(Int(values.pool[Int(arguments.lowerBound)])),
      Self.codeTypes.contains(name) || Self.plainTypes.contains(name)
    else { return nil }
    return name
  }

  private static let codeTypes: Set<String> = [
    "CodeType", "FunctionType", "CellType", "LambdaType", "MappingProxyType", "MethodType", "SimpleNamespace",
    "GenericAlias", "NoneType",
  ]
  private static let plainTypes: Set<String> = [
    "bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object",
    "property",
    "set", "slice", "str", "tuple", "type", "classmethod", "staticmethod",
  ]

  /// Stops at a call that makes gigabytes of a few bytes: `bytearray(10**12)`, `list(range(10**12))`.
  private func checkGrowth(_ global: PickleGlobal, _ arguments: Range<UInt32>) throws(PickleObservation) {
    guard arguments.count <= 4, Self.growing.contains(global.name),
      ["builtins", "collections", "numpy", "fractions", "_codecs"].contains(global.module)
    else { return }
    for reference in values.pool[Int(arguments.lowerBound)..<Int(arguments.upperBound)] {
      let isLarge =
        switch values[Int(reference)] {
        case .integer(let value): global.module != "fractions" && value > 1 << 26
        case .largeInteger: global.module != "fractions"
        case .string(let text): global.name == "Fraction" && text.contains { $0 == "e" || $0 == "E" }
        case .object(let object):
          object.constructor == PickleGlobal(module: "builtins", name: "range")
            && object.arguments.contains { id in
              switch values[id.index] {
              case .integer(let value): value.magnitude > 1 << 26
              case .largeInteger: true
              default: false
              }
            }
        default: false
        }
      guard !isLarge else {
        throw exceeded(.expansion, "\(global)(\(describe(arguments))) makes far more than it is made from")
      }
    }
  }

  private static let growing: Set<String> = [
    "bytes", "bytearray", "list", "tuple", "set", "frozenset", "dict", "sum", "sorted", "deque", "Counter",
    "OrderedDict", "ndarray", "zeros", "ones", "empty", "full", "arange", "Fraction",
  ]
}

extension PickleValue {
  /// The name of the plain type that the value is of.
  fileprivate var plainType: String? {
    switch self {
    case .string: "str"
    case .bytes: "bytes"
    case .list: "list"
    case .dictionary: "dict"
    case .tuple: "tuple"
    case .integer, .largeInteger: "int"
    case .float: "float"
    case .set: "set"
    default: nil
    }
  }
}
