public import Access
public import Domain
import Encoding
public import Gates

/// All that the registry knows, as the sum of its changes.
///
/// It is what an audit holds the stored rows against, and it says which changes contradict what is there.
public struct RegistryState: Equatable, Sendable {
  /// A refused artifact is kept once a name.
  private struct Refusal: Hashable {
    let artifact: Digest
    let name: ModelName
  }

  /// All versions of each model, oldest first.
  public private(set) var versions: [ModelName: [ModelVersion]] = [:]
  private var served: [ModelName: Deployment] = [:]
  private var named: [ModelReference: Alias] = [:]
  /// All keys, revoked ones too, oldest first.
  public private(set) var keys: [PredictionKey] = []
  private var keyIndices: [String: Int] = [:]
  private var policies: [ModelName: DeploymentSettings] = [:]
  private var trusted: [String: ConfiguredIssuer] = [:]
  /// All refused artifacts, oldest first.
  public private(set) var quarantined: [QuarantinedArtifact] = []
  private var refusals: Set<Refusal> = []
  /// The segments of access records that are kept.
  public private(set) var segments: [SegmentName: KeptSegment] = [:]
  /// All damaged segments of access records, oldest first.
  public private(set) var damagedSegments: [DamagedSegment] = []
  /// All images of versions, oldest first.
  public private(set) var images: [VersionImage] = []
  private var manifests: Set<Digest> = []
  private var knownSealKeys = KnownSealKeys()
  /// All versions that are withdrawn, in the order in which they were.
  public private(set) var revokedVersions: [Revocations.Version] = []
  /// What is in repositories of images.
  public private(set) var repositories = RepositoriesState()
  /// Who may do what.
  public private(set) var access = AccessState()
  /// What must hold and who agreed.
  public private(set) var governance = GovernanceState()

  /// Knows nothing yet.
  public init() {}

  /// What every served name serves, sorted by name.
  public var deployments: [Deployment] { served.values.sorted { $0.name < $1.name } }

  /// All aliases of all models, sorted by model and alias.
  public var aliases: [Alias] { named.values.sorted { ($0.model, $0.name) < ($1.model, $1.name) } }

  /// Whose tokens are taken, sorted by URL.
  public var issuers: [ConfiguredIssuer] { trusted.values.sorted { $0.issuer.url < $1.issuer.url } }

  /// The policies that were set for deployments, sorted by name.
  public var settings: [DeploymentSettings] { policies.values.sorted { $0.deployment < $1.deployment } }

  /// All keys of seals, oldest first.
  public var sealKeys: [SealKey] { knownSealKeys.all }

