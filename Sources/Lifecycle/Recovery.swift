import Domain
import Encoding

/// Puts in order what a crash left half done, before the platform takes new acts.
struct Recovery: Sendable {
  let registry: any RegistryWriter & RegistryReader & LedgerReader
  let served: ServedState
  let plane: any DataPlane
  let time: any TimeSource

  /// Closes every act that has begun and not ended, and brings the data plane to what the registry says.
  ///
  /// What an unfinished act had done is without consequence: blobs and bundles that nothing names, or a data
  /// plane one step ahead, which applying the registry's state takes back. Nobody was told that it was done.
  /// Safe to be cut off itself: it runs again at the next start.
  func callAsFunction() async throws(Problem) -> [LedgerEntry] {
    let unfinished = try await registry.unfinished()
    if !unfinished.isEmpty {
      let closing = unfinished.map { entry in
        LedgerEntry(
          time: time.now(), principal: .platform, act: entry.act, phase: .failed, subject: entry.subject,
          trace: entry.trace,
          details: [
            "code": "platform.interrupted",
            "message": "the platform stopped before this act had ended; it did not take effect",
          ])
      }
      try await registry.commit(closing, [])
    }
    try await plane.apply(served.current())
    return unfinished
  }
}
