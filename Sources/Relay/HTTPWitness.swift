public import Domain
public import Lifecycle
import NIOHTTP1
import Provenance

/// Asks witnesses by HTTP, as C2SP tlog-witness has it.
public struct HTTPWitness: CheckpointWitness {
  private let exchange: BoundedExchange

  /// Waits for an answer for so long.
  public init(patience: Duration = .seconds(10)) {
    exchange = BoundedExchange(patience: patience, limit: WitnessExchange.longestAnswer)
  }

  /// Sends a checkpoint.
  public func add(_ submission: [UInt8], to url: EndpointURL) async -> WitnessAnswer {
    guard let place = try? EndpointURL(parsing: "\(url)/add-checkpoint") else {
      return .none("no URL to ask it at")
    }
    let fields = [(name: "Content-Type", value: "text/plain; charset=utf-8")]
    switch await exchange.post(submission, to: place, fields) {
    case .failure(let failure): return .none(failure.reason)
    case .success(let answer):
      switch answer.status {
      case 200: return .lines(answer.body)
      case 409 where answer.headers.first(name: "Content-Type") == "text/x.tlog.size":
        guard let size = WitnessExchange.size(parsing: answer.body) else {
          return .none("a conflict without a size")
        }
        return .conflict(size: size)
      default: return .refused(answer.status)
      }
    }
  }
}
