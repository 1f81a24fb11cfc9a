import Documents
import Domain
import Encoding
import YAML

/// Evidence as a case states it.
struct CaseEvidence {
  var evidence = AdmissionEvidence()
  var approvals: [(by: RoleHolder, digest: Digest?, policy: Digest?)]?
  var answers: [(url: String, result: JSON)] = []
}

extension DocumentReading {
  private static let members = [
    "model", "version", "digest", "project", "data-class", "exposure", "environment", "author", "now",
    "format", "framework", "verdict", "findings", "model-size", "image-size", "seals", "approvals",
    "advisories", "advisory-source", "tests", "open-threats", "training-data", "oldest-process", "deployer",
    "answers", "promotion",
  ]

  /// The members of evidence.
  mutating func evidenceFields(of node: YAMLNode) -> Fields {
    fields(of: node, "the evidence", known: Self.members)
  }

  /// The facts that evidence states; what is said to be `unknown` is left out.
  mutating func evidence(_ fields: Fields, _ vocabulary: PolicyVocabulary) -> CaseEvidence {
    let fields = fields.without(text: "unknown")
    var read = CaseEvidence()
    readPlace(fields, &read.evidence)
    readArtifact(fields, &read.evidence)
    readReports(fields, &read.evidence)
    read.evidence.seals = list(fields["seals"], "a seal") { reading, node in reading.seal(node) }
    read.approvals = list(fields["approvals"], "an approval") { reading, node in
      let approval = reading.fields(
        of: node, "an approval", known: ["by", "roles", "digest", "policy"], required: ["by", "roles"])
      return (
        reading.actor(approval, vocabulary), reading.digest(approval["digest"]),
        reading.digest(approval["policy"])
      )
    }
    read.evidence.deployer = fields["deployer"].map { node in
      let fields = self.fields(of: node, "the deployer", known: ["by", "roles"], required: ["by", "roles"])
      return actor(fields, vocabulary)
    }
    if let node = fields["answers"] { read.answers = answers(node) }
    return read
  }

  // MARK: What it is and where

  private mutating func readPlace(_ fields: Fields, _ evidence: inout AdmissionEvidence) {
    evidence.model = value(fields["model"], "the name of a model") { try? ModelName(parsing: $0) }
    evidence.version = value(fields["version"], "the number of a version") {
      try? VersionNumber(parsing: $0)
    }
    // Approvals are for some version: which one hardly matters to a case.
    evidence.digest = digest(fields["digest"]) ?? Digest(words: 0, 0, 0, 0)
    evidence.project = fields["project"].map { text($0, "a project") }
    evidence.dataClass = choice(fields["data-class"], "a data class")
    evidence.exposure = choice(fields["exposure"], "an exposure")
    evidence.environment = value(fields["environment"], "an environment") {
      try? EnvironmentName(parsing: $0)
    }
    evidence.promotion = fields["promotion"].flatMap { promotion($0) }
    evidence.author = principal(fields["author"])
    evidence.now = moment(fields["now"])
    evidence.oldestProcess = moment(fields["oldest-process"])
  }

  private mutating func promotion(_ node: YAMLNode) -> PromotionEvidence? {
    let fields = fields(
      of: node, "a promotion", known: ["from", "by", "at", "served-for"], required: ["from", "by", "at"])
    let key = text(fields["by"], "the hint of a key")
    let service = span(fields["served-for"])?.milliseconds ?? 0
    guard let at = moment(fields["at"]),
      let from = value(
        fields["from"], "an environment", { (text: String) in try? EnvironmentName(parsing: text) })
    else { return nil }
    return PromotionEvidence(from: from, key: key, at: at, servedFor: service)
  }

  private mutating func readArtifact(_ fields: Fields, _ evidence: inout AdmissionEvidence) {
    evidence.format = fields["format"].map { text($0, "a format") }
    let framework = fields["framework"].map { text($0, "a framework and its version") }
    let words = framework?.split(separator: " ", maxSplits: 1)
    evidence.framework = words?.first.map(String.init)
    evidence.frameworkVersion = words?.dropFirst().first.map(String.init)
    evidence.verdict = choice(fields["verdict"], "a verdict of inspection")
    evidence.findings = list(fields["findings"], "a finding") { reading, node in
      let fields = reading.fields(
        of: node, "a finding", known: ["rule", "severity"], required: ["rule", "severity"])
      return Finding(
        rule: reading.text(fields["rule"], "a rule"),
        severity: reading.choice(fields["severity"], "a severity") ?? .note, message: "stated in a case",
        remedy: "none")
    }
    evidence.modelBytes = bytes(fields["model-size"])
    evidence.imageBytes = bytes(fields["image-size"])
  }

  // MARK: What others say of it

