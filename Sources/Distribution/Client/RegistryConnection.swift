import AsyncHTTPClient
import Domain
import NIOCore
import NIOHTTP1
import NIOSSL

/// What goes out with a request.
enum RegistryContent: Sendable {
  case none
  case bytes([UInt8])
  case pieces(OutgoingPieces)

  var count: Int {
    switch self {
    case .none: 0
    case .bytes(let bytes): bytes.count
    case .pieces(let pieces): pieces.count
    }
  }
}

/// One exchange with somebody: no redirection is followed, nothing is tried again, and everything has its time.
struct RegistryConnection: Sendable {
  /// How long an answer may take to begin, and each piece of it.
  var patience = Duration.seconds(60)
  /// What a body has to keep up with, in bytes a second.
  var slowest = 16_384
  /// Whether what is said may be read by those between.
  let allowsPlainText: Bool
  let http: HTTPClient

  init(http: HTTPClient, allowsPlainText: Bool) {
    self.http = http
    self.allowsPlainText = allowsPlainText
  }

  /// Whether a registry may send its client there: over https, or where it is spoken to in plain text itself.
  func allows(_ origin: RegistryURL.Origin, from home: RegistryURL.Origin) -> Bool {
    origin.isSecure || allowsPlainText || !home.isSecure && (origin == home || origin.isLoopback)
  }

  /// How long so many bytes may take.
  func time(for bytes: Int) -> Duration { patience + .seconds(bytes / slowest) }

  /// Sends a request and waits for the head of its answer.
  func exchange(
    _ method: HTTPMethod, _ url: RegistryURL, _ headers: HTTPHeaders, _ content: RegistryContent
  ) async throws(Failure) -> RegistryAnswer {
    var request = HTTPClientRequest(url: url.description)
    request.method = method
    request.headers = headers
    request.headers.add(name: "User-Agent", value: "gatehouse")
    // What is packed on its way is not what its digest says.
    request.headers.add(name: "Accept-Encoding", value: "identity")
    switch content {
    // A length is owed also for nothing (RFC 9110 section 8.6); without a body it would be left out.
    case .none: if method == .PUT || method == .POST { request.body = .bytes([UInt8]()) }
    case .bytes(let bytes): request.body = .bytes(bytes)
    case .pieces(let pieces): request.body = .stream(pieces, length: .known(Int64(pieces.count)))
    }
    let deadline = NIODeadline.now() + TimeAmount(time(for: content.count))
    do {
      let response = try await http.execute(request, deadline: deadline)
      return RegistryAnswer(
        status: Int(response.status.code), headers: response.headers, body: response.body, url: url,
        time: patience)
    } catch let problem as Problem {
      // Of the store that the content comes from.
      throw Failure(problem)
    } catch {
      throw Self.failure(error, url.origin)
    }
  }

  static func failure(_ error: any Error, _ origin: RegistryURL.Origin) -> Failure {
    if error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError {
      return Failure(
        Problem(
          .unavailable, "registry.untrusted",
          "expected a certificate of an authority that is trusted here, found no such one at \(origin)",
          hint: "name the authority's certificate by --ca", cause: "\(error)"))
    }
    if error is CancellationError || error as? HTTPClientError == .cancelled {
      return Failure(RegistryProblem.unreachable(origin, "it was called off").problem)
    }
    return RegistryProblem.unreachable(origin, "\(error)")
  }
}

/// The head of an answer, and its body to come.
struct RegistryAnswer: Sendable {
  let status: Int
  let headers: HTTPHeaders
  let body: HTTPClientResponse.Body
  let url: RegistryURL
  /// How long a small body may take in all.
  let time: Duration

  /// The length that the head states; nil where it states none.
  var length: Int? { headers.first(name: "content-length").flatMap { ByteRanges.number($0) } }

  /// The whole body; throws `registry.too-long` beyond `limit` bytes.
  func collect(upTo limit: Int) async throws(Failure) -> [UInt8] {
    if let length, length > limit { throw tooLong(limit, "\(length)") }
    var bytes: [UInt8] = []
    let clock = ContinuousClock()
    let end = clock.now + time
    do {
      for try await piece in body {
        guard bytes.count + piece.readableBytes <= limit else { throw tooLong(limit, "more") }
        bytes += piece.readableBytesView
        guard clock.now < end else {
          throw RegistryProblem.unreachable(url.origin, "its body takes too long")
        }
      }
    } catch let failure as Failure {
      throw failure
    } catch {
      throw RegistryConnection.failure(error, url.origin)
    }
    return bytes
  }

  /// Reads what is of no use, so that the connection can be used again; what is long is cut off instead.
  func drain() async { _ = try? await collect(upTo: 1 << 16) }

  private func tooLong(_ limit: Int, _ found: String) -> Failure {
    Failure(
      Problem(
        .tooLarge, "registry.too-long",
        "expected an answer of at most \(limit) bytes from the registry, found \(found)",
        subject: url.origin.description))
  }
}
