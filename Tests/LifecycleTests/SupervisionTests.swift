import Domain
import Encoding
import Gates
import TestKit
import Testing

@testable import Lifecycle

/// When a process is replaced for what rounds find, and when no more: no clock, no process.
struct SupervisionTests {
  private static let version = Sample.version(1).reference
  private static let wrong = SupervisedFault.wrong(version)

  /// Rounds of a platform five seconds apart, with what the registry remembers.
  private struct Course {
    let version = SupervisionTests.version
    var supervision = Supervision()
    var record = SupervisionRecord.none
    var now = Timestamp(milliseconds: 1_700_000_000_000)
    var process = 1
    /// How many requests each version has answered so far.
    var answered = 0
    var refused = 0
    /// What was done in each round that did something.
    var done: [String] = []

    /// Lets rounds go by that find this; a process that is replaced is another.
    mutating func find(
      _ faults: [SupervisedFault], rounds: Int = 1, answering: Int = 0, refusing: Int = 0,
      hasCounts: Bool = true
    ) {
      for _ in 0..<rounds {
        now = now.advanced(by: .seconds(5))
        answered += answering
        refused += refusing
        var round = SupervisedRound(process: "\(process)")
        round.counted =
          hasCounts && !faults.contains(.silent)
          ? [version: .init(progress: answered, ended: answered + refused)] : nil
        for fault in faults { round.faults[fault] = "bad" }
        switch supervision.take(round, record, at: now) {
        case .nothing: break
        case .wait: if done.last != "wait" { done.append("wait") }
        case .giveUp(let faults, let next):
          record = next
          done.append("give up \(faults.keys.sorted().map(\.id).joined(separator: ", "))")
        case .replace(let faults, let next):
          record = next.replaced(faults.keys.map(\.id))
          process += 1
          done.append("replace for \(faults.keys.sorted().map(\.id).joined(separator: ", "))")
        }
      }
    }

    mutating func restart() { supervision = Supervision() }
  }

  @Test func `two wrong answers in a row are not enough, three are`() {
    var course = Course()
    course.find([Self.wrong], rounds: 2)
    course.find([])
    course.find([Self.wrong], rounds: 2)
    #expect(course.done.isEmpty)
    course.find([Self.wrong])
    #expect(course.done == ["replace for check iris@1"])
  }

  @Test func `whoever answers neither callers nor whoever steers it is given a minute`() {
    var course = Course()
    course.find([.silent, .deaf], rounds: 11)
    course.find([])
    course.find([.silent, .deaf], rounds: 11)
    #expect(course.done.isEmpty)
    course.find([.silent, .deaf])
    #expect(course.done == ["replace for process"])
  }

  @Test func `refusals say that callers are answered, and not that a version gets anything done`() {
    var course = Course()
    course.find([.deaf], rounds: 20, refusing: 5)
    #expect(course.done.isEmpty)
    course.find([.late(Self.version)], rounds: 12, refusing: 5)
    #expect(course.done == ["replace for check iris@1"])
  }

  @Test func `whoever answers callers and not whoever steers it is given five`() {
    var course = Course()
    course.find([.silent], rounds: 59)
    #expect(course.done.isEmpty)
    course.find([.silent])
    #expect(course.done == ["replace for control-socket"])
  }

  @Test
  func
    `whoever does not answer who steers it for five minutes is replaced, whatever callers come to now and then`()
  {
    var course = Course()
    for _ in 0..<29 {
      course.find([.silent, .deaf])
      course.find([.silent])
    }
    #expect(course.done.isEmpty)
    course.find([.silent, .deaf])
    course.find([.silent])
    #expect(course.done == ["replace for control-socket"])
  }

  @Test(arguments: [SupervisedFault.deaf, .late(version)])
  func `whoever is slow and gets something done is left alone, and whoever does not is given a minute`(
    fault: SupervisedFault
  ) {
    var course = Course()
    course.find([fault], rounds: 86_400 / 5, answering: 1)
    #expect(course.done.isEmpty)
    course.find([fault], rounds: 11)
    #expect(course.done.isEmpty)
    course.find([fault])
    #expect(course.done == ["replace for \(fault.id)"])
  }

