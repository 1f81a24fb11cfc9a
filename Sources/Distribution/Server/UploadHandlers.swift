import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import NIOCore

/// Blobs on their way in (distribution-spec 1.1, "Pushing blobs").
struct UploadHandlers: Sendable {
  /// How many bytes are gathered before they are written: a client may send one at a time.
  private static let piece = 256 << 10

  let control: ControlPlane
  let actor: Actor

  private var repositories: Repositories { control.repositories }
  private var uploads: BlobUploads { repositories.uploads }

  /// `POST /v2/<name>/blobs/uploads/`: begins an upload, is one (`?digest=`), or mounts what another repository shows
  /// (`?mount=&from=`).
  func begin(_ request: Request, in name: RepositoryName) async throws(Problem) -> Response {
    if let mount = request.parameter("mount"), let from = request.parameter("from"),
      let digest = try? Digest(parsing: mount), let source = try? RepositoryName(parsing: from),
      // What may not be seen is not there; the client uploads it then.
      try await control.rules.allow(.view, on: .repository(source), actor),
      try await repositories.mount(digest, from: source, in: name)
    {
      return Self.created(digest, name)
    }
    let digest = try request.parameter("digest").map { (text) throws(Problem) in try Digest(parsing: text) }
    let length = try request.announcedLength()
    try uploads.requireRoom(for: length ?? 0)
    let id = try await uploads.begin(in: name)
    guard let digest else { return Self.accepted(.accepted, id, 0, name) }
    _ = try await uploads.take(id, in: name)
    do throws(Problem) {
      try await receive(request, length, id)
    } catch {
      // Nobody has been told of it, so nobody goes on with it.
      await uploads.release(id)
      try? await uploads.cancel(id, in: name)
      throw error
    }
    try await uploads.finish(id, as: digest)
    return Self.created(digest, name)
  }

  /// `GET /v2/<name>/blobs/uploads/<id>`: how far it has come.
  func state(_ id: String, in name: RepositoryName) async throws(Problem) -> Response {
    Self.accepted(.noContent, id, try await uploads.offset(of: id, in: name), name)
  }

  /// `PATCH /v2/<name>/blobs/uploads/<id>`: the next chunk.
  ///
  /// What has come stays where the connection breaks, and the upload goes on from there.
  func append(_ request: Request, _ id: String, in name: RepositoryName) async throws(Problem) -> Response {
    do throws(Problem) {
      try await chunk(request, id, in: name)
    } catch {
      guard error.code == "upload.range" else { throw error }
      return await Self.refused(error, id, try? uploads.offset(of: id, in: name), name)
    }
    await uploads.release(id)
    return Self.accepted(.accepted, id, try await uploads.offset(of: id, in: name), name)
  }

  /// `PUT /v2/<name>/blobs/uploads/<id>?digest=`: the last chunk, if there is one left, and the end.
  func end(_ request: Request, _ id: String, in name: RepositoryName) async throws(Problem) -> Response {
    guard let text = request.parameter("digest") else {
      throw Problem(
        .usage, "digest.malformed", "expected the digest of the blob as the parameter 'digest', found none")
    }
    let digest = try Digest(parsing: text)
    do throws(Problem) {
      try await chunk(request, id, in: name)
    } catch {
      guard error.code == "upload.range" else { throw error }
      return await Self.refused(error, id, try? uploads.offset(of: id, in: name), name)
    }
    try await uploads.finish(id, as: digest)
    return Self.created(digest, name)
  }

  /// `DELETE /v2/<name>/blobs/uploads/<id>`: drops it.
  func cancel(_ id: String, in name: RepositoryName) async throws(Problem) -> Response {
    try await uploads.cancel(id, in: name)
    return Response(status: .noContent)
  }

  /// Takes the upload and appends the body; the upload is taken still when this returns, and not when it throws.
  private func chunk(_ request: Request, _ id: String, in name: RepositoryName) async throws(Problem) {
    let range = try ByteRange.chunk(request.headers[.contentRange])
    let length = try request.announcedLength()
    guard range == nil || length == nil || range?.count == length else {
      throw Problem(
        .badInput, "upload.range",
        "expected a chunk as long as its range, found \(length ?? 0) bytes for \(range?.count ?? 0)")
    }
    let start = try await uploads.offset(of: id, in: name)
    let announced = length ?? range?.count ?? 0
    // By itself first: a length can be as large as a number can be, and the sum larger.
    try uploads.requireRoom(for: announced)
    try uploads.requireRoom(for: start + announced)
    _ = try await uploads.take(id, in: name, from: range?.lowerBound)
    do throws(Problem) {
      try await receive(request, length ?? range?.count, id)
    } catch {
      await uploads.release(id)
      throw error
    }
  }

  /// Appends a body to an upload; throws `upload.cut-off` where it is shorter than it was to be, after what has come.
  private func receive(_ request: Request, _ length: Int?, _ id: String) async throws(Problem) {
    var count = 0
    var gathered: [UInt8] = []
    var cause: (any Error)?
    do {
      for try await buffer in request.body {
        count += buffer.readableBytes
        gathered += buffer.readableBytesView
        guard gathered.count >= Self.piece else { continue }
        try await uploads.write(gathered, to: id)
        gathered.removeAll(keepingCapacity: true)
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      cause = error
    }
    if !gathered.isEmpty { try await uploads.write(gathered, to: id) }
    if cause != nil || length.map({ $0 != count }) == true {
      throw Problem(
        .badInput, "upload.cut-off",
        "expected \(length.map { "\($0) bytes" } ?? "a whole body"), found the end after \(count)",
        hint: "ask for the upload's state, and go on from there", cause: cause.map { "\($0)" })
    }
  }

  private static func created(_ digest: Digest, _ name: RepositoryName) -> Response {
    .place(.created, "/v2/\(name)/blobs/\(digest)", digest)
  }

  private static func accepted(
    _ status: HTTPResponse.Status, _ id: String, _ offset: Int, _ name: RepositoryName
  ) -> Response {
    var response = Response.place(status, "/v2/\(name)/blobs/uploads/\(id)")
    // Both ends are inclusive, so nothing looks like one byte.
    response.headers[.range] = "0-\(max(0, offset - 1))"
    response.headers[RegistryField.uploadIdentifier] = id
    return response
  }

  /// The refusal of a chunk that does not follow the last, with how far the upload has come.
  private static func refused(_ problem: Problem, _ id: String, _ offset: Int?, _ name: RepositoryName)
    -> Response
  {
    var response = problem.registryResponse
    guard let offset else { return response }
    for field in accepted(.rangeNotSatisfiable, id, offset, name).headers where field.name != .contentLength {
      response.headers[field.name] = field.value
    }
    return response
  }
}
