public import Domain
import Encoding

/// What served under a name at a moment, and how that came to be, each step with its place in the ledger.
public struct ServedAccount: Sendable {
  /// One step, as the ledger has it.
  public struct Step: Equatable, Sendable {
    /// What it was: `push`, `inspect`, `gate`, `sign`, `approve`, `roll-out`.
    public let act: Act
    /// When.
    public let time: Timestamp
    /// Who acted.
    public let principal: Principal
    /// The place of the entry in the ledger.
    public let position: Int
    /// For an approval, whether it was a yes.
    public let isGiven: Bool?
  }

  /// The model.
  public let model: ModelName
  /// The moment.
  public let moment: Timestamp
  /// What served; nil where nothing did.
  public let served: ServedSince?
  /// The version that served.
  public let version: ModelVersion?
  /// How it came to serve, in the ledger's order.
  public let steps: [Step]
  /// What its aliases named.
  public let aliases: [AliasMove]
}

/// Answers "what served then, from which bytes, who pushed it, who agreed, under which policy" from ledger and registry.
public struct AccountForMoment: Sendable {
  private let ledger: any LedgerReader & LedgerSearch
  private let registry: any RegistryReader

  /// Looks at these.
  public init(ledger: any LedgerReader & LedgerSearch, registry: any RegistryReader) {
    self.ledger = ledger
    self.registry = registry
  }

  /// The account of a model at a moment; reads the entries of the model's acts alone.
  public func callAsFunction(of model: ModelName, at moment: Timestamp) async throws(Problem) -> ServedAccount
  {
    let history = try await History(ledger: ledger)(of: model, at: moment)
    guard let served = history.served.last else {
      return ServedAccount(
        model: model, moment: moment, served: nil, version: nil, steps: [], aliases: history.aliases)
    }
    let version = try await registry.versions(of: model).first { $0.reference == served.version }
    var steps: [ServedAccount.Step] = []
    // The undertaking that made the version is the one whose act of signing named it.
    if let signed = try await ledger.signing(of: served.version, until: moment) {
      for act in [Act.push, .inspect, .lift, .test, .gate] {
        steps += try await ledger.done(act, on: model, until: moment).filter {
          $0.entry.trace == signed.entry.trace
        }.map { Self.step($0.entry, $0.position) }
      }
      steps.append(Self.step(signed.entry, signed.position))
    }
    steps += try await ledger.done(.approve, on: model, until: moment).filter {
      $0.entry.subject == served.version.description && $0.position < served.position
    }.map { Self.step($0.entry, $0.position) }
    steps.append(
      ServedAccount.Step(
        act: served.act, time: served.time, principal: served.principal, position: served.position,
        isGiven: nil
      ))
    var seen: Set<Int> = []
    steps = steps.filter { seen.insert($0.position).inserted }.sorted { $0.position < $1.position }
    return ServedAccount(
      model: model, moment: moment, served: served, version: version, steps: steps, aliases: history.aliases)
  }

  private static func step(_ entry: LedgerEntry, _ position: Int) -> ServedAccount.Step {
    ServedAccount.Step(
      act: entry.act, time: entry.time, principal: entry.principal, position: position,
      isGiven: entry.details["given"]?.bool)
  }
}
