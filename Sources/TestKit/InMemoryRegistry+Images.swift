public import Domain
public import Lifecycle
public import Packaging

extension InMemoryRegistry: RepositoryReader {
  /// The repositories that have a manifest, sorted.
  public func repositories() -> [RepositoryName] { state.repositories.manifests.keys.sorted() }

  /// All manifests of a repository, by digest.
  public func manifests(of repository: RepositoryName) -> [StoredManifest] {
    (state.repositories.manifests[repository] ?? [:]).values.sorted { $0.digest < $1.digest }
  }

  /// A manifest of a repository; nil where it has none with this digest.
  public func manifest(_ digest: Digest, of repository: RepositoryName) -> StoredManifest? {
    state.repositories.manifests[repository]?[digest]
  }

  /// The manifests of a repository that say something about another, by digest.
  public func referrers(of subject: Digest, in repository: RepositoryName) -> [StoredManifest] {
    manifests(of: repository).filter { $0.subject == subject }
  }

  /// At most `count` tags of a repository in their order, those after `tag` alone.
  public func tags(of repository: RepositoryName, after tag: ImageTag?, count: Int) -> [RepositoryTag] {
    let all = (state.repositories.tags[repository] ?? [:]).values.sorted { $0.tag < $1.tag }
    return Array(all.filter { each in tag.map { $0 < each.tag } ?? true }.prefix(max(0, count)))
  }

  /// What a tag of a repository names; nil where there is none.
  public func tag(_ tag: ImageTag, of repository: RepositoryName) -> RepositoryTag? {
    state.repositories.tags[repository]?[tag]
  }
}
