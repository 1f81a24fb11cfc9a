import Access
import Domain
import Hummingbird
import Lifecycle
import NIOCore
import Provenance

/// The ledger as a log that others follow: checkpoint, tiles and entries in the paths of C2SP tlog-tiles, and the proof of an
/// entry.
///
/// Nothing here can be written to. https://c2sp.org/tlog-tiles
struct LedgerRoutes: Sendable {
  let control: ControlPlane

  func add(to routes: GuardedRoutes) {
    routes.get("log/checkpoint", .platform(.audit), use: checkpoint)
    routes.get("log/tile/**", .platform(.audit), use: tile)
    routes.get("ledger/:index/proof", .platform(.audit), use: proof)
  }

  /// `GET /api/v1/log/checkpoint`: the newest checkpoint that more than half of the witnesses have cosigned, with their lines;
  /// the newest of all where there is none such.
  @Sendable private func checkpoint(_ request: Request, _ context: ControlContext) async throws -> Response {
    guard let checkpoint = try await control.ledger.checkpoint() else {
      throw Problem(.notFound, "ledger.empty", "expected a checkpoint, found an empty ledger")
    }
    let text = try await control.witnesses.cosigned()?.text ?? checkpoint.text
    var response = Response.document(.ok, "text/plain; charset=utf-8", Array(text.utf8))
    response.headers[.cacheControl] = "no-cache"
    return response
  }

  /// `GET /api/v1/log/tile/{level}/{index}[.p/{width}]` and `…/log/tile/entries/{index}[.p/{width}]`.
  @Sendable private func tile(_ request: Request, _ context: ControlContext) async throws -> Response {
    // As it was sent: a path of a log has one spelling.
    let path = request.uri.path
    let prefix = "/api/v1/log/tile/"
    let resource = try LogResource(path: path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : "")
    let bytes: [UInt8]?
    let tile: MerkleTile
    switch resource {
    case .hashes(let asked):
      tile = asked
      bytes = try await control.ledger.tile(level: tile.level, index: tile.index, width: tile.width)?
        .flatMap(\.bytes)
    case .entries(let asked):
      tile = asked
      bytes = try await control.ledger.entryBundle(index: tile.index, width: tile.width)
        .map(LogResource.bundle)
    }
    guard let bytes else {
      throw Problem(
        .notFound, "log.not-there",
        "expected what the ledger has, found that it does not reach to '\(resource.path)'",
        hint: "ask for what the size in the checkpoint says")
    }
    var response = Response.document(.ok, "application/octet-stream", bytes)
    // What is complete never changes. A partial one is asked for no more once more of it is there.
    response.headers[.cacheControl] =
      tile.isComplete ? "private, max-age=31536000, immutable" : "private, max-age=60"
    return response
  }

  /// `GET /api/v1/ledger/{index}/proof`: the proof of an entry under the newest checkpoint.
  @Sendable private func proof(_ request: Request, _ context: ControlContext) async throws -> Response {
    let text = try context.parameter("index")
    guard let index = Int(text), index >= 0, String(index) == text else {
      throw Problem(
        .badInput, "request.path", "expected the number of an entry, found '\(text.prefix(40))'",
        hint: "list them with 'gatehouse audit log'")
    }
    let proved = try await control.prove(entry: index)
    return .document(.ok, "text/plain; charset=utf-8", Array(proved.proof.text.utf8))
  }
}
