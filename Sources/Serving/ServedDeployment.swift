import Domain
import Encoding

/// What is served under one name: the version that answers who names none, and those beside it.
struct ServedDeployment: Sendable {
  /// What stands behind a version or an alias.
  enum Entry: Sendable {
    case model(ServedModel)
    /// It should be served and cannot be, and never could since this process started.
    case unavailable(Problem)
    /// It was withdrawn: the version was revoked, or the key that sealed it. Nothing answers in its place.
    case revoked(Problem)

    /// The model, where it is served.
    var model: ServedModel? {
      guard case .model(let model) = self else { return nil }
      return model
    }
  }

  /// What answers who names no version.
  let live: Entry
  /// Each version that is served or should be, ascending.
  let versions: [(number: VersionNumber, entry: Entry)]
  /// What each alias names.
  let aliases: [AliasName: Entry]
  /// Versions and aliases by the text that stands in a request.
  private let named: [String: Entry]
  /// What a roll-back would serve: it answers nobody, and is there at once.
  let standby: ServedModel?
  /// How those who name no version are shared by several; nil where the live one answers all of them.
  let sharing: Sharing?
  /// Who is asked what others answer; nil where nobody is.
  let shadowing: Shadowing?
  /// How it answers, whatever version does.
  let policy: DeploymentPolicy
  /// What its predictions go through; the same in every table that has the deployment.
  let gate: ModelGate
  /// Which callers are answered no more for a while; the same in every table that has the deployment.
  let held: HeldCallers
  /// What is done about attacks, by version; nothing where the policy says nothing.
  private let defences: [VersionNumber: ModelDefences]
  /// How what is said is kept for labels to come, by version; nothing where none are awaited.
  private let feedback: [VersionNumber: FeedbackForm]

  /// States what is served; what answers for `live` and `aliases` is served by its number too.
  init(
    live: Entry, versions: [VersionNumber: Entry], aliases: [AliasName: Entry] = [:],
    standby: ServedModel? = nil, sharing: Sharing? = nil, shadowing: Shadowing? = nil,
    policy: DeploymentPolicy = .standard,
    gate: ModelGate? = nil, held: HeldCallers? = nil
  ) {
    self.standby = standby
    self.sharing = sharing
    self.shadowing = shadowing
    self.policy = policy
    self.gate = gate ?? ModelGate(policy.limits)
    self.live = live
    self.aliases = aliases
    var all = versions
    for case .model(let model) in [live] + aliases.values { all[model.reference.version] = .model(model) }
    self.versions = all.sorted { $0.key < $1.key }.map { (number: $0.key, entry: $0.value) }
    let callers = held ?? HeldCallers()
    self.held = callers
    defences = all.compactMapValues { entry in
      entry.model.flatMap { ModelDefences(policy.defences, for: $0, holding: callers) }
    }
    feedback =
      policy.feedbackMillionths > 0
      ? all.compactMapValues { entry in entry.model.flatMap { FeedbackForm(policy.records, for: $0) } } : [:]
    // No alias is a number, so nothing is named twice.
    var named = Dictionary(uniqueKeysWithValues: all.map { ($0.description, $1) })
    for (alias, entry) in aliases { named[alias.description] = entry }
    self.named = named
  }

  /// One version that is served.
  init(_ model: ServedModel) { self.init(live: .model(model), versions: [:]) }

  /// What a version or an alias, or neither, stands for; nil where there is none of that name.
  func entry(_ version: String?) -> Entry? {
    guard let version else { return live }
    return named[version]
  }

  /// The model that answers for a version or an alias, or neither, of this deployment, which has a name.
  ///
  /// Throws as `RoutingTable.resolve` does.
  func resolve(_ version: String?, of name: String) throws(Problem) -> ServedModel {
    guard let entry = entry(version) else {
      let served = versions.map(\.number.description) + aliases.keys.sorted().map(\.description)
      throw Problem(
        .notFound, "model.no-such-version",
        "expected a version of '\(name)' that is served (\(served.joined(separator: ", "))), found"
          + " '\((version ?? "").excerpt(40))'")
    }
    switch entry {
    case .model(let model): return model
    case .unavailable: throw Problem(.unavailable, "model.not-ready", "model '\(name)' is not ready")
    // Why is for the operator, who has it in the log and the ledger.
    case .revoked:
      throw Problem(
        .unavailable, "model.revoked", "model '\(name)' was withdrawn and answers no more under this version",
        hint: "ask for another version, or whoever runs the model for a new one")
    }
  }

