public import Domain
public import Encoding
import Rollouts

/// One act that takes a deployment nearer to what it is to be.
public enum DeploymentStep: Equatable, Sendable {
  case setFacts(ModelFacts)
  case setLimits(DeploymentLimits)
  case setRecords(RecordsPolicy)
  case setWatched(Bool)
  case awaitLabels(Int)
  /// Versions come into service by these steps from now on; nil for at once.
  case planRollOuts(RolloutTerms?)
  case setAlias(AliasName, VersionNumber)
  /// The version comes into service, as the deployment's plan says.
  case bring(VersionNumber)
  /// The roll-out to this version ends: what answered before it is what is to answer.
  case endRollOut(VersionNumber)
  /// Versions share the callers so; nil for the live one alone.
  case share(StandingShares?)

  /// What it does, for people.
  public var words: String {
    switch self {
    case .setFacts: "what is said of the model is set"
    case .setLimits: "its limits are set"
    case .setRecords: "what its access records hold is set"
    case .setWatched(let isWatched): isWatched ? "it is watched" : "it is watched no more"
    case .awaitLabels(let millionths):
      millionths > 0 ? "labels are awaited for what it says" : "labels are awaited no more"
    case .planRollOuts: "how its versions come into service is set"
    case .setAlias(let alias, let version): "the alias '\(alias)' comes to name version \(version)"
    case .bring(let version): "version \(version) comes into service"
    case .endRollOut(let version): "the roll-out to version \(version) ends"
    case .share(let shares?): "callers are shared by \(shares.words)"
    case .share(nil): "one version answers all callers"
    }
  }
}

/// What is to be done next about a deployment.
public enum NextStep: Equatable, Sendable {
  /// Nothing: it is as it is to be.
  case inPlace
  /// This.
  case take(DeploymentStep)
  /// Nothing: it moves by itself.
  case moving(String)
  /// Nothing before somebody has said or brought something.
  case waiting(String)
  /// Nothing: it cannot be what it is to be.
  case blocked(Problem)
}

/// One thing in which a deployment is not what it is to be.
public struct DeploymentDifference: Equatable, Sendable {
  /// The member of the file.
  public let member: String
  /// What it is.
  public let present: String
  /// What it is to be.
  public let desired: String

  /// The difference as the HTTP face has it.
  public var json: JSON {
    ["member": .string(member), "is": .string(present), "wanted": .string(desired)]
  }
}

extension DesiredRecord {
  /// What is to be done next, one act at a time: what is said of the model, how the deployment answers, how versions come, what
  /// aliases name, and then who answers.
  ///
  /// Whoever does what it says, again and again, comes to an end: each act takes a difference away and brings none back.
  public func next(from present: PresentDeployment) -> NextStep {
    guard !present.versions.isEmpty else {
      return .waiting("no version of '\(present.name)' was pushed yet")
    }
    let facts = desired.facts.over(present.facts)
    if facts != present.facts { return .take(.setFacts(facts)) }
    guard let live = present.live else { return first(of: present) }
    if let step = settings(present) { return .take(step) }
    if let next = alias(present) { return next }
    return traffic(present, live)
  }

  /// What brings a first version, without which there is nothing to set.
  private func first(of present: PresentDeployment) -> NextStep {
    let version: VersionNumber?
    switch desired.traffic {
    case nil: version = nil
    case .newest: version = newest(of: present)
    case .version(let named): version = named
    case .shares(let shares): version = shares.live(beside: nil)
    }
    guard let version else { return .waiting("no version of '\(present.name)' is in service yet") }
    return obstacle(to: version, present).map { .blocked($0) } ?? .take(.bring(version))
  }

  private func settings(_ present: PresentDeployment) -> DeploymentStep? {
    let policy = present.policy
    if let limits = desired.limits, limits != policy.limits { return .setLimits(limits) }
    // What is desired was held against the bounds when it was read, and what is present when it was set.
    if let records = try? desired.records.over(policy.records), records != policy.records {
      return .setRecords(records)
    }
    if let isWatched = desired.isWatched, isWatched != policy.isWatched { return .setWatched(isWatched) }
    if let millionths = desired.feedbackMillionths, millionths != policy.feedbackMillionths {
      return .awaitLabels(millionths)
    }
    if let rollOut = desired.rollOut, rollOut.terms != present.terms { return .planRollOuts(rollOut.terms) }
    return nil
  }

