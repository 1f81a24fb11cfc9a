import Domain
import Lifecycle
import Testing

extension RegistryContract {
  func aKeyOfSealsComesAndGoes() async throws {
    let store = try await make()
    let (first, second) = (Sample.sealKey(1, .active), Sample.sealKey(2, .active))
    let foreign = Sample.sealKey(3, .trusted, isOwn: false)
    try await store.commit([Sample.entry(.addSealKey)], [.addSealKey(first)])
    #expect(try await store.sealKeys() == [first])
    try await store.commit([Sample.entry(.addSealKey)], [.addSealKey(foreign)])
    try await store.commit([Sample.entry(.addSealKey)], [.addSealKey(second)])
    let former = first.changed(to: .trusted, at: second.addedAt)
    #expect(try await store.sealKeys() == [former, foreign, second])

    func change(_ key: SealKey, to state: SealKey.State, _ reason: String? = nil) -> RegistryChange {
      .changeSealKey(SealKeyChange(hint: key.hint, state: state, reason: reason, moment: Sample.moment(50)))
    }
    let contradictions: [RegistryChange] = [
      .addSealKey(first), .addSealKey(Sample.sealKey(4, .active, isOwn: false)),
      .addSealKey(Sample.sealKey(4, .retired)), .addSealKey(Sample.sealKey(4, .revoked)),
      change(second, to: .revoked, "r"), change(second, to: .retired), change(former, to: .active),
      change(former, to: .trusted), change(Sample.sealKey(9, .active), to: .revoked, "r"),
    ]
    for contradiction in contradictions {
      let problem = await #expect(throws: Problem.self) {
        try await store.commit([Sample.entry(.addSealKey)], [contradiction])
      }
      #expect(problem?.code == "registry.conflict", "\(contradiction)")
    }
    #expect(try await store.sealKeys() == [former, foreign, second])

    try await store.commit([Sample.entry(.retireSealKey)], [change(foreign, to: .retired)])
    try await store.commit([Sample.entry(.addSealKey)], [change(foreign, to: .trusted)])
    try await store.commit([Sample.entry(.revokeSealKey)], [change(former, to: .revoked, "stolen")])
    let revoked = former.changed(to: .revoked, at: Sample.moment(50), reason: "stolen")
    #expect(
      try await store.sealKeys() == [revoked, foreign.changed(to: .trusted, at: Sample.moment(50)), second])
    for state in SealKey.State.allCases {
      await #expect(throws: Problem.self, "what is revoked stays so") {
        try await store.commit([Sample.entry(.addSealKey)], [change(former, to: state, "r")])
      }
    }
    #expect(await store.audit(trusting: key).isEmpty)
  }

  func aVersionIsRevokedOnce() async throws {
    let store = try await make()
    try await store.commit(
      [Sample.entry()], [.addVersion(Sample.version(1)), .addVersion(Sample.version(2))])
    try await store.commit([Sample.entry(.revokeVersion)], [.revokeVersion(Sample.revocation(2))])
    try await store.commit([Sample.entry(.revokeVersion)], [.revokeVersion(Sample.revocation(1))])
    #expect(try await store.revokedVersions() == [Sample.revocation(2), Sample.revocation(1)])
    let other = Revocations.Version(
      reference: Sample.revocation(1).reference, bundle: Sample.digest(9), since: Sample.moment(), reason: "r"
    )
    for contradiction in [Sample.revocation(1), Sample.revocation(3), other] {
      let problem = await #expect(throws: Problem.self) {
        try await store.commit([Sample.entry(.revokeVersion)], [.revokeVersion(contradiction)])
      }
      #expect(problem?.code == "registry.conflict")
    }
    #expect(try await store.revokedVersions().count == 2)
    #expect(await store.audit(trusting: key).isEmpty)
  }
}
