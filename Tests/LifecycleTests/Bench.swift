import Access
import Domain
import Encoding
import Foundation
import Gates
import Lifecycle
import Lifting
import Provenance
import TestKit

/// A control plane on stores in memory, its queue worked off for as long as the test runs.
struct Bench: Sendable {
  let registry: InMemoryRegistry
  let blobs: InMemoryBlobStore
  let bundles: InMemoryBundleStore
  let records: InMemoryRecordStore
  let plane: InMemoryDataPlane
  let control: ControlPlane
  let time = ManualTime()
  let sealingKey: SealingKey
  let ledgerKey: CheckpointSigningKey
  let sealKeys: InMemorySealKeys
  let rolloutEvidence: InMemoryRolloutEvidence
  let windows: InMemoryWindowSource
  let monitor: InMemoryMonitor
  let feedback: InMemoryFeedback
  let rollBackNotes: InMemoryRollBackNotes
  let listener = InMemoryListener()

  /// The faults of the five ports; none unless told.
  struct Faults {
    var registry = FaultPlan()
    var blobs = FaultPlan()
    var bundles = FaultPlan()
    var records = FaultPlan()
    var plane = FaultPlan()
    var sealKeys = FaultPlan()
    var rolloutEvidence = FaultPlan()
    var windows = FaultPlan()
    var monitor = FaultPlan()
    var feedback = FaultPlan()
    var rollBackNotes = FaultPlan()
  }

  init(
    _ faults: Faults = Faults(), policy: Policy = .standard, signers: [String: SealingKey] = [:],
    tester: any ModelTester = InlineModelTester(), environment: EnvironmentName? = nil
  ) throws {
    sealKeys = InMemorySealKeys(signers: signers, faults: faults.sealKeys)
    ledgerKey = try CheckpointSigningKey(name: "test")
    sealingKey = SealingKey()
    registry = InMemoryRegistry(signingKey: ledgerKey, faults: faults.registry)
    blobs = InMemoryBlobStore(faults: faults.blobs)
    bundles = InMemoryBundleStore(faults: faults.bundles)
    records = InMemoryRecordStore(faults: faults.records)
    plane = InMemoryDataPlane(faults: faults.plane)
    rolloutEvidence = InMemoryRolloutEvidence(faults: faults.rolloutEvidence)
    windows = InMemoryWindowSource(faults: faults.windows)
    monitor = InMemoryMonitor(faults: faults.monitor)
    feedback = InMemoryFeedback(faults: faults.feedback)
    rollBackNotes = InMemoryRollBackNotes(faults: faults.rollBackNotes)
    control = Self.control(
      registry, blobs, bundles, records, plane, sealingKey, sealKeys, ledgerKey, policy, time,
      rolloutEvidence, windows, monitor, feedback, rollBackNotes, listener, tester, environment)
  }

  private static func control(
    _ registry: InMemoryRegistry, _ blobs: InMemoryBlobStore, _ bundles: InMemoryBundleStore,
    _ records: InMemoryRecordStore, _ plane: InMemoryDataPlane, _ sealingKey: SealingKey,
    _ sealKeys: InMemorySealKeys,
    _ ledgerKey: CheckpointSigningKey, _ policy: Policy, _ time: ManualTime,
    _ rolloutEvidence: InMemoryRolloutEvidence,
    _ windows: InMemoryWindowSource, _ monitor: InMemoryMonitor, _ feedback: InMemoryFeedback,
    _ rollBackNotes: InMemoryRollBackNotes, _ listener: InMemoryListener,
    _ tester: any ModelTester = InlineModelTester(),
    _ environment: EnvironmentName? = nil
  ) -> ControlPlane {
    ControlPlane(
      .init(
        registry: registry, blobs: blobs, bundles: bundles, records: records, plane: plane,
        time: time, entropy: SeededEntropy(), people: InMemoryPeople(),
        tester: tester, sealKeys: sealKeys,
        program: SampleProgram(), rolloutEvidence: rolloutEvidence, windows: windows, monitor: monitor,
        feedback: feedback, rollBackNotes: rollBackNotes, listenerProbe: listener),
      .init(
        sealingKey: sealingKey, checkpointKey: ledgerKey.verificationKey, policy: policy,
        artifactLimit: 16 << 20, tool: "gatehouse test", environment: environment))
  }

