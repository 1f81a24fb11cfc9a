import AsyncHTTPClient
import Domain
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request to somebody whom nobody vouches for: no redirection is followed, and neither a slow answer nor a long one
/// takes more than its bounds.
struct BoundedExchange: Sendable {
  /// What came back.
  struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]
  }

  /// Why nothing came back, or not in time.
  struct Failure: Error {
    let reason: String
  }

  /// How long it may take until all of the answer is there.
  let patience: Duration
  /// The most bytes of an answer; nil where its body is not waited for.
  let limit: Int?

  /// Posts a body.
  func post(
    _ body: [UInt8], to url: EndpointURL, _ fields: [(name: String, value: String)]
  ) async -> Result<Answer, Failure> {
    var configuration = HTTPClient.Configuration(
      timeout: .init(connect: TimeAmount(patience), read: TimeAmount(patience)))
    // Whoever named the URL named who is told.
    configuration.redirectConfiguration = .disallow
    // Whoever asks for this tries again in their own time.
    configuration.connectionPool.retryConnectionEstablishment = false
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<Answer, Failure>
    do {
      if let answer = try await answer(body, url, fields, http) {
        result = .success(answer)
      } else {
        result = .failure(late)
      }
    } catch let error as HTTPClientError
      where [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error)
    {
      result = .failure(late)
    } catch {
      result = .failure(Failure(reason: Self.reason(error)))
    }
    try? await http.shutdown()
    return result
  }

  private var late: Failure { Failure(reason: "no whole answer within \(patience)") }

  private func answer(
    _ body: [UInt8], _ url: EndpointURL, _ fields: [(name: String, value: String)], _ http: HTTPClient
  ) async throws -> Answer? {
    try await withThrowingTaskGroup { group in
      group.addTask { () async throws -> Answer? in
        var request = HTTPClientRequest(url: url.description)
        request.method = .POST
        for (name, value) in fields { request.headers.add(name: name, value: value) }
        request.headers.add(name: "User-Agent", value: "gatehouse")
        request.body = .bytes(body)
        let response = try await http.execute(request, deadline: .now() + TimeAmount(patience))
        return Answer(
          status: Int(response.status.code), headers: response.headers,
          body: try await read(response.body))
      }
      // However slowly the answer comes.
      group.addTask { () async throws -> Answer? in
        try await Task.sleep(for: patience)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  private func read(_ body: HTTPClientResponse.Body) async throws -> [UInt8] {
    guard let limit else { return [] }
    var bytes: [UInt8] = []
    for try await buffer in body {
      bytes += buffer.readableBytesView.prefix(limit + 1 - bytes.count)
      guard bytes.count <= limit else { throw Failure(reason: "an answer of more than \(limit) bytes") }
    }
    return bytes
  }

  /// Why an exchange failed, without the URL: its path may be a secret.
  private static func reason(_ error: any Error) -> String {
    switch error {
    case let failure as Failure: failure.reason
    case let error as HTTPClientError: error.shortDescription
    case is CancellationError: "cut off"
    case is NIOConnectionError, is IOError: "no connection"
    default: "\(type(of: error))"
    }
  }
}
