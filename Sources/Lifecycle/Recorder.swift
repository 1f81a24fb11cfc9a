public import Domain
public import Encoding

/// How an act ended, and what there is to record of it.
public enum ActOutcome<Result: Sendable>: Sendable {
  /// It happened: the result, what the ledger should know, and what changes with it.
  case done(Result, details: [String: JSON] = [:], changes: [RegistryChange] = [])
  /// It was refused: why, what the ledger should know, and what is kept of it.
  case refused(Problem, details: [String: JSON] = [:], changes: [RegistryChange] = [])
}

/// The one writer of the ledger: an entry before an act's effect, another after it.
///
/// The entry before (`begun`) says that from here on the effect may have happened; the one after (`done`,
/// `failed`) goes into one transaction with the registry's change. A crash between them leaves a `begun`
/// alone, which `Recovery` finds and closes at the next start; a commit that fails leaves one as well, which
/// `ControlPlane.perform` has closed as soon as the undertaking is over.
public struct Recorder: Sendable {
  private let registry: any RegistryWriter
  private let time: any TimeSource
  /// On whose behalf the acts happen.
  public let principal: Principal
  /// What ties the entries of one undertaking together.
  public let trace: String
  /// From where it was asked for, and with what; nil where nobody came from anywhere.
  let origin: JSON?
  /// The project that a new model is to be of; nil where it is about none.
  var project: ProjectName?

  /// Records acts of one undertaking of one principal.
  public init(
    registry: any RegistryWriter, time: any TimeSource, principal: Principal, trace: String,
    origin: JSON? = nil
  ) {
    self.origin = origin
    self.registry = registry
    self.time = time
    self.principal = principal
    self.trace = trace
  }

  /// Writes down that `act` begins, lets `effect` happen, and writes down how it ended.
  ///
  /// Throws what the effect throws or refuses with, after that is in the ledger. Where the ledger itself
  /// cannot be written, the effect does not begin.
  @discardableResult
  public func record<Result: Sendable>(
    _ act: Act, of subject: String, details: [String: JSON] = [:],
    effect: () async throws(Problem) -> ActOutcome<Result>
  ) async throws(Problem) -> Result {
    try await registry.commit([entry(act, .begun, subject, details)], [])
    let outcome: ActOutcome<Result>
    do {
      outcome = try await effect()
    } catch {
      // If this commit is lost too, the lone `begun` says so until it is closed; the caller learns the first reason.
      _ = try? await registry.commit([entry(act, .failed, subject, Self.details(of: error))], [])
      throw error
    }
    switch outcome {
    case .done(let result, let details, let changes):
      // Where this throws, it may have been made all the same: no `failed` is written here, which could contradict it.
      try await registry.commit([entry(act, .done, subject, details)], changes)
      return result
    case .refused(let problem, let details, let changes):
      let all = Self.details(of: problem).merging(details) { $1 }
      try await registry.commit([entry(act, .failed, subject, all)], changes)
      throw problem
    }
  }

  /// Writes down an act that is nothing but a change of the registry: its one commit is the act.
  public func note(
    _ act: Act, phase: ActPhase = .done, of subject: String, details: [String: JSON] = [:],
    changes: [RegistryChange]
  ) async throws(Problem) {
    try await registry.commit([entry(act, phase, subject, details)], changes)
  }

  /// The entry that says how far an act has come.
  func entry(_ act: Act, _ phase: ActPhase, _ subject: String, _ details: [String: JSON])
    -> LedgerEntry
  {
    var details = details
    if let origin { details["origin"] = origin }
    // A model that no version was made of is of no project that the registry knows.
    if let project { details["project"] = .string(project.description) }
    return LedgerEntry(
      time: time.now(), principal: principal, act: act, phase: phase, subject: subject, trace: trace,
      details: details)
  }

  /// What the ledger is to know of a problem.
  static func details(of problem: Problem) -> [String: JSON] {
    ["code": .string(problem.code), "message": .string(problem.message.excerpt(1000))]
  }
}