  @Test func `what could not be looked at is neither found nor over`() {
    var course = Course()
    course.find([Self.wrong], rounds: 2)
    course.find([], hasCounts: false)
    course.find([Self.wrong])
    #expect(course.done == ["replace for check iris@1"])
  }

  @Test func `another process begins anew`() {
    var course = Course()
    course.find([Self.wrong], rounds: 2)
    course.process = 7
    course.find([Self.wrong], rounds: 2)
    #expect(course.done.isEmpty)
  }

  @Test func `a listener that no process mends costs three, ten minutes apart, and is given up once`() {
    var course = Course()
    course.find([.deaf], rounds: 13)
    let first = course.now
    course.find([.deaf], rounds: 2 * 86_400 / 5)
    let replaced = "replace for listener"
    #expect(course.done == [replaced, replaced, replaced, "give up listener"])
    #expect(course.record.tried.map { $0.milliseconds - first.milliseconds } == [0, 600_000, 1_200_000])
  }

  @Test func `a clock that was far ahead once holds nothing up`() {
    var course = Course()
    let now = course.now
    course.now = now.advanced(by: .seconds(400 * 86_400))
    course.find([Self.wrong], rounds: 3)
    course.now = now
    course.find([], rounds: 1)
    course.find([Self.wrong], rounds: 3)
    #expect(course.done == ["replace for check iris@1", "replace for check iris@1"])
  }

  @Test func `more versions than can each be the cause are one, which costs one replacement`() throws {
    var course = Course()
    let many = try (1...80).map { SupervisedFault.wrong(try VersionReference(parsing: "iris@\($0)")) }
    course.find(many, rounds: 86_400 / 5)
    #expect(course.done == ["replace for checks", "give up checks"])
  }

  @Test func `a check that is answered wrong in two processes costs no third`() {
    var course = Course()
    course.find([Self.wrong], rounds: 2 * 86_400 / 5)
    #expect(course.done == ["replace for check iris@1", "give up check iris@1"])
  }

  @Test func `a control plane that starts again and again replaces no more`() {
    var course = Course()
    for _ in 0..<2000 {
      course.find([.deaf, Self.wrong], rounds: 30)
      course.restart()
    }
    // Once for the check, and thrice for the listener, which is given longer.
    #expect(course.done.count { $0.hasPrefix("replace") } == 4)
    #expect(course.done.count { $0.hasPrefix("give up") } == 2)
  }

  @Test func `what was well for a day is replaced for again`() {
    var course = Course()
    course.find([Self.wrong], rounds: 10)
    course.find([], rounds: 86_400 / 5)
    course.find([Self.wrong], rounds: 3)
    #expect(course.done == ["replace for check iris@1", "give up check iris@1", "replace for check iris@1"])
  }

  @Test func `what a repave that somebody wanted forgets begins anew`() {
    var course = Course()
    course.find([Self.wrong], rounds: 10)
    course.record = .none
    course.find([Self.wrong], rounds: 3)
    #expect(course.done.count == 3)
  }

  @Test func `however many versions are wrong, at most six processes a day`() throws {
    var course = Course()
    for number in 1...40 {
      let version = try VersionReference(parsing: "iris@\(number)")
      course.find([.wrong(version)], rounds: 150)
    }
    #expect(course.done.count { $0.hasPrefix("replace") } == 6)
    #expect(course.done.contains("wait"))
  }

  @Test func `the record reads as it was written, and is bounded`() throws {
    var record = SupervisionRecord.none
    for number in 0..<200 {
      let moment = Timestamp(milliseconds: Int64(number))
      record = record.trying(["listener", "check iris@\(number)"], at: moment)
    }
    record = record.replaced(["listener"]).givingUp(["check iris@199"])
    #expect(try SupervisionRecord(json: record.json) == record)
    #expect(record.causes.count == 64 && record["listener"]?.tried.count == 16 && record.tried.count == 16)
    #expect(record.json.canonicalBytes.count < 16_384)
    #expect(record["listener"]?.isReplaced == true && record["check iris@199"]?.isGivenUp == true)
    #expect(throws: Problem.self) { try SupervisionRecord(json: ["causes": [["cause": 1]], "tried": []]) }
  }
}
