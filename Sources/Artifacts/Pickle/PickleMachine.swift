import Encoding

/// Reads a pickle the way Python's unpickler does, and makes inert values where that would make objects.
///
/// It accepts what any unpickler of CPython accepts, as far as a difference could hide something: names written
/// for Python 2, frames, numbers in any base, memo entries in any order. Nothing is ever imported or called; a
/// name that is not on the `AllowList` is an observation, and reading goes on with an inert object in place of
/// what the call would have made, so that everything behind it is seen too.
struct PickleMachine {
  /// What belongs to one stream; joblib puts whole streams inside another.
  struct Stream {
    var stack: [UInt32] = []
    /// The heights of the stack at which marks stand; nothing below the last one can be popped.
    var marks: [UInt32] = []
    /// The entry of each number, `PickleMachine.unset` where there is none.
    var memo: [UInt32] = []
    var memoCount = 0
    var protocolVersion = 0
    /// Where the current frame ends, in the whole input.
    var frameEnd: Int?
    /// Whether raw bytes follow joblib's array wrappers.
    var readsJoblibArrays = true
  }

  static let unset = UInt32.max

  /// What stands in for a value that the loader finds elsewhere.
  static let persistentLoad = PickleGlobal(module: "pickle", name: "persistent_load")

  let input: ArraySlice<UInt8>
  /// The offset of the next byte, counted from the first byte of the whole input.
  var offset: Int
  let budget: ReadingBudget
  /// How many bytes the values may take.
  private let memoryLimit: Int
  var stream = Stream()
  /// The stream around the one that is being read.
  var enclosing: Stream?
  var values: PickleValues
  /// Values that need to be there only once, by `SharedValue`.
  var shared: [UInt32] = []
  var observations: [PickleObservation] = []
  private var unreported = 0
  /// How often each kind of oddity was met.
  private var met = [Int](repeating: 0, count: Oddity.allCases.count)
  /// What `getattr` and its like were told to have been called with.
  var reached: Set<String> = []
  private var highestProtocol = 0
  private var opcodeCount = 0
  var isJoblib = false
  /// Whether parts may stand outside the stream, as PyTorch's tensors do.
  var allowsPersistentIDs = false
  /// The opcode that is being carried out, and its offset.
  var opcode: PickleOpcode?
  var position: Int

  init(_ input: ArraySlice<UInt8>, from offset: Int, budget: ReadingBudget) {
    self.input = input
    self.offset = min(max(0, offset), input.count)
    self.budget = budget
    self.position = self.offset
    self.values = PickleValues(input: input)
    let (product, overflow) = input.count.multipliedReportingOverflow(by: budget.memoryRatio)
    self.memoryLimit = overflow ? .max : product + budget.freeMemory
  }

  /// Reads to the end of the stream, or to where it breaks off.
  consuming func run() -> PickleReading {
    var document: PickleDocument?
    reserve()
    do throws(PickleObservation) {
      let root = try execute()
      opcode = nil
      try checkMemory(for: 0)
      stream = Stream()
      try PickleGraph(values: values).check(from: Int(root), against: budget)
      document = PickleDocument(values: values, root: ValueID(root))
    } catch {
      observations.append(error)
    }
    if unreported > 0 {
      observations.append(PickleObservation(.more(count: unreported), offset: offset, opcode: nil))
    }
    return PickleReading(
      document: document, observations: observations, protocolVersion: highestProtocol,
      opcodeCount: opcodeCount, isJoblib: isJoblib, byteCount: offset)
  }

  /// Sets address space aside, so that what grows to millions of values is never copied to a larger place.
  private mutating func reserve() {
    let bytes = input.count - offset
    guard bytes > 1 << 16 else { return }
    values.cells.reserveCapacity(
      min(bytes / 2, budget.values, memoryLimit / PickleValues.bytesPerValue) + 1)
    let references = min(bytes / 2, budget.values, memoryLimit / MemoryLayout<UInt32>.size) + 1
    stream.stack.reserveCapacity(references)
    stream.memo.reserveCapacity(references)
    stream.marks.reserveCapacity(references)
    values.pool.reserveCapacity(references)
  }

