import Domain
import Encoding
import Synchronization

/// Gives addresses their handles: one a day each, so that what was asked from one place on a day can be told together.
///
/// The handle is durable beside its address before it is in any entry. A restart gives an address another one. Past `limit`
/// addresses a day, and where the directory cannot be written, an address has none: whoever may ask nothing must not fill it.
final class Origins: Sendable {
  /// Addresses a day of whom is known, and as many of whom is not.
  static let limit = 1000

  private struct Day {
    var number: Int64 = -1
    var handles: [Bool: [String: String]] = [:]
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

  /// Forgets which handles addresses have: whoever asks again gets another.
  func forget() { day.withLock { $0 = Day() } }

  /// What an address is known by; strangers have room of their own, so that they take nobody else's.
  func handle(of address: String, isKnown: Bool) async -> String? {
    let now = time.now()
    let number = now.milliseconds / 86_400_000
    let known: String?? = day.withLock { day -> String?? in
      if day.number != number { day = Day(number: number) }
      let handles = day.handles[isKnown, default: [:]]
      if let handle = handles[address] { return .some(handle) }
      return handles.count < Self.limit ? .none : .some(nil)
    }
    if let known { return known }
    let origin = KnownOrigin(
      handle: Hexadecimal.encode(entropy.bytes(6)), address: String(address.excerpt(80)), since: now)
    do throws(Problem) { try await directory.keep(origin) } catch { return nil }
    // Of two that ask at the same time one handle goes on; both stand for the address.
    return day.withLock { day in
      if day.number == number, day.handles[isKnown, default: [:]].count < Self.limit {
        day.handles[isKnown, default: [:]][address] = origin.handle
      }
      return origin.handle
    }
  }
}
