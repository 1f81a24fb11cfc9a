import Access
import Alerting
import Domain
import Gates
import TestKit
import Testing

@testable import Lifecycle

/// Certificates and keys that end by themselves, and who is told of it before they do.
struct ExpiriesTests {
  private static let day: Int64 = 86_400_000

  /// What is told of now: the rule and what it is of.
  private static func found(_ bench: Bench) async -> [String] {
    var history = TrafficHistory()
    let seen = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
    #expect(seen.problems.isEmpty)
    let rules: Set<AlertRule> = [.expiry, .expiryImminent, .renewalFailed]
    return seen.measured.filter { rules.contains($0.source.rule) && $0.value >= 1 }.map(\.source.description)
      .sorted()
  }

  private static func end(in days: Double, _ bench: Bench) -> Timestamp {
    Timestamp(milliseconds: bench.control.now().milliseconds + Int64(days * Double(day)))
  }

  @Test func `the certificate of the data plane is told of two weeks and two days before its end`()
    async throws
  {
    let bench = try Bench()
    #expect(await Self.found(bench).isEmpty)
    for (days, found) in [
      (14.1, []), (13.9, ["expiry certificate of the data plane"]),
      (1.9, ["expiry certificate of the data plane", "expiry-imminent certificate of the data plane"]),
      (-3, ["expiry certificate of the data plane", "expiry-imminent certificate of the data plane"]),
    ] {
      bench.plane.secure(by: PlaneCertificate(end: Self.end(in: days, bench)))
      #expect(await Self.found(bench) == found)
    }
  }

  @Test func `a certificate that lasts a day is told of when it should have been renewed, and not before`()
    async throws
  {
    let bench = try Bench()
    for (left, found) in [
      (0.4, []), (0.3, ["expiry certificate of the data plane"]),
      (0.05, ["expiry certificate of the data plane", "expiry-imminent certificate of the data plane"]),
    ] {
      bench.plane.secure(
        by: PlaneCertificate(begin: Self.end(in: left - 1, bench), end: Self.end(in: left, bench)))
      #expect(await Self.found(bench) == found)
    }
  }

  @Test func `files of a renewal that cannot be used are told of while an older certificate is in use`()
    async throws
  {
    let bench = try Bench()
    bench.plane.secure(by: PlaneCertificate(end: Self.end(in: 90, bench), failure: "tls.unusable"))
    #expect(await Self.found(bench) == ["renewal-failed certificate of the data plane"])
    bench.plane.secure(by: PlaneCertificate(end: Self.end(in: 90, bench)))
    #expect(await Self.found(bench).isEmpty)
  }

  @Test func `while no process answers nothing of its certificate is over`() async throws {
    let bench = try Bench()
    bench.plane.secure(by: PlaneCertificate(end: Self.end(in: 1, bench)))
    bench.plane.endServing()
    var history = TrafficHistory()
    let seen = await bench.control.alerts.evidence.gather(&history, at: bench.control.now())
    #expect(seen.unread.isSuperset(of: [.expiry, .expiryImminent, .renewalFailed]))
  }

  @Test func `the control plane's own certificate is told of as well`() async throws {
    let bench = try Bench()
    bench.control.alerts.setCertificate(PlaneCertificate(end: Self.end(in: 5, bench)))
    #expect(await Self.found(bench) == ["expiry certificate of the control plane"])
  }

  @Test func `a key that was made for long is told of before its end, and for a day after it`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let name = try await Bench.push(Fixture.tree, to: control).name
      let long = try await control.createKey(
        for: name, terms: KeyTerms(expiresAt: Self.end(in: 40, bench)), by: Sample.actor)
      // Made for a week: it is meant to end.
      _ = try await control.createKey(
        for: name, terms: KeyTerms(expiresAt: Self.end(in: 7, bench)), by: Sample.actor)
      #expect(await Self.found(bench).isEmpty)
      bench.time.advance(by: .seconds(27 * 86_400))
      #expect(await Self.found(bench) == ["expiry key \(long.id)"])
      bench.time.advance(by: .seconds(12 * 86_400))
      #expect(await Self.found(bench) == ["expiry key \(long.id)", "expiry-imminent key \(long.id)"])
      bench.time.advance(by: .seconds(3 * 86_400))
      #expect(await Self.found(bench).isEmpty)
    }
  }

  @Test func `a key that was revoked, or made anew, is told of no more`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let name = try await Bench.push(Fixture.tree, to: control).name
      let key = try await control.createKey(
        for: name, terms: KeyTerms(expiresAt: Self.end(in: 30, bench)), by: Sample.actor)
      let known = try await control.addPerson("ana", by: .administrator)
      let issued = try await control.createAPIKey(
        APIKeyWish(principal: known.principal, expiresAt: Self.end(in: 30, bench)), by: .administrator)
      bench.time.advance(by: .seconds(20 * 86_400))
      #expect(await Self.found(bench) == ["expiry API key \(issued.id)", "expiry key \(key.id)"])
      try await control.revokeKey(id: key.id, by: Sample.actor)
      _ = try await control.rotateAPIKey(issued.id, overlap: .seconds(86_400), by: .administrator)
      bench.time.advance(by: .seconds(61))
      #expect(await Self.found(bench).isEmpty)
    }
  }

  @Test(arguments: [nil, 400])
  func `an API key that was taken back is told of by nobody`(days: Double?) async throws {
    let bench = try Bench()
    try await bench.run { control in
      let known = try await control.addPerson("ana", by: .administrator)
      let issued = try await control.createAPIKey(
        APIKeyWish(principal: known.principal, expiresAt: days.map { Self.end(in: $0, bench) }),
        by: .administrator)
      bench.time.advance(by: .seconds(40 * 86_400))
      try await control.revokeAPIKey(issued.id, by: .administrator)
      for _ in 0..<3 {
        #expect(await Self.found(bench).isEmpty)
        bench.time.advance(by: .seconds(61))
      }
    }
  }
}
