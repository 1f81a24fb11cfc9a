import Domain
import Encoding
import Provenance

/// The list of files that a pushed directory is known by; see `Push`.
enum ArtifactList {
  /// What every list begins with, being canonical JSON.
  private static let opening = Array(#"{"files":["#.utf8)
  /// 10,000 paths of 1,024 bytes, with their digests.
  private static let longest = 32 << 20

  /// The blobs that the list with this digest names; none where the blob is no list.
  ///
  /// A pushed file may look like a list without being one: then there are more blobs to be kept, and none less. Throws where
  /// its bytes are not there or not what they were: which blobs are its own could not be told.
  static func files(of artifact: Digest, in blobs: any BlobStore) async throws(Problem) -> Set<Digest> {
    guard let reader = try await blobs.open(artifact) else {
      throw Problem(
        .integrity, "collect.unreadable",
        "expected the bytes of an artifact that the registry names, found none",
        subject: artifact.description,
        hint: "run 'gatehouse audit verify'; nothing was collected")
    }
    guard reader.size <= longest,
      try await reader.bytes(from: 0, count: opening.count) == opening
    else { return [] }
    let bytes = try await blobs.read(artifact, limit: longest)
    guard
      let files = try? JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 100_000))["files"]?.array
    else { return [] }
    return Set(files.compactMap { file in file["digest"]?.string.flatMap { try? Digest(parsing: $0) } })
  }
}
