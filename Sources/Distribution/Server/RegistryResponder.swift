import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import Logging
import NIOCore
import Packaging

/// What a request carries with it.
struct RegistryContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The connection that it came by.
  let channel: any Channel

  /// Where the connection comes from; a proxy in front is that.
  var address: String? { channel.remoteAddress?.ipAddress }

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }
}

/// Answers what clients of registries ask: who is it, what is it about, and then the handler of that.
struct RegistryResponder: HTTPResponder {
  typealias Context = RegistryContext

  /// How many bytes of a body are read and dropped, so that the connection can go on, where a request was refused.
  private static let drained = 64 << 10
  /// How long a client has to hear of a refusal while it still sends, before the connection is closed.
  private static let parting = TimeAmount.seconds(2)

  let control: ControlPlane
  let credentials: RegistryCredentials

  @concurrent func respond(to request: Request, context: RegistryContext) async throws -> Response {
    var response: Response
    do {
      response = try await answer(request, from: context.address)
    } catch {
      let problem = problem(error, context)
      response = problem.registryResponse
      if Self.isLong(request, beyond: problem.category == .unauthenticated ? 0 : Self.drained) {
        // Whoever announces gigabytes that nobody wants is not to send them first, and a stranger nothing at all.
        response.headers[.connection] = "close"
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: Self.parting) { channel.close(promise: nil) }
      }
    }
    response.headers[RegistryField.registryVersion] = "registry/2.0"
    // The answer to HEAD has no body, whatever it says.
    return request.method == .head ? response.createHeadResponse() : response
  }

  /// Whether more of a body may be on its way than is worth reading.
  private static func isLong(_ request: Request, beyond drained: Int) -> Bool {
    if request.headers[.transferEncoding] != nil { return true }
    return (request.headers[.contentLength].flatMap { Int($0) } ?? 0) > drained
  }

  private func problem(_ error: any Error, _ context: RegistryContext) -> Problem {
    if let problem = error as? Problem { return problem }
    context.logger.error("unforeseen error", metadata: ["error": "\(error)"])
    return Problem(
      .internal, "platform.fault", "expected to answer, found a fault of the platform; see its log")
  }

  private func answer(_ request: Request, from address: String?) async throws -> Response {
    // Before anything is said of what is there.
    let asked = "\(request.method) \(request.uri.path)"
    let actor = try await credentials.actor(of: request.headers[.authorization], asking: asked, from: address)
    let route = try RegistryRoute(path: request.uri.path)
    if let repository = route.repository {
      let isReading = request.method == .get || request.method == .head
      try await control.require(
        isReading && !route.isUpload ? .view : .manageImages, on: .repository(repository), of: actor,
        asking: asked)
    }
    let manifests = ManifestHandlers(control: control, actor: actor)
    let blobs = BlobHandlers(repositories: control.repositories)
    let uploads = UploadHandlers(control: control, actor: actor)
    switch (route, request.method) {
    case (.base, .get), (.base, .head): return .registry(.ok, "application/json", Array("{}".utf8))
    case (.catalog, .get): return try await manifests.catalog(request)
    case (.tags(let name), .get): return try await manifests.tags(request, of: name)
    case (.referrers(let name, let digest), .get):
      return try await manifests.referrers(request, of: digest, in: name)
    case (.manifest(let name, let reference), .get), (.manifest(let name, let reference), .head):
      return try await manifests.get(reference, of: name)
    case (.manifest(let name, let reference), .put):
      return try await manifests.put(request, reference, in: name)
    case (.manifest(let name, let reference), .delete):
      return try await manifests.delete(reference, of: name)
    case (.blob(let name, let digest), .get): return try await blobs.get(request, digest, of: name)
    case (.blob(let name, let digest), .head): return try await blobs.head(digest, of: name)
    case (.blob(let name, let digest), .delete): return try await blobs.delete(digest, of: name)
    case (.uploads(let name), .post): return try await uploads.begin(request, in: name)
    case (.upload(let name, let id), .get), (.upload(let name, let id), .head):
      return try await uploads.state(id, in: name)
    case (.upload(let name, let id), .patch): return try await uploads.append(request, id, in: name)
    case (.upload(let name, let id), .put): return try await uploads.end(request, id, in: name)
    case (.upload(let name, let id), .delete): return try await uploads.cancel(id, in: name)
    default:
      throw Problem(
        .usage, "route.method", "expected a method of this route, found \(request.method.rawValue)",
        subject: request.uri.path.excerpt(120))
    }
  }
}

extension Request {
  /// A parameter of the query, percent-decoded; nil where it is not there.
  func parameter(_ name: Substring) -> String? { uri.queryParameters[name].map(String.init) }

  /// How many results are asked for, at most `most`; throws `request.query`.
  func count(upTo most: Int) throws(Problem) -> Int {
    guard let text = parameter("n") else { return most }
    guard let count = Int(text), count >= 0 else {
      throw Problem(
        .usage, "request.query", "expected a whole number from 0 for 'n', found '\(text.excerpt(40))'")
    }
    return min(count, most)
  }

  /// The length that the body is said to have; nil where it is not said.
  ///
  /// Throws `request.length` for what is no length.
  func announcedLength() throws(Problem) -> Int? {
    guard let text = headers[.contentLength] else { return nil }
    guard let length = Int(text), length >= 0 else {
      throw Problem(
        .usage, "request.length", "expected a length in bytes, found '\(text.excerpt(40))'")
    }
    return length
  }
}
