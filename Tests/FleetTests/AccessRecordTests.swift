import Dispatch
import Domain
import Encoding
import Fleet
import Foundation
import Glibc
import Lifecycle
import Provenance
import Storage
import Synchronization
import TestKit
import Testing

/// Access records of a real data plane, from the answer to the proof.
@Suite(.timeLimit(.minutes(15)))
struct AccessRecordTests {
  /// A platform without a server: real stores, a real data plane, one model.
  private struct Site {
    let directory: DataDirectory
    let plane: LocalDataPlane
    let control: ControlPlane
    let registry: SQLiteRegistry
    let keys: KeyFiles

    init(_ path: String) async throws {
      directory = DataDirectory(path: path)
      plane = try await LocalDataPlane(
        .init(
          program: LocalDataPlaneTests.Scratch.program, listen: try ListenAddress(parsing: "127.0.0.1:0"),
          directory: path, spool: directory.spool, bundles: directory.bundles),
        store: FilePlaneStateStore(path: "\(path)/state.json"))
      keys = try KeyFiles.openOrCreate(in: directory.keys, ledgerName: "test")
      registry = try SQLiteRegistry(path: directory.registry, signingKey: keys.ledger)
      control = ControlPlane(
        .init(
          registry: registry,
          blobs: try FileBlobStore(directory: directory.blobs, ingestDirectory: directory.ingest),
          bundles: try DirectoryBundleStore(directory: directory.bundles),
          records: try Self.records(directory),
          plane: plane, time: ManualTime(), entropy: SeededEntropy(seed: .random(in: .min ... .max)),
          people: InMemoryPeople()),
        .init(
          sealingKey: keys.sealing, checkpointKey: keys.ledger.verificationKey, tool: "gatehouse test"))
      _ = try await control.start()
    }

    private static func records(_ directory: DataDirectory) throws -> DirectoryRecordStore {
      try DirectoryRecordStore(spool: directory.spool, records: directory.records)
    }

    /// Pushes the tree on iris and answers with a key to it.
    func push() async throws -> String {
      let session = try await control.beginUpload()
      try await session.write(try Fixtures.bytes("models/sklearn-1.9/iris-tree/model.joblib"))
      let blob = try await session.finish()
      let outcome = try await control.push(
        PushRequest(
          name: try ModelName(parsing: "iris"), files: [PushedFile(path: "", blob: blob)],
          actor: Sample.actor), follow: { _ in })
      return try #require(outcome.key?.key)
    }

    func prove(_ receipt: String) async throws -> VerifiedRecord {
      let records = DirectoryRecordStore(reading: directory.spool, records: directory.records)
      return try await ProveRecord(ledger: registry, records: records)(
        try Receipt(parsing: receipt), trusting: keys.ledger.verificationKey
      ).verified
    }

    func entries() async throws -> [LedgerEntry] {
      try await registry.entryBytes(from: 0, count: 10_000).compactMap {
        LedgerEntry(json: try JSON(parsing: $0))
      }
      .filter { $0.act == .keepRecords }
    }

    func audit() async -> AuditReport {
      await Audit(
        ledger: registry, blobs: FileBlobStore(reading: directory.blobs),
        bundles: DirectoryBundleStore(reading: directory.bundles),
        records: DirectoryRecordStore(reading: directory.spool, records: directory.records))(
          trusting: keys.ledger.verificationKey, [keys.sealing.verificationKey])
    }
  }

  /// What came back over some connections so far.
  private final class Received: Sendable {
    // Every receipt once, in the order in which they came.
    private let state = Mutex<(receipts: [String], unanswered: Int, isDone: Bool)>(([], 0, false))

    var receipts: [String] { state.withLock { $0.receipts } }
    var unanswered: Int { state.withLock { $0.unanswered } }
    var isDone: Bool { state.withLock { $0.isDone } }
    func add(_ receipt: String) { state.withLock { $0.receipts.append(receipt) } }
    func miss() { state.withLock { $0.unanswered += 1 } }
    func end() { state.withLock { $0.isDone = true } }

    func reach(_ count: Int) async throws {
      while receipts.count < count { try await Task.sleep(for: .milliseconds(2)) }
    }
  }

  /// Asks on several connections until `received` has ended; the threads may block.
  private static func ask(_ url: String, key: String, connections: Int, into received: Received) async {
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<connections {
        group.addTask {
          await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
              if let client = try? PredictionClient(url, key: key) {
                while !received.isDone {
                  guard let answer = client.predict("iris") else {
                    received.miss()
                    usleep(1000)
                    continue
                  }
                  if answer.status == 200, let receipt = answer.receipt { received.add(receipt) }
                  // Some hundred receipts, not some thousand: each is proved on its own.
                  usleep(40_000)
                }
              }
              continuation.resume()
            }
          }
        }
      }
    }
  }

  @Test func `every receipt that a caller has is proved, though the data plane was killed in the middle`()
    async throws
  {
    let scratch = try LocalDataPlaneTests.Scratch()
    let site = try await Site(scratch.path)
    async let supervision: Void = site.plane.supervise()
    async let acts: Void = site.control.run()
    var events = site.plane.events.makeAsyncIterator()
    let first = try #require(await events.next())
    let key = try await site.push()

    let received = Received()
    let url = site.plane.baseURL
    async let asking: Void = Self.ask(url, key: key, connections: 4, into: received)
    try await received.reach(100)
    kill(pid_t(first.process), SIGKILL)
    #expect(await events.next()?.kind == .died)
    try await received.reach(received.receipts.count + 100)
    received.end()
    await asking
    let receipts = received.receipts
    #expect(Set(receipts).count == receipts.count)
    let processes = Set(receipts.map { String($0.prefix(16)) })
    #expect(processes.count == 2)

    // The dead one's are collected, with those of answers that never arrived; the other writes on.
    _ = try await site.control.collectRecords()
    let dead = try #require(receipts.first?.prefix(16))
    for receipt in receipts.indices.filter({ $0.isMultiple(of: 10) }).map({ receipts[$0] }) {
      if receipt.hasPrefix(dead) {
        let proved = try await site.prove(receipt)
        #expect(proved.record.status == 200)
        #expect(proved.record.deployment?.description == "iris")
      } else {
        let problem = await #expect(throws: Problem.self) { try await site.prove(receipt) }
        #expect(problem?.code == "receipt.not-collected")
      }
    }
    await site.plane.stop()
    await supervision
    let collected = try await site.control.collectRecords()
    #expect(collected.failures.isEmpty && collected.damaged.isEmpty)
    for receipt in receipts { #expect(try await site.prove(receipt).record.status == 200) }
    let entries = try await site.entries()
    #expect(Set(entries.map(\.subject)).count == entries.count)
    #expect(entries.count == 2)
    let report = await site.audit()
    #expect(report.problems.isEmpty)
    #expect(report.segments == 2)
    // A record more than answers only where an answer was cut off, or was none of 200.
    #expect(receipts.count...(receipts.count + received.unanswered) ~= report.records)

    // And on: another start, other segments, the same ledger.
    site.control.stop()
    await acts
    try site.registry.close()
    let next = try await Site(scratch.path)
    let client = try PredictionClient(next.plane.baseURL, key: key)
    let answer = try #require(client.predict("iris"))
    #expect(answer.body == #"{"result":2}"#)
    await next.plane.stop()
    #expect(try await next.control.collectRecords().kept.count == 1)
    #expect(try await next.prove(try #require(answer.receipt)).record.status == 200)
    #expect(try await next.prove(receipts[0]).record.status == 200)
    #expect(try await next.entries().count == 3)
    #expect(await next.audit().problems.isEmpty)
  }
}
