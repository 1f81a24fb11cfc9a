import Domain
import Packaging

// Images that the platform packs itself, into the store that the repositories have.

extension Repositories {
  /// Puts an image that was packed into the store of blobs into a repository, under a tag.
  ///
  /// For acts alone: collecting is one, too, so that nothing of the image goes between its packing and this. Throws what
  /// `put` throws.
  func put(
    _ image: ServingImage, as tag: ImageTag, in repository: RepositoryName, recorder: Recorder
  ) async throws(Problem) -> StoredManifest {
    let blobs = image.layers.map(\.blob.digest) + [image.configuration.descriptor.digest]
    return try await put(
      image.manifest.bytes, as: .manifest, .tag(tag), in: repository, brings: Set(blobs), recorder: recorder)
  }
}
