/// The place of a value in a `PickleDocument`.
public struct ValueID: Hashable, Sendable {
  /// The index into `PickleDocument.values`.
  public let index: Int

  /// Names the value at an index.
  public init(index: Int) {
    self.index = index
  }
}

/// A name that a pickle imports: a class or function of some Python module.
///
/// Never resolved to anything.
public struct PickleGlobal: Hashable, Sendable, CustomStringConvertible {
  /// The module, `sklearn.tree._classes`.
  public let module: String
  /// The name in it, `DecisionTreeClassifier`.
  public let name: String

  /// Names a class or function.
  public init(module: String, name: String) {
    self.module = module
    self.name = name
  }

  /// The module and the name, joined by a point.
  public var description: String { "\(module).\(name)" }
}

/// What one value of a pickle is.
///
/// Inert: nothing here was called, imported or looked up.
public enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case integer(Int64)
  /// An integer beyond 64 bits: two's complement, least significant byte first.
  case largeInteger(ArraySlice<UInt8>)
  case float(Double)
  case bytes(ArraySlice<UInt8>)
  case byteArray(ArraySlice<UInt8>)
  case string(String)
  case list([ValueID])
  case tuple([ValueID])
  case set([ValueID])
  case frozenSet([ValueID])
  /// Pairs in the order of the stream; a key may occur again, and then the later value holds.
  case dictionary([(key: ValueID, value: ValueID)])
  /// An imported name that was not called: a class kept as a value, `numpy.float64`.
  case global(PickleGlobal)
  /// An instance, by NEWOBJ, REDUCE, OBJ or INST.
  indirect case object(PickleObject)
  indirect case array(NumPyArray)
  indirect case scalar(NumPyScalar)
  case dataType(NumPyType)
}

/// An instance as the stream describes it: how it would be made and what state it would be given.
public struct PickleObject: Sendable {
  /// What the stream would call to make it: the class, or a function such as `copyreg._reconstructor`.
  public var constructor: PickleGlobal
  /// The class of the instance, where it is another than the constructor (`object.__reduce__` of protocol 1).
  public var type: PickleGlobal
  /// What the constructor would be given.
  public var arguments: [ValueID]
  /// What BUILD would set; for estimators a dictionary of attributes.
  public var state: ValueID?
  /// What APPEND and SETITEM put into an instance of a list or dict class.
  public var items: [ValueID]
  /// What is called, where that is itself what an earlier call returned.
  public var callee: ValueID?

  /// Describes an instance.
  public init(
    constructor: PickleGlobal, type: PickleGlobal, arguments: [ValueID], state: ValueID? = nil,
    items: [ValueID] = []
  ) {
    self.constructor = constructor
    self.type = type
    self.arguments = arguments
    self.state = state
    self.items = items
  }
}

/// Everything that one pickle stream describes: values in an arena, tied by index.
public struct PickleDocument: Sendable {
  /// The values; an id is an index into them.
  public internal(set) var values: PickleValues
  /// What STOP returned.
  public internal(set) var root: ValueID

  init(values: PickleValues, root: ValueID) {
    self.values = values
    self.root = root
  }

  /// Puts a document together; nil where the parts do not belong together.
  ///
  /// The ids inside the values are the caller's to keep within bounds.
  public init?(values: [PickleValue], offsets: [Int], root: ValueID) {
    guard values.count == offsets.count, values.indices.contains(root.index) else { return nil }
    var arena = PickleValues(input: [])
    for (value, offset) in zip(values, offsets) { _ = arena.append(value, offset: offset) }
    self.init(values: arena, root: root)
  }

  /// The value that `id` names.
  public subscript(id: ValueID) -> PickleValue { values[id.index] }

  /// The offset of the opcode that made the value, counted from the first byte of the (decompressed) stream.
  public func offset(of id: ValueID) -> Int { values.cells[id.index].offset }

  /// The state that each instance was given, in the order of the stream, where it is a dictionary.
  public var attributeSets: some Sequence<ValueID> {
    values.objects.lazy.compactMap { instance in
      instance.state.flatMap { values.cells[Int($0)].tag == .dictionary ? ValueID($0) : nil }
    }
  }
}
