import Domain
import NIOCore

/// Where one call stands between its messages and its answers.
///
/// Events tell it what came in, and `next` what is to be done; the doing is `CallStream`'s. One message is under
/// way at a time, and those behind it wait, so that answers keep the order of their messages.
struct GRPCStreamMachine: ~Copyable {
  private enum Phase: Equatable {
    /// The header fields have not come.
    case head
    /// Messages are taken in.
    case open
    /// A message is being answered.
    case working
    /// What was asked for is answered without end.
    case watching
    /// Nothing more is done.
    case done
  }

  /// What is to be done.
  enum Action: Equatable {
    /// Answer the call, and nothing more.
    case refuse(Answer)
    /// Answer a message; `answered` follows.
    case perform(FramedMessage)
    /// All messages are answered, and the caller sends no more.
    case finish
  }

  private var phase = Phase.head
  private var takesStream = false
  private var messages = MessageReader(limit: 0)
  /// The one message of a call that has no more, until the caller has ended its side.
  private var only: FramedMessage?
  private var isInputEnded = false
  private var refusal: Answer?

  var isWorking: Bool { phase == .working }
  var isDone: Bool { phase == .done }
  /// Whether the call is refused as soon as it may be.
  var isRefused: Bool { refusal != nil }
  /// Whether the caller is to send something.
  var isExpecting: Bool { phase == .head || phase == .open }
  /// Whether a message came in part.
  var isInsideMessage: Bool { messages.waitingBytes > 0 || only != nil }
  /// How many bytes are kept.
  var keptBytes: Int { messages.waitingBytes + (only?.bytes.readableBytes ?? 0) }

  /// The header fields have come; a message may have so many bytes.
  mutating func head(_ head: GRPCHead, messageLimit: Int) {
    guard phase == .head else { return }
    phase = .open
    messages = MessageReader(limit: messageLimit)
    takesStream = head.method?.takesStream ?? false
    refusal = head.refusal
  }

  /// Bytes have come.
  mutating func data(_ bytes: ByteBuffer) {
    guard phase == .open || phase == .working else { return }
    messages.append(bytes)
  }

  /// The call is to be refused, and what it sent is of no use.
  mutating func refuse(_ answer: Answer) {
    if refusal == nil { refusal = answer }
  }

  /// The caller sends no more.
  mutating func inputEnded() { isInputEnded = true }

  /// The message that was to be answered is.
  mutating func answered() {
    if phase == .working { phase = takesStream ? .open : .done }
  }

  /// The answer to the message has no end.
  mutating func watch() {
    if phase == .working { phase = .watching }
  }

  /// Nothing more is to be done, whatever comes.
  mutating func end() {
    phase = .done
    messages = MessageReader(limit: 0)
    only = nil
  }

  /// What is to be done next; nil where something has to come first.
  mutating func next() -> Action? {
    guard phase == .open else { return nil }
    do throws(Problem) {
      if let refusal { return ended(by: refusal) }
      if let message = try messages.next() {
        if takesStream { return perform(message) }
        guard only == nil else { throw Self.miscounted("several") }
        only = message
        // A second one is refused where it has come.
        return next()
      }
      guard isInputEnded else { return nil }
      guard messages.waitingBytes == 0 else {
        throw Problem(
          .badInput, "grpc.frame", "expected a whole message, found the end of the stream inside one")
      }
      if takesStream {
        end()
        return .finish
      }
      guard let only else { throw Self.miscounted("none") }
      self.only = nil
      return perform(only)
    } catch {
      let status = error.code == "grpc.message-count" ? 501 : nil
      return ended(by: Answer(error, status: status))
    }
  }

  private mutating func perform(_ message: FramedMessage) -> Action {
    phase = .working
    return .perform(message)
  }

  private mutating func ended(by answer: Answer) -> Action {
    end()
    return .refuse(answer)
  }

  private static func miscounted(_ found: String) -> Problem {
    Problem(.badInput, "grpc.message-count", "expected one message in this call, found \(found)")
  }
}
