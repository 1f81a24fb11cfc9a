import Encoding

/// Something wrong with a model of a boosting library: its reader states it, inspection judges it.
public struct ModelFault: Error, Equatable, Sendable {
  /// What kind of fault it is.
  public enum Kind: Sendable {
    /// Well-formed, and its numbers lead a predictor out of its memory or round in a circle.
    case structure
    /// Values nest deeper than the library's own reader bears.
    case depth
    /// A name occurs twice, and readers differ in which one they take.
    case duplicate
    /// Not what the library writes: broken off or changed.
    case damage
  }

  /// What kind of fault it is.
  public let kind: Kind
  /// What was expected and what was found.
  public let message: String
  /// Where, in bytes from the start of the model.
  public let offset: Int

  /// States one fault.
  public init(_ kind: Kind, _ message: String, at offset: Int) {
    self.kind = kind
    self.message = message
    self.offset = offset
  }

  /// The damage that stopped a reader.
  init(_ error: MalformedBytes) {
    self.init(.damage, "expected \(error.expected), found \(error.found)", at: error.offset)
  }

  /// The fault of a tree.
  init(_ violation: TreeViolation, at offset: Int) {
    self.init(violation.isHarmful ? .structure : .damage, violation.description, at: offset)
  }
}

/// The faults of one model: every one counts, a hundred are told.
struct ModelFaults {
  private(set) var list: [ModelFault] = []

  mutating func add(_ fault: ModelFault) {
    if list.count < 100 || fault.kind == .structure && list.count < 200 { list.append(fault) }
  }

  mutating func add(_ kind: ModelFault.Kind, _ message: String, at offset: Int) {
    add(ModelFault(kind, message, at: offset))
  }
}
