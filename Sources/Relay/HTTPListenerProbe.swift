import AsyncHTTPClient
public import Domain
import Glibc
public import Lifecycle
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Asks a data plane where its callers do whether it lives, over a connection of its own that ends with the answer.
///
/// Any answer is one, whatever it says; so is a connection that is taken and closed or reset, as a data plane does that has too many:
/// another process would not have fewer. Over TLS neither the certificate's name nor who issued it is looked at: the listener is this
/// machine's own, nothing secret is sent to it, and what it says is not gone by. Where callers must show a certificate, this one shows
/// none: that it is refused for that, by TLS, is an answer, and says nothing of what is behind.
public struct HTTPListenerProbe: ListenerProbe {
  private let patience: Duration
  private let asksForCertificates: Bool

  /// Waits for an answer for so long, of listeners that may ask their callers for certificates.
  public init(patience: Duration = .seconds(2), asksForCertificates: Bool = false) {
    self.patience = patience
    self.asksForCertificates = asksForCertificates
  }

  /// Asks `GET /v2/health/live`; throws `listener.silent`, and `listener.unasked` where it could not be asked for want of something here.
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
    var finding = Finding.answer
    do {
      if try await status(baseURL, http) == nil { finding = .silence("none within \(patience)") }
    } catch {
      finding = self.finding(error)
    }
    try? await http.shutdown()
    switch finding {
    case .answer: return
    case .silence(let words):
      throw Problem(
        .unavailable, Problem.listenerSilentCode,
        "expected an answer at \(baseURL) within \(patience), found \(words)", subject: baseURL)
    case .unasked(let words):
      throw Problem(
        .unavailable, "listener.unasked",
        "expected to ask at \(baseURL), found that it cannot be done here: \(words)", subject: baseURL)
    }
  }

  private enum Finding {
    case answer
    case silence(String)
    case unasked(String)
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

  /// What an exchange that did not come to its end says.
  private func finding(_ error: any Error) -> Finding {
    switch error {
    case is NIOSSLError, is BoringSSLError:
      asksForCertificates ? .answer : .silence("TLS that no caller could use")
    case let error as HTTPClientError where error == .remoteConnectionClosed: .answer
    case let error as HTTPClientError: .silence(error.shortDescription)
    // Of a connection that was made: the other side closed it with the question unread.
    case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode): .answer
    case let error as IOError where [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(error.errnoCode):
      .unasked("\(error)")
    case is CancellationError: .unasked("the question was cut off")
    case is NIOConnectionError, is IOError, is ChannelError: .silence("no connection")
    default: .silence("\(type(of: error))")
    }
  }
}
