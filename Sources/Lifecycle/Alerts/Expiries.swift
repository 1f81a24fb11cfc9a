import Access
import Alerting
public import Domain
import Synchronization

/// What ends by itself: certificates, and keys that were made for a time.
final class Expiries: Sendable {
  /// From how long before its end on something is told of.
  static let near: Int64 = 14 * 86_400_000
  /// From how long before its end on somebody is woken for it.
  static let imminent: Int64 = 2 * 86_400_000
  /// A key that was made for less is meant to end: nobody is told of it.
  static let leastLife: Int64 = 28 * 86_400_000
  /// For how long it is told that a key has ended, whose callers are refused from then on.
  static let toldFor: Int64 = 86_400_000
  /// How often keys are read.
  private static let interval: Int64 = 60_000
  /// The most keys that are told of, those that end first.
  static let limit = 100

  /// Something that ends.
  struct Ending: Equatable {
    /// The deployment that it is for; nil where it is for the platform.
    var deployment: ModelName?
    /// What it is, and its handle.
    var subject: String
    var end: Timestamp
    /// From when on it holds; nil where that is not known.
    var begin: Timestamp?

    /// From how long before its end on it is told of by a rule: what lasts a day is renewed within the day.
    func line(of rule: AlertRule) -> Int64 {
      let isImminent = rule == .expiryImminent
      let life = begin.map { max(0, end.milliseconds - $0.milliseconds) / (isImminent ? 10 : 3) } ?? .max
      return min(life, isImminent ? Expiries.imminent : Expiries.near)
    }
  }

  private struct State {
    var readAt: Timestamp?
    var keys: [Ending] = []
    /// What the control plane's own connections are secured by; nil where they are in the clear.
    var control: PlaneCertificate?
  }

  private let registry: any RegistryReader
  private let rules: AccessRules
  // Whoever reads keys puts all of them down at once.
  private let state = Mutex(State())

  init(registry: any RegistryReader, rules: AccessRules) {
    self.registry = registry
    self.rules = rules
  }

  func setControl(_ certificate: PlaneCertificate?) { state.withLock { $0.control = certificate } }

  /// What ends soon, or cannot be renewed.
  func measured(_ plane: PlaneCertificate?, at now: Timestamp) async throws(Problem) -> [AlertMeasurement] {
    var measured: [AlertMeasurement] = []
    var endings: [Ending] = []
    for (name, certificate) in [("data plane", plane), ("control plane", state.withLock { $0.control })] {
      guard let certificate else { continue }
      endings.append(
        Ending(subject: "certificate of the \(name)", end: certificate.end, begin: certificate.begin))
      let failure = certificate.failure
      measured.append(
        AlertMeasurement(
          AlertSource(.renewalFailed, of: nil, "certificate of the \(name)"), failure == nil ? 0 : 1,
          failure.map { "the newest files cannot be used (\($0)), those before them are" }
            ?? "the newest files are in use"))
    }
    endings += try await keys(at: now)
    for ending in endings {
      let left = ending.end.milliseconds - now.milliseconds
      let words =
        left > 0
        ? "it ends at \(ending.end), in \(AlertRule.age(left))"
        : "it ended at \(ending.end), \(AlertRule.age(-left)) ago"
      for rule in [AlertRule.expiry, .expiryImminent] {
        measured.append(
          AlertMeasurement(
            AlertSource(rule, of: ending.deployment, ending.subject),
            left <= ending.line(of: rule) ? 1 : 0, words))
      }
    }
    return measured
  }

  /// The keys that end within the time that anything is told of, read once a minute.
  private func keys(at now: Timestamp) async throws(Problem) -> [Ending] {
    let known = state.withLock { state in
      state.readAt.map { abs(now.milliseconds - $0.milliseconds) < Self.interval } == true ? state.keys : nil
    }
    if let known { return known }
    var found: [Ending] = []
    for key in try await registry.keys() where key.revokedAt == nil {
      guard Self.isTold(key.createdAt, key.terms.expiresAt, at: now), let end = key.terms.expiresAt else {
        continue
      }
      found.append(Ending(deployment: key.deployment, subject: "key \(key.id)", end: end))
    }
    let access = try await rules.current()
    // One that was replaced was given its end by that, and so was one that was taken back, which has ended.
    let replaced = Set(access.keys.values.compactMap(\.replaces))
    for key in access.keys.values where !replaced.contains(key.id) {
      guard Self.isTold(key.createdAt, key.expiresAt, at: now), let end = key.expiresAt, end > now else {
        continue
      }
      found.append(Ending(subject: "API key \(key.id)", end: end))
    }
    let kept = Array(found.sorted { ($0.end, $0.subject) < ($1.end, $1.subject) }.prefix(Self.limit))
    state.withLock { state in
      state.readAt = now
      state.keys = kept
    }
    return kept
  }

  private static func isTold(_ made: Timestamp, _ end: Timestamp?, at now: Timestamp) -> Bool {
    guard let end, end.milliseconds - made.milliseconds >= leastLife else { return false }
    return -toldFor...near ~= end.milliseconds - now.milliseconds
  }
}

extension Alerts {
  /// Says what the connections of the control plane itself are secured by; nil where they are in the clear.
  public func setCertificate(_ certificate: PlaneCertificate?) {
    evidence.expiries.setControl(certificate)
  }
}
