import Domain
import Encoding
import Provenance
import Synchronization
import TestKit
import Testing

@testable import Lifecycle

@Suite struct `Acts that change the registry alone` {
  private static func key() throws -> CheckpointSigningKey {
    try CheckpointSigningKey(name: "test.example/ledger")
  }

  /// A registry that takes a batch when it is told to, and knows how large each was.
  private final class HeldRegistry: RegistryWriter {
    let registry: InMemoryRegistry
    let sizes = Mutex<[Int]>([])
    private let permits: AsyncStream<Void>
    let permit: AsyncStream<Void>.Continuation

    init(_ registry: InMemoryRegistry) {
      self.registry = registry
      (permits, permit) = AsyncStream.makeStream()
    }

    func commit(_ batch: [Proposal]) async throws(Problem) -> CommittedBatch {
      sizes.withLock { $0.append(batch.count) }
      for await _ in permits { break }
      return try await registry.commit(batch)
    }
  }

  /// Runs `body` beside the queue, and ends the queue after it.
  private func run(
    _ together: GroupCommit, _ body: () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await together.run() }
      try await body()
      together.close()
      try await group.waitForAll()
    }
  }

  private static func note(_ subject: String) -> Proposal {
    Proposal { _ in .make([Sample.entry(subject: subject)]) }
  }

  @Test func `gather while a batch is on its way, and go together`() async throws {
    let held = HeldRegistry(InMemoryRegistry(signingKey: try Self.key()))
    let together = GroupCommit(registry: held, capacity: 10, batchLimit: 4)
    try await run(together) {
      try await withThrowingTaskGroup(of: Range<Int>.self) { group in
        group.addTask { try await together.propose(Self.note("first")).get() }
        while held.sizes.withLock({ $0.isEmpty }) { await Task.yield() }
        for number in 1...6 {
          group.addTask { try await together.propose(Self.note("\(number)")).get() }
          while together.waitingCount < number { await Task.yield() }
        }
        for _ in 0..<3 { held.permit.yield() }
        let positions = try await group.reduce(into: Set<Range<Int>>()) { $0.insert($1) }
        #expect(positions == Set((0..<7).map { $0..<($0 + 1) }))
      }
    }
    #expect(held.sizes.withLock { $0 } == [1, 4, 2])
  }

  @Test func `are refused when there is no room, and when there will be none`() async throws {
    let held = HeldRegistry(InMemoryRegistry(signingKey: try Self.key()))
    let together = GroupCommit(registry: held, capacity: 1)
    try await run(together) {
      async let first = together.propose(Self.note("first"))
      while held.sizes.withLock({ $0.isEmpty }) { await Task.yield() }
      async let second = together.propose(Self.note("second"))
      while together.waitingCount < 1 { await Task.yield() }
      let problem = await #expect(throws: Problem.self) { try await together.propose(Self.note("third")) }
      #expect(problem?.code == "platform.busy")
      for _ in 0..<2 { held.permit.yield() }
      let outcomes = try await [first, second]
      #expect(outcomes == [.made(at: 0..<1), .made(at: 1..<2)])
    }
    let problem = await #expect(throws: Problem.self) { try await together.propose(Self.note("late")) }
    #expect(problem?.code == "platform.busy")
  }

  @Test func `that the data plane would have to be told of are refused`() async throws {
    let registry = InMemoryRegistry(signingKey: try Self.key())
    let together = GroupCommit(registry: registry)
    try await run(together) {
      let outcome = try await together.propose(
        Proposal { _ in .make([Sample.entry()], [.addKey(Sample.key(1))]) })
      let problem = #expect(throws: Problem.self) { try outcome.get() }
      #expect(problem?.code == "registry.has-effect")
    }
    #expect(await registry.keys().isEmpty)
    #expect(await registry.checkpoint() == nil)
  }

  @Test func `leave one entry each, done or failed`() async throws {
    let registry = InMemoryRegistry(signingKey: try Self.key())
    let together = GroupCommit(registry: registry)
    let recorder = Recorder(registry: registry, time: ManualTime(), principal: Sample.principal, trace: "t")
    try await run(together) {
      let count = try await together.record(.inspect, of: "iris", by: recorder) { view throws(Problem) in
        .done(try view.keys().count, details: ["note": "kept"], changes: [.quarantine(Sample.refusal(1))])
      }
      #expect(count == 0)
      let problem = await #expect(throws: Problem.self) {
        try await together.record(.inspect, of: "fraud", by: recorder) { _ -> ActOutcome<Void> in
          .refused(Problem(.conflict, "test.refused", "expected another, found this"))
        }
      }
      #expect(problem?.code == "test.refused")
    }
    #expect(await registry.quarantined() == [Sample.refusal(1)])
    let entries = try await registry.entryBytes(from: 0, count: 9).compactMap {
      LedgerEntry(json: try JSON(parsing: $0))
    }
    #expect(entries.map(\.phase) == [.done, .failed])
    #expect(entries.map(\.subject) == ["iris", "fraud"])
    #expect(entries.last?.details["code"]?.string == "test.refused")
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `are all told where their batch failed, and go on after it`(fault: FaultPlan.Fault) async throws {
    for failing in 1...3 {
      let registry = InMemoryRegistry(signingKey: try Self.key(), faults: FaultPlan([failing: fault]))
      let together = GroupCommit(registry: registry)
      var acknowledged: [Int] = []
      try await run(together) {
        for number in 0..<6 {
          guard let outcome = try? await together.propose(Self.note("\(number)")) else { continue }
          acknowledged.append(try outcome.get().lowerBound)
        }
      }
      #expect(acknowledged.count == 5)
      let size = try #require(await registry.checkpoint()).size
      #expect(size == (fault == .persisted ? 6 : 5))
      #expect(Set(acknowledged).isSubset(of: 0..<size))
      #expect(Set(acknowledged).count == acknowledged.count)
    }
  }

  @Test func `come between the commits of an act, which finds what it left`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<20 {
          group.addTask {
            try await control.note(PlaneEvent(kind: .replaced, process: number, detail: "repaved"))
          }
        }
        _ = try await Bench.push(Fixture.tree, to: control)
        try await group.waitForAll()
      }
    }
    #expect(await bench.registry.unfinished().isEmpty)
    #expect(await bench.audit().problems == [])
  }
}
