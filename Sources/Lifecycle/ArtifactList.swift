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
    guard let files = try await list(artifact, in: blobs)?["files"]?.array else { return [] }
    return Set(files.compactMap { file in file["digest"]?.string.flatMap { try? Digest(parsing: $0) } })
  }

  /// The files that an artifact was pushed as: those of its list, or the one that it is.
  ///
  /// A file that is such a list byte for byte is no model, so that no version was made of one.
  static func pushed(_ artifact: Digest, in blobs: any BlobStore) async throws(Problem) -> [PushedFile] {
    guard let list = try await list(artifact, in: blobs), let members = list["files"]?.array else {
      return [PushedFile(path: "", blob: artifact)]
    }
    let files = members.compactMap { member -> PushedFile? in
      guard let path = member["path"]?.string, let digest = member["digest"]?.string,
        let blob = try? Digest(parsing: digest)
      else { return nil }
      return PushedFile(path: path, blob: blob)
    }
    let isList = files.count == members.count && Digest(of: PushedFile.list(files)) == artifact
    return isList ? files : [PushedFile(path: "", blob: artifact)]
  }

  /// The document that the blob is; nil where it is none that begins as a list does.
  private static func list(_ artifact: Digest, in blobs: any BlobStore) async throws(Problem) -> JSON? {
    guard let reader = try await blobs.open(artifact) else {
      throw Problem(
        .integrity, "artifact.unreadable",
        "expected the bytes of an artifact that the registry names, found none",
        subject: artifact.description, hint: "run 'gatehouse audit verify'")
    }
    guard reader.size <= longest,
      try await reader.bytes(from: 0, count: opening.count) == opening
    else { return nil }
    let bytes = try await blobs.read(artifact, limit: longest)
    return try? JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 100_000))
  }
}
