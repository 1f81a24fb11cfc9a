public import Access
public import Domain
public import Packaging

// Repositories of images: what changes them are acts, one after another with all others.

extension ControlPlane {
  /// Puts a manifest into a repository; see `Repositories.put`.
  public func putManifest(
    _ bytes: [UInt8], as mediaType: MediaType?, _ reference: ManifestReference, in repository: RepositoryName,
    by actor: Actor
  ) async throws(Problem) -> StoredManifest {
    try await perform(by: actor, .manageImages, on: .repository(repository)) {
      [repositories] recorder async throws(Problem) in
      try await repositories.put(bytes, as: mediaType, reference, in: repository, recorder: recorder)
    }
  }

  /// Takes a manifest out of a repository, or a tag from a manifest.
  public func removeManifest(
    _ reference: ManifestReference, of repository: RepositoryName, by actor: Actor
  ) async throws(Problem) {
    try await perform(by: actor, .manageImages, on: .repository(repository)) {
      [repositories] recorder async throws(Problem) in
      switch reference {
      case .digest(let digest): try await repositories.remove(digest, of: repository, recorder: recorder)
      case .tag(let tag): try await repositories.remove(tag, of: repository, recorder: recorder)
      }
    }
  }

  /// Removes the blobs that nothing needs, or says which it would be.
  public func collectBlobs(_ wish: CollectionWish, by actor: Actor) async throws(Problem)
    -> CollectionReport
  {
    let (registry, blobs) = (registry, blobs)
    let time = time
    try await require(.collect, on: .platform, of: actor, asking: "collect blobs")
    // In no push: what one has read or kept, nothing may name yet.
    return try await pushes.perform { [self] () async throws(Problem) in
      try await perform(by: actor, .collect, on: .platform) {
        [repositories] recorder async throws(Problem) in
        let collect = CollectBlobs(registry: registry, blobs: blobs, repositories: repositories, time: time)
        return try await collect(wish, recorder: recorder)
      }
    }
  }
}
