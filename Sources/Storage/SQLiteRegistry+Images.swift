public import Domain
public import Lifecycle
public import Packaging

extension SQLiteRegistry: RepositoryReader {
  /// The repositories that have a manifest, sorted.
  public func repositories() async throws(Problem) -> [RepositoryName] {
    try await read("the repositories") { try RegistryRows.repositories($0) }
  }

  /// All manifests of a repository, by digest.
  public func manifests(of repository: RepositoryName) async throws(Problem) -> [StoredManifest] {
    try await read("the manifests of '\(repository)'") { try RegistryRows.manifests($0, of: repository) }
  }

  /// A manifest of a repository; nil where it has none with this digest.
  public func manifest(_ digest: Digest, of repository: RepositoryName) async throws(Problem)
    -> StoredManifest?
  {
    try await read("a manifest of '\(repository)'") {
      try RegistryRows.manifest($0, digest, of: repository)
    }
  }

  /// The manifests of a repository that say something about another, by digest.
  public func referrers(of subject: Digest, in repository: RepositoryName) async throws(Problem)
    -> [StoredManifest]
  {
    try await read("the referrers in '\(repository)'") {
      try RegistryRows.referrers($0, of: subject, in: repository)
    }
  }

  /// At most `count` tags of a repository in their order, those after `tag` alone.
  public func tags(of repository: RepositoryName, after tag: ImageTag?, count: Int) async throws(Problem)
    -> [RepositoryTag]
  {
    try await read("the tags of '\(repository)'") {
      try RegistryRows.tags($0, of: repository, after: tag, count: count)
    }
  }

  /// What a tag of a repository names; nil where there is none.
  public func tag(_ tag: ImageTag, of repository: RepositoryName) async throws(Problem) -> RepositoryTag? {
    try await read("a tag of '\(repository)'") { try RegistryRows.tag($0, tag, of: repository) }
  }
}
