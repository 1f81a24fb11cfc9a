import Encoding

/// Reads a pickle the way Python's unpickler does, and makes inert values where that would make objects.
///
/// It accepts what the C unpickler of CPython accepts, as far as a difference could hide something: names
/// written for Python 2, frames, numbers in any base, memo entries in any order. Nothing is ever imported or
/// called; a name that is not on the `AllowList` is an observation, and reading goes on with an inert object
/// in place of what the call would have made, so that everything behind it is seen too.
struct PickleMachine {
  /// What belongs to one stream; joblib puts whole streams inside another.
  struct Stream {
    var stack: [ValueID] = []
    /// The heights of the stack at which marks stand; nothing below the last one can be popped.
    var marks: [Int] = []
    /// The entry of each number, `PickleMachine.unset` where there is none.
    var memo: [Int] = []
    var memoCount = 0
    var protocolVersion = 0
    /// Where the current frame ends, in the whole input.
    var frameEnd: Int?
    /// Whether raw bytes follow joblib's array wrappers.
    var readsJoblibArrays = true
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

  static let unset = -1
  /// What stands in for a value that the loader finds elsewhere.
  static let persistentLoad = PickleGlobal(module: "pickle", name: "persistent_load")

  var reader: ByteReader
  let budget: ReadingBudget
  var stream = Stream()
  /// The stream around the one that is being read.
  var enclosing: Stream?
  var values: [PickleValue] = []
  var offsets: [Int] = []
  var valueMarks: [Marks] = []
  var observations: [PickleObservation] = []
  private var unreported = 0
  private var imported: Set<PickleGlobal> = []
  private var calls: [PickleGlobal: Int] = [:]
  private var highestProtocol = 0
  private var opcodeCount = 0
  var isJoblib = false
  /// Whether parts may stand outside the stream, as PyTorch's tensors do.
  var allowsPersistentIDs = false
  /// The opcode that is being carried out, and its offset.
  var opcode: PickleOpcode?
  var position: Int

  init(_ reader: ByteReader, budget: ReadingBudget) {
    self.reader = reader
    self.budget = budget
    self.position = reader.offset
  }

  /// Reads to the end of the stream, or to where it breaks off.
  consuming func run() -> PickleReading {
    var document: PickleDocument?
    do throws(PickleObservation) {
      let root = try execute()
      opcode = nil
      try PickleGraph(values: values, offsets: offsets).check(against: budget)
      document = PickleDocument(values: values, offsets: offsets, root: root)
    } catch {
      observations.append(error)
    }
    if unreported > 0 {
      observations.append(PickleObservation(.more(count: unreported), offset: reader.offset, opcode: nil))
    }
    return PickleReading(
      document: document, observations: observations, protocolVersion: highestProtocol,
      opcodeCount: opcodeCount, isJoblib: isJoblib, byteCount: reader.offset)
  }

  private mutating func execute() throws(PickleObservation) -> ValueID {
    while true {
      position = reader.offset
      opcode = nil
      guard let byte = reader.peek() else {
        throw malformed("STOP", found: "the end of the input")
      }
      guard let next = PickleOpcode(rawValue: byte) else {
        throw malformed("an opcode", found: "byte 0x" + Hexadecimal.encode(CollectionOfOne(byte)))
      }
      opcode = next
      _ = try take(1, "an opcode")
      opcodeCount += 1
      guard opcodeCount <= budget.opcodes else {
        throw exceeded(.opcodes, "more than \(budget.opcodes) opcodes")
      }
      if next == .stop {
        if let root = try stop() { return root }
      } else {
        try step(next)
        checkFrame()
      }
    }
  }

