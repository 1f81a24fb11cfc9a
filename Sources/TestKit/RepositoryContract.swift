import Domain
import Lifecycle
import Packaging
public import Provenance
import Testing

/// What every registry must do with what is in repositories; a part of `RegistryContract`.
///
/// Each check takes a fresh, empty store.
public struct RepositoryContract: Sendable {
  private let make: @Sendable () async throws -> RegistryContract.Store
  private let key: CheckpointVerificationKey

  /// Checks the stores that `make` gives, each of them empty; `key` verifies their checkpoints.
  public init(
    trusting key: CheckpointVerificationKey,
    make: @escaping @Sendable () async throws -> RegistryContract.Store
  ) {
    self.make = make
    self.key = key
  }

  /// Runs every check.
  public func run() async throws {
    try await nothingIsInAnEmptyStore()
    try await manifestsAreReadByRepository()
    try await tagsAreMovedAndPaged()
    try await aManifestGoesWithItsTags()
    try await aContradictionChangesNothing()
  }

  private func nothingIsInAnEmptyStore() async throws {
    let store = try await make()
    let repository = Sample.repository()
    #expect(try await store.repositories().isEmpty)
    #expect(try await store.manifests(of: repository).isEmpty)
    #expect(try await store.manifest(Sample.digest(6001), of: repository) == nil)
    #expect(try await store.referrers(of: Sample.digest(6001), in: repository).isEmpty)
    #expect(try await store.tags(of: repository, after: nil, count: 10).isEmpty)
    #expect(try await store.tag(Sample.tag("a"), of: repository) == nil)
  }

  private func manifestsAreReadByRepository() async throws {
    let store = try await make()
    let (one, other) = (Sample.repository("team/iris"), Sample.repository("fraud"))
    let manifests = [1, 2].map { Sample.storedManifest($0, of: one) }
    let referrers = [3, 4].map { Sample.storedManifest($0, of: one, about: 1) }
    let elsewhere = [Sample.storedManifest(1, of: other), Sample.storedManifest(5, of: other, about: 1)]
    let all = manifests + referrers + elsewhere
    let checkpoint = try await store.commit([Sample.entry(.publishManifest)], all.map { .putManifest($0) })
    #expect(checkpoint.size == 1)
    #expect(try await store.repositories() == [other, one])
    #expect(
      try await store.manifests(of: one) == (manifests + referrers).sorted { $0.digest < $1.digest })
    #expect(try await store.manifest(manifests[1].digest, of: one) == manifests[1])
    #expect(try await store.manifest(manifests[1].digest, of: other) == nil)
    #expect(
      try await store.referrers(of: manifests[0].digest, in: one)
        == referrers.sorted { $0.digest < $1.digest })
    #expect(try await store.referrers(of: manifests[1].digest, in: one).isEmpty)
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func tagsAreMovedAndPaged() async throws {
    let store = try await make()
    let repository = Sample.repository()
    let other = Sample.repository("fraud")
    let names = ["b", "10", "Beta", "alpha", "_x", "9"]
    let puts: [RegistryChange] = [
      .putManifest(Sample.storedManifest(1)), .putManifest(Sample.storedManifest(2)),
      .putManifest(Sample.storedManifest(1, of: other)),
    ]
    try await store.commit(
      [Sample.entry(.publishManifest)],
      puts + names.map { .setTag(Sample.repositoryTag($0, 1)) }
        + [.setTag(Sample.repositoryTag("a", 1, of: other))])
    let sorted = ["10", "9", "_x", "alpha", "b", "Beta"]
    #expect(try await store.tags(of: repository, after: nil, count: 10).map(\.tag.text) == sorted)
    for start in sorted.indices {
      let page = try await store.tags(of: repository, after: Sample.tag(sorted[start]), count: 2)
      #expect(page.map(\.tag.text) == Array(sorted[(start + 1)...].prefix(2)))
    }
    // One that is not there has its place among those that are.
    #expect(
      try await store.tags(of: repository, after: Sample.tag("ALPHABET"), count: 1).map(\.tag.text) == ["b"])
    #expect(try await store.tags(of: repository, after: nil, count: 0).isEmpty)
    let moved = Sample.repositoryTag("b", 2)
    try await store.commit([Sample.entry(.publishManifest)], [.setTag(moved)])
    #expect(try await store.tag(Sample.tag("b"), of: repository) == moved)
    let removal = RegistryChange.removeTag(Sample.tag("b"), of: repository, at: Sample.moment())
    try await store.commit([Sample.entry(.removeTag)], [removal])
    #expect(try await store.tag(Sample.tag("b"), of: repository) == nil)
    #expect(try await store.tag(Sample.tag("a"), of: other) != nil)
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func aManifestGoesWithItsTags() async throws {
    let store = try await make()
    let repository = Sample.repository()
    try await store.commit(
      [Sample.entry(.publishManifest)],
      [
        .putManifest(Sample.storedManifest(1)), .putManifest(Sample.storedManifest(2)),
        .setTag(Sample.repositoryTag("a", 1)), .setTag(Sample.repositoryTag("b", 2)),
        .setTag(Sample.repositoryTag("c", 1)),
      ])
    let first = RegistryChange.removeManifest(
      Sample.storedManifest(1).digest, of: repository, at: Sample.moment())
    try await store.commit([Sample.entry(.removeManifest)], [first])
    #expect(try await store.manifests(of: repository) == [Sample.storedManifest(2)])
    #expect(
      try await store.tags(of: repository, after: nil, count: 10) == [Sample.repositoryTag("b", 2)])
    // It may come again, without its tags.
    try await store.commit([Sample.entry(.publishManifest)], [.putManifest(Sample.storedManifest(1))])
    #expect(try await store.tags(of: repository, after: nil, count: 10).count == 1)
    let both = [1, 2].map {
      RegistryChange.removeManifest(Sample.storedManifest($0).digest, of: repository, at: Sample.moment())
    }
    try await store.commit([Sample.entry(.removeManifest)], both)
    #expect(try await store.repositories().isEmpty)
    #expect(await store.audit(trusting: key).isEmpty)
  }

  private func aContradictionChangesNothing() async throws {
    let store = try await make()
    let repository = Sample.repository()
    let before = try await store.commit(
      [Sample.entry(.publishManifest)],
      [.putManifest(Sample.storedManifest(1)), .setTag(Sample.repositoryTag("a", 1))])
    let contradictions: [RegistryChange] = [
      .putManifest(Sample.storedManifest(1)), .setTag(Sample.repositoryTag("b", 3)),
      .setTag(Sample.repositoryTag("b", 1, of: Sample.repository("fraud"))),
      .removeTag(Sample.tag("b"), of: repository, at: Sample.moment()),
      .removeManifest(Sample.digest(6003), of: repository, at: Sample.moment()),
      .removeManifest(Sample.digest(6001), of: Sample.repository("fraud"), at: Sample.moment()),
    ]
    for contradiction in contradictions {
      let problem = await #expect(throws: Problem.self) {
        try await store.commit(
          [Sample.entry()], [.putManifest(Sample.storedManifest(2)), contradiction])
      }
      #expect(problem?.code == "registry.conflict")
    }
    #expect(try await store.checkpoint() == before)
    #expect(try await store.manifests(of: repository) == [Sample.storedManifest(1)])
    #expect(try await store.tags(of: repository, after: nil, count: 9) == [Sample.repositoryTag("a", 1)])
    #expect(await store.audit(trusting: key).isEmpty)
  }
}
