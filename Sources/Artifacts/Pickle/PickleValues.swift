/// The values of a pickle: 16 bytes for each, and what the containers hold end to end.
///
/// An arena, because a pickle may share values, nest them without bound and tie them into circles: nothing
/// here recurses, also not to let go of the memory. Text and bytes stay where they are in the stream, and
/// reading an element puts the `PickleValue` together.
public struct PickleValues: Sendable {
  /// What a cell is, and so what its payload means.
  enum Tag: UInt8 {
    case none
    /// 0 or 1.
    case bool
    /// The bits of an `Int64`.
    case integer
    /// The bits of a `Double`.
    case float
    /// The length; the bytes stand in the input behind the opcode and its argument.
    case bytes, byteArray, string
    /// 1 + an index into `lists`; 0 while it is empty.
    case list, set, dictionary
    /// An index into `pool`, and the number of items.
    case tuple, frozenSet
    /// An index into `globals`.
    case global
    /// An index into `objects`.
    case object
    /// An index into `boxed`.
    case boxed
  }

  /// What has happened to a value.
  struct Marks: OptionSet {
    let rawValue: UInt8
    /// It went into another value as it was; a change now would be seen by some loaders only.
    static let consumed = Marks(rawValue: 1)
    /// It was given a state.
    static let built = Marks(rawValue: 2)
    /// An array that waits for its state.
    static let pendingArray = Marks(rawValue: 4)
  }

  /// One value.
  struct Cell {
    var payload: UInt64
    /// From the lowest bit: the offset of the opcode (48), the tag (8), the bytes before the data (4), the marks.
    private var rest: UInt64

    init(_ tag: Tag, _ payload: UInt64, offset: Int, header: Int = 0) {
      self.payload = payload
      self.rest =
        UInt64(truncatingIfNeeded: offset) & Self.offsetMask | UInt64(tag.rawValue) << 48
        | UInt64(truncatingIfNeeded: header) << 56
    }

    private static let offsetMask: UInt64 = (1 << 48) - 1
    var offset: Int { Int(rest & Self.offsetMask) }
    var tag: Tag { Tag(rawValue: UInt8(truncatingIfNeeded: rest >> 48)) ?? .none }
    var header: Int { Int(rest >> 56 & 0xF) }
    var marks: Marks {
      get { Marks(rawValue: UInt8(rest >> 60)) }
      set { rest = rest & ~(0xF << 60) | UInt64(newValue.rawValue) << 60 }
    }

    /// Becomes another value at the same place in the stream.
    mutating func become(_ tag: Tag, _ payload: UInt64) {
      let marks = marks
      self = Cell(tag, payload, offset: offset)
      self.marks = marks
    }
  }

  /// An instance.
  struct Instance {
    /// Indices into `globals`.
    var constructor: UInt32
    var type: UInt32
    /// Where the arguments stand in `pool`.
    var arguments: Range<UInt32>
    var state: UInt32?
    /// What an earlier call returned and is called here.
    var callee: UInt32?
    /// 1 + an index into `lists`.
    var items: UInt32 = 0
  }

  /// What bytes one value takes besides what it holds: its cell, and the notes of `PickleGraph` about it.
  static let bytesPerValue = MemoryLayout<Cell>.size + PickleGraph.bytesPerValue

  var cells: [Cell] = []
  /// What text and bytes are slices of.
  let input: ArraySlice<UInt8>
  /// The items of what cannot change: tuples, frozen sets, arguments.
  var pool: [UInt32] = []
  /// The items of what can; keys and values in turn for dictionaries.
  var lists: [[UInt32]] = []
  var globals = PickleGlobals()
  var objects: [Instance] = []
  /// Values that are rare, or made of text with escapes.
  var boxed: [PickleValue] = []
  /// About how many bytes `lists`, `globals`, `objects` and `boxed` take.
  private(set) var heldBytes = 0

  init(input: ArraySlice<UInt8>) {
    self.input = input
  }

  /// About how many bytes the values take.
  var byteCount: Int {
    cells.count * Self.bytesPerValue + pool.count * MemoryLayout<UInt32>.size + heldBytes
  }
}

// Making values.
extension PickleValues {
  /// Adds a value that the stream spells at `offset`.
  mutating func append(_ tag: Tag, _ payload: UInt64 = 0, offset: Int, header: Int = 0) -> UInt32 {
    cells.append(Cell(tag, payload, offset: offset, header: header))
    return UInt32(truncatingIfNeeded: cells.count - 1)
  }

  /// Adds any value.
  mutating func append(_ value: PickleValue, offset: Int) -> UInt32 {
    let (tag, payload) = store(value)
    return append(tag, payload, offset: offset)
  }

  /// Adds a tuple or frozen set of these items.
  mutating func append(_ tag: Tag, items: some Collection<UInt32>, offset: Int) -> UInt32 {
    append(tag, Self.packed(hold(items)), offset: offset)
  }

