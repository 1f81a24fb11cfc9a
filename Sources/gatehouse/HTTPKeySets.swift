import AsyncHTTPClient
import Domain
import Encoding
import Lifecycle
import NIOCore
import NIOHTTP1

/// Fetches the key sets of issuers over HTTPS.
struct HTTPKeySets: KeySetSource {
  /// How long it may take until all of it is there.
  private static let patience = Duration.seconds(15)

  /// No redirection is followed: the administrator named the URL that is trusted.
  func keySet(at url: KeySetURL, limit: Int) async throws(Problem) -> [UInt8] {
    var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(5), read: .seconds(10)))
    configuration.redirectConfiguration = .disallow
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let outcome: Result<(status: HTTPResponseStatus, body: ByteBuffer)?, any Error>
    do { outcome = .success(try await Self.fetch(url, with: http, limit: limit)) } catch {
      outcome = .failure(error)
    }
    try? await http.shutdown()
    switch outcome {
    case .success((.ok, let body)?): return Array(body.readableBytesView)
    case .success(let answer?): throw Self.unreachable(url, "status \(answer.status.code)")
    case .success(nil): throw Self.unreachable(url, "not whole after \(Self.patience)")
    case .failure(let error): throw Self.unreachable(url, "\(error)")
    }
  }

  /// The whole answer; nil where that takes too long, however slowly it comes.
  private static func fetch(
    _ url: KeySetURL, with http: HTTPClient, limit: Int
  ) async throws -> (status: HTTPResponseStatus, body: ByteBuffer)? {
    try await withThrowingTaskGroup { group in
      group.addTask { () async throws -> (status: HTTPResponseStatus, body: ByteBuffer)? in
        let request = HTTPClientRequest(url: url.description)
        let response = try await http.execute(request, deadline: .now() + TimeAmount(patience))
        return (response.status, try await response.body.collect(upTo: limit))
      }
      group.addTask {
        try await Task.sleep(for: patience)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  private static func unreachable(_ url: KeySetURL, _ cause: String) -> Problem {
    Problem(
      .unavailable, "issuer.unreachable", "expected a key set, found none to be had",
      subject: url.description,
      cause: cause)
  }
}
