public import Domain
public import Packaging

/// The read side of what is in repositories of images.
public protocol RepositoryReader: Sendable {
  /// The repositories that have a manifest, sorted.
  func repositories() async throws(Problem) -> [RepositoryName]
  /// All manifests of a repository, by digest; empty where there is no repository of that name.
  func manifests(of repository: RepositoryName) async throws(Problem) -> [StoredManifest]
  /// A manifest of a repository; nil where it has none with this digest.
  func manifest(_ digest: Digest, of repository: RepositoryName) async throws(Problem) -> StoredManifest?
  /// The manifests of a repository that say something about another, which need not be there; by digest.
  func referrers(of subject: Digest, in repository: RepositoryName) async throws(Problem) -> [StoredManifest]
  /// At most `count` tags of a repository in their order, those after `tag` alone.
  func tags(of repository: RepositoryName, after tag: ImageTag?, count: Int) async throws(Problem)
    -> [RepositoryTag]
  /// What a tag of a repository names; nil where there is none.
  func tag(_ tag: ImageTag, of repository: RepositoryName) async throws(Problem) -> RepositoryTag?
}
