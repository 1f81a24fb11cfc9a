import Domain
import Encoding
import Hummingbird
import Lifecycle
import NIOCore
import Provenance

/// Blobs that are there (distribution-spec 1.1, "Pulling blobs", "Deleting Blobs").
struct BlobHandlers: Sendable {
  /// How much of a blob is in memory at a time, for each who reads one.
  private static let piece = 256 << 10

  let repositories: Repositories

  /// `HEAD /v2/<name>/blobs/<digest>`: how large it is.
  func head(_ digest: Digest, of name: RepositoryName) async throws(Problem) -> Response {
    let size = try await repositories.size(of: digest, in: name)
    var response = Self.head(digest)
    response.headers[.contentLength] = "\(size)"
    return response
  }

  /// `GET /v2/<name>/blobs/<digest>`, whole or the range that is asked for.
  func get(_ request: Request, _ digest: Digest, of name: RepositoryName) async throws(Problem) -> Response {
    let reader = try await repositories.open(digest, in: name)
    var response = Self.head(digest)
    let range: Range<Int>?
    do { range = try ByteRange.requested(request.headers[.range], of: reader.size) } catch {
      var refusal = error.registryResponse
      refusal.headers[.contentRange] = "bytes */\(reader.size)"
      return refusal
    }
    if let range {
      response.status = .partialContent
      response.headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(reader.size)"
    }
    response.body = Self.body(of: reader, range ?? 0..<reader.size, as: range == nil ? digest : nil)
    return response
  }

  private static func head(_ digest: Digest) -> Response {
    var response = Response(status: .ok)
    response.headers[.contentType] = "application/octet-stream"
    response.headers[RegistryField.contentDigest] = digest.description
    response.headers[.acceptRanges] = "bytes"
    response.headers[.eTag] = "\"\(digest)\""
    return response
  }

  /// The bytes of a blob, a piece at a time.
  ///
  /// A whole one is hashed on the way: where it is not what its digest says any more, the last piece is held back and the
  /// connection closed, so that nobody takes it for whole.
  private static func body(of reader: any BlobReader, _ range: Range<Int>, as digest: Digest?) -> ResponseBody
  {
    ResponseBody(contentLength: range.count) { writer in
      var hasher = DigestHasher()
      var offset = range.lowerBound
      while offset < range.upperBound {
        let bytes = try await reader.bytes(from: offset, count: min(piece, range.upperBound - offset))
        guard !bytes.isEmpty else { throw corrupt }
        offset += bytes.count
        if let digest {
          hasher.update(bytes)
          if offset == range.upperBound, hasher.digest != digest { throw corrupt }
        }
        try await writer.write(ByteBuffer(bytes: bytes))
      }
      try await writer.finish(nil)
    }
  }

  private static let corrupt = Problem(
    .integrity, "blob.corrupt", "expected the bytes of a blob as they were written, found others",
    hint: "run 'gatehouse audit verify'")

  /// `DELETE /v2/<name>/blobs/<digest>`: the repository shows it no more.
  func delete(_ digest: Digest, of name: RepositoryName) async throws(Problem) -> Response {
    try await repositories.forget(digest, in: name)
    return Response(status: .accepted)
  }
}
