import Domain
import Lifecycle
import Packaging
import Provenance
import Testing

// Proposals that are committed together.

extension RegistryContract {
  func proposalsSeeThoseBeforeThem() async throws {
    let store = try await make()
    // Each counts what is there and adds the next.
    let next = Proposal { view throws(Problem) in
      let count = try view.versions(of: Sample.name()).count
      return .make(
        [Sample.entry(.sign, subject: "iris@\(count + 1)")], [.addVersion(Sample.version(count + 1))])
    }
    let batch = try await store.commit([next, next, next])
    #expect(batch.outcomes == [.made(at: 0..<1), .made(at: 1..<2), .made(at: 2..<3)])
    #expect(try await store.versions(of: Sample.name()) == (1...3).map { Sample.version($0) })
    #expect(try await store.checkpoint() == batch.checkpoint)
    #expect(batch.checkpoint.size == 3)
    #expect(await store.audit(trusting: key).isEmpty)
  }

  func aRefusedProposalLeavesTheOthersWhole() async throws {
    let store = try await make()
    let reason = Problem(.conflict, "test.refused", "expected another, found this")
    let batch = try await store.commit([
      Proposal { _ in .make([Sample.entry()], [.addVersion(Sample.version(1))]) },
      // Its first change would do, and must not stay.
      Proposal { _ in
        .make(
          [Sample.entry(), Sample.entry()], [.addVersion(Sample.version(2)), .addVersion(Sample.version(4))])
      },
      Proposal { _ in .refuse(reason) },
      Proposal { _ throws(Problem) in throw reason },
      Proposal { _ in
        .refuse(reason, entries: [Sample.entry(.inspect, .failed)], changes: [.quarantine(Sample.refusal(1))])
      },
      Proposal { _ in .make([], [.addVersion(Sample.version(2))]) },
      Proposal { view throws(Problem) in
        .make(
          [
            Sample.entry(subject: "\(try view.versions(of: Sample.name()).count)"),
            Sample.entry(subject: "last"),
          ],
          [.addVersion(Sample.version(2))])
      },
    ])
    #expect(batch.outcomes.count == 7)
    #expect(batch.outcomes[0] == .made(at: 0..<1))
    guard case .refused(let conflict, let nowhere) = batch.outcomes[1] else {
      Issue.record("expected a contradiction to be refused, found \(batch.outcomes[1])")
      return
    }
    #expect(conflict.code == "registry.conflict")
    #expect(nowhere.isEmpty)
    #expect(batch.outcomes[2] == .refused(reason, at: 0..<0))
    #expect(batch.outcomes[3] == .refused(reason, at: 0..<0))
    #expect(batch.outcomes[4] == .refused(reason, at: 1..<2))
    #expect(throws: Problem.self) { try batch.outcomes[5].get() }
    #expect(batch.outcomes[6] == .made(at: 2..<4))
    #expect(try await store.versions(of: Sample.name()) == [Sample.version(1), Sample.version(2)])
    #expect(try await store.quarantined() == [Sample.refusal(1)])
    #expect(try await entries(of: store).map(\.subject) == ["iris", "iris", "1", "last"])
    #expect(await store.audit(trusting: key).isEmpty)
  }

  func aBatchThatLeavesNothingIsNoCommit() async throws {
    let store = try await make()
    let refusal = Proposal { _ in .refuse(Problem(.conflict, "test.refused", "expected another, found this"))
    }
    #expect(try await store.commit([refusal]).checkpoint.size == 0)
    #expect(try await store.commit([]).outcomes.isEmpty)
    #expect(try await store.checkpoint() == nil)
    let checkpoint = try await store.commit([Sample.entry()], [])
    #expect(try await store.commit([refusal]).checkpoint == checkpoint)
    #expect(try await store.checkpoint() == checkpoint)
  }

  func aViewShowsAllThatIsThere() async throws {
    let store = try await make()
    let changes: [RegistryChange] = [
      .addVersion(Sample.version(1)), .setDeployment(Sample.deployment(1)), .addKey(Sample.key(1)),
      .setAlias(Sample.alias("champion", 1)), .setPolicy(Sample.settings(3)), .setIssuer(Sample.issuer(1)),
      .addSegment(Sample.segment(1)), .addSealKey(Sample.sealKey(1, .active)),
      .putManifest(Sample.storedManifest(1)), .setTag(Sample.repositoryTag("a", 1)),
    ]
    let looking = Proposal { view throws(Problem) in
      let manifest = Sample.storedManifest(1)
      let isThere = [
        try view.versions(of: Sample.name()) == [Sample.version(1)],
        try view.deployments() == [Sample.deployment(1)], try view.keys() == [Sample.key(1)],
        try view.aliases() == [Sample.alias("champion", 1)], try view.settings() == [Sample.settings(3)],
        try view.issuers() == [Sample.issuer(1)],
        try view.segment(Sample.segment(1).name) == Sample.segment(1),
        try view.sealKeys() == [Sample.sealKey(1, .active)], try view.revokedVersions().isEmpty,
        try view.manifest(manifest.digest, of: manifest.repository) == manifest,
        try view.tag(Sample.tag("a"), of: Sample.repository()) == Sample.repositoryTag("a", 1),
      ]
      return .make([Sample.entry(subject: isThere.map { $0 ? "1" : "0" }.joined())])
    }
    try await store.commit([Proposal { _ in .make([Sample.entry()], changes) }, looking])
    try await store.commit([looking])
    #expect(try await entries(of: store).dropFirst().map(\.subject) == ["11111111111", "11111111111"])
  }
}