  /// What images are packed with.
  private struct SampleProgram: ProgramSource {
    func read() -> [UInt8] { Sample.program() }
    func build() -> [UInt8]? { nil }
  }

  /// The same stores under a new control plane, as after a crash.
  func reopened(policy: Policy = .standard, environment: EnvironmentName? = nil) -> ControlPlane {
    Self.control(
      registry, blobs, bundles, records, plane, sealingKey, sealKeys, ledgerKey, policy, time,
      rolloutEvidence, windows, monitor, feedback, rollBackNotes, listener, InlineModelTester(), environment)
  }

  /// Runs `body` with the queue at work.
  func run<Result: Sendable>(_ body: (ControlPlane) async throws -> Result) async throws -> Result {
    try await Self.run(control, body)
  }

  /// Runs `body` with the queue of `control` at work.
  static func run<Result: Sendable>(
    _ control: ControlPlane, _ body: (ControlPlane) async throws -> Result
  ) async throws -> Result {
    try await control.working { try await body(control) }
  }

  /// Uploads the files of a directory and pushes it.
  static func push(_ files: [(path: String, bytes: [UInt8])], to control: ControlPlane) async throws
    -> PushOutcome
  {
    var pushed: [PushedFile] = []
    for (path, bytes) in files {
      let session = try await control.beginUpload()
      try await session.write(bytes)
      pushed.append(PushedFile(path: path, blob: try await session.finish()))
    }
    return try await control.push(
      PushRequest(name: Sample.name(), files: pushed, actor: Sample.actor)
    ) { _ in }
  }

  /// Pushes a decision tree, somebody's own or the administrator's.
  static func pushTree(
    to control: ControlPlane, _ project: ProjectName? = nil, _ facts: ModelFacts = ModelFacts(),
    by actor: Actor = .administrator
  ) async throws -> PushOutcome {
    let session = try await control.beginUpload()
    try await session.write(try Fixture.bytes(Fixture.tree))
    let file = PushedFile(path: "", blob: try await session.finish())
    return try await control.push(
      PushRequest(name: Sample.name(), files: [file], actor: actor, project: project, facts: facts)
    ) { _ in }
  }

  /// Uploads a fixture and pushes it.
  static func push(
    _ fixture: String, as name: String = "iris", by actor: Actor = Sample.actor, engine: LiftEngine? = nil,
    trainedWith data: TrainingData = .unstated, reference: [UInt8]? = nil, to control: ControlPlane,
    follow: @escaping @Sendable (RoadEvent) -> Void = { _ in }
  ) async throws -> PushOutcome {
    let session = try await control.beginUpload()
    try await session.write(try Fixture.bytes(fixture))
    let blob = try await session.finish()
    var stated: Digest?
    if let reference {
      let session = try await control.beginUpload()
      try await session.write(reference)
      stated = try await session.finish()
    }
    return try await control.push(
      PushRequest(
        name: try ModelName(parsing: name), files: [PushedFile(path: "", blob: blob)],
        actor: actor, engine: engine, trainingData: data, reference: stated), follow: follow)
  }

  /// The entries of the ledger.
  func entries() async throws -> [LedgerEntry] {
    try await registry.entryBytes(from: 0, count: 10_000).compactMap {
      LedgerEntry(json: try JSON(parsing: $0))
    }
  }

  /// What `Audit` has to say of the stores.
  func audit() async -> AuditReport {
    var keys = [sealingKey.verificationKey]
    for key in await registry.sealKeys() {
      if let key = try? SealVerificationKey(pem: key.pem) { keys.append(key) }
    }
    return await Audit(ledger: registry, blobs: blobs, bundles: bundles, records: records)(
      trusting: ledgerKey.verificationKey, keys)
  }
}

/// Files of `Tests/Fixtures`.
enum Fixture {
  static let forest = "models/sklearn-1.9/iris-random-forest/model.joblib"
  static let tree = "models/sklearn-1.9/iris-tree/model.joblib"
  static let systemCall = "malicious/reduce-os-system-p2.pkl"

  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")

  static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: root.appending(path: path)))
  }
}
