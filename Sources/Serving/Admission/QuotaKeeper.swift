import Domain
import NIOConcurrencyHelpers

/// Keeps the accounts of a plane and its quota file together, once a second and at the end.
final class QuotaKeeper: Sendable {
  /// How often what was counted reaches the file, in seconds: what a kill can lose, and what two processes at once can
  /// give beyond a quota.
  static let interval = 1.0

  private let file: QuotaFile
  private let accounts: CallerAccounts
  private let thread = RecurringThread()
  /// Why the last exchange failed; nil where it did not.
  private let lastFailure = NIOLockedValueBox<Problem?>(nil)
  private let isWriting = NIOLockedValueBox(false)

  /// Takes in what the file has; where it is damaged the day begins anew, and the problem is `failure`.
  init(directory: String, accounts: CallerAccounts) {
    file = QuotaFile(path: "\(directory)/quotas")
    self.accounts = accounts
    takeIn()
  }

  /// Takes in what the file has by now.
  func takeIn() {
    do throws(Problem) {
      _ = accounts.exchange(with: try file.read(), on: Self.today())
    } catch {
      lastFailure.withLockedValue { $0 = error }
    }
  }

  /// Why quotas could not be read or written last; nil where they could.
  var failure: Problem? { lastFailure.withLockedValue { $0 } }

  /// Begins to write.
  func start() {
    isWriting.withLockedValue { $0 = true }
    thread.start(every: Self.interval) { [self] in exchange() }
  }

  /// Writes a last time.
  ///
  /// Blocks; never call it on an event loop.
  func finish() {
    // One that never began has counted nothing.
    guard isWriting.withLockedValue({ $0 }) else { return }
    thread.finish()
    exchange()
  }

  /// The same, and ends the thread.
  func stop() {
    guard isWriting.withLockedValue({ $0 }) else { return }
    finish()
    thread.end()
  }

  private func exchange() {
    // Where nobody has a quota there is no file.
    guard accounts.hasCounted else { return }
    do throws(Problem) {
      try file.exchange { accounts.exchange(with: $0, on: Self.today()) }
      lastFailure.withLockedValue { $0 = nil }
    } catch {
      lastFailure.withLockedValue { $0 = error }
    }
  }

  private static func today() -> Int { Arrival(nanoseconds: 0, time: Clock.now()).day }
}
