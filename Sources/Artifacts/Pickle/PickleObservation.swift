/// Something that a pickle does which no honest, known model does: what, and at which opcode.
///
/// The machine observes; `Inspection` judges.
public struct PickleObservation: Error, Sendable {
  /// What was observed.
  public enum Kind: Sendable {
    /// A name outside the allow-list is imported.
    case imports(PickleGlobal)
    /// A name outside the allow-list is called, or an instance of it is made.
    case calls(PickleGlobal, arguments: String)
    /// Something is called that is itself the result of a call.
    case callsResult(of: PickleGlobal, callee: String, arguments: String)
    /// `getattr` reaches into a class, or into an instance of one, for a plain name.
    case reaches(into: PickleGlobal, attribute: String, arguments: String)
    /// A known name is used in a way that its library never writes.
    case misuses(PickleGlobal, detail: String)
    /// State or items are given to something that this stream did not make: a class, a function, a module.
    case changes(PickleGlobal, detail: String)
    /// A value that already went into another one is changed afterwards.
    case changesLate(detail: String)
    /// A reference to something outside the stream, which the loader is to resolve.
    case persistentReference(String)
    /// A code of the loading process's extension registry stands in place of a name.
    case extensionCode(Int)
    /// The frames and the opcodes do not agree.
    case frame(detail: String)
    /// One of CPython's unpicklers accepts what another refuses.
    case disagreement(detail: String)
    /// An array, scalar or data type contradicts itself.
    case array(detail: String)
    /// An array, scalar, data type or text of a kind that is not read.
    case unread(detail: String)
    /// The bytes of a value would have to be handed over by the caller.
    case outOfBand
    /// A limit was reached.
    case budget(ReadingBudget.Limit, detail: String)
    /// Values are left on the stack where the stream stops.
    case leftOnStack(count: Int)
    /// Bytes follow the end of the stream.
    case trailingBytes(count: Int)
    /// More observations than are reported one by one.
    case more(count: Int)
    /// The bytes are not a pickle from here on.
    case malformed(expected: String, found: String)
  }

  /// What was observed.
  public let kind: Kind
  /// The offset of the opcode, in bytes after decompression.
  public let offset: Int
  /// The name of the opcode, `REDUCE`; nil past the end of the stream.
  public let opcode: String?

  /// States one observation.
  public init(_ kind: Kind, offset: Int, opcode: String?) {
    self.kind = kind
    self.offset = offset
    self.opcode = opcode
  }
}
