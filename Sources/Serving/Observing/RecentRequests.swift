import Domain
import Encoding
import NIOConcurrencyHelpers
import NIOCore

/// A request that was answered, for whoever looks for a cause.
struct RecentRequest: Sendable {
  let record: AccessRecord
  /// The parts of its time.
  let times: ModelStatistics.Times
  let transport: RequestTransport

  /// All that is known of it; of keys and data only what the record has.
  var json: JSON {
    var members: [String: JSON] = [
      "time": .string(record.time.description), "trace": .string(record.trace), "status": JSON(record.status),
      "milliseconds": .milliseconds(record.nanoseconds), "protocol": .string(transport.wire.rawValue),
    ]
    if let request = record.request { members["request"] = .string(request) }
    if let code = record.code { members["code"] = .string(code) }
    if let deployment = record.deployment { members["deployment"] = .string(deployment.description) }
    if let version = record.version { members["version"] = JSON(version) }
    guard record.rows > 0 else { return .object(members) }
    members["rows"] = JSON(record.rows)
    members["phases"] = [
      "queue": .milliseconds(times.queue), "decode": .milliseconds(times.input),
      "infer": .milliseconds(times.inference), "encode": .milliseconds(times.output),
    ]
    return .object(members)
  }
}

extension JSON {
  /// Nanoseconds as milliseconds, to the microsecond.
  static func milliseconds(_ nanoseconds: Int) -> JSON { .number(Double(nanoseconds / 1000) / 1000) }
}

/// The slowest requests of a plane and those that failed last.
final class RecentRequests: Sendable {
  /// How many of either are kept.
  private static let most = 32

  private struct Kept {
    /// Slowest first.
    var slowest: [RecentRequest] = []
    /// Newest last.
    var failed = CircularBuffer<RecentRequest>(initialCapacity: RecentRequests.most)
  }

  private let kept = NIOLockedValueBox(Kept())

  /// Slowest first, and those that were refused or failed, newest first.
  var lists: (slowest: [RecentRequest], failed: [RecentRequest]) {
    kept.withLockedValue { ($0.slowest, $0.failed.reversed()) }
  }

  /// Keeps a request that is answered, where it is among those.
  ///
  /// Most are not: nothing is made of those.
  func note(_ record: AccessRecord, _ times: ModelStatistics.Times, _ transport: RequestTransport) {
    kept.withLockedValue { kept in
      let isSlow =
        kept.slowest.count < Self.most
        || record.nanoseconds > kept.slowest[Self.most - 1].record.nanoseconds
      guard isSlow || record.status != 200 else { return }
      let request = RecentRequest(record: record, times: times, transport: transport)
      if record.status != 200 {
        if kept.failed.count == Self.most { kept.failed.removeFirst() }
        kept.failed.append(request)
      }
      guard isSlow else { return }
      let place =
        kept.slowest.firstIndex { $0.record.nanoseconds < record.nanoseconds } ?? kept.slowest.count
      kept.slowest.insert(request, at: place)
      if kept.slowest.count > Self.most { kept.slowest.removeLast() }
    }
  }
}