  private mutating func readReports(_ fields: Fields, _ evidence: inout AdmissionEvidence) {
    evidence.advisories = list(fields["advisories"], "an advisory") { reading, node in
      let fields = reading.fields(
        of: node, "an advisory", known: ["id", "aliases", "component", "severity", "published"],
        required: ["id", "component", "severity"])
      return Advisory(
        id: reading.text(fields["id"], "an id"),
        aliases: reading.elements(of: fields["aliases"], "the aliases", mayBeEmpty: true).map {
          reading.text($0, "an alias")
        }, component: reading.text(fields["component"], "a component"),
        severity: reading.choice(fields["severity"], "a severity") ?? .critical,
        published: reading.moment(fields["published"]))
    }
    if let node = fields["advisory-source"] {
      let fields = self.fields(of: node, "the source of advisories", known: ["digest", "newest"])
      evidence.advisorySource = AdvisorySource(
        // Which advisories they are hardly matters to a case.
        digest: digest(fields["digest"]) ?? Digest(words: 0, 0, 0, 0), newest: moment(fields["newest"]))
    }
    if let node = fields["tests"] {
      let fields = self.fields(
        of: node, "the tests", known: ["passed", "metrics", "champion"], required: ["passed"])
      evidence.tests = TestEvidence(
        passed: boolean(fields["passed"], "'passed'", default: false),
        metrics: fields["metrics"].map { metrics($0) } ?? [],
        champion: fields["champion"].map { champion($0) })
    }
    if let node = fields["open-threats"] {
      let levels = self.fields(of: node, "the open threats", known: RiskLevel.allCases.map(\.rawValue))
      var threats: [RiskLevel: Int] = [:]
      for level in RiskLevel.allCases {
        guard let node = levels[level.rawValue] else { continue }
        threats[level] = number(node, "the open threats", in: 0...10_000, default: 0)
      }
      evidence.openThreats = threats
    }
    evidence.trainingData = list(fields["training-data"], "training data") { reading, node in
      let fields = reading.fields(of: node, "training data", known: ["name", "newest"], required: ["name"])
      return TrainingDataEvidence(
        name: reading.text(fields["name"], "a name"), newest: reading.moment(fields["newest"]))
    }
  }

  /// The metrics of the version in service, or `none` where there is none.
  private mutating func champion(_ node: YAMLNode) -> Champion {
    if case .scalar("none") = node.content { return .none }
    return .metrics(metrics(node))
  }

  private mutating func metrics(_ node: YAMLNode) -> [Metric] {
    guard case .mapping(let members) = node.content else {
      addType("metrics and their numbers as a mapping", node)
      return []
    }
    return members.prefix(Self.listLimit).compactMap { member in
      var label = Substring(member.name)
      guard let (name, slice) = MetricRequirement.label(takenFrom: &label), label.isEmpty else {
        add(
          "metric",
          "expected a metric such as 'accuracy' or 'accuracy[segment=young]', found"
            + " '\(member.name.excerpt(60))'", at: member.nameRange)
        return nil
      }
      return value(member.value, "a number") { decimal($0) }.map {
        Metric(name: name, slice: slice, value: $0)
      }
    }
  }

  private mutating func answers(_ node: YAMLNode) -> [(url: String, result: JSON)] {
    guard case .mapping(let members) = node.content else {
      addType("URLs and their results as a mapping", node)
      return []
    }
    return members.prefix(Self.listLimit).compactMap { member in
      value(member.value, AskCheck.expectation) { AskCheck.scalar($0) }.map { (member.name, $0) }
    }
  }

  // MARK: People and values

  private mutating func seal(_ node: YAMLNode) -> SealEvidence {
    let fields = fields(of: node, "a seal", known: ["hint", "name"], required: ["hint"])
    return SealEvidence(
      hint: text(fields["hint"], "a hint"), name: fields["name"].map { text($0, "a name") })
  }

  private mutating func actor(_ fields: Fields, _ vocabulary: PolicyVocabulary) -> RoleHolder {
    let roles = elements(of: fields["roles"], "a role", mayBeEmpty: true).compactMap {
      word($0, "a role", code: "unknown-role", among: vocabulary.roles)
    }
    return RoleHolder(
      principal: principal(fields["by"]) ?? Principal(kind: .service, name: "nobody"), roles: Set(roles))
  }

  private mutating func principal(_ node: YAMLNode?) -> Principal? {
    value(node, "somebody such as 'person:ana' or 'service:ci'") { Principal(parsing: $0) }
  }

  private mutating func digest(_ node: YAMLNode?) -> Digest? {
    value(node, "a digest, 'sha256:' and 64 digits") { try? Digest(parsing: $0) }
  }

  private mutating func bytes(_ node: YAMLNode?) -> Int? {
    value(node, ByteCount.expected, code: "size", hint: ByteCount.hint) { ByteCount(parsing: $0) }?.bytes
  }

  /// A moment, or the first one of a day.
  private mutating func moment(_ node: YAMLNode?) -> Timestamp? {
    value(node, "a moment such as '2026-11-21T09:30:00Z', or a day", code: "time") { text in
      (try? Timestamp(parsing: text)) ?? CalendarDay(parsing: text)?.start
    }
  }

  /// A list of facts; nil where nothing is said of them.
  private mutating func list<Fact>(
    _ node: YAMLNode?, _ what: String, _ read: (inout DocumentReading, YAMLNode) -> Fact
  ) -> [Fact]? {
    guard let node else { return nil }
    var facts: [Fact] = []
    for element in elements(of: node, what, mayBeEmpty: true) { facts.append(read(&self, element)) }
    return facts
  }
}