  private mutating func step(_ opcode: PickleOpcode) throws(PickleObservation) {
    switch opcode {
    case .stop: break
    case .mark: stream.marks.append(stream.stack.count)
    case .pop: try popOrUnmark()
    case .popMark: _ = try popToMark()
    case .dup: push(try top())
    case .none: try pushNew(.none)
    case .newTrue: try pushNew(.bool(true))
    case .newFalse: try pushNew(.bool(false))
    case .int: try readInt()
    case .binInt: try pushNew(.integer(Int64(try number(Int32.self))))
    case .binInt1: try pushNew(.integer(Int64(try number(UInt8.self))))
    case .binInt2: try pushNew(.integer(Int64(try number(UInt16.self))))
    case .long: try readLong()
    case .long1: try readLong(count: Int(try number(UInt8.self)))
    case .long4: try readLong(count: Int(try number(Int32.self)))
    case .float: try readFloat()
    case .binFloat: try pushNew(.float(Double(bitPattern: try number(UInt64.self).byteSwapped)))
    case .string: try readString()
    case .binString: try pushASCII(count: Int(try number(Int32.self)))
    case .shortBinString: try pushASCII(count: Int(try number(UInt8.self)))
    case .unicode: try readUnicode()
    case .shortBinUnicode: try pushText(count: Int(try number(UInt8.self)))
    case .binUnicode: try pushText(count: Int(try number(UInt32.self)))
    case .binUnicode8: try pushText(count: try longCount())
    case .shortBinBytes: try pushNew(.bytes(try take(Int(try number(UInt8.self)), "bytes")))
    case .binBytes: try pushNew(.bytes(try take(Int(try number(UInt32.self)), "bytes")))
    case .binBytes8: try pushNew(.bytes(try take(try longCount(), "bytes")))
    case .byteArray8: try pushNew(.byteArray(try take(try longCount(), "bytes")))
    case .emptyTuple: try pushNew(.tuple([]))
    case .tuple: try pushNew(.tuple(try popToMark()))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .emptyList: try pushNew(.list([]))
    case .list: try pushNew(.list(try popToMark()))
    case .append: try append(try popItems(1))
    case .appends: try append(try popToMark())
    case .emptyDict: try pushNew(.dictionary([]))
    case .dict: try pushNew(.dictionary(try pairs(try popToMark())))
    case .setItem: try setItems(try popItems(2))
    case .setItems: try setItems(try popToMark())
    case .emptySet: try pushNew(.set([]))
    case .addItems: try addItems(try popToMark())
    case .frozenSet: try pushNew(.frozenSet(try popToMark()))
    case .put: try memoize(at: try readMemoIndex())
    case .binPut: try memoize(at: Int(try number(UInt8.self)))
    case .longBinPut: try memoize(at: Int(try number(UInt32.self)))
    case .memoize: try memoize(at: stream.memoCount)
    case .get: try recall(try readMemoIndex())
    case .binGet: try recall(Int(try number(UInt8.self)))
    case .longBinGet: try recall(Int(try number(UInt32.self)))
    case .proto: try readProtocol()
    case .frame: try readFrame()
    case .global: try pushGlobal(module: try readName(), name: try readName())
    case .stackGlobal: try stackGlobal()
    case .reduce: try reduce()
    case .newObj: try newObject(hasKeywords: false)
    case .newObjEx: try newObject(hasKeywords: true)
    case .inst: try instance()
    case .obj: try object()
    case .build: try build()
    case .ext1: try pushExtension(Int(try number(UInt8.self)))
    case .ext2: try pushExtension(Int(try number(UInt16.self)))
    case .ext4: try pushExtension(Int(try number(Int32.self)))
    case .persistentID: try pushPersistent(text: try line("a persistent id"))
    case .binPersistentID: try pushPersistent(value: try pop())
    case .nextBuffer:
      throw malformed("the bytes in the stream", found: "a buffer that the caller would have to hand over")
    case .readOnlyBuffer: try checkBuffer()
    }
  }

  /// Ends a stream; nil where an enclosing one goes on.
  private mutating func stop() throws(PickleObservation) -> ValueID? {
    let root = try pop()
    if !stream.stack.isEmpty { observe(.leftOnStack(count: stream.stack.count)) }
    if let end = stream.frameEnd, end != reader.offset {
      observe(.frame(detail: "the stream stops at byte \(reader.offset), its frame ends at byte \(end)"))
    }
    guard let outer = enclosing else { return root }
    stream = outer
    enclosing = nil
    try endNestedArray(root)
    return nil
  }