  /// The model that answers somebody who may have named a version; else the one that is theirs.
  ///
  /// Where a version has a share and cannot be served, the live one answers in its place. Throws as `RoutingTable.resolve` does.
  func resolve(_ version: String?, of name: String, for caller: Caller) throws(Problem) -> ServedModel {
    guard version == nil, let sharing else { return try resolve(version, of: name) }
    let number = caller.bytes(by: sharing.affinity) { sharing.split.version(for: $0) }
    if case .model(let model)? = versions.first(where: { $0.number == number })?.entry { return model }
    return try resolve(nil, of: name)
  }

  /// Whose a request is, as far as that is known.
  struct Caller {
    /// The id of the key, or the subject of the token.
    var key: String?
    /// What the field `Gatehouse-Affinity` says.
    var affinity: String?
    /// The request's trace.
    var trace: String

    /// The bytes that keep a caller with one version.
    func bytes<Result>(by affinity: Sharing.Affinity, _ body: (String.UTF8View) -> Result) -> Result {
      switch affinity {
      case .key: body((key ?? trace).utf8)
      case .header: body((self.affinity ?? key ?? trace).utf8)
      case .trace: body(trace.utf8)
      }
    }
  }

  /// What is done about attacks on a version; nil where nothing is.
  func defences(of model: ServedModel) -> ModelDefences? {
    defences.isEmpty ? nil : defences[model.reference.version]
  }

  /// Has callers be held back by these settings from here on, whoever was let go before.
  func haveDefencesInForce() {
    for own in defences.values { own.comeIntoForce() }
  }

  /// How what a version says is kept for labels to come; nil where none are awaited, or none can be held against it.
  func feedback(of model: ServedModel) -> FeedbackForm? {
    feedback.isEmpty ? nil : feedback[model.reference.version]
  }

  /// The models that answer, by version.
  var models: [ServedModel] { versions.compactMap(\.entry.model) }

  /// Whether all that should be served under the name is, and answers right; what was withdrawn should not.
  var isReady: Bool {
    let arms = (sharing?.split.arms ?? []).compactMap { arm in
      versions.first { $0.number == arm.version }?.entry
    }
    return ([live] + aliases.values).allSatisfy { entry in
      switch entry {
      case .model(let model): model.probe.isReady()
      case .unavailable: false
      case .revoked: true
      }
    } && arms.allSatisfy { $0.model?.probe.isReady() ?? true }
  }

  /// The versions that were withdrawn, and why.
  var withdrawn: [(number: VersionNumber, problem: Problem)] {
    versions.compactMap { number, entry in
      guard case .revoked(let problem) = entry else { return nil }
      return (number, problem)
    }
  }

  /// The same without the models that something stands against.
  func withdrawing(_ objection: (ServedModel) -> Problem?) -> ServedDeployment {
    func judged(_ entry: Entry) -> Entry {
      guard case .model(let model) = entry, let problem = objection(model) else { return entry }
      return problem.isRevocation ? .revoked(problem) : .unavailable(problem)
    }
    return ServedDeployment(
      live: judged(live),
      versions: Dictionary(uniqueKeysWithValues: versions.map { ($0.number, judged($0.entry)) }),
      aliases: aliases.mapValues(judged), standby: standby.flatMap { objection($0) == nil ? $0 : nil },
      sharing: sharing, shadowing: shadowing, policy: policy, gate: gate, held: held)
  }

  /// What of this a later state still has; the live version stays until another is loaded.
  func narrowed(to state: PlaneState.Deployment) -> ServedDeployment {
    let numbers = Set(state.versions.map(\.version))
    let kept = versions.filter { numbers.contains($0.number) }.map { ($0.number, $0.entry) }
    return ServedDeployment(
      live: live, versions: Dictionary(uniqueKeysWithValues: kept),
      aliases: aliases.filter { state.aliases[$0.key] != nil }, standby: standby,
      sharing: sharing, shadowing: shadowing, policy: policy, gate: gate, held: held)
  }

  /// The models that are asked what others answer.
  var shadows: [ServedModel] {
    guard let shadowing else { return [] }
    return shadowing.versions.compactMap { number in versions.first { $0.number == number }?.entry.model }
  }

  /// When a request that came then, and gives so many nanoseconds, may run.
  func turn(timeout: Int?, from arrival: Arrival) -> Turn {
    let own = policy.limits.deadline.map { $0 * 1_000_000 }
    let time = [timeout, own].compactMap(\.self).min()
    return Turn(
      deadline: Deadline(nanoseconds: time.map { arrival.nanoseconds + $0 }),
      gate: policy.limits.concurrency == nil ? nil : gate)
  }
}

extension Problem {
  /// Whether it says that something was revoked.
  var isRevocation: Bool { code == "seal.revoked-key" || code == "bundle.revoked" }
}