  private func alias(_ present: PresentDeployment) -> NextStep? {
    for (alias, version) in desired.aliases.sorted(by: { $0.key < $1.key })
    where present.aliases[alias] != version {
      return obstacle(to: version, present).map { .blocked($0) } ?? .take(.setAlias(alias, version))
    }
    return nil
  }

  private func traffic(_ present: PresentDeployment, _ live: VersionNumber) -> NextStep {
    let target = desired.target(in: present, self)
    if let rollout = present.rollout, desired.leaves(rollout.version, for: live) {
      return .take(.endRollOut(rollout.version))
    }
    if let rollout = present.rollout, target != nil || desired.shadows != nil {
      if rollout.version == target || target == nil || target == live || desired.isShared {
        let words = "the roll-out to version \(rollout.version) is at \(rollout.words)"
        return rollout.isHeld ? .waiting(words) : .moving(words)
      }
    }
    if let target, target != live, !desired.isShared {
      return obstacle(to: target, present).map { .blocked($0) } ?? .take(.bring(target))
    }
    do throws(Problem) {
      let shares = try desired.shares(in: present, live)
      guard shares != present.shares else { return .inPlace }
      for version in shares?.versions ?? [] where version != live {
        if let problem = obstacle(to: version, present) { return .blocked(problem) }
      }
      return .take(.share(shares))
    } catch {
      return .blocked(error)
    }
  }

  /// The newest version that may come into service; nil where there is none newer than what somebody rolled back from.
  ///
  /// Whoever went back wants what had served before: nothing between the two, which never did, comes in its place.
  public func newest(of present: PresentDeployment) -> VersionNumber? {
    let left = present.versions.filter { $0.value.mark.map(heeds) ?? false }.keys.max()
    return present.versions.filter { version, standing in
      standing.revocation == nil && left.map { version > $0 } ?? true
    }.keys.max()
  }

  /// Why a version cannot be brought to callers.
  private func obstacle(to version: VersionNumber, _ present: PresentDeployment) -> Problem? {
    let reference = VersionReference(name: present.name, version: version).description
    guard let standing = present.versions[version] else {
      return Problem(
        .notFound, "version.unknown",
        "expected a version of '\(present.name)' that is there, found version \(version), which is not",
        subject: reference, hint: "push it, or name another one in the file and apply that")
    }
    if let revocation = standing.revocation {
      return Problem(
        .refused, "bundle.revoked",
        "expected a version that is not revoked, found '\(reference)': \(revocation)",
        subject: reference, hint: "name another version in the file and apply that")
    }
    guard let mark = standing.mark, heeds(mark) else { return nil }
    return Problem(
      .refused, "roll-out.marked",
      "expected a version that nobody rolled back from, found '\(reference)': \(mark.reason) (\(mark.by), \(mark.at))",
      subject: reference, hint: "name another version in the file, or apply it with --despite-mark")
  }

