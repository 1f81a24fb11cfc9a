import Access
public import Domain
public import Encoding
import Synchronization

/// Writes refused requests into the ledger, as many as a minute has room for, and the number of the others.
///
/// Whoever may ask nothing must not fill the ledger by asking: past `limit` entries a minute for each principal, strangers
/// being one, refusals are counted, and the count is written with the first refusal of a later minute or by `flush`. A
/// count that was not written yet is lost with the process.
public final class RefusalLog: Sendable {
  /// Entries a minute for one principal.
  static let limit = 60
  /// How many principals are counted apart at a time; past these, all others are one.
  private static let principalLimit = 1000

  private struct Minute {
    var number: Int64
    var written = 0
    var left = 0
  }

  private let registry: any RegistryWriter
  private let time: any TimeSource
  private let entropy: any Entropy
  private let minutes = Mutex([Principal: Minute]())

  init(registry: any RegistryWriter, time: any TimeSource, entropy: any Entropy) {
    self.registry = registry
    self.time = time
    self.entropy = entropy
  }

  /// Writes down that a request was refused, and why; true where it is in the ledger.
  ///
  /// `subject` says what was asked for, `details` what else there is to know.
  @discardableResult
  public func note(
    _ problem: Problem, asked subject: String, by principal: Principal, origin: JSON? = nil,
    details: [String: JSON] = [:]
  ) async -> Bool {
    let now = time.now()
    let (isWritten, unwritten) = minutes.withLock { minutes -> (Bool, [(Principal, Int)]) in
      let number = now.milliseconds / 60_000
      let owner = minutes[principal] != nil || minutes.count < Self.principalLimit ? principal : .anonymous
      let unwritten = Self.takeUnwritten(&minutes, before: number)
      var minute = minutes[owner] ?? Minute(number: number)
      defer { minutes[owner] = minute }
      if minute.written < Self.limit {
        minute.written += 1
        return (true, unwritten)
      }
      minute.left += 1
      return (false, unwritten)
    }
    var entries = unwritten.map { summary($0.0, $0.1, at: now) }
    if isWritten {
      var details = details
      details["origin"] = origin
      details["code"] = .string(problem.code)
      details["message"] = .string(problem.message.excerpt(1000))
      entries.append(entry(subject.excerpt(300), principal, details, at: now))
    }
    guard !entries.isEmpty else { return false }
    do throws(Problem) { try await registry.commit(entries, []) } catch { return false }
    return isWritten
  }

  /// Writes the counts of the minutes that are over.
  public func flush() async {
    let now = time.now()
    let unwritten = minutes.withLock { Self.takeUnwritten(&$0, before: now.milliseconds / 60_000) }
    guard !unwritten.isEmpty else { return }
    _ = try? await registry.commit(unwritten.map { summary($0.0, $0.1, at: now) }, [])
  }

  private static func takeUnwritten(
    _ minutes: inout [Principal: Minute], before number: Int64
  ) -> [(Principal, Int)] {
    var counts: [(Principal, Int)] = []
    for (principal, minute) in minutes where minute.number != number {
      if minute.left > 0 { counts.append((principal, minute.left)) }
      minutes[principal] = nil
    }
    return counts.sorted { $0.0.description < $1.0.description }
  }

  private func summary(_ principal: Principal, _ count: Int, at now: Timestamp) -> LedgerEntry {
    entry(
      "\(count) more requests", principal, ["code": "access.more-refused", "count": JSON(count)], at: now)
  }

  private func entry(
    _ subject: String, _ principal: Principal, _ details: [String: JSON], at now: Timestamp
  ) -> LedgerEntry {
    LedgerEntry(
      time: now, principal: principal, act: .request, phase: .failed, subject: subject,
      trace: Hexadecimal.encode(entropy.bytes(8)), details: details)
  }
}
