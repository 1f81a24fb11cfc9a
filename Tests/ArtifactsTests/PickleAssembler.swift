import Encoding

@testable import Artifacts

/// Puts pickles together opcode by opcode.
struct PickleAssembler {
  private(set) var bytes: [UInt8]

  /// Starts a stream of a protocol; 0 and 1 announce none.
  init(protocol version: UInt8 = 2) {
    bytes = version < 2 ? [] : [PickleOpcode.proto.rawValue, version]
  }

  mutating func add(_ opcodes: PickleOpcode...) {
    bytes += opcodes.map(\.rawValue)
  }

  mutating func add(_ opcode: PickleOpcode, _ argument: [UInt8]) {
    bytes += [opcode.rawValue] + argument
  }

  mutating func global(_ module: String, _ name: String) {
    add(.global, Array("\(module)\n\(name)\n".utf8))
  }

  mutating func text(_ text: String) {
    add(.binUnicode, UInt32(text.utf8.count).littleEndianBytes + Array(text.utf8))
  }

  /// A call with one string.
  mutating func call(_ module: String, _ name: String, _ argument: String) {
    global(module, name)
    text(argument)
    add(.tuple1, .reduce)
  }

  /// The reading of the stream, ended by STOP.
  func read(budget: ReadingBudget = .standard) -> PickleReading {
    PickleReading.read((bytes + [PickleOpcode.stop.rawValue])[...], budget: budget)
  }
}

extension PickleReading {
  /// The kinds of what was observed, without their details.
  var kinds: [String] {
    observations.map { observation in
      let label = Mirror(reflecting: observation.kind).children.first?.label
      return label ?? "\(observation.kind)"
    }
  }
}