  /// In what a deployment is not what it is to be, in the order of the file.
  public func differences(from present: PresentDeployment) -> [DeploymentDifference] {
    var all: [DeploymentDifference] = []
    func note(_ member: String, _ found: String?, _ wanted: String) {
      guard found != wanted else { return }
      all.append(DeploymentDifference(member: member, present: found ?? "nothing", desired: wanted))
    }
    let target = desired.target(in: present, self)
    if let target, !desired.isShared {
      var found = present.live?.description
      if let rollout = present.rollout, let live = present.live, desired.leaves(rollout.version, for: live) {
        found = "\(live), while version \(rollout.version) comes"
      }
      note("version", found, target.description)
    }
    let shares = (try? desired.shares(in: present, target ?? present.live)) ?? nil
    if desired.isShared || desired.shadows != nil || (present.shares != nil && desired.traffic != nil) {
      let alone = { (version: VersionNumber?) in
        version.map { "version \($0) alone" } ?? "nothing"
      }
      let (now, then) = (present.shares, shares)
      note("shares", now?.words ?? alone(present.live), then?.words ?? alone(target ?? present.live))
      if let now, let then, now.affinity != then.affinity {
        note("keep-callers-by", now.affinity.rawValue, then.affinity.rawValue)
      }
    }
    for (alias, version) in desired.aliases.sorted(by: { $0.key < $1.key }) {
      note("aliases.\(alias)", present.aliases[alias]?.description, version.description)
    }
    if let owner = desired.facts.owner { note("owner", present.facts.owner?.description, owner.description) }
    if let exposure = desired.facts.exposure {
      note("exposure", present.facts.exposure?.rawValue, exposure.rawValue)
    }
    if let dataClass = desired.facts.dataClass {
      note("data-class", present.facts.dataClass?.rawValue, dataClass.rawValue)
    }
    if let limits = desired.limits { note("limits", present.policy.limits.words, limits.words) }
    if let records = try? desired.records.over(present.policy.records) {
      note("records", present.policy.records.json.canonicalText, records.json.canonicalText)
    }
    if let isWatched = desired.isWatched {
      note("watch", present.policy.isWatched ? "on" : "off", isWatched ? "on" : "off")
    }
    if let millionths = desired.feedbackMillionths {
      note("feedback", "\(present.policy.feedbackMillionths)", "\(millionths)")
    }
    if let rollOut = desired.rollOut, rollOut.terms != present.terms {
      let (now, then) = (present.terms.words, rollOut.terms.words)
      // Steps of the same shares may differ in what they are judged by.
      note("roll-out", now, now == then ? "\(then) by other criteria" : then)
    }
    return all
  }
}

extension DesiredDeployment {
  /// Whether several versions are to answer.
  fileprivate var isShared: Bool {
    if case .shares = self.traffic { true } else { false }
  }

  /// Whether the version that is live is to answer alone while another one comes into service.
  fileprivate func leaves(_ coming: VersionNumber, for live: VersionNumber) -> Bool {
    if case .version(live)? = self.traffic { coming != live } else { false }
  }

  /// The version that the name is to stand for; nil where nothing is said of it.
  fileprivate func target(in present: PresentDeployment, _ record: DesiredRecord) -> VersionNumber? {
    switch self.traffic {
    case nil: return nil
    case .version(let version): return version
    case .shares(let shares): return shares.live(beside: present.live)
    case .newest:
      guard let newest = record.newest(of: present) else { return present.live }
      // Nothing that is newer is brought back by this, and what answers is not left for something older.
      return max(newest, present.live ?? newest)
    }
  }

  /// How versions are to share the callers beside that one; nil where it answers alone.
  fileprivate func shares(
    in present: PresentDeployment, _ live: VersionNumber?
  ) throws(Problem) -> StandingShares? {
    let arms: [TrafficSplit.Arm]
    let affinity: Sharing.Affinity
    switch self.traffic {
    case .shares(let shares): (arms, affinity) = (shares.arms, shares.affinity)
    case .version, .newest:
      guard let live else { return nil }
      (arms, affinity) = ([TrafficSplit.Arm(version: live, share: .whole)], .key)
    case nil:
      guard self.shadows != nil, let live else { return present.shares }
      arms = present.shares?.arms ?? [TrafficSplit.Arm(version: live, share: .whole)]
      affinity = present.shares?.affinity ?? .key
    }
    // A version that came to answer callers is asked beside nobody.
    let asked = (self.shadows ?? present.shares?.shadows ?? []).filter { shadow in
      !arms.contains { $0.version == shadow }
    }
    let shares = try StandingShares(arms, by: affinity, shadows: asked)
    return shares.isPlain ? nil : shares
  }
}

extension RolloutManner {
  /// The steps by which versions come; nil for at once.
  fileprivate var terms: RolloutTerms? {
    if case .by(let terms) = self { terms } else { nil }
  }
}

extension RolloutTerms? {
  fileprivate var words: String {
    guard let self else { return "at once" }
    return self.plan.steps.map { $0.share == .none ? "in the shadow" : $0.share.description }
      .joined(separator: ", ")
  }
}

extension DeploymentLimits {
  fileprivate var words: String { json?.canonicalText ?? "none" }
}
