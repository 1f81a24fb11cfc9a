import Domain
import Encoding
import NIOCore
import Provenance

/// The answers of one event loop that wait for their records.
///
/// Whatever the loop finds to do at one time is one round: the records of all its answers go into the spool with one
/// write, and only then the answers go out. So a record costs its bytes and a small part of a system call, and no
/// answer waits longer than the loop takes to get through what has come in.
///
/// Bounded by what the connections of the loop may have under way.
final class RecordRound {
  /// One answer and its record.
  private struct Waiting {
    var answer: OutgoingAnswer
    /// Nil where it leaves no record.
    var request: CountedRequest?
    let whenFull: RecordSpool.WhenFull
    let receiver: any AnswerReceiver
  }

  static let unwritableCode = "record.unwritable"

  private let plane: DataPlane
  private let spool: RecordSpool
  private let eventLoop: any EventLoop
  /// What digests of bodies begin with.
  var salt: [UInt8] { spool.salt }
  private var lines: [UInt8] = []
  private var recordCount = 0
  private var waiting: [Waiting] = []
  /// Nothing: the memory of the round before.
  private var spare: [Waiting] = []
  private var text: [UInt8] = []

  init(plane: DataPlane, spool: RecordSpool, eventLoop: any EventLoop) {
    self.plane = plane
    self.spool = spool
    self.eventLoop = eventLoop
  }

  /// Holds an answer back until its record is written, and every one that was added before.
  ///
  /// `whenFull` says what becomes of it where that cannot be written; nil leaves it to the process. Metrics are told when
  /// that is certain.
  func add(
    _ answer: OutgoingAnswer, _ request: consuming CountedRequest, whenFull: RecordSpool.WhenFull?,
    _ receiver: any AnswerReceiver
  ) {
    text.removeAll(keepingCapacity: true)
    request.record.write(to: &text)
    RecordSegment.append(text, to: &lines)
    recordCount += 1
    hold(
      Waiting(answer: answer, request: request, whenFull: whenFull ?? spool.whenFull, receiver: receiver))
  }

  /// Holds back an answer without a record, so that answers leave in the order in which they were asked for.
  func add(_ answer: OutgoingAnswer, _ receiver: any AnswerReceiver) {
    hold(Waiting(answer: answer, request: nil, whenFull: spool.whenFull, receiver: receiver))
  }

  private func hold(_ one: consuming Waiting) {
    waiting.append(one)
    guard waiting.count == 1 else { return }
    let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { loopBound.value.commit() }
  }

  private func commit() {
    var leaving = spare
    spare = []
    swap(&waiting, &leaving)
    var receipt = recordCount > 0 ? spool.append(lines, count: recordCount) : nil
    if recordCount > 0, receipt == nil { plane.log?.noteUnwritten(recordCount, spool.failure) }
    lines.removeAll(keepingCapacity: true)
    recordCount = 0
    // By their places: a copy of one would count the dozen references in it.
    for place in leaving.indices {
      finish(&leaving[place], &receipt)
      leaving[place].receiver.deliver(leaving[place].answer)
    }
    for place in leaving.indices { leaving[place].receiver.flush() }
    leaving.removeAll(keepingCapacity: true)
    spare = leaving
  }

  /// Gives an answer its receipt, or puts a refusal in its place, and tells metrics and traces what goes out.
  private func finish(_ one: inout Waiting, _ receipt: inout Receipt?) {
    guard one.request != nil else { return }
    var isWithheld = false
    if let found = receipt {
      one.answer.receipt = found
      receipt = Receipt(segment: found.segment, index: found.index + 1)
    } else if one.answer.answer.status == 200, one.whenFull == .refuse {
      one.answer.answer = Self.unrecorded(closes: one.answer.answer.closes)
      one.request?.record.status = one.answer.answer.status
      one.request?.record.code = Self.unwritableCode
      isWithheld = true
    }
    if let request = one.request { plane.note(request, one.answer.answer) }
    plane.end(one.answer.span, receipt: one.answer.receipt, isWithheld: isWithheld)
  }

  private static func unrecorded(closes: Bool) -> Answer {
    .unavailable(
      unwritableCode, "the request cannot be recorded, and without a record there is no answer",
      retryAfter: 5, closes: closes)
  }
}
