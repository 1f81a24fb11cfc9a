import Domain
import Encoding
import Synchronization

/// Gives addresses their handles: one a day each, so that what was asked from one place on a day can be told together.
///
/// The handle is durable beside its address before it is in any entry. A restart gives an address another one. Past `limit`
/// addresses a day, and where the directory cannot be written, an address has none: whoever may ask nothing must not fill it.
final class Origins: Sendable {
  /// Addresses a day.
  static let limit = 1000

  private struct Day {
    var number: Int64 = -1
    var handles: [String: String] = [:]
  }

  private let directory: any OriginDirectory
  private let time: any TimeSource
  private let entropy: any Entropy
  private let day = Mutex(Day())

  init(directory: any OriginDirectory, time: any TimeSource, entropy: any Entropy) {
    self.directory = directory
    self.time = time
    self.entropy = entropy
  }

  /// What an address is known by.
  func handle(of address: String) async -> String? {
    let now = time.now()
    let number = now.milliseconds / 86_400_000
    let known: String?? = day.withLock { day -> String?? in
      if day.number != number { day = Day(number: number) }
      if let handle = day.handles[address] { return .some(handle) }
      return day.handles.count < Self.limit ? .none : .some(nil)
    }
    if let known { return known }
    let origin = KnownOrigin(
      handle: Hexadecimal.encode(entropy.bytes(6)), address: String(address.excerpt(80)), since: now)
    do throws(Problem) { try await directory.keep(origin) } catch { return nil }
    // Of two that ask at the same time one handle goes on; both stand for the address.
    return day.withLock { day in
      if day.number == number, day.handles.count < Self.limit {
        day.handles[address] = day.handles[address] ?? origin.handle
      }
      return origin.handle
    }
  }
}
