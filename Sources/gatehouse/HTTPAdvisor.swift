import AsyncHTTPClient
import Encoding
import Gates
import Lifecycle
import NIOCore
import NIOHTTP1

/// Asks an Open Policy Agent, or whatever answers as its data API does (`POST /v1/data/…`).
struct HTTPAdvisor: PolicyAdvisor {
  /// The most bytes of an answer.
  private static let sizeLimit = 1 << 20

  /// Whatever goes wrong is no answer, and no answer is a no.
  func answer(to question: PolicyQuestion) async -> JSON? {
    let patience = TimeAmount.milliseconds(question.milliseconds)
    var configuration = HTTPClient.Configuration(timeout: .init(connect: patience, read: patience))
    // The policy names who decides; nobody else does.
    configuration.redirectConfiguration = .disallow
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let document = try? await Self.ask(question, patience, http)
    try? await http.shutdown()
    return document ?? nil
  }

  private static func ask(
    _ question: PolicyQuestion, _ patience: TimeAmount, _ http: HTTPClient
  ) async throws -> JSON? {
    try await withThrowingTaskGroup { group in
      group.addTask { () async throws -> JSON? in
        var request = HTTPClientRequest(url: question.url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(question.body)
        let response = try await http.execute(request, deadline: .now() + patience)
        guard response.status == .ok else { return nil }
        let body = try await response.body.collect(upTo: sizeLimit)
        return try? JSON(parsing: body.readableBytesView, limits: JSONLimits(depth: 16, values: 20_000))
      }
      // However slowly the answer comes.
      group.addTask { () async throws -> JSON? in
        try await Task.sleep(for: .milliseconds(question.milliseconds))
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }
}
