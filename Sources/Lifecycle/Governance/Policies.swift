import Access
public import Domain
import Encoding
public import Gates
import Synchronization

/// Which policy is in force, and how another comes to be: somebody proposes it, somebody else agrees.
///
/// The file of a policy is a blob, so that a verdict stays explainable for as long as it is named.
public struct Policies: Sendable {
  /// The most bytes of a policy's file.
  public static let sizeLimit = 1 << 20
  /// The most policies that may be proposed at a time.
  static let proposalLimit = 32

  /// Read once; a policy is what its digest says.
  private final class Known: Sendable {
    let policies = Mutex([Digest: Policy]())
  }

  let registry: any RegistryReader
  let blobs: any BlobStore
  let rules: AccessRules
  let time: any TimeSource
  /// What is in force while nothing else was applied.
  let standard: Policy
  private let known = Known()

  init(
    registry: any RegistryReader, blobs: any BlobStore, rules: AccessRules, time: any TimeSource,
    standard: Policy
  ) {
    self.registry = registry
    self.blobs = blobs
    self.rules = rules
    self.time = time
    self.standard = standard
  }

  /// The policy that is in force.
  public func active() async throws(Problem) -> Policy {
    guard let applied = try await history().last else { return standard }
    return try await policy(applied.digest)
  }

  /// The policy that was in force at a moment, and how it came to be; no record of the one that is built in.
  public func active(at moment: Timestamp) async throws(Problem) -> (policy: Policy, applied: AppliedPolicy?)
  {
    guard let applied = try await history().last(where: { $0.since <= moment }) else {
      return (standard, nil)
    }
    return (try await policy(applied.digest), applied)
  }

  /// What the policy in force lets be, and which versions in service each exception is meant for.
  public func exceptions() async throws(Problem) -> [(exception: PolicyException, served: [VersionReference])]
  {
    let state = try await rules.current()
    let served = try await registry.deployments().map { VersionReference(name: $0.name, version: $0.version) }
    return try await active().exceptions.map { exception in
      let covered = served.filter {
        exception.covers($0.name.description, $0.version, state.project(of: $0.name).description)
      }
      return (exception, covered)
    }
  }

  /// All policies that came into force, oldest first.
  public func history() async throws(Problem) -> [AppliedPolicy] {
    var all: [AppliedPolicy] = []
    for record in try await registry.governance(.policy, startingWith: "") {
      all.append(try AppliedPolicy(json: record.value))
    }
    return all
  }

  /// What is proposed, by digest.
  public func proposals() async throws(Problem) -> [PolicyProposal] {
    var all: [PolicyProposal] = []
    for record in try await registry.governance(.proposal, startingWith: "") {
      all.append(try PolicyProposal(json: record.value))
    }
    return all
  }

  /// The policy that verdicts name by this digest; throws `policy.unknown`.
  public func policy(_ digest: Digest) async throws(Problem) -> Policy {
    if digest == standard.digest { return standard }
    if let policy = known.policies.withLock({ $0[digest] }) { return policy }
    let isKnown = try await registry.governance(.proposal, startingWith: digest.description).isEmpty == false
    let wasApplied = try await isKnown ? true : history().contains { $0.digest == digest }
    guard wasApplied else {
      throw Problem(
        .notFound, "policy.unknown",
        "expected the digest of a policy of this platform, found \(digest.short)",
        hint: "list them with 'gatehouse policy list'")
    }
    let policy = try Policy(parsing: try await blobs.read(digest, limit: Self.sizeLimit))
    // As many as there may be proposals and more: what was in force last year is seldom asked for.
    known.policies.withLock { known in
      if known.count > 2 * Self.proposalLimit { known = [:] }
      known[digest] = policy
    }
    return policy
  }

  /// Who could agree to what somebody proposes: whoever else may manage policies, by a grant to a principal or to a claim.
  func others(than principal: Principal) async throws(Problem) -> Set<Grant.Holder> {
    let holders = try await rules.current().holders(of: .managePolicy, on: .platform, at: time.now())
    return holders.subtracting([.principal(principal)])
  }

  /// Takes a policy's file as a blob; throws what `Policy` says where it is none.
  func keep(_ bytes: [UInt8]) async throws(Problem) -> Policy {
    let policy = try Policy(parsing: bytes)
    _ = try await blobs.keep(bytes)
    return policy
  }
}
