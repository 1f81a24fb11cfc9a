import Encoding
import TestKit
import Testing

@testable import Artifacts

/// Random programs: most opcodes find on the stack what they need, some do not.
private struct ProgramGenerator {
  private var generator: SeededGenerator
  private(set) var bytes: [UInt8] = []
  private static let names = [
    "os\nsystem\n", "mypkg\nThing\n", "builtins\ngetattr\n", "numpy\ndtype\n", "numpy\nndarray\n",
    "numpy.core.multiarray\n_reconstruct\n", "collections\nOrderedDict\n", "functools\npartial\n",
    "joblib.numpy_pickle\nNumpyArrayWrapper\n", "builtins\nset\n", "copyreg\n_reconstructor\n",
  ]

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  private mutating func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &generator) }

  mutating func program() -> [UInt8] {
    bytes = number(below: 2) == 0 ? [] : [PickleOpcode.proto.rawValue, UInt8(number(below: 6))]
    for _ in 0..<number(below: 24) { step() }
    if number(below: 4) > 0 { bytes.append(PickleOpcode.stop.rawValue) }
    return bytes
  }

  private mutating func step() {
    switch number(below: 16) {
    case 0...3: value()
    case 4: add(.mark)
    case 5: add(.global, Array(Self.names[number(below: Self.names.count)].utf8))
    case 6: pick([.tuple, .tuple1, .tuple2, .tuple3, .list, .dict, .frozenSet, .popMark])
    case 7: pick([.append, .appends, .setItem, .setItems, .addItems])
    case 8: pick([.reduce, .newObj, .newObjEx, .build, .obj, .stackGlobal])
    case 9: add([.binPut, .binGet][number(below: 2)], [UInt8(number(below: 4))])
    case 10: pick([.memoize, .dup, .pop, .readOnlyBuffer, .binPersistentID])
    case 11: add(.frame, UInt64(number(below: 40)).littleEndianBytes)
    case 12: call()
    default: pick(PickleOpcode.allCases)
    }
  }

  private mutating func value() {
    switch number(below: 7) {
    case 0: pick([.none, .newTrue, .emptyTuple, .emptyList, .emptyDict, .emptySet])
    case 1: add(.binInt1, [UInt8(number(below: 256))])
    case 2: add(.shortBinUnicode, [2] + Array("f8".utf8))
    case 3: add(.shortBinBytes, [3, 1, 2, 3])
    case 4: add(.int, Array("0x1\(number(below: 9))\n".utf8))
    case 5: add(.string, Array("'a\\x4\(number(below: 10))'\n".utf8))
    default: add(.long1, [2, UInt8(number(below: 256)), UInt8(number(below: 256))])
    }
  }

  private mutating func call() {
    add(.global, Array(Self.names[number(below: Self.names.count)].utf8))
    for _ in 0..<number(below: 4) { value() }
    pick([.tuple1, .tuple2, .tuple3, .emptyTuple])
    add(.reduce)
  }

  private mutating func pick(_ opcodes: [PickleOpcode]) { add(opcodes[number(below: opcodes.count)]) }

  private mutating func add(_ opcode: PickleOpcode, _ argument: [UInt8] = []) {
    bytes.append(opcode.rawValue)
    bytes += argument
  }
}

@Suite struct PickleProgramTests {
  @Test func `random programs never crash the machine nor pass a budget`() {
    var budget = ReadingBudget()
    budget.values = 20
    budget.opcodes = 40
    budget.observations = 12
    var generator = ProgramGenerator(seed: 20_261_121)
    var ended = 0
    for _ in 0..<20_000 {
      let reading = PickleReading.read(generator.program()[...], budget: budget)
      #expect(reading.opcodeCount <= budget.opcodes + 1)
      guard let document = reading.document else {
        #expect(!reading.observations.isEmpty)
        continue
      }
      ended += 1
      #expect(document.values.count <= budget.values)
      #expect(document.values.indices.contains(document.root.index))
      _ = document.describe(document.root)
    }
    #expect(ended > 500)
  }

  @Test func `values take no more memory than the size of their stream grants`() {
    var budget = ReadingBudget()
    budget.freeMemory = 1 << 14
    for filler: [UInt8] in [
      [0x5D], [0x28], [0x29, 0x85], [0x4E, 0x32], [0x7D, 0x94], [0x8C, 1, 0x61], [0x4D, 0, 1],
      [0x5D, 0x4E, 0x61],
    ] {
      let bytes = Array(repeatElement(filler, count: 40_000).joined()) + [PickleOpcode.stop.rawValue]
      let reading = PickleReading.read(bytes[...], budget: budget)
      #expect(reading.document == nil, "\(filler)")
      #expect(reading.kinds == ["budget"], "\(filler)")
    }
  }

  @Test func `a hundred thousand numbers are read without a value for each`() throws {
    var bytes = [PickleOpcode.mark.rawValue]
    for index in 0..<100_000 { bytes += [PickleOpcode.binInt1.rawValue, UInt8(truncatingIfNeeded: index)] }
    let reading = PickleReading.read((bytes + [PickleOpcode.list.rawValue, PickleOpcode.stop.rawValue])[...])
    let document = try #require(reading.document)
    #expect(document.values.count == 257)
    guard case .list(let items) = document[document.root] else { return #expect(Bool(false)) }
    #expect(items.count == 100_000)
  }

  @Test func `pickles past the budget of a file are not read, and it says so`() {
    var budget = ReadingBudget()
    budget.pickles = 5
    let bytes = Array(
      repeatElement([PickleOpcode.none.rawValue, PickleOpcode.stop.rawValue], count: 9).joined())
    #expect(PickleReading.read(bytes[...], budget: budget).kinds == ["trailingBytes", "budget"])
    #expect(PickleReading.read(bytes[...]).kinds == ["trailingBytes"])
  }
}
