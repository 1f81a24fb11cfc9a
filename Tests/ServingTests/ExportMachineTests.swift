import Testing

@testable import Serving

/// When a batch of spans goes out, and what happens to one that was not taken.
struct ExportMachineTests {
  @Test func `one batch goes out at a time, and the next when it is taken`() {
    var machine = ExportMachine()
    #expect(machine.due() == .sendNext)
    #expect(machine.due() == .nothing)
    #expect(machine.ended(.taken, isMoreDue: true, jitter: 0) == .sendNext)
    #expect(machine.ended(.taken, isMoreDue: false, jitter: 0) == .nothing)
    #expect(machine.due() == .sendNext)
    #expect(machine.foundNothing() == .nothing)
    #expect(machine.due() == .sendNext)
  }

  @Test func `pauses double, and after five attempts a batch is given up on`() {
    var machine = ExportMachine()
    #expect(machine.due() == .sendNext)
    for pause in [1, 2, 4, 8] {
      #expect(machine.ended(.later(nil), isMoreDue: false, jitter: 1) == .wait(.seconds(pause)))
      #expect(machine.due() == .nothing)
      #expect(machine.waited() == .sendAgain)
    }
    #expect(machine.ended(.later(nil), isMoreDue: false, jitter: 1) == .giveUp)
    #expect(machine.gaveUp(isMoreDue: true) == .sendNext)
  }

  @Test(arguments: [(nil, 0.0, 0.5), (nil, 1.0, 1), (7, 0.5, 7), (0, 1.0, 1), (3600, 0.0, 30)])
  func `a pause is as long as the collector asked, within bounds, and spread`(
    asked: Int?, jitter: Double, seconds: Double
  ) {
    var machine = ExportMachine()
    _ = machine.due()
    let action = machine.ended(.later(asked.map { .seconds($0) }), isMoreDue: false, jitter: jitter)
    #expect(action == .wait(.milliseconds(Int(seconds * 1000))))
  }

  @Test func `no answer is a reason to try again`() {
    var machine = ExportMachine()
    _ = machine.due()
    #expect(machine.ended(.unanswered, isMoreDue: false, jitter: 1) == .wait(.seconds(1)))
  }

  @Test func `what is refused is not sent again`() {
    var machine = ExportMachine()
    _ = machine.due()
    #expect(machine.ended(.refused, isMoreDue: false, jitter: 0) == .giveUp)
    #expect(machine.gaveUp(isMoreDue: false) == .nothing)
  }

  @Test func `a batch goes again at once where the kept connection had ended`() {
    var machine = ExportMachine()
    _ = machine.due()
    #expect(machine.ended(.stale, isMoreDue: false, jitter: 0) == .sendAgain)
    #expect(machine.ended(.taken, isMoreDue: false, jitter: 0) == .nothing)
  }

  @Test func `at the end all that waits is sent, with short pauses and none for who is not there`() {
    var machine = ExportMachine()
    #expect(machine.finish() == .sendNext)
    #expect(machine.ended(.taken, isMoreDue: false, jitter: 0) == .sendNext)
    #expect(machine.ended(.later(.seconds(5)), isMoreDue: false, jitter: 1) == .wait(.milliseconds(100)))
    #expect(machine.waited() == .sendAgain)
    #expect(machine.ended(.unanswered, isMoreDue: false, jitter: 0) == .giveUp)
    #expect(machine.gaveUp(isMoreDue: false) == .sendNext)
    #expect(machine.foundNothing() == .end)
  }

  @Test func `a pause ends where the end comes`() {
    var machine = ExportMachine()
    _ = machine.due()
    _ = machine.ended(.later(nil), isMoreDue: false, jitter: 0)
    #expect(machine.finish() == .sendAgain)
    #expect(machine.waited() == .nothing)
    #expect(machine.ended(.taken, isMoreDue: false, jitter: 0) == .sendNext)
    #expect(machine.foundNothing() == .end)
  }
}
