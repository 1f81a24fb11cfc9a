import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import NIOCore
import Provenance

/// The keys of seals, and what was revoked.
struct SealKeyRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("seal-keys", .somewhere(.view), use: list)
    routes.post("seal-keys", .platform(.manageSeals), use: trust)
    routes.post("seal-keys/rotate", .platform(.manageSeals), use: rotate)
    routes.post("seal-keys/reseal", .platform(.manageSeals), use: reseal)
    routes.post("seal-keys/:hint/retire", .platform(.manageSeals), use: retire)
    routes.post("seal-keys/:hint/revoke", .platform(.manageSeals), use: revoke)
    routes.post("models/:name/versions/:version/revoke", .model(.revoke), use: revokeVersion)
    routes.get("revocations", .somewhere(.view), use: revocations)
    routes.post("revocations/export", .platform(.manageSeals), use: export)
  }

  /// `GET /api/v1/seal-keys`: all of them, oldest first, with their public keys.
  @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
    .json(.ok, ["sealKeys": .array(try await control.registry.sealKeys().map(\.json))])
  }

  /// `POST /api/v1/seal-keys` with `{"pem"}`: the seals of somebody else's key hold when the answer is there.
  @Sendable private func trust(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.json()
    try body.requireMembers(["pem"])
    let key: SealVerificationKey
    do { key = try SealVerificationKey(pem: try body.text("pem")) } catch {
      throw Problem(.badInput, error.code, error.message, position: "/pem", hint: error.hint)
    }
    return .json(.ok, try await control.trustSealKey(key, by: context.requireActor()).json)
  }

  /// `POST /api/v1/seal-keys/rotate` with `{"curve"}` or `{"signer"}`, or neither: seals are by a new key when the answer is
  /// there, and those by the former one hold still.
  @Sendable private func rotate(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["curve", "signer"])
    var source = SealKeySource.file(.p256)
    switch (body["curve"], body["signer"]) {
    case (nil, nil): break
    case (let name?, nil):
      guard let curve = name.string.flatMap(SealCurve.init(rawValue:)) else {
        throw Problem(
          .badInput, "seal-key.curve",
          "expected \(SealCurve.allCases.map(\.rawValue).joined(separator: ", ")) as 'curve', found another value",
          position: "/curve")
      }
      source = .file(curve)
    case (nil, _?): source = .signer(try body.text("signer"))
    default:
      throw Problem(
        .badInput, "request.members", "expected 'curve' or 'signer', found both",
        hint: "the curve of a signer's key is the service's")
    }
    return .json(.created, try await control.rotateSealKey(to: source, by: context.requireActor()).json)
  }

  /// `POST /api/v1/seal-keys/reseal`, perhaps with `{"key"}`: seals again what other keys of our own have sealed.
  @Sendable private func reseal(_ request: Request, _ context: ControlContext) async throws -> Response {
    let body = try await request.optionalJSON()
    try body.requireMembers(["key"])
    let hint = body["key"] == nil ? nil : try body.text("key")
    let versions = try await control.reseal(hint, by: context.requireActor())
    return .json(.ok, ["resealed": .array(versions.map { .string($0.description) })])
  }

  /// `POST /api/v1/seal-keys/{hint}/retire`: its seals hold no more when the answer is there.
  @Sendable private func retire(_ request: Request, _ context: ControlContext) async throws -> Response {
    try await control.retireSealKey(context.parameter("hint"), by: context.requireActor())
    return Response(status: .noContent)
  }

  /// `POST /api/v1/seal-keys/{hint}/revoke` with `{"reason"}`: what it sealed is withdrawn when the answer is there.
  @Sendable private func revoke(_ request: Request, _ context: ControlContext) async throws -> Response {
    let withdrawn = try await control.revokeSealKey(
      context.parameter("hint"), try await reason(request), by: context.requireActor())
    return .json(.ok, ["withdrawn": .array(withdrawn.map { .string($0.description) })])
  }

  /// `POST /api/v1/models/{name}/versions/{version}/revoke` with `{"reason"}`: it answers no more when the answer is there.
  @Sendable private func revokeVersion(_ request: Request, _ context: ControlContext) async throws -> Response
  {
    let revocation = try await control.revokeVersion(
      context.versionReference(), try await reason(request), by: context.requireActor())
    return .json(.ok, revocation.json)
  }

  /// `GET /api/v1/revocations`: all that was revoked.
  @Sendable private func revocations(_ request: Request, _ context: ControlContext) async throws -> Response {
    let keys = try await control.registry.sealKeys().filter { $0.state == .revoked }
    let versions = try await control.registry.revokedVersions()
    return .json(.ok, ["keys": .array(keys.map(\.json)), "versions": .array(versions.map(\.json))])
  }

  /// `POST /api/v1/revocations/export`: the same as a signed line, for images.
  @Sendable private func export(_ request: Request, _ context: ControlContext) async throws -> Response {
    let line = try await control.signRevocations(by: context.requireActor())
    return .json(.ok, ["list": .string(String(decoding: line, as: UTF8.self))])
  }

  private func reason(_ request: Request) async throws -> RevocationReason {
    let body = try await request.json()
    try body.requireMembers(["reason"])
    return try RevocationReason(parsing: try body.text("reason"))
  }
}

extension SealKey {
  fileprivate var json: JSON {
    [
      "hint": .string(hint), "curve": .string(curve), "own": .bool(isOwn), "state": .string(state.rawValue),
      "addedAt": .string(addedAt.description), "changedAt": .string(changedAt.description),
      "reason": reason.map { .string($0) } ?? .null, "pem": .string(pem),
    ]
  }
}

extension Revocations.Version {
  fileprivate var json: JSON {
    [
      "name": .string(reference.name.description), "version": JSON(reference.version.value),
      "digest": .string(bundle.description), "revokedAt": .string(since.description),
      "reason": .string(reason),
    ]
  }
}