  /// READONLY_BUFFER changes what may be done with a buffer, not what is in it.
  private func checkBuffer() throws(PickleObservation) {
    let value = values[try top().index]
    switch value {
    case .bytes, .byteArray, .array: break
    default: throw malformed("a buffer", found: value.kind)
    }
  }

  private mutating func readProtocol() throws(PickleObservation) {
    let version = Int(try number(UInt8.self))
    guard version <= 5 else { throw malformed("a protocol from 0 to 5", found: "protocol \(version)") }
    stream.protocolVersion = version
    highestProtocol = max(highestProtocol, version)
  }

  private mutating func readFrame() throws(PickleObservation) {
    let length = try longCount()
    guard length <= reader.remaining else {
      throw malformed("a frame of \(length) bytes", found: "\(reader.remaining) bytes before the end")
    }
    if let end = stream.frameEnd {
      observe(.frame(detail: "a frame starts inside the one that ends at byte \(end)"))
    }
    stream.frameEnd = reader.offset + length
  }

  private mutating func checkFrame() {
    guard let end = stream.frameEnd, reader.offset >= end, opcode != .frame || reader.offset == end else {
      return
    }
    if reader.offset > end {
      observe(.frame(detail: "the opcode reads to byte \(reader.offset), its frame ends at byte \(end)"))
    }
    stream.frameEnd = nil
  }
}

extension PickleMachine {
  /// Notes something odd at the present opcode and goes on.
  mutating func observe(_ kind: PickleObservation.Kind) {
    switch kind {
    case .imports(let global):
      guard imported.insert(global).inserted else { return }
    case .calls(let global, _), .callsResult(let global, _):
      // An array of a thousand unknown objects is one thing to say, not a thousand.
      calls[global, default: 0] += 1
      guard calls[global, default: 0] <= 5 else { return }
    default: break
    }
    guard observations.count < budget.observations else {
      unreported += 1
      return
    }
    observations.append(here(kind))
  }

  /// The observation `kind`, at the present opcode.
  func here(_ kind: PickleObservation.Kind) -> PickleObservation {
    PickleObservation(kind, offset: position, opcode: opcode?.name)
  }

  func malformed(_ expected: String, found: String) -> PickleObservation {
    here(.malformed(expected: expected, found: found))
  }

  func exceeded(_ limit: ReadingBudget.Limit, _ detail: String) -> PickleObservation {
    here(.budget(limit, detail: detail))
  }

  /// Reads `count` bytes of the input.
  mutating func take(_ count: Int, _ what: StaticString) throws(PickleObservation) -> ArraySlice<UInt8> {
    do throws(MalformedBytes) {
      return try reader.read(count, "\(what)")
    } catch {
      throw malformed(error.expected, found: error.found)
    }
  }

  /// Reads a little-endian number that follows the opcode.
  mutating func number<Value: FixedWidthInteger>(_ type: Value.Type) throws(PickleObservation) -> Value {
    // Put together here and not by `ByteReader`: every second opcode has a number, and generic code of another
    // module is not specialised.
    let bytes = try take(MemoryLayout<Value>.size, "an argument")
    var value: Value = 0
    for index in bytes.indices.reversed() { value = value << 8 | Value(truncatingIfNeeded: bytes[index]) }
    return value
  }

  /// Reads the eight bytes of a count.
  mutating func longCount() throws(PickleObservation) -> Int {
    let count = try number(UInt64.self)
    guard let count = Int(exactly: count) else {
      throw malformed("a count of bytes that are there", found: "a count of \(count)")
    }
    return count
  }

  /// Reads up to the next line feed.
  mutating func line(_ what: StaticString, limit: Int = .max) throws(PickleObservation)
    -> ArraySlice<UInt8>
  {
    do throws(MalformedBytes) {
      return try reader.readLine(limit: limit, "\(what)")
    } catch {
      throw malformed(error.expected, found: error.found)
    }
  }
}