  /// Makes one change.
  ///
  /// Throws `registry.conflict`, and changes nothing, where it contradicts what is there: a version that is
  /// not the next of its model, a deployment of a version that does not exist or whose bundle is another, a
  /// second key with the same id, an alias of a version that does not exist, the end of an alias or of a key that has
  /// none, a policy of a deployment that does not exist, a second segment of the same name (a damaged one: of the
  /// same name and the same bytes), a second image of the same manifest, a second revocation of a version, what
  /// `KnownSealKeys` says no key of seals can become, a second manifest of a repository with the same digest, a tag of a
  /// manifest that is not there, the end of a manifest or of a tag that is none, or what `AccessState.apply` and
  /// `GovernanceState.apply` say. A second refusal of the same artifact
  /// under the same name changes
  /// nothing.
  public mutating func apply(_ change: RegistryChange) throws(Problem) {
    switch change {
    case .addVersion(let version):
      let reference = version.reference
      let next = versions[reference.name]?.last?.reference.version.next ?? .first
      guard reference.version == next else {
        throw Self.conflict(
          "expected version \(next) as the next of '\(reference.name)', found \(reference.version)",
          reference.description)
      }
      versions[reference.name, default: []].append(version)
    case .setDeployment(let deployment):
      try requireVersion(deployment.version, deployment.bundle, of: deployment.name)
      served[deployment.name] = deployment
    case .setAlias(let alias):
      try requireVersion(alias.version, alias.bundle, of: alias.model)
      named[alias.reference] = alias
    case .removeAlias(let alias, let name, _):
      let reference = ModelReference(name: name, version: .alias(alias))
      guard named.removeValue(forKey: reference) != nil else {
        throw Self.conflict("expected an alias that exists, found '\(reference)'", reference.description)
      }
    case .addKey(let key):
      guard keyIndices[key.id] == nil else {
        throw Self.conflict("expected a new key id, found '\(key.id)', which exists", key.id)
      }
      keyIndices[key.id] = keys.count
      keys.append(key)
    case .revokeKey(let id, let moment):
      guard let index = keyIndices[id], keys[index].revokedAt == nil else {
        throw Self.conflict("expected the id of a key in force, found '\(id)'", id)
      }
      keys[index] = keys[index].revoked(at: moment)
    case .setIssuer(let configured): trusted[configured.issuer.url] = configured
    case .removeIssuer(let url, _):
      guard trusted.removeValue(forKey: url) != nil else {
        throw Self.conflict("expected the URL of an issuer, found '\(url.excerpt(80))'", url)
      }
    case .setPolicy(let settings):
      guard served[settings.deployment] != nil else {
        throw Self.conflict(
          "expected the name of a deployment, found '\(settings.deployment)'", settings.deployment.description
        )
      }
      policies[settings.deployment] = settings
    case .quarantine(let refused):
      if refusals.insert(Refusal(artifact: refused.artifact, name: refused.name)).inserted {
        quarantined.append(refused)
      }
    case .addSegment(let segment):
      guard segments[segment.name] == nil else {
        throw Self.conflict(
          "expected a new segment, found '\(segment.name)', which exists", segment.name.description)
      }
      segments[segment.name] = segment
    case .addDamagedSegment(let damaged):
      guard !damagedSegments.contains(where: { $0.name == damaged.name && $0.digest == damaged.digest })
      else {
        throw Self.conflict(
          "expected a new damaged segment, found '\(damaged.name)', which exists", damaged.name.description)
      }
      damagedSegments.append(damaged)
    case .addImage(let image):
      try requireVersion(image.reference.version, image.bundle, of: image.reference.name)
      guard manifests.insert(image.manifest).inserted else {
        throw Self.conflict(
          "expected a new image, found \(image.manifest.short), which exists", image.manifest.description)
      }
      images.append(image)
    case .addSealKey(let key): try knownSealKeys.add(key)
    case .changeSealKey(let change): try knownSealKeys.change(change)
    case .revokeVersion(let revocation):
      let reference = revocation.reference
      try requireVersion(reference.version, revocation.bundle, of: reference.name)
      guard !revokedVersions.contains(where: { $0.reference == reference }) else {
        throw Self.conflict("expected a version in force, found '\(reference)'", reference.description)
      }
      revokedVersions.append(revocation)
    case .putManifest(let manifest): try repositories.put(manifest)
    case .removeManifest(let digest, let repository, _): try repositories.remove(digest, of: repository)
    case .setTag(let tag): try repositories.set(tag)
    case .removeTag(let tag, let repository, _): try repositories.remove(tag, of: repository)
    case .access(let change): try access.apply(change)
    case .governance(let change): try governance.apply(change)
    }
  }

  private func requireVersion(_ number: VersionNumber, _ bundle: Digest, of name: ModelName) throws(Problem) {
    let version = versions[name]?.first { $0.reference.version == number }
    guard let version, version.bundle == bundle else {
      throw Self.conflict(
        "expected the bundle of a version of '\(name)', found \(bundle.short) as version \(number)",
        name.description)
    }
  }

  private static func conflict(_ message: String, _ subject: String) -> Problem {
    Problem(.conflict, "registry.conflict", message, subject: subject)
  }
}

extension PredictionKey {
  /// The same key, ended.
  func revoked(at moment: Timestamp) -> PredictionKey {
    PredictionKey(
      id: id, hash: hash, deployment: deployment, createdAt: createdAt, terms: terms, revokedAt: moment)
  }
}
