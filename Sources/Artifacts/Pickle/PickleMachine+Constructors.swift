// Calls that are understood: what they make, as a value.
extension PickleMachine {
  /// The value that a call makes; nil where it is an instance of what is called.
  mutating func construct(
    _ constructor: AllowedGlobal.Constructor, _ number: UInt32, _ global: PickleGlobal,
    _ arguments: Range<UInt32>
  ) throws(PickleObservation) -> UInt32? {
    // No library gives a constructor more.
    let list = values.pool[Int(arguments.lowerBound)..<Int(arguments.upperBound)].prefix(64).map {
      ValueID($0)
    }
    switch constructor {
    case .instance, .mapping, .sequence: return nil
    case .instanceOfArgument, .reconstructor:
      if let first = list.first, let type = values.globalNumber(first.index) {
        return try makeInstance(number, type, arguments)
      }
    case .latin1Bytes: if let value = latin1Bytes(list) { return try make(value).reference }
    case .bytes: if list.isEmpty { return try make(.bytes([])).reference }
    case .byteArray: if let value = byteArray(list) { return try make(value).reference }
    case .set: if let made = try makeSet(.set, list) { return made }
    case .frozenSet: if let made = try makeSet(.frozenSet, list) { return made }
    case .numPyUniversalFunction: return try universalFunction(number, global, arguments)
    case .numPyReconstruct, .numPyFromBuffer, .numPyDataType, .numPyScalar:
      return try makeNumPy(constructor, number, global, list)
    }
    if values.globals.tellsCall(number) {
      observe(.misuses(global, detail: "is called with (\(describe(arguments)))"))
    }
    return nil
  }

  /// What NumPy rebuilds; nil, with an observation, where it is of a kind that is not read.
  private mutating func makeNumPy(
    _ constructor: AllowedGlobal.Constructor, _ number: UInt32, _ global: PickleGlobal, _ list: [ValueID]
  ) throws(PickleObservation) -> UInt32? {
    var made: UInt32?
    try reading { machine throws(PickleObservation) in
      switch constructor {
      case .numPyReconstruct: made = try machine.reconstructArray(number, global, list)
      case .numPyFromBuffer: made = try machine.make(.array(try machine.arrayFromBuffer(list))).reference
      case .numPyDataType: made = try machine.make(.dataType(try machine.dataType(list))).reference
      default: made = try machine.make(.scalar(try machine.scalar(global, list))).reference
      }
    }
    return made
  }

  /// `_codecs.encode(text, 'latin1')`.
  private func latin1Bytes(_ arguments: [ValueID]) -> PickleValue? {
    guard arguments.count == 2, let text = values.text(arguments[0].index),
      values.text(arguments[1].index) == "latin1"
    else { return nil }
    return Self.latin1(text).map { .bytes($0[...]) }
  }

  /// `bytearray()`, `bytearray(bytes)` and `bytearray(text, 'latin-1')`.
  private func byteArray(_ arguments: [ValueID]) -> PickleValue? {
    guard let first = arguments.first else { return .byteArray([]) }
    switch (arguments.count, values[first.index]) {
    case (1, .bytes(let bytes)): return .byteArray(bytes)
    case (2, .string(let text)):
      guard values.text(arguments[1].index) == "latin-1" else { return nil }
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

  /// `set()` or `set([…])`.
  private mutating func makeSet(_ tag: PickleValues.Tag, _ arguments: [ValueID]) throws(PickleObservation)
    -> UInt32?
  {
    guard arguments.count <= 1 else { return nil }
    var items: ArraySlice<UInt32> = []
    if let first = arguments.first {
      switch values.cells[first.index].tag {
      case .list, .tuple, .set, .frozenSet: items = values.items(first.index)
      default: return nil
      }
    }
    try checkCount()
    try checkMemory(for: 2 * items.count * MemoryLayout<UInt32>.size)
    if tag == .frozenSet { return values.append(.frozenSet, items: items, offset: position) }
    let reference = values.append(.set, offset: position)
    if !items.isEmpty { values.extend(Int(reference), items) }
    return reference
  }
}
