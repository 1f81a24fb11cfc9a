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
    let answer: OutgoingAnswer
    let isRecorded: Bool
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
  /// Those of the round that is being committed; kept for its memory.
  private var leaving: [Waiting] = []
  private var text: [UInt8] = []

  init(plane: DataPlane, spool: RecordSpool, eventLoop: any EventLoop) {
    self.plane = plane
    self.spool = spool
    self.eventLoop = eventLoop
  }

  /// Holds an answer back until its record is written, and every one that was added before; one without a record too,
  /// so that answers leave in the order in which they were asked for.
  ///
  /// `whenFull` says what becomes of it where that cannot be written; nil leaves it to the process.
  func add(
    _ record: AccessRecord?, whenFull: RecordSpool.WhenFull?, _ answer: OutgoingAnswer,
    _ receiver: any AnswerReceiver
  ) {
    if let record {
      text.removeAll(keepingCapacity: true)
      record.write(to: &text)
      RecordSegment.append(text, to: &lines)
      recordCount += 1
    }
    waiting.append(
      Waiting(
        answer: answer, isRecorded: record != nil, whenFull: whenFull ?? spool.whenFull, receiver: receiver))
    guard waiting.count == 1 else { return }
    let loopBound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { loopBound.value.commit() }
  }

  private func commit() {
    swap(&waiting, &leaving)
    var receipt = recordCount > 0 ? spool.append(lines, count: recordCount) : nil
    if recordCount > 0, receipt == nil { plane.log?.noteUnwritten(recordCount, spool.failure) }
    lines.removeAll(keepingCapacity: true)
    recordCount = 0
    for one in leaving {
      var answer = one.answer
      if !one.isRecorded {
        one.receiver.deliver(answer)
        plane.end(answer.span, receipt: nil)
        continue
      }
      var isWithheld = false
      if let found = receipt {
        answer.receipt = found
        receipt = Receipt(segment: found.segment, index: found.index + 1)
      } else if answer.answer.status == 200, one.whenFull == .refuse {
        answer.answer = Self.unrecorded(closes: answer.answer.closes)
        isWithheld = true
      }
      plane.end(answer.span, receipt: answer.receipt, isWithheld: isWithheld)
      one.receiver.deliver(answer)
    }
    for one in leaving { one.receiver.flush() }
    leaving.removeAll(keepingCapacity: true)
  }

  private static func unrecorded(closes: Bool) -> Answer {
    .unavailable(
      unwritableCode, "the request cannot be recorded, and without a record there is no answer",
      retryAfter: 5, closes: closes)
  }
}
