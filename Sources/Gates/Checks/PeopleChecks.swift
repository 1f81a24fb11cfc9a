import Documents
import Domain
import Encoding
import YAML

/// `seals: {by: ["release-*"], at-least: 1}`: who must have sealed what was pushed.
struct SealsCheck: GateCheck {
  static let name = "seals"
  let keys: [Glob]
  let count: Int

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'seals'", known: ["by", "at-least"], required: ["by"])
    keys = reading.globs(fields["by"], "the name of a key or the beginning of its hint")
    count = reading.number(fields["at-least"], "'at-least'", in: 1...20, default: 1)
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let expected = "seals by \(count) of \(keys.map(\.description).listed())"
    guard let seals = evidence.seals else { return .notKnown(expected, "who sealed it") }
    let hints = Set(seals.filter(isNamed).map(\.hint))
    let others = seals.filter { !isNamed($0) }
    return .held(
      hints.count >= count, "sealed by \(hints.count) of \(keys.map(\.description).listed())",
      otherwise: "expected \(expected), found \(hints.count)"
        + (others.isEmpty
          ? "" : " and others by \(others.prefix(5).map { ($0.name ?? $0.hint).excerpt(40) }.listed("and"))"))
  }

  private func isNamed(_ seal: SealEvidence) -> Bool { keys.names(seal.hint, as: seal.name) }
}

extension [Glob] {
  /// How many digits of a hint name a key: fewer are soon found for another key.
  static let digitsOfHint = 16

  /// Whether one of them names a key: by the beginning of its hint, or by the name that it is known by.
  func names(_ hint: String, as name: String? = nil) -> Bool {
    contains { key in
      let text = key.description
      let isHint = text.utf8.count >= Self.digitsOfHint && text.allSatisfy { $0.isHexDigit }
      return isHint && hint.hasPrefix(text) || name.map(key.matches) == true
    }
  }
}

/// `approvals: {at-least: 2, roles: [approver], not-by-author: true}`: how many people must have said yes.
struct ApprovalsCheck: GateCheck {
  static let name = "approvals"
  /// What is approved is a version, and a push makes one only once it was admitted.
  static let phases: [PolicyPhase] = [.rollOut]
  let count: Int
  let roles: [String]
  let excludesAuthor: Bool

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'approvals'", known: ["at-least", "roles", "not-by-author"],
      required: ["at-least", "roles"])
    count = reading.number(fields["at-least"], "'at-least'", in: 1...20, default: 1)
    roles = reading.roles(fields["roles"], vocabulary)
    excludesAuthor = reading.boolean(fields["not-by-author"], "'not-by-author'", default: true)
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    let who = "people who are \(roles.listed())" + (excludesAuthor ? " and not the author" : "")
    let expected = "approval by \(count) of the \(who)"
    guard let digest = evidence.digest else { return .notKnown(expected, "which version it is for") }
    guard let approvals = evidence.approvals else { return .notKnown(expected, "who approved it") }
    guard !excludesAuthor || evidence.author != nil else { return .notKnown(expected, "the author") }
    let valid = approvals.filter { $0.digest == digest && $0.policy == policy }
    // A service that approves would be its owner's second voice.
    let counted = Set(
      valid.filter { approval in
        approval.by.principal.kind == .person && !approval.by.roles.isDisjoint(with: roles)
          && !(excludesAuthor && approval.by.principal == evidence.author)
      }.map(\.by.principal.description))
    guard counted.count < count else {
      return .passed("approved by \(counted.sorted().map { $0.excerpt(60) }.listed("and"))")
    }
    var found = counted.isEmpty ? "none" : counted.sorted().map { $0.excerpt(60) }.listed("and")
    let expired = approvals.count - valid.count
    if expired > 0 { found += "; \(expired) for another version or policy expired" }
    let missing = count - counted.count
    return .waiting(
      "expected \(expected), found \(found)",
      hint: "have \(missing == 1 ? "one" : "\(missing)") of the \(who) approve it")
  }
}

/// `deployers: {roles: [operator], environments: [production]}`: who may bring a version into service there.
struct DeployersCheck: GateCheck {
  static let name = "deployers"
  static let phases: [PolicyPhase] = [.rollOut]
  let roles: [String]
  let environments: [Glob]

  init(_ node: YAMLNode, _ reading: inout DocumentReading, _ vocabulary: PolicyVocabulary) {
    let fields = reading.fields(
      of: node, "the gate 'deployers'", known: ["roles", "environments"], required: ["roles"])
    roles = reading.roles(fields["roles"], vocabulary)
    environments = reading.globs(fields["environments"], "an environment")
  }

  func answer(_ evidence: AdmissionEvidence, under policy: Digest) -> GateAnswer {
    if let environment = evidence.environment, !environments.isEmpty,
      !environments.contains(where: { $0.matches(environment.description) })
    {
      return .passed("\(environment) is none of \(environments.map(\.description).listed())")
    }
    let expected = "\(roles.listed()) to bring it into service"
    guard let deployer = evidence.deployer else { return .notKnown(expected, "who does") }
    let found = deployer.roles.sorted().map { $0.excerpt(40) }.listed("and")
    let name = deployer.principal.description.excerpt(60)
    return .held(
      !deployer.roles.isDisjoint(with: roles), "\(name) is \(found)",
      otherwise: "expected \(expected), found \(name) with the roles \(found)")
  }
}

extension DocumentReading {
  fileprivate mutating func roles(_ node: YAMLNode?, _ vocabulary: PolicyVocabulary) -> [String] {
    elements(of: node, "a role").compactMap {
      word($0, "a role", code: "unknown-role", among: vocabulary.roles)
    }
  }
}
