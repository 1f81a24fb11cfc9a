/// What reading one pickle gave: the values where it ended well, and all that was odd.
public struct PickleReading: Sendable {
  /// The values; nil where the stream broke off.
  public let document: PickleDocument?
  /// What was odd, in the order of the stream.
  public let observations: [PickleObservation]
  /// The highest protocol that the stream announces; 0 where it announces none.
  public let protocolVersion: Int
  /// How many opcodes were read.
  public let opcodeCount: Int
  /// Whether joblib's array wrappers occur, whose raw bytes stand between the opcodes.
  public let isJoblib: Bool
  /// How many bytes the stream takes up.
  public let byteCount: Int
}

extension PickleReading {
  /// Whether a stream without a PROTO can begin with this byte.
  public static func canBegin(with byte: UInt8) -> Bool {
    guard let opcode = PickleOpcode(rawValue: byte) else { return false }
    switch opcode {
    case .stop, .pop, .popMark, .dup, .reduce, .append, .build, .appends, .get, .binGet, .longBinGet, .put,
      .binPut, .longBinPut, .setItem, .setItems, .memoize, .addItems, .newObj, .newObjEx, .stackGlobal:
      return false
    default: return true
    }
  }

  /// Reads the pickle at an offset, and those that follow it in the same bytes.
  ///
  /// Python's loader stops at the end of the first one. What is behind it is read for what it would do, so
  /// that nothing dangerous hides there, and makes no values.
  public static func read(
    _ bytes: ArraySlice<UInt8>, from start: Int = 0, budget: ReadingBudget = .standard
  ) -> PickleReading {
    let first = PickleMachine(bytes, from: start, budget: budget).run()
    guard first.document != nil, first.byteCount < bytes.count else { return first }
    var observations = first.observations
    observations.append(
      PickleObservation(
        .trailingBytes(count: bytes.count - first.byteCount), offset: first.byteCount, opcode: nil))
    observations += acts(behind: first, in: bytes, budget)
    return PickleReading(
      document: first.document, observations: observations, protocolVersion: first.protocolVersion,
      opcodeCount: first.opcodeCount, isJoblib: first.isJoblib, byteCount: first.byteCount)
  }

  /// What the pickles behind the first one would do.
  private static func acts(behind first: PickleReading, in bytes: ArraySlice<UInt8>, _ budget: ReadingBudget)
    -> [PickleObservation]
  {
    var observations: [PickleObservation] = []
    var budget = budget
    budget.opcodes -= first.opcodeCount
    var offset = first.byteCount
    for count in 1... {
      guard offset < bytes.count else { break }
      guard count < budget.pickles, observations.count < budget.observations else {
        observations.append(
          PickleObservation(
            .budget(.pickles, detail: "more than \(count) pickles one after another"), offset: offset,
            opcode: nil))
        break
      }
      let further = PickleMachine(bytes, from: offset, budget: budget).run()
      observations += further.observations.filter(\.isAct)
      guard further.document != nil else { break }
      budget.opcodes -= further.opcodeCount
      offset = further.byteCount
    }
    return observations
  }
}

extension PickleObservation {
  /// Whether it says what a loader would do, and not only what the bytes look like.
  fileprivate var isAct: Bool {
    switch kind {
    case .imports, .calls, .callsResult, .reaches, .misuses, .changes, .persistentReference, .extensionCode,
      .budget, .disagreement, .more:
      true
    default: false
    }
  }
}
