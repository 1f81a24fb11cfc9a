import AsyncHTTPClient
import Domain
import Encoding
import Lifecycle
import NIOCore
import NIOHTTP1

/// Fetches the key sets of issuers over HTTPS.
struct HTTPKeySets: KeySetSource {
  /// No redirection is followed: the administrator named the URL that is trusted.
  func keySet(at url: String, limit: Int) async throws(Problem) -> [UInt8] {
    guard Self.isTrustworthy(url) else {
      throw Problem(
        .badInput, "issuer.insecure", "expected an https URL of a key set, found '\(url.excerpt(80))'",
        hint:
          "plain http is for this machine alone: whoever changes the keys on their way opens every deployment"
      )
    }
    var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(5), read: .seconds(10)))
    configuration.redirectConfiguration = .disallow
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      let response = try await http.execute(HTTPClientRequest(url: url), timeout: .seconds(15))
      let body = try await response.body.collect(upTo: limit)
      try await http.shutdown()
      guard response.status == .ok else { throw Self.unreachable(url, "status \(response.status.code)") }
      return Array(body.readableBytesView)
    } catch let problem as Problem {
      throw problem
    } catch {
      try? await http.shutdown()
      throw Self.unreachable(url, "\(error)")
    }
  }

  private static func isTrustworthy(_ url: String) -> Bool {
    let local = [
      "http://127.0.0.1:", "http://127.0.0.1/", "http://localhost:", "http://localhost/", "http://[::1]:",
    ]
    return url.hasPrefix("https://") || local.contains { url.hasPrefix($0) }
  }

  private static func unreachable(_ url: String, _ cause: String) -> Problem {
    Problem(
      .unavailable, "issuer.unreachable", "expected a key set, found none to be had", subject: url,
      cause: cause)
  }
}
