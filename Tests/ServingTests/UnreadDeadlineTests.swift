import NIOCore
import Testing

@testable import Serving

/// How long a caller may leave lie what it is sent.
struct UnreadDeadlineTests {
  private static let start = NIODeadline.uptimeNanoseconds(0)

  /// A deadline of ten seconds, of a caller that has so many bytes to read.
  private func deadline(waiting: Int) -> UnreadDeadline {
    var limits = PlaneLimits()
    limits.unread = .seconds(10)
    var deadline = UnreadDeadline(limits)
    deadline.start(Self.start, waiting: waiting)
    return deadline
  }

  private func isOver(_ deadline: inout UnreadDeadline, after time: TimeAmount, waiting: Int) -> Bool {
    deadline.isOver(Self.start + time, waiting: waiting)
  }

  @Test func `who reads nothing in time is given up`() {
    var deadline = deadline(waiting: 1 << 20)
    #expect(!isOver(&deadline, after: .seconds(9), waiting: 1 << 20))
    #expect(isOver(&deadline, after: .seconds(10), waiting: 1 << 20))
  }

  @Test func `who reads on gets the time again, and has to read on in it`() {
    var deadline = deadline(waiting: 1 << 20)
    let left = (1 << 20) - UnreadDeadline.step
    #expect(!isOver(&deadline, after: .seconds(10), waiting: left))
    #expect(!isOver(&deadline, after: .seconds(19), waiting: left))
    #expect(isOver(&deadline, after: .seconds(20), waiting: left - UnreadDeadline.step + 1))
  }

  @Test func `what joins does not count as unread progress`() {
    var deadline = deadline(waiting: 64 << 10)
    deadline.added(1 << 20)
    let left = 1 << 20
    #expect(!isOver(&deadline, after: .seconds(10), waiting: left))
    #expect(isOver(&deadline, after: .seconds(20), waiting: left))
  }

  @Test func `much is to be read in as many times as little is`() {
    var deadline = deadline(waiting: 200 << 20)
    #expect(!isOver(&deadline, after: .seconds(10), waiting: 190 << 20))
    #expect(!isOver(&deadline, after: .seconds(20), waiting: 180 << 20))
    #expect(isOver(&deadline, after: .seconds(30), waiting: (170 << 20) + 1))
  }

  @Test func `nobody is given up where nothing waits`() {
    var deadline = deadline(waiting: 1 << 20)
    deadline.stop()
    #expect(!deadline.isRunning)
    #expect(!isOver(&deadline, after: .hours(1), waiting: 1 << 20))
  }
}
