import Advisories
import Domain
import Encoding
import Gates
import Statements
import Synchronization
import Threats

/// Which advisories are in force, and what they say of versions.
struct PublishedAdvisories: Sendable {
  private final class Known: Sendable {
    // The advisories that were read last, under the digest of their document.
    let database = Mutex<(digest: Digest, database: AdvisoryDatabase)?>(nil)
  }

  private let registry: any RegistryReader
  private let blobs: any BlobStore
  private let bundles: BundleFacts
  private let known = Known()

  init(registry: any RegistryReader, blobs: any BlobStore, bundles: BundleFacts) {
    self.registry = registry
    self.blobs = blobs
    self.bundles = bundles
  }

  /// What was imported last; nil where nothing ever was.
  func inForce() async throws(Problem) -> ImportedAdvisories? {
    try await registry.governance(.advisories, startingWith: "").last.map { (record) throws(Problem) in
      try ImportedAdvisories(json: record.value)
    }
  }

  /// The advisories in force and what was imported with them; nil where nothing ever was.
  func current() async throws(Problem) -> (imported: ImportedAdvisories, database: AdvisoryDatabase)? {
    guard let imported = try await inForce() else { return nil }
    return (imported, try await database(imported.digest))
  }

  /// Reads a document that is a blob, all of it checked; the last one that was read is remembered.
  func database(_ digest: Digest) async throws(Problem) -> AdvisoryDatabase {
    if let known = known.database.withLock({ $0 }), known.digest == digest { return known.database }
    let bytes = try await blobs.read(digest, limit: AdvisoryDatabase.sizeLimit)
    let database = try AdvisoryDatabase(parsing: bytes)
    known.database.withLock { $0 = (digest, database) }
    return database
  }

  /// The packages of a version that is there; nil where its bundle does not say.
  func packages(of version: ModelVersion) async -> [ModelBill.StatedPackage]? {
    await bundles(of: version.bundle)?.facts.packages
  }

  /// Adds what is known of the parts of a candidate to the evidence that a policy is asked with, where it goes by that.
  ///
  /// `packages` is nil where nobody knows what it is made of.
  func state(
    _ packages: [ModelBill.StatedPackage]?, in evidence: inout AdmissionEvidence, asked policy: Policy
  ) async throws(Problem) {
    guard policy.goesBy("advisories"), let (imported, database) = try await current() else { return }
    evidence.advisorySource = AdvisorySource(digest: imported.digest, newest: imported.newest)
    evidence.advisories = packages.map { packages in
      database.weaknesses(of: Component.all(in: packages)).map(Advisory.init)
    }
  }
}

extension PublishedAdvisories {
  /// How old the newest advisory may be of ones that are of late: they are published every day.
  private static let freshness: Int64 = 30 * 86_400_000

  /// What threats are derived from; nil where nobody knows what a version is made of, or what of that is weak.
  func facts(of packages: [ModelBill.StatedPackage]?, at now: Timestamp) async -> AdvisoryFacts? {
    guard let packages, let (imported, database) = try? await current() else { return nil }
    let found = database.weaknesses(of: Component.all(in: packages)).map {
      ($0.weakness.id, $0.weakness.gravity)
    }
    return AdvisoryFacts(
      isFresh: imported.newest.map { newest in
        let (age, overflows) = now.milliseconds.subtractingReportingOverflow(newest.milliseconds)
        return !overflows && age < Self.freshness
      } ?? false,
      found: Dictionary(found, uniquingKeysWith: max))
  }
}

extension Advisory {
  /// How many parts that have a weakness are named.
  private static let partLimit = 3

  fileprivate init(_ found: FoundWeakness) {
    let parts = found.parts.prefix(Self.partLimit).map(\.component.description).joined(separator: ", ")
    let more = found.parts.count > Self.partLimit ? " and \(found.parts.count - Self.partLimit) more" : ""
    self.init(
      id: found.weakness.id, aliases: found.weakness.aliases, component: parts + more,
      severity: found.weakness.gravity, published: found.weakness.published,
      fixes: found.parts.first?.fixes ?? [])
  }
}