  private mutating func execute() throws(PickleObservation) -> UInt32 {
    while true {
      position = offset
      guard offset < input.count else {
        opcode = nil
        throw malformed("STOP", found: "the end of the input")
      }
      let byte = input[input.startIndex + offset]
      guard let next = PickleOpcode(rawValue: byte) else {
        opcode = nil
        throw malformed("an opcode", found: "byte 0x" + Hexadecimal.encode(CollectionOfOne(byte)))
      }
      opcode = next
      offset += 1
      opcodeCount += 1
      if opcodeCount & 0xFF == 0 { try checkMemory(for: 0) }
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

  /// Stops where the values, and what is to be added to them, take more memory than granted.
  func checkMemory(for more: Int) throws(PickleObservation) {
    let references = stream.stack.count + stream.marks.count + stream.memo.count
    let outer = enclosing.map { $0.stack.count + $0.marks.count + $0.memo.count } ?? 0
    guard values.byteCount + (references + outer) * MemoryLayout<UInt32>.size + more <= memoryLimit else {
      if isDeep { throw exceeded(.depth, "more than \(budget.depth) containers are open at once") }
      throw exceeded(
        .memory, "more than \(memoryLimit) bytes of values for a pickle of \(input.count) bytes")
    }
  }

  /// Whether what stands on the stack is being nested into itself: containers that wait to be filled.
  private var isDeep: Bool {
    let limit = max(0, budget.depth)
    let waiting = stream.stack.suffix(4 * limit).count { reference in
      let tag = values.cells[Int(reference)].tag
      return (tag == .list || tag == .dictionary) && values.itemCount(Int(reference)) == 0
    }
    return waiting > limit
  }

  private mutating func step(_ opcode: PickleOpcode) throws(PickleObservation) {
    switch opcode {
    case .stop: break
    case .mark:
      stream.marks.append(UInt32(truncatingIfNeeded: stream.stack.count))
      // Each open mark is a container inside the last one.
      if stream.marks.count > budget.depth {
        throw exceeded(.depth, "more than \(budget.depth) marks are open at once")
      }
    case .pop: try popOrUnmark()
    case .popMark: try dropToMark()
    case .dup: push(try top())
    case .none: try pushShared(.none)
    case .newTrue: try pushShared(.true)
    case .newFalse: try pushShared(.false)
    case .int: try readInt()
    case .binInt: try pushInteger(Int64(try number(Int32.self)))
    case .binInt1: try pushInteger(Int64(try byteArgument()))
    case .binInt2: try pushInteger(Int64(try number(UInt16.self)))
    case .long: try readLong()
    case .long1: try readLong(count: try byteArgument())
    case .long4: try readLong(count: Int(try number(Int32.self)))
    case .float: try readFloat()
    case .binFloat: try push(.float, payload: try number(UInt64.self).byteSwapped)
    case .string: try readString()
    case .binString: try pushPython2(count: Int(try number(Int32.self)))
    case .shortBinString: try pushPython2(count: try byteArgument())
    case .unicode: try readUnicode()
    case .shortBinUnicode: try pushText(count: try byteArgument())
    case .binUnicode: try pushText(count: Int(try number(UInt32.self)))
    case .binUnicode8: try pushText(count: try longCount())
    case .shortBinBytes: try pushData(.bytes, count: try byteArgument())
    case .binBytes: try pushData(.bytes, count: Int(try number(UInt32.self)))
    case .binBytes8: try pushData(.bytes, count: try longCount())
    case .byteArray8: try pushData(.byteArray, count: try longCount())
    case .emptyTuple: try pushShared(.emptyTuple)
    case .tuple: try pushItems(.tuple)
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .emptyList: try push(.list, payload: 0)
    case .list: try pushContainer(.list)
    case .append: try append(aboveMark: false)
    case .appends: try append(aboveMark: true)
    case .emptyDict: try push(.dictionary, payload: 0)
    case .dict: try pushContainer(.dictionary)
    case .setItem: try setItems(aboveMark: false)
    case .setItems: try setItems(aboveMark: true)
    case .emptySet: try push(.set, payload: 0)
    case .addItems: try addItems()
    case .frozenSet: try pushItems(.frozenSet)
    case .put: try memoize(at: try readMemoIndex())
    case .binPut: try memoize(at: try byteArgument())
    case .longBinPut: try memoize(at: Int(try number(UInt32.self)))
    case .memoize: try memoize(at: stream.memoCount)
    case .get: try recall(try readMemoIndex())
    case .binGet: try recall(try byteArgument())
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
    case .ext1: try pushExtension(try byteArgument())
    case .ext2: try pushExtension(Int(try number(UInt16.self)))
    case .ext4: try pushExtension(Int(try number(Int32.self)))
    case .persistentID: try pushPersistent(text: try line("a persistent id"))
    case .binPersistentID: try pushPersistent(value: try pop())
    case .nextBuffer:
      observe(.outOfBand)
      try push(.bytes, payload: 0)
    case .readOnlyBuffer: try checkBuffer()
    }
  }

  /// Ends a stream; nil where an enclosing one goes on.
  private mutating func stop() throws(PickleObservation) -> UInt32? {
    let root = try pop()
    if !stream.stack.isEmpty { observe(.leftOnStack(count: stream.stack.count)) }
    if let end = stream.frameEnd, end != offset {
      observe(.frame(detail: "the stream stops at byte \(offset), its frame ends at byte \(end)"))
    }
    guard let outer = enclosing else { return root }
    stream = outer
    enclosing = nil
    try endNestedArray(root)
    return nil
  }

  /// READONLY_BUFFER changes what may be done with a buffer, not what is in it.
  private func checkBuffer() throws(PickleObservation) {
    let value = values[Int(try top())]
    switch value {
    case .bytes, .byteArray, .array: break
    default: throw malformed("a buffer", found: value.kind)
    }
  }

  private mutating func readProtocol() throws(PickleObservation) {
    let version = try byteArgument()
    guard version <= 5 else { throw malformed("a protocol from 0 to 5", found: "protocol \(version)") }
    stream.protocolVersion = version
    highestProtocol = max(highestProtocol, version)
  }

  private mutating func readFrame() throws(PickleObservation) {
    let length = try longCount()
    if let end = stream.frameEnd {
      observe(.frame) { _ in .frame(detail: "a frame starts inside the one that ends at byte \(end)") }
    }
    // One that reaches beyond the end is refused by C, while the unpickler written in Python reads what there
    // is: where the stream then stops in order, that is said at its end.
    let (end, overflow) = offset.addingReportingOverflow(length)
    stream.frameEnd = overflow ? .max : end
  }

  private mutating func checkFrame() {
    guard let end = stream.frameEnd, offset >= end, opcode != .frame || offset == end else { return }
    if offset > end {
      observe(.frame) { machine in
        .frame(detail: "the opcode reads to byte \(machine.offset), its frame ends at byte \(end)")
      }
    }
    stream.frameEnd = nil
  }
}

// What is said.
extension PickleMachine {
  /// Notes something odd at the present opcode and goes on.
  mutating func observe(_ kind: PickleObservation.Kind) {
    guard observations.count < budget.observations else {
      unreported += 1
      return
    }
    observations.append(here(kind))
  }

  /// An oddity that says the same however often it is met.
  enum Oddity: Int, CaseIterable {
    case lateChange, disagreement, unread, frame, extensionCode, change
  }

  /// Notes something odd that is told a hundred times at most; making up the words costs more than reading.
  mutating func observe(_ oddity: Oddity, _ kind: (PickleMachine) -> PickleObservation.Kind) {
    met[oddity.rawValue] += 1
    if met[oddity.rawValue] <= 100 { observe(kind(self)) }
  }

  /// Whether there is room for another observation; counts it where there is none.
  mutating func hasRoom() -> Bool {
    if observations.count < budget.observations { return true }
    unreported += 1
    return false
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
}
