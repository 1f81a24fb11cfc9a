import Domain
import Lifecycle

/// Fetches the key sets of issuers and of providers of identities anew, at the start and every 45 seconds: what they take
/// back is taken back here within a minute.
struct IssuerRefresh {
  static let interval = Duration.seconds(45)

  let control: ControlPlane

  /// Goes on until the task is cancelled.
  ///
  /// Where a key set cannot be had the issuer keeps the keys that it has, and the operator is told, once as long as
  /// nothing else is the matter.
  func run() async {
    var told: [String] = []
    while !Task.isCancelled {
      var problems: [String] = []
      do throws(Problem) {
        problems = try await (control.refreshIssuers() + control.refreshProviders()).map(\.description)
      } catch {
        problems = [error.description]
      }
      for problem in problems where !told.contains(problem) { Console.prose(problem) }
      told = problems
      try? await Task.sleep(for: Self.interval)
    }
  }
}
