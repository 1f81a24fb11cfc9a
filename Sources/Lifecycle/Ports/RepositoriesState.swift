public import Domain
public import Packaging

/// What is in repositories of images, as the sum of its changes; a part of `RegistryState`.
public struct RepositoriesState: Equatable, Sendable {
  /// The manifests of each repository that has one.
  public private(set) var manifests: [RepositoryName: [Digest: StoredManifest]] = [:]
  /// The tags of each repository that has one.
  public private(set) var tags: [RepositoryName: [ImageTag: RepositoryTag]] = [:]

  init() {}

  /// All manifests, by repository and digest.
  public var allManifests: [StoredManifest] {
    manifests.values.flatMap(\.values).sorted { ($0.repository, $0.digest) < ($1.repository, $1.digest) }
  }

  /// All tags, by repository and tag.
  public var allTags: [RepositoryTag] {
    tags.values.flatMap(\.values).sorted { ($0.repository, $0.tag) < ($1.repository, $1.tag) }
  }

  /// A manifest is put into a repository that has none with its digest.
  mutating func put(_ manifest: StoredManifest) throws(Problem) {
    guard manifests[manifest.repository]?[manifest.digest] == nil else {
      throw Self.conflict(
        "expected a new manifest of '\(manifest.repository)', found \(manifest.digest.short), which is there",
        manifest.repository)
    }
    manifests[manifest.repository, default: [:]][manifest.digest] = manifest
  }

  /// A manifest goes with every tag that names it, and a repository with its last manifest.
  mutating func remove(_ digest: Digest, of repository: RepositoryName) throws(Problem) {
    guard manifests[repository]?.removeValue(forKey: digest) != nil else {
      throw Self.conflict(
        "expected a manifest of '\(repository)', found \(digest.short), which is not there", repository)
    }
    if manifests[repository]?.isEmpty == true { manifests[repository] = nil }
    tags[repository] = tags[repository]?.filter { $0.value.manifest != digest }
    if tags[repository]?.isEmpty == true { tags[repository] = nil }
  }

  /// A tag names a manifest of its repository, and none that it named before.
  mutating func set(_ tag: RepositoryTag) throws(Problem) {
    guard manifests[tag.repository]?[tag.manifest] != nil else {
      throw Self.conflict(
        "expected a manifest of '\(tag.repository)' to tag, found \(tag.manifest.short), which is not there",
        tag.repository)
    }
    tags[tag.repository, default: [:]][tag.tag] = tag
  }

  mutating func remove(_ tag: ImageTag, of repository: RepositoryName) throws(Problem) {
    guard tags[repository]?.removeValue(forKey: tag) != nil else {
      throw Self.conflict("expected a tag of '\(repository)', found '\(tag.text)'", repository)
    }
    if tags[repository]?.isEmpty == true { tags[repository] = nil }
  }

  private static func conflict(_ message: String, _ repository: RepositoryName) -> Problem {
    Problem(.conflict, "registry.conflict", message, subject: repository.description)
  }
}
