import Domain
public import Lifecycle
import NIOHTTP1

/// Sends the messages of webhooks by HTTP, as Standard Webhooks has it.
public struct HTTPWebhookSender: WebhookSender {
  private let exchange: BoundedExchange

  /// Waits for an answer for so long.
  public init(patience: Duration = .seconds(15)) {
    // What a receiver says beside its status is nobody's business.
    exchange = BoundedExchange(patience: patience, limit: nil)
  }

  /// Sends a message.
  public func send(_ request: WebhookRequest) async -> WebhookAnswer {
    switch await exchange.post(request.body, to: request.url, request.fields) {
    case .success(let answer):
      .status(answer.status, retryAfter: Self.pause(answer.headers.first(name: "Retry-After")))
    case .failure(let failure): .none(failure.reason)
    }
  }

  /// Seconds, in digits; a date is not taken: the clocks may differ.
  private static func pause(_ field: String?) -> Duration? {
    guard let field, 1...9 ~= field.utf8.count, let seconds = Int(field), seconds >= 0 else { return nil }
    return .seconds(seconds)
  }
}
