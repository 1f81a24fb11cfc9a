import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import NIOCore

/// What a request carries through the middleware.
struct ControlContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Who asks; nil until the credential is checked.
  var actor: Actor?

  /// Where the connection comes from; a proxy in front is that.
  let address: String?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    address = source.channel.remoteAddress?.ipAddress
  }

  /// Who asks, for the routes behind authentication.
  func requireActor() throws(Problem) -> Actor {
    guard let actor else { throw Authenticator.unknown }
    return actor
  }

  /// What was asked for, as the ledger has it: the route and not the path, in which anybody could write anything.
  func asked(_ request: Request) -> String {
    "\(request.method) \(endpointPath ?? "a route that is not known")"
  }

  /// Whether whoever asks may see a model: lists have only what they may.
  func maySee(_ model: ModelName, _ control: ControlPlane) async throws(Problem) -> Bool {
    try await control.rules.allow(.view, on: .model(model), requireActor())
  }

  /// A part of the path that the route names.
  func parameter(_ name: String) throws(Problem) -> String {
    guard let value = parameters.get(name) else {
      throw Problem(.internal, "route.parameter", "expected '\(name)' in the route, found none")
    }
    return value
  }

  func modelName() throws(Problem) -> ModelName { try ModelName(parsing: parameter("name")) }

  /// The version that the path names.
  func versionReference() throws(Problem) -> VersionReference {
    VersionReference(name: try modelName(), version: try VersionNumber(parsing: parameter("version")))
  }

  /// A principal that the path names.
  func principal(_ name: String) throws(Problem) -> Principal {
    let text = try parameter(name)
    guard let principal = Principal(parsing: text) else { throw Problem.malformedPrincipal(text) }
    return principal
  }
}

extension Problem {
  static func malformedPrincipal(_ text: String) -> Problem {
    Problem(
      .badInput, "principal.malformed",
      "expected a principal such as 'service:ci' or 'person:5f2c…', found '\(text.excerpt(80))'")
  }
}

extension Response {
  /// A JSON document.
  static func json(_ status: HTTPResponse.Status = .ok, _ value: JSON) -> Response {
    document(status, "application/json", value.canonicalBytes)
  }

  /// A problem (RFC 9457).
  static func problem(_ problem: Problem) -> Response {
    var response = document(
      .init(code: problem.httpStatus), "application/problem+json", problem.json.canonicalBytes)
    if problem.category == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
    if problem.category == .unavailable { response.headers[.retryAfter] = "2" }
    return response
  }

  static func document(_ status: HTTPResponse.Status, _ type: String, _ bytes: [UInt8]) -> Response {
    Response(
      status: status, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension Request {
  /// The body as JSON, at most 1 MiB of it.
  func json() async throws -> JSON { try Self.parse(try await bytes(upTo: 1 << 20, of: "JSON")) }

  /// The same; an empty object where there is no body.
  func optionalJSON() async throws -> JSON {
    let bytes = try await bytes(upTo: 1 << 20, of: "JSON")
    return bytes.isEmpty ? [:] : try Self.parse(bytes)
  }

  /// The body, at most so many bytes of it.
  func bytes(upTo limit: Int, of what: String) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    for try await buffer in body {
      bytes += buffer.readableBytesView
      guard bytes.count <= limit else {
        throw Problem(
          .tooLarge, "request.too-large", "expected at most \(limit) bytes of \(what), found more")
      }
    }
    return bytes
  }

  private static func parse(_ bytes: [UInt8]) throws(Problem) -> JSON {
    do throws(MalformedJSON) {
      return try JSON(parsing: bytes)
    } catch {
      throw Problem(
        .badInput, "request.not-json", "expected \(error.expected) in the JSON body, found \(error.found)",
        position: "line \(error.line), column \(error.column)")
    }
  }
}

extension JSON {
  /// Refuses an object that has other members than these, and what is no object.
  func requireMembers(_ names: Set<String>) throws(Problem) {
    guard let members = object else {
      throw Problem(.badInput, "request.malformed", "expected a JSON object, found \(kind)")
    }
    guard let stranger = members.keys.filter({ !names.contains($0) }).min() else { return }
    throw Problem(
      .badInput, "request.unknown-member",
      "expected \(names.sorted().map { "'\($0)'" }.joined(separator: ", ")) alone, found"
        + " '\(stranger.excerpt(40))'", position: "/\(stranger.excerpt(40))")
  }

  /// A member that is a text.
  func text(_ name: String) throws(Problem) -> String {
    guard let text = self[name]?.string else {
      throw Problem(
        .badInput, "request.member", "expected a text as '\(name)', found \(self[name]?.kind ?? "nothing")",
        position: "/\(name)")
    }
    return text
  }
}
