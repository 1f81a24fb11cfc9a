public import Domain

/// One thing that inspection looks for: what it weighs, what it leads to, and what to do about it.
public struct Rule: Sendable {
  /// What kind of trouble a rule looks for.
  public enum Family: String, Sendable, CaseIterable {
    /// Loading or using the artifact runs code of its author's choosing.
    case codeExecution = "code-execution"
    /// Two readers of the same bytes would see different things.
    case differential
    /// A small input makes its reader spend far more than it is worth.
    case exhaustion
    /// The artifact reaches outside itself: other files, other hosts.
    case externalReference = "external-reference"
    /// Numbers inside contradict each other so that a predictor would read where it must not.
    case structure
    /// Honest as far as one can see, and not known.
    case unknown
    /// The bytes are damaged.
    case damage
    /// Something that should not leave the house: keys, tokens, personal data.
    case disclosure
    /// Worth knowing.
    case remark
  }

  /// The stable id, `pickle.call`.
  public let id: String
  /// What kind of trouble it looks for.
  public let family: Family
  /// How much a finding by this rule weighs.
  public let severity: Severity
  /// What it makes of the artifact; nil where it changes nothing.
  public let verdict: InspectionVerdict?
  /// What the rule looks for, one line.
  public let summary: String
  /// Why that matters, one or two sentences.
  public let why: String
  /// What a case of it looks like.
  public let example: String
  /// What to do about a finding, imperative.
  public let remedy: String
  /// The entries of public catalogues that it stands for: OWASP ML Top 10, MITRE ATLAS, CWE.
  public let references: [String]

  init(
    _ id: String, _ family: Family, _ severity: Severity, _ verdict: InspectionVerdict?, _ summary: String,
    why: String, example: String, remedy: String, _ references: [String]
  ) {
    self.id = id
    self.family = family
    self.severity = severity
    self.verdict = verdict
    self.summary = summary
    self.why = why
    self.example = example
    self.remedy = remedy
    self.references = references
  }
}

extension Rule {
  /// Every rule, by id.
  public static let all: [Rule] = [
    pickle,
    compression,
    archive,
    artifact,
    keras,
    hdf5,
    torch,
    texts,
    weights,
    secrets,
    protobuf,
    onnx,
    trees,
    boosters,
    tensorFlow,
    prediction,
    environment,
  ].flatMap { $0 }.sorted { $0.id < $1.id }

  /// The rule of this id.
  public static func named(_ id: String) -> Rule? { byID[id] }

  private static let byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

  /// A finding by this rule.
  func finding(_ message: String, member: String, offset: Int? = nil, opcode: String? = nil) -> Finding {
    Finding(
      rule: id, severity: severity, member: member, offset: offset, opcode: opcode, message: message,
      remedy: remedy)
  }
}

/// What many rules have in common.
enum RuleText {
  static let supplyChain = ["OWASP ML06:2023", "ATLAS AML.T0011.000", "CWE-502"]
  static let exhaustion = ["OWASP ML06:2023", "ATLAS AML.T0029", "CWE-400"]
  static let corrupt = ["OWASP ML10:2023", "ATLAS AML.T0076", "CWE-20"]
  static let outside = ["OWASP ML06:2023", "ATLAS AML.T0010", "CWE-73"]
  static let doNotLoad = "do not load this file; find out where it came from and train the model anew"
  static let dumpAgain = "dump the model again with joblib.dump, and push that file as it is"
  static let checkWhole = "check that the file is whole: compare its digest with that of the original"
}
