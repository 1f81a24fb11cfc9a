import Domain
public import Lifecycle
import Testing

/// What every data plane must do when one of its processes takes the place of another.
///
/// The check takes a data plane that serves.
public struct DataPlaneContract {
  private let make: () async throws -> any DataPlane

  /// Checks the data planes that `make` gives, each of them at its start.
  public init(make: @escaping () async throws -> any DataPlane) {
    self.make = make
  }

  /// Runs every check; `end` is called with each data plane when it is done with.
  public func run(end: (any DataPlane) async -> Void = { _ in }) async throws {
    for check in [
      aProcessThatBeganServesAndIsKnownByItsUndertaking, aProcessThatIsDismissedNeverServes,
      aStateEndsWhatWasMadeReadyBeforeIt, nothingBeginsThatWasNotMadeReady, theLastThatWasMadeReadyBegins,
    ] {
      let plane = try await make()
      do { try await check(plane) } catch {
        await end(plane)
        throw error
      }
      await end(plane)
    }
  }

  private func aProcessThatBeganServesAndIsKnownByItsUndertaking(_ plane: any DataPlane) async throws {
    let old = try #require(try await plane.process())
    let ready = try await plane.prepareSuccessor(under: "aa01")
    #expect(ready.instance != old.instance)
    #expect(ready.repave == nil)
    #expect(await plane.known()?.instance == old.instance)
    if case .counted(let counts) = await plane.examine() {
      #expect(counts.instance == old.instance)
    } else {
      Issue.record("expected a process that answers")
    }
    #expect(try await plane.process()?.instance == old.instance)
    #expect(await plane.process(of: "aa01") == nil)
    try await plane.begin()
    let new = try #require(try await plane.process())
    #expect(new.instance == ready.instance)
    #expect(new.repave == "aa01")
    #expect(await plane.process(of: "aa01")?.instance == ready.instance)
    await plane.retireFormer()
    #expect(try await plane.process()?.instance == ready.instance)
  }

  private func aProcessThatIsDismissedNeverServes(_ plane: any DataPlane) async throws {
    let old = try await plane.process()
    _ = try await plane.prepareSuccessor(under: "aa02")
    await plane.dismissSuccessor()
    await #expect(throws: Problem.noSuccessor) { try await plane.begin() }
    #expect(try await plane.process()?.instance == old?.instance)
    #expect(await plane.process(of: "aa02") == nil)
  }

  private func aStateEndsWhatWasMadeReadyBeforeIt(_ plane: any DataPlane) async throws {
    _ = try await plane.prepareSuccessor(under: "aa03")
    try await plane.apply(PlaneState(generation: 7, sealKeys: [], deployments: [], keys: []))
    await #expect(throws: Problem.noSuccessor) { try await plane.begin() }
  }

  private func nothingBeginsThatWasNotMadeReady(_ plane: any DataPlane) async throws {
    await #expect(throws: Problem.noSuccessor) { try await plane.begin() }
    // Nothing to end is no fault.
    await plane.dismissSuccessor()
    await plane.retireFormer()
    #expect(try await plane.process() != nil)
  }

  private func theLastThatWasMadeReadyBegins(_ plane: any DataPlane) async throws {
    let first = try await plane.prepareSuccessor(under: "aa04")
    let second = try await plane.prepareSuccessor(under: "aa05")
    #expect(first.instance != second.instance)
    try await plane.begin()
    #expect(try await plane.process()?.instance == second.instance)
    #expect(await plane.process(of: "aa04") == nil)
    await plane.retireFormer()
  }
}
