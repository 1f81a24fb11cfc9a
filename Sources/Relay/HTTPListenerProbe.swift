import AsyncHTTPClient
public import Domain
public import Lifecycle
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks a data plane where its callers do whether it lives, over a connection of its own that ends with the answer.
///
/// Any answer is one, whatever it says; so is a connection that is taken and closed, as a data plane does that has too many: another
/// process would not have fewer. Over TLS neither the certificate's name nor who issued it is looked at: the listener is this
/// machine's own, nothing secret is sent to it, and what it says is not gone by. Where callers must show a certificate, this one shows
/// none: that it is refused for that, by TLS, is an answer, and says nothing of what is behind.
public struct HTTPListenerProbe: ListenerProbe {
  private let patience: Duration

  /// Waits for an answer for so long.
  public init(patience: Duration = .seconds(2)) { self.patience = patience }

  /// Asks `GET /v2/health/live`; throws `listener.silent`.
  public func ask(_ baseURL: String) async throws(Problem) {
    var configuration = HTTPClient.Configuration(
      timeout: .init(connect: TimeAmount(patience), read: TimeAmount(patience)))
    configuration.redirectConfiguration = .disallow
    // The next round tries again.
    configuration.connectionPool.retryConnectionEstablishment = false
    configuration.httpVersion = .http1Only
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.certificateVerification = .none
    configuration.tlsConfiguration = tls
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let failure: String?
    do {
      failure = try await status(baseURL, http) == nil ? "none within \(patience)" : nil
    } catch {
      failure = Self.reason(error)
    }
    try? await http.shutdown()
    guard let failure else { return }
    throw Problem(
      .unavailable, "listener.silent",
      "expected an answer at \(baseURL) within \(patience), found \(failure)",
      subject: baseURL)
  }

  private func status(_ baseURL: String, _ http: HTTPClient) async throws -> UInt? {
    try await withThrowingTaskGroup { group in
      group.addTask { () async throws -> UInt? in
        var request = HTTPClientRequest(url: "\(baseURL)/v2/health/live")
        request.headers.add(name: "User-Agent", value: "gatehouse")
        request.headers.add(name: "Connection", value: "close")
        return try await http.execute(request, deadline: .now() + TimeAmount(patience)).status.code
      }
      // However slowly the answer comes.
      group.addTask { () async throws -> UInt? in
        try await Task.sleep(for: patience)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  /// Why an exchange is no answer; nil where it is one all the same.
  private static func reason(_ error: any Error) -> String? {
    switch error {
    case is NIOSSLError, is BoringSSLError: nil
    case let error as HTTPClientError where error == .remoteConnectionClosed: nil
    case let error as HTTPClientError: error.shortDescription
    case is CancellationError: "the question cut off"
    case is NIOConnectionError, is IOError, is ChannelError: "no connection"
    default: "\(type(of: error))"
    }
  }
}