  /// Adds an instance.
  mutating func append(_ instance: Instance, offset: Int) -> UInt32 {
    append(.object, store(instance), offset: offset)
  }

  /// Puts another value in the place of one.
  mutating func replace(_ index: Int, with value: PickleValue) {
    let (tag, payload) = store(value)
    cells[index].become(tag, payload)
  }

  /// Adds items to a list, set or dictionary.
  mutating func extend(_ index: Int, _ items: ArraySlice<UInt32>) {
    let payload = extend(UInt32(truncatingIfNeeded: cells[index].payload), items)
    cells[index].payload = UInt64(payload)
  }

  /// Adds items to an instance.
  mutating func extend(instance index: Int, _ items: ArraySlice<UInt32>) {
    objects[index].items = extend(objects[index].items, items)
  }

  private mutating func extend(_ list: UInt32, _ items: ArraySlice<UInt32>) -> UInt32 {
    if list == 0 {
      lists.append(Array(items))
      heldBytes += 56 + items.count * MemoryLayout<UInt32>.size
      return UInt32(truncatingIfNeeded: lists.count)
    }
    let index = Int(list) - 1
    let before = lists[index].capacity
    if items.count == 1, let item = items.first {
      lists[index].append(item)
    } else {
      lists[index].append(contentsOf: items)
    }
    heldBytes += (lists[index].capacity - before) * MemoryLayout<UInt32>.size
    return list
  }

  /// Puts items into the pool.
  mutating func hold(_ items: some Collection<UInt32>) -> Range<UInt32> {
    guard !items.isEmpty else { return 0..<0 }
    let start = UInt32(truncatingIfNeeded: pool.count)
    pool.append(contentsOf: items)
    return start..<UInt32(truncatingIfNeeded: pool.count)
  }

  static func packed(_ range: Range<UInt32>) -> UInt64 {
    UInt64(range.lowerBound) << 32 | UInt64(range.count)
  }

  private mutating func store(_ instance: Instance) -> UInt64 {
    objects.append(instance)
    // An array that grows is in two places for a moment.
    heldBytes += 2 * MemoryLayout<Instance>.stride
    return UInt64(objects.count - 1)
  }

  /// The number of a name.
  mutating func number(of global: PickleGlobal) -> UInt32 {
    let count = globals.count
    let number = globals.number(of: global)
    if globals.count > count { heldBytes += 320 + 2 * (global.module.utf8.count + global.name.utf8.count) }
    return number
  }

  private mutating func store(_ value: PickleValue) -> (Tag, UInt64) {
    switch value {
    case .none: return (.none, 0)
    case .bool(let value): return (.bool, value ? 1 : 0)
    case .integer(let value): return (.integer, UInt64(bitPattern: value))
    case .float(let value): return (.float, value.bitPattern)
    case .list(let ids): return (.list, UInt64(extend(0, ids.references[...])))
    case .set(let ids): return (.set, UInt64(extend(0, ids.references[...])))
    case .dictionary(let pairs):
      return (.dictionary, UInt64(extend(0, pairs.flatMap { [$0.key, $0.value] }.references[...])))
    case .tuple(let ids): return (.tuple, Self.packed(hold(ids.references)))
    case .frozenSet(let ids): return (.frozenSet, Self.packed(hold(ids.references)))
    case .global(let global): return (.global, UInt64(number(of: global)))
    case .object(let object):
      var instance = Instance(
        constructor: number(of: object.constructor), type: number(of: object.type),
        arguments: hold(object.arguments.references), state: object.state?.reference,
        callee: object.callee?.reference)
      if !object.items.isEmpty { instance.items = extend(0, object.items.references[...]) }
      return (.object, store(instance))
    case .largeInteger, .bytes, .byteArray, .string, .array, .scalar, .dataType:
      boxed.append(value)
      heldBytes += 2 * MemoryLayout<PickleValue>.stride + value.ownBytes
      return (.boxed, UInt64(boxed.count - 1))
    }
  }
}

extension ValueID {
  var reference: UInt32 { UInt32(truncatingIfNeeded: index) }
  init(_ reference: UInt32) { self.init(index: Int(reference)) }
}

extension [ValueID] {
  fileprivate var references: [UInt32] { map(\.reference) }
}

extension PickleValue {
  /// About how many bytes of its own a boxed value takes.
  fileprivate var ownBytes: Int {
    switch self {
    case .largeInteger(let bytes): 32 + bytes.count
    case .bytes(let bytes), .byteArray(let bytes): 32 + bytes.count
    case .string(let text): 32 + text.utf8.count
    case .array(let array): 160 + (array.storage.objectCount) * 8
    case .scalar: 96
    default: 64
    }
  }
}

extension NumPyArray.Storage {
  fileprivate var objectCount: Int {
    if case .objects(let items) = self { items.count } else { 0 }
  }
}
