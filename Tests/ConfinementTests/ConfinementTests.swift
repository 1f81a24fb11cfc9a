import Domain
import Foundation
import Glibc
import Testing

/// A process that gave up what the data plane gives up tries what it should not be able to do.
@Suite(.timeLimit(.minutes(20)))
struct ConfinementTests {
  /// EXDEV is how Landlock refuses what would move a file from one directory to another.
  private static let refusals: Set<CInt> = [EPERM, EACCES, EXDEV]

  /// What a process that gave up nothing comes to: without this, an act that never works would prove nothing.
  private static let free = Result { try Probe("nothing") }

  @Test func `a process that gives up nothing may do it all`() throws {
    let probe = try Self.free.get()
    #expect(probe.status == 0)
    #expect(probe.outcomes.count > 80)
    for (act, code) in probe.outcomes where act != "refused" && (geteuid() == 0 || !Probe.roots.contains(act))
    {
      // The last is of another kind of call, which not every kernel has.
      guard act != "call_otherwise" else { continue }
      #expect(!Self.refusals.contains(code), "\(act): \(Probe.words(code))")
    }
    #expect(probe.outcomes["refused"] == 0)
  }

  @Test func `a confined process may do what serving does and nothing else`() throws {
    let probe = try Probe("whole")
    #expect(probe.status == 0)
    #expect(probe.outcomes.count == (try Self.free.get().outcomes.count))
    for (act, code) in probe.outcomes where act != "refused" {
      if Probe.needed.contains(act) {
        #expect(code == 0, "\(act): \(Probe.words(code))")
      } else if act == "fork_by_clone3" {
        // The C library is to take the other call, in which a filter sees what is asked for.
        #expect(code == ENOSYS)
      } else {
        #expect(Self.refusals.contains(code), "\(act): \(Probe.words(code))")
      }
    }
  }

  @Test func `everything holds where the kernel has it, and what holds is said`() throws {
    let probe = try Probe("whole")
    #expect(probe.lacks == [])
    #expect(probe.holds.hasPrefix("holds user \(geteuid() == 0 ? 65532 : geteuid()), no capabilities"))
    #expect(probe.holds.hasSuffix("filtered calls"))
    #expect(probe.holds.contains("Landlock "))
  }

  @Test func `each call that is refused is said once and counted each time`() throws {
    let probe = try Probe("whole")
    #expect(Set(probe.warnings).count == probe.warnings.count)
    let refused = try #require(probe.outcomes["refused"])
    #expect(refused > probe.warnings.count)
    let all = probe.warnings.allSatisfy {
      $0.hasPrefix("warning: refused a system call that serving does not need: number ")
    }
    #expect(all)
  }

  @Test func `the filter of calls alone keeps from everything but files`() throws {
    let probe = try Probe("calls")
    #expect(probe.outcomes["calls"] == 0)
    let files = Probe.places.subtracting(["make_directory", "make_link", "make_fifo"])
    for (act, code) in probe.outcomes where !["refused", "calls", "fork_by_clone3"].contains(act) {
      let isKept = Probe.needed.contains(act) || files.contains(act)
      #expect(Self.refusals.contains(code) != isKept, "\(act): \(Probe.words(code))")
    }
  }

  @Test func `Landlock alone keeps from files elsewhere and from sockets`() throws {
    let probe = try Probe("places")
    try #require(probe.outcomes["places"] == 0)
    for act in Probe.places where probe.outcomes[act] != nil {
      let code = try #require(probe.outcomes[act])
      #expect(code == EACCES || code == EXDEV, "\(act): \(Probe.words(code))")
    }
    for act in Probe.needed { #expect(probe.outcomes[act] == 0) }
  }

  @Test func `ports that are named can be bound and connected to, and no others`() throws {
    // Two that nobody listens on: bound, connected to or refused, nothing comes of it.
    let probe = try Probe("whole", "+bind:0", "bind:20999", "+connect:9", "connect:10")
    #expect(probe.outcomes["bind:0"] == 0)
    #expect(probe.outcomes["bind:20999"] == EACCES)
    #expect(probe.outcomes["connect:9"] == ECONNREFUSED)
    #expect(probe.outcomes["connect:10"] == EACCES)
    #expect(probe.outcomes["udp"] == EPERM)
    #expect(probe.outcomes["multipath"] == EPERM)
  }
}
