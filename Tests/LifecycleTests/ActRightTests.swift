import Access
import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

/// That no act happens without its right, whatever face it was asked through.
struct ActRightTests {
  private typealias Ask = @Sendable (ControlPlane, Actor) async throws -> Void

  private static let nobody = Actor(
    principal: Principal(kind: .service, name: "nobody"), credential: .token(provider: "none", words: []))

  private static let acts: [(right: Right, ask: Ask)] = [
    (.push, { _ = try await $0.push(PushRequest(name: Sample.name(), files: [], actor: $1)) { _ in } }),
    (.issueKeys, { _ = try await $0.createKey(for: Sample.name(), by: $1) }),
    (.issueKeys, { try await $0.revokeKey(id: "0", by: $1) }),
    (.moveAlias, { _ = try await $0.setAlias(alias(), of: Sample.name(), to: .first, by: $1) }),
    (.moveAlias, { try await $0.removeAlias(alias(), of: Sample.name(), by: $1) }),
    (.deploy, { try await $0.setRecords(.standard, of: Sample.name(), by: $1) }),
    (.deploy, { try await $0.limitDeployment(Sample.name(), to: .none, by: $1) }),
    (.manageIssuers, { try await $0.setIssuer(issuer(), by: $1) }),
    (.manageIssuers, { try await $0.removeIssuer(id: "0", by: $1) }),
    (
      .manageImages,
      { _ = try await $0.putManifest([], as: nil, .digest(Sample.digest(1)), in: iris(), by: $1) }
    ),
    (.manageImages, { try await $0.removeManifest(.digest(Sample.digest(1)), of: iris(), by: $1) }),
    (.collect, { _ = try await $0.collectBlobs(CollectionWish(), by: $1) }),
    (.manageSeals, { _ = try await $0.rotateSealKey(to: .file(.p256), by: $1) }),
    (.manageSeals, { _ = try await $0.trustSealKey(SealingKey().verificationKey, by: $1) }),
    (.manageSeals, { try await $0.retireSealKey("0", by: $1) }),
    (.manageSeals, { _ = try await $0.revokeSealKey("0", reason(), by: $1) }),
    (.manageSeals, { _ = try await $0.reseal(nil, by: $1) }),
    (.manageSeals, { _ = try await $0.signRevocations(by: $1) }),
    (
      .revoke,
      {
        _ = try await $0.revokeVersion(
          VersionReference(name: Sample.name(), version: .first), reason(), by: $1)
      }
    ),
    (.manageAccess, { _ = try await $0.addService("ci", by: $1) }),
    (.manageAccess, { _ = try await $0.addPerson("ada", by: $1) }),
    (.manageAccess, { try await $0.removePrincipal(Sample.principal, by: $1) }),
    (.manageAccess, { _ = try await $0.addGrant(grant(), by: $1) }),
    (.manageAccess, { try await $0.removeGrant("0", by: $1) }),
    (.manageAccess, { _ = try await $0.createAPIKey(APIKeyWish(principal: Sample.principal), by: $1) }),
    (.manageAccess, { _ = try await $0.rotateAPIKey("0", overlap: .zero, by: $1) }),
    (.manageAccess, { try await $0.revokeAPIKey("0", by: $1) }),
    (.manageAccess, { try await $0.setProvider(IdentityProvider(tokens: issuer()), by: $1) }),
    (.manageAccess, { try await $0.removeProvider("https://id", by: $1) }),
    (.manageAccess, { try await $0.addProject(.standard, by: $1) }),
    (.manageAccess, { try await $0.assign(Sample.name(), to: .standard, by: $1) }),
  ]

  private static func alias() throws -> AliasName { try AliasName(parsing: "champion") }
  private static func iris() throws -> RepositoryName { try RepositoryName(parsing: "iris") }
  private static func reason() throws -> RevocationReason { try RevocationReason(parsing: "stolen") }
  private static func issuer() throws -> TokenIssuer {
    try TokenIssuer(url: "https://id", audiences: ["a"], algorithms: [.es256], keySet: ["keys": [1]])
  }
  private static func grant() -> Grant {
    Grant(id: "", holder: .principal(Sample.principal), gift: .role(.viewer), scope: .everything)
  }

  @Test func `no act happens without its right, and each refusal is in the ledger`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      for (index, (right, ask)) in Self.acts.enumerated() {
        let problem = await #expect(throws: Problem.self) { try await ask(control, Self.nobody) }
        #expect(
          problem?.code == "access.denied",
          "act \(index) for \(right.rawValue): \(String(describing: problem))")
        #expect(problem?.message.hasPrefix("expected the right '\(right.rawValue)' on ") == true)
      }
    }
    let refused = try await bench.entries().filter { $0.phase == .failed }
    #expect(refused.count == Self.acts.count)
    #expect(refused.allSatisfy { $0.principal == Self.nobody.principal && $0.act == .request })
    #expect(await bench.registry.access() == AccessState())
  }
}
