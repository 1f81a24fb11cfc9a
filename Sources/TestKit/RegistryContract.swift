import Domain
import Encoding
public import Lifecycle
import Packaging
public import Provenance
import Testing

/// What every registry with its ledger must do.
///
/// Each check takes a fresh, empty store.
public struct RegistryContract: Sendable {
  /// A registry with its ledger.
  public typealias Store = any RegistryWriter & RegistryReader & LedgerReader

  let make: @Sendable () async throws -> Store
  let key: CheckpointVerificationKey

  /// Checks the stores that `make` gives, each of them empty; `key` verifies their checkpoints.
  public init(trusting key: CheckpointVerificationKey, make: @escaping @Sendable () async throws -> Store) {
    self.make = make
    self.key = key
  }

  /// Runs every check.
  public func run() async throws {
    try await anEmptyStoreAnswersWithNothing()
    try await segmentsAreReadByName()
    try await entriesComeBackAsTheyWentIn()
    try await theCheckpointIsOverAllEntries()
    try await everyChangeIsRead()
    try await anAliasIsMovedAndRemoved()
    try await aPolicyIsSetForADeploymentAlone()
    try await anIssuerIsSetAndRemoved()
    try await imagesAreReadByManifest()
    try await aKeyOfSealsComesAndGoes()
    try await aVersionIsRevokedOnce()
    try await aContradictionChangesNothing()
    try await changesWithoutAnEntryAreRefused()
    try await theLastEntryAccountsForTheChanges()
    try await anEntryBeyondTheLimitIsRefused()
    try await actsThatHaveNotEndedAreFound()
    try await aSecondRefusalIsKeptOnce()
    try await concurrentCommitsAllCount()
    try await proposalsSeeThoseBeforeThem()
    try await aRefusedProposalLeavesTheOthersWhole()
    try await aBatchThatLeavesNothingIsNoCommit()
    try await aViewShowsAllThatIsThere()
    try await theTreeProvesEveryEntryAtEverySize()
    try await tilesAreAsTheTreeHasThem()
    try await entriesAreFoundByWhatTheySay()
    try await RepositoryContract(trusting: key, make: make).run()
  }

