import Domain
import Lifecycle
import Provenance
import TestKit
import Testing

/// Every write of a rotation, a revocation and a sealing again fails once, either way; then the platform starts anew.
struct SealKeyFaultTests {
  enum Port: String, CaseIterable, Sendable {
    case registry, bundles, plane, sealKeys
  }

  private static func faults(_ port: Port, _ plan: FaultPlan) -> Bench.Faults {
    switch port {
    case .registry: Bench.Faults(registry: plan)
    case .bundles: Bench.Faults(bundles: plan)
    case .plane: Bench.Faults(plane: plan)
    case .sealKeys: Bench.Faults(sealKeys: plan)
    }
  }

  /// What was acknowledged of it all.
  private struct Told {
    var active: String?
    var isRevoked = false
    var isResealed = false
    var isWithdrawn = false
  }

  private static func acts(_ control: ControlPlane, _ first: String) async -> Told {
    var told = Told()
    guard let reason = try? RevocationReason(parsing: "for a test") else { return told }
    told.active = try? await control.rotateSealKey(to: .file(.p256), by: Sample.actor).hint
    told.isRevoked = (try? await control.revokeSealKey(first, reason, by: Sample.actor)) != nil
    told.isResealed = (try? await control.reseal(first, by: Sample.actor)) != nil
    let version = VersionReference(name: Sample.name(), version: .first)
    told.isWithdrawn = (try? await control.revokeVersion(version, reason, by: Sample.actor)) != nil
    return told
  }

  private static func run(_ bench: Bench) async throws -> Told? {
    try await bench.run { control in
      guard (try? await control.start()) != nil, (try? await Bench.push(Fixture.tree, to: control)) != nil
      else {
        return nil
      }
      return await acts(control, bench.sealingKey.verificationKey.hint)
    }
  }

  @Test(arguments: Port.allCases, FaultPlan.Fault.allCases)
  func `whichever write fails, what was acknowledged holds, and the rest can be done`(
    port: Port, fault: FaultPlan.Fault
  ) async throws {
    let plan = FaultPlan()
    let whole = try #require(try await Self.run(try Bench(Self.faults(port, plan))))
    #expect(whole.active != nil && whole.isRevoked && whole.isResealed && whole.isWithdrawn)
    #expect(plan.writes > 0)
    for number in 1...plan.writes {
      let bench = try Bench(Self.faults(port, FaultPlan([number: fault])))
      let first = bench.sealingKey.verificationKey.hint
      // What fails before any key is rotated is another test's.
      guard let told = try await Self.run(bench) else { continue }
      try await Bench.run(bench.reopened()) { control in
        _ = try await control.start()
        #expect(await bench.registry.unfinished().isEmpty, "\(port) write \(number)")
        let keys = try await control.registry.sealKeys()
        #expect(keys.count { $0.state == .active } == 1, "\(port) write \(number)")
        if let active = told.active {
          #expect(keys.contains { $0.hint == active && $0.state == .active }, "\(port) write \(number)")
        }
        if told.isRevoked { #expect(keys.first?.state == .revoked, "\(port) write \(number)") }
        if told.isWithdrawn {
          #expect(try await control.registry.revokedVersions().count == 1, "\(port) write \(number)")
        }
        // The data plane is where the registry is.
        let state = try #require(bench.plane.applied.last)
        #expect(state.sealKeys.count == keys.count { $0.state.isTrusted }, "\(port) write \(number)")
        #expect(
          state.revocations.keys.map(\.hint) == keys.filter { $0.state == .revoked }.map(\.hint),
          "\(port) write \(number)")
        // And all of it can be brought to its end.
        if keys.first?.state == .active {
          _ = try await control.rotateSealKey(to: .file(.p256), by: Sample.actor)
        }
        let reason = try RevocationReason(parsing: "for a test")
        if try await control.registry.sealKeys().first?.state != .revoked {
          _ = try await control.revokeSealKey(first, reason, by: Sample.actor)
        }
        _ = try await control.reseal(nil, by: Sample.actor)
        #expect(try await Bench.push(Fixture.forest, to: control).status == .live, "\(port) write \(number)")
      }
      #expect(await bench.audit().problems == [], "\(port) write \(number)")
    }
  }
}
