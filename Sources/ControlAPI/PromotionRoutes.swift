import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import NIOCore

/// Versions on their way to other environments.
struct PromotionRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.post("models/:name/versions/:version/promotions", .model(.deploy), use: promote)
    routes.get("models/:name/versions/:version/files/:digest", .model(.deploy), use: file)
  }

  /// `POST /api/v1/models/{name}/versions/{version}/promotions` with `{"to": "production"}`: a signed statement that it may go
  /// there, what a push of it brings along, and the blobs that have to be there before.
  @Sendable private func promote(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["to"])
    let target = try EnvironmentName(parsing: body.text("to"))
    let promoted = try await control.promote(
      context.versionReference(), to: target, by: context.requireActor())
    return .json(
      .created,
      [
        "from": .string(promoted.from.description), "to": .string(target.description),
        "statement": .string(promoted.statement.description), "push": promoted.push,
        "blobs": .array((promoted.blobs + [promoted.statement]).map { .string($0.description) }),
      ])
  }

  /// `GET /api/v1/models/{name}/versions/{version}/files/{digest}?statement=DIGEST`: the bytes of a file that the version is made of, or
  /// of the statement itself, by a statement of its promotion.
  @Sendable private func file(_ request: Request, _ context: ControlContext) async throws -> Response {
    let digest = try Digest(parsing: context.parameter("digest"))
    guard let statement = request.uri.queryParameters.get("statement") else {
      throw Problem(
        .badInput, "request.parameter", "expected the digest of a promotion as 'statement', found nothing",
        hint: "promote the version first")
    }
    let reader = try await control.promotedFile(
      digest, of: context.versionReference(), by: Digest(parsing: String(statement)))
    return Response(
      status: .ok, headers: [.contentType: "application/octet-stream"],
      body: .init(contentLength: reader.size) { writer in
        var offset = 0
        while offset < reader.size {
          let piece = try await reader.bytes(from: offset, count: min(1 << 20, reader.size - offset))
          guard !piece.isEmpty else { break }
          try await writer.write(ByteBuffer(bytes: piece))
          offset += piece.count
        }
        try await writer.finish(nil)
      })
  }
}