  private func anEmptyStoreAnswersWithNothing() async throws {
    let store = try await make()
    #expect(try await store.checkpoint() == nil)
    #expect(try await store.modelNames().isEmpty)
    #expect(try await store.versions(of: Sample.name()).isEmpty)
    #expect(try await store.deployments().isEmpty)
    #expect(try await store.aliases().isEmpty)
    #expect(try await store.keys().isEmpty)
    #expect(try await store.settings().isEmpty)
    #expect(try await store.issuers().isEmpty)
    #expect(try await store.quarantined().isEmpty)
    #expect(try await store.segments(after: nil, count: 10).isEmpty)
    #expect(try await store.segment(Sample.segmentName(1)) == nil)
    #expect(try await store.damagedSegments().isEmpty)
    #expect(try await store.images().isEmpty)
    #expect(try await store.image(Sample.digest(1)) == nil)
    #expect(try await store.sealKeys().isEmpty)
    #expect(try await store.revokedVersions().isEmpty)
    #expect(try await store.unfinished().isEmpty)
    #expect(try await store.entryBytes(from: 0, count: 10).isEmpty)
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func entriesComeBackAsTheyWentIn() async throws {
    let store = try await make()
    let entries = (0..<5).map { Sample.entry(subject: "iris@\($0)", details: ["n": .integer(Int64($0))]) }
    try await store.commit(Array(entries[..<2]), [])
    try await store.commit(Array(entries[2...]), [])
    #expect(try await store.entryBytes(from: 0, count: 10) == entries.map(\.canonicalBytes))
    #expect(try await store.entryBytes(from: 1, count: 3) == entries[1..<4].map(\.canonicalBytes))
    #expect(try await store.entryBytes(from: 4, count: 3) == entries[4...].map(\.canonicalBytes))
    #expect(try await store.entryBytes(from: 5, count: 1).isEmpty)
    #expect(try await store.entryBytes(from: 0, count: 0).isEmpty)
  }

  private func theCheckpointIsOverAllEntries() async throws {
    let store = try await make()
    var leaves: [Digest] = []
    for number in 0..<9 {
      let entry = Sample.entry(subject: "iris@\(number)")
      leaves.append(MerkleTree.leafHash(entry.canonicalBytes))
      let answer = try await store.commit([entry], [])
      #expect(answer.size == leaves.count)
      #expect(answer.root == MerkleTree.root(of: leaves))
      #expect(try await store.checkpoint() == answer)
      #expect(try Checkpoint(parsing: answer.text, trusting: key) == answer)
    }
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func everyChangeIsRead() async throws {
    let store = try await make()
    let other = Sample.name("fraud")
    try await store.commit([Sample.entry()], [.addVersion(Sample.version(1))])
    try await store.commit(
      [Sample.entry()], [.addVersion(Sample.version(2)), .addVersion(Sample.version(1, of: other))])
    try await store.commit(
      [Sample.entry()],
      [.setDeployment(Sample.deployment(1)), .setDeployment(Sample.deployment(1, of: other))])
    try await store.commit([Sample.entry()], [.setDeployment(Sample.deployment(2))])
    let bounded = Sample.key(
      3,
      terms: KeyTerms(
        limits: try CallerLimits(rate: 5, burst: 20, daily: 1000), expiresAt: Sample.moment(500)))
    try await store.commit(
      [Sample.entry()], [.addKey(Sample.key(9)), .addKey(bounded), .addKey(Sample.key(1))])
    try await store.commit([Sample.entry()], [.revokeKey(id: "key-9", at: Sample.moment(77))])
    try await store.commit(
      [Sample.entry()], [.quarantine(Sample.refusal(2)), .quarantine(Sample.refusal(1))])

    #expect(try await store.modelNames() == [other, Sample.name()])
    #expect(try await store.versions(of: Sample.name()) == [Sample.version(1), Sample.version(2)])
    #expect(try await store.versions(of: other) == [Sample.version(1, of: other)])
    #expect(try await store.deployments() == [Sample.deployment(1, of: other), Sample.deployment(2)])
    let keys = try await store.keys()
    #expect(keys.map(\.id) == ["key-9", "key-3", "key-1"])
    #expect(keys.map(\.revokedAt) == [Sample.moment(77), nil, nil])
    #expect(keys.dropFirst() == [bounded, Sample.key(1)])
    #expect(try await store.quarantined() == [Sample.refusal(2), Sample.refusal(1)])
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func imagesAreReadByManifest() async throws {
    let store = try await make()
    try await store.commit([Sample.entry()], [.addVersion(Sample.version(1))])
    try await store.commit([Sample.entry()], [.addImage(Sample.image(1, number: 9))])
    try await store.commit([Sample.entry()], [.addImage(Sample.image(1, number: 3))])
    #expect(try await store.images() == [Sample.image(1, number: 9), Sample.image(1, number: 3)])
    let image = Sample.image(1, number: 3)
    #expect(try await store.image(image.manifest) == image)
    #expect(try await store.image(Sample.digest(3)) == nil)
    for refused in [image, Sample.image(2, number: 4)] {
      let problem = await #expect(throws: Problem.self) {
        try await store.commit([Sample.entry()], [.addImage(refused)])
      }
      #expect(problem?.code == "registry.conflict")
    }
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func anAliasIsMovedAndRemoved() async throws {
    let store = try await make()
    let other = Sample.name("fraud")
    try await store.commit(
      [Sample.entry()],
      [
        .addVersion(Sample.version(1)), .addVersion(Sample.version(2)),
        .addVersion(Sample.version(1, of: other)),
      ])
    let first = Sample.alias("champion", 1)
    let second = Sample.alias("canary", 1)
    let others = Sample.alias("champion", 1, of: other)
    try await store.commit([Sample.entry(.setAlias)], [first, second, others].map { .setAlias($0) })
    #expect(try await store.aliases() == [others, second, first])
    let moved = Sample.alias("champion", 2)
    try await store.commit([Sample.entry(.setAlias)], [.setAlias(moved)])
    let removal = RegistryChange.removeAlias(second.name, of: Sample.name(), at: Sample.moment())
    try await store.commit([Sample.entry(.removeAlias)], [removal])
    #expect(try await store.aliases() == [others, moved])
    for contradiction in [removal, .setAlias(Sample.alias("champion", 3))] {
      let problem = await #expect(throws: Problem.self) {
        try await store.commit([Sample.entry()], [contradiction])
      }
      #expect(problem?.code == "registry.conflict")
    }
    #expect(try await store.aliases() == [others, moved])
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func segmentsAreReadByName() async throws {
    let store = try await make()
    let segments = [
      Sample.segment(2), Sample.segment(1), Sample.segment(3, process: "b"), Sample.segment(100_000_000),
    ]
    for segment in segments {
      try await store.commit([Sample.entry(.keepRecords)], [.addSegment(segment)])
    }
    let damaged = [Sample.damagedSegment(2), Sample.damagedSegment(1)]
    try await store.commit([Sample.entry(.keepRecords, .failed)], damaged.map { .addDamagedSegment($0) })
    #expect(try await store.damagedSegments() == damaged)
    for segment in segments { #expect(try await store.segment(segment.name) == segment) }
    #expect(try await store.segment(Sample.segmentName(9)) == nil)
    let sorted = segments.sorted { $0.name.description < $1.name.description }
    #expect(try await store.segments(after: nil, count: 10) == sorted)
    #expect(try await store.segments(after: nil, count: 2) == Array(sorted[..<2]))
    #expect(try await store.segments(after: sorted[1].name, count: 10) == Array(sorted[2...]))
    #expect(try await store.segments(after: sorted[3].name, count: 10).isEmpty)
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func aPolicyIsSetForADeploymentAlone() async throws {
    let store = try await make()
    let settings = Sample.settings(4)
    let problem = await #expect(throws: Problem.self) {
      try await store.commit([Sample.entry(.setPolicy)], [.setPolicy(settings)])
    }
    #expect(problem?.code == "registry.conflict")
    try await store.commit(
      [Sample.entry()], [.addVersion(Sample.version(1)), .setDeployment(Sample.deployment(1))])
    for settings in [settings, Sample.settings(5)] {
      try await store.commit([Sample.entry(.setPolicy)], [.setPolicy(settings)])
      #expect(try await store.settings() == [settings])
    }
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func anIssuerIsSetAndRemoved() async throws {
    let store = try await make()
    try await store.commit(
      [Sample.entry(.setIssuer)], [.setIssuer(Sample.issuer(2)), .setIssuer(Sample.issuer(1))])
    #expect(try await store.issuers() == [Sample.issuer(1), Sample.issuer(2)])
    try await store.commit([Sample.entry(.setIssuer)], [.setIssuer(Sample.issuer(1, leeway: 5))])
    let removal = RegistryChange.removeIssuer(url: Sample.issuer(2).issuer.url, at: Sample.moment())
    try await store.commit([Sample.entry(.removeIssuer)], [removal])
    #expect(try await store.issuers() == [Sample.issuer(1, leeway: 5)])
    let problem = await #expect(throws: Problem.self) {
      try await store.commit([Sample.entry(.removeIssuer)], [removal])
    }
    #expect(problem?.code == "registry.conflict")
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func aContradictionChangesNothing() async throws {
    let store = try await make()
    let before = try await store.commit(
      [Sample.entry()],
      [
        .addVersion(Sample.version(1)), .addKey(Sample.key(1)), .addSegment(Sample.segment(1)),
        .addDamagedSegment(Sample.damagedSegment(1)),
      ])
    let contradictions: [RegistryChange] = [
      .addVersion(Sample.version(1)), .addVersion(Sample.version(4)),
      .setDeployment(Sample.deployment(3)),
      .setDeployment(
        Deployment(
          name: Sample.name(), version: .first, bundle: Sample.digest(5), since: Sample.moment())),
      .addKey(Sample.key(1)), .revokeKey(id: "key-2", at: Sample.moment()),
      .addSegment(Sample.segment(1)), .addDamagedSegment(Sample.damagedSegment(1)),
    ]
    for contradiction in contradictions {
      // With a change before it that would do, and must not stay.
      let problem = await #expect(throws: Problem.self) {
        try await store.commit([Sample.entry()], [.addVersion(Sample.version(2)), contradiction])
      }
      #expect(problem?.code == "registry.conflict")
      #expect(problem?.category == .conflict)
    }
    #expect(try await store.checkpoint() == before)
    #expect(try await store.entryBytes(from: 0, count: 10).count == 1)
    #expect(try await store.versions(of: Sample.name()) == [Sample.version(1)])
    #expect(try await store.deployments().isEmpty)
    #expect(try await store.keys() == [Sample.key(1)])
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func changesWithoutAnEntryAreRefused() async throws {
    let store = try await make()
    let problem = await #expect(throws: Problem.self) {
      try await store.commit([], [.addVersion(Sample.version(1))])
    }
    #expect(problem?.code == "registry.unaccounted")
    #expect(try await store.modelNames().isEmpty)
  }

  private func theLastEntryAccountsForTheChanges() async throws {
    let store = try await make()
    let changes: [RegistryChange] = [
      .addVersion(Sample.version(1)), .setDeployment(Sample.deployment(1)), .addKey(Sample.key(1)),
      .setAlias(Sample.alias("champion", 1)), .setPolicy(Sample.settings(3)),
      .removeAlias(Sample.alias("champion", 1).name, of: Sample.name(), at: Sample.moment(6)),
      .revokeKey(id: "key-1", at: Sample.moment(5)), .quarantine(Sample.refusal(1)),
      .addSegment(Sample.segment(1)), .addSegment(Sample.segment(2)),
      .addDamagedSegment(Sample.damagedSegment(1)),
      .putManifest(Sample.storedManifest(1)), .putManifest(Sample.storedManifest(2, about: 1)),
      .setTag(Sample.repositoryTag("a", 1)), .setTag(Sample.repositoryTag("b", 2)),
      .removeTag(Sample.tag("b"), of: Sample.repository(), at: Sample.moment(8)),
      .removeManifest(Sample.storedManifest(1).digest, of: Sample.repository(), at: Sample.moment(9)),
    ]
    let first = Sample.entry(.push)
    try await store.commit([first, Sample.entry(.sign, details: ["note": "kept"])], changes)
    let stored = try await entries(of: store)
    #expect(stored.first == first)
    let last = try #require(stored.last)
    #expect(last.details["note"] == "kept")
    #expect(RegistryChange.accounted(in: last) == changes)
  }

  private func anEntryBeyondTheLimitIsRefused() async throws {
    let store = try await make()
    let longest = LedgerEntry.sizeLimit - Sample.entry(details: ["text": ""]).canonicalBytes.count
    func entry(_ length: Int) -> LedgerEntry {
      Sample.entry(details: ["text": .string(String(repeating: "x", count: length))])
    }
    let problem = await #expect(throws: Problem.self) { try await store.commit([entry(longest + 1)], []) }
    #expect(problem?.code == "ledger.entry-too-large")
    #expect(try await store.checkpoint() == nil)
    #expect(try await store.commit([entry(longest)], []).size == 1)
  }

  private func actsThatHaveNotEndedAreFound() async throws {
    let store = try await make()
    let cutOff = Sample.entry(.sign, .begun, subject: "iris@1", trace: "a")
    try await store.commit([Sample.entry(.push, .begun, subject: "iris", trace: "a")], [])
    try await store.commit([cutOff], [])
    try await store.commit([Sample.entry(.sign, .begun, subject: "iris@1", trace: "b")], [])
    #expect(try await store.unfinished().count == 3)
    try await store.commit([Sample.entry(.push, .done, subject: "iris", trace: "a")], [])
    try await store.commit([Sample.entry(.sign, .failed, subject: "iris@1", trace: "b")], [])
    #expect(try await store.unfinished() == [cutOff])
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func aSecondRefusalIsKeptOnce() async throws {
    let store = try await make()
    let other = Sample.refusal(1, as: Sample.name("fraud"))
    for refusal in [Sample.refusal(1), Sample.refusal(1), other] {
      try await store.commit([Sample.entry(.inspect, .failed)], [.quarantine(refusal)])
    }
    #expect(try await store.quarantined() == [Sample.refusal(1), other])
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func concurrentCommitsAllCount() async throws {
    let store = try await make()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<20 {
        group.addTask { _ = try await store.commit([Sample.entry(subject: "iris@\(number)")], []) }
      }
      try await group.waitForAll()
    }
    #expect(try await store.checkpoint()?.size == 20)
    #expect(Set(try await entries(of: store).map(\.subject)).count == 20)
    #expect(await store.audit(trusting: key).isEmpty)
  }

  func entries(of store: Store) async throws -> [LedgerEntry] {
    try await store.entryBytes(from: 0, count: 1000).map { bytes in
      try #require(LedgerEntry(json: try JSON(parsing: bytes)))
    }
  }
}
