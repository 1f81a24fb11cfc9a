public import Documents
public import Domain
import Encoding
import Rollouts
import YAML

/// What came of reading a file of deployments: what each is to be, or all that is wrong with it.
public struct DesiredDeploymentsReading: WrittenDocument, Sendable {
  /// The most bytes of a file.
  public static let sizeLimit = 64 << 10
  /// What such a file begins with.
  public static let language = "gatehouse/v1"

  /// What each deployment is to be, by name; nil where there are faults.
  public let deployments: [ModelName: DesiredDeployment]?
  /// The same, as of any document.
  public var content: [ModelName: DesiredDeployment]? { deployments }
  /// The faults in the order of their places, at most a hundred.
  public let faults: [DocumentFault]
  /// Whether there are more faults than are told.
  public let isCut: Bool

  /// Reads a file to its end, whatever it holds: YAML, or the same words in JSON.
  public init(_ bytes: [UInt8]) {
    var reader = DesiredReader(reading: DocumentReading(bytes, area: "deployments"))
    let found = reader.deployments()
    faults = reader.reading.sortedFaults
    isCut = reader.reading.isCut
    deployments = faults.isEmpty ? found : nil
  }

  /// What a file says; throws the first of its faults, with its place in `file`.
  public static func deployments(
    parsing bytes: [UInt8], file: String = "deployments.yaml"
  ) throws(Problem) -> [ModelName: DesiredDeployment] {
    try Self(bytes).said(in: file)
  }
}

/// Reads deployments out of their document.
private struct DesiredReader {
  var reading: DocumentReading

  mutating func deployments() -> [ModelName: DesiredDeployment] {
    guard reading.source.bytes.count <= DesiredDeploymentsReading.sizeLimit else {
      reading.add(
        "too-large",
        "expected at most \(DesiredDeploymentsReading.sizeLimit) bytes, found \(reading.source.bytes.count)",
        at: DesiredDeploymentsReading.sizeLimit..<DesiredDeploymentsReading.sizeLimit,
        hint: "write several files, and apply them one after another without --prune")
      return [:]
    }
    guard let root = reading.root(), opens(root), case .mapping(let members) = root.content else {
      return [:]
    }
    var all: [ModelName: DesiredDeployment] = [:]
    for member in members where member.name != "deployments" {
      do throws(Problem) {
        all[try ModelName(parsing: member.name)] = deployment(member.value)
      } catch {
        reading.add("name", error.message, at: member.nameRange, hint: error.hint)
      }
    }
    return all
  }

  /// Whether it says that it is of deployments, in this language; whoever writes JSON by a program has its members in any order.
  private mutating func opens(_ root: YAMLNode) -> Bool {
    if reading.source.bytes.first(where: { !" \n\r\t".utf8.contains($0) }) == UInt8(ascii: "{"),
      case .mapping(let members) = root.content,
      case .scalar(DesiredDeploymentsReading.language)? = members.first(where: { $0.name == "deployments" })?
        .value.content
    {
      return true
    }
    return reading.opens(
      root, as: "deployments", language: DesiredDeploymentsReading.language, "deployments")
  }

  private mutating func deployment(_ node: YAMLNode) -> DesiredDeployment {
    let fields = reading.fields(
      of: node, "a deployment",
      known: [
        "version", "shares", "keep-callers-by", "shadows", "aliases", "owner", "exposure", "data-class",
        "limits", "records", "watch", "feedback", "roll-out",
      ])
    var desired = DesiredDeployment()
    desired.traffic = traffic(fields)
    desired.shadows = shadows(fields["shadows"], beside: desired.traffic)
    desired.aliases = aliases(fields["aliases"])
    desired.facts = ModelFacts(
      owner: reading.value(fields["owner"], "a principal such as 'person:5f2c…'") {
        $0.isOneLine(upTo: 128) ? Principal(parsing: $0) : nil
      },
      dataClass: reading.choice(fields["data-class"], "a data class"),
      exposure: reading.choice(fields["exposure"], "an exposure"))
    desired.limits = fields["limits"].map { limits($0) }
    desired.records = records(fields["records"])
    desired.isWatched = fields["watch"].flatMap {
      reading.word($0, "whether it is watched", among: ["on", "off"])
    }.map { $0 == "on" }
    desired.feedbackMillionths = reading.value(
      fields["feedback"], "'on', 'off' or a share such as '10%'", code: "share"
    ) { ["on": 1_000_000, "off": 0][$0] ?? percentage($0, decimals: 4) }
    desired.rollOut = fields["roll-out"].flatMap { rollOut($0) }
    return desired
  }

  // MARK: Who answers

  private mutating func traffic(_ fields: Fields) -> DesiredDeployment.Traffic? {
    if fields["keep-callers-by"] != nil, fields["shares"] == nil {
      reading.add(
        "keep-callers-by", "expected 'keep-callers-by' beside 'shares', found no shares",
        at: fields.nameRange(of: "keep-callers-by"),
        hint: "say 'stay' in 'roll-out' for what keeps callers while a version comes into service")
    }
    if fields["shares"] != nil, fields["version"] != nil {
      reading.add(
        "shares", "expected either 'version' or 'shares', found both", at: fields.nameRange(of: "shares"),
        hint: "leave one of them out")
      return nil
    }
    if let node = fields["version"] {
      if case .scalar("newest") = node.content { return .newest }
      return version(node, "the number of a version or 'newest'").map { .version($0) }
    }
    guard let node = fields["shares"] else { return nil }
    let affinity: Sharing.Affinity? = reading.choice(
      fields["keep-callers-by"], "what keeps a caller with one version")
    guard case .mapping(let members) = node.content else {
      reading.addType("versions and their shares", node, hint: "write it like '{3: 90%, 4: 10%}'")
      return nil
    }
    var arms: [TrafficSplit.Arm] = []
    for member in members {
      guard let version = try? VersionNumber(parsing: member.name) else {
        reading.add(
          "version", "expected the number of a version, found '\(member.name.excerpt(60))'",
          at: member.nameRange)
        continue
      }
      guard let share = share(member.value) else { continue }
      arms.append(TrafficSplit.Arm(version: version, share: share))
    }
    guard arms.count == members.count else { return nil }
    guard arms.count >= 2 else {
      reading.add(
        "shares", "expected 2 to \(TrafficSplit.armLimit) versions that share, found \(arms.count)",
        at: node.range, hint: "name one that answers everybody as 'version'")
      return nil
    }
    let sum = arms.reduce(0) { $0 + $1.share.value }
    guard sum == 10_000 else {
      reading.add(
        "shares", "expected shares that are 100% together, found \(Self.percent(sum))", at: node.range)
      return nil
    }
    return made(node, "shares") { () throws(Problem) in
      .shares(try StandingShares(arms, by: affinity ?? .key))
    }
  }

  private mutating func shadows(
    _ node: YAMLNode?, beside traffic: DesiredDeployment.Traffic?
  ) -> [VersionNumber]? {
    guard let node else { return nil }
    var shadows: [VersionNumber] = []
    for element in reading.elements(of: node, "the shadows", mayBeEmpty: true) {
      guard let shadow = version(element, "the number of a version") else { continue }
      let answering: [VersionNumber] =
        switch traffic {
        case .version(let version): [version]
        case .shares(let shares): shares.arms.map(\.version)
        case .newest, nil: []
        }
      if answering.contains(shadow) {
        reading.add(
          "shadows", "expected shadows that do not answer callers, found version \(shadow), which does",
          at: element.range)
      }
      shadows.append(shadow)
    }
    guard !shadows.isEmpty else { return [] }
    return made(node, "shadows") { () throws(Problem) in try Shadowing(shadows, tolerance: 0).versions }
  }

  private mutating func aliases(_ node: YAMLNode?) -> [AliasName: VersionNumber] {
    guard let node else { return [:] }
    guard case .mapping(let members) = node.content else {
      reading.addType("aliases and their versions", node, hint: "write it like '{stable: 3}'")
      return [:]
    }
    if members.count > Alias.limit {
      reading.add(
        "aliases", "expected at most \(Alias.limit) aliases, found \(members.count)", at: node.range)
    }
    var aliases: [AliasName: VersionNumber] = [:]
    for member in members {
      do throws(Problem) {
        aliases[try AliasName(parsing: member.name)] = version(member.value, "the number of a version")
      } catch {
        reading.add("alias", error.message, at: member.nameRange, hint: error.hint)
      }
    }
    return aliases
  }

  // MARK: How it answers

  private mutating func limits(_ node: YAMLNode) -> DeploymentLimits {
    if case .scalar("none") = node.content { return .none }
    let fields = reading.fields(of: node, "limits", known: ["concurrency", "queue", "deadline"])
    let concurrency = number(fields["concurrency"], "predictions at one time")
    let queue = number(fields["queue"], "predictions that wait")
    let deadline = span(fields["deadline"]).map { Int(clamping: $0) }
    return made(node, "limits") { () throws(Problem) in
      try DeploymentLimits(concurrency: concurrency, queue: queue, deadline: deadline)
    } ?? .none
  }

  private mutating func records(_ node: YAMLNode?) -> DesiredRecords {
    guard let node else { return DesiredRecords() }
    let fields = reading.fields(of: node, "records", known: ["payloads", "mask", "when-spool-full"])
    var records = DesiredRecords()
    records.payloadMillionths = reading.value(
      fields["payloads"], "a share such as '1%'", code: "share"
    ) { percentage($0, decimals: 4) }
    if let mask = fields["mask"] {
      records.masked = reading.elements(of: mask, "what is masked", mayBeEmpty: true).map {
        reading.text($0, "the name of a feature or an output")
      }
    }
    records.whenSpoolFull = reading.choice(
      fields["when-spool-full"], "what becomes of predictions that no record can be written of")
    let read = records
    return made(node, "records") { () throws(Problem) in
      _ = try read.over(.standard)
      return read
    } ?? DesiredRecords()
  }

  // MARK: How versions come

  private mutating func rollOut(_ node: YAMLNode) -> RolloutManner? {
    if case .scalar = node.content {
      return reading.word(node, "'at-once' or steps", among: ["at-once"]).map { _ in .atOnce }
    }
    let fields = reading.fields(
      of: node, "a roll-out",
      known: [
        "steps", "each", "at-least", "disagreement", "tolerance", "yes-before", "drift", "longest", "late",
        "stay",
      ], required: ["steps"])
    let count = reading.faults.count
    let shares = reading.elements(of: fields["steps"], "the steps").compactMap { share($0) }
    let yes = reading.elements(
      of: fields["yes-before"], "steps before which a person says yes", mayBeEmpty: true
    )
    .compactMap { node -> BasisPoints? in
      guard let share = share(node) else { return nil }
      if !shares.contains(share) { reading.addType("one of the steps", node) }
      return share
    }
    let time = span(fields["each"]) ?? 600_000
    var criteria = Criteria.standard
    if let requests = number(fields["at-least"], "requests") { criteria.minimumRequests = requests }
    if let node = fields["disagreement"], let bound = share(node) {
      criteria.disagreement = Criteria.Lines(bound: Double(bound.value) / 10_000)
      if criteria.disagreement == nil { reading.addType("a share above 0% and below 100%", node) }
    }
    if let tolerance = fields["tolerance"].flatMap({ share($0) }) {
      criteria.tolerance = Double(tolerance.value) / 10_000
    }
    if let drift: Criteria.DriftAnswer = reading.choice(fields["drift"], "what an alarm of drift does") {
      criteria.drift = drift
    }
    if let late: Criteria.Lateness = reading.choice(
      fields["late"], "what becomes of a step that took too long")
    {
      criteria.lateness = late
    }
    if let longest = span(fields["longest"]) { criteria.longest = longest }
    let affinity: Sharing.Affinity =
      reading.choice(fields["stay"], "what keeps a caller with one version") ?? .key
    // What has faults already is told with those.
    guard reading.faults.count == count else { return nil }
    let stated = criteria
    return made(node, "roll-out") { () throws(Problem) in
      let plan = try RolloutPlan(
        steps: shares.map { RolloutStep(share: $0, leastTime: time, needsApproval: yes.contains($0)) },
        criteria: stated)
      // Through the reader of documents, which holds the criteria against their bounds.
      return .by(RolloutTerms(plan: try RolloutPlan(json: plan.json), affinity: affinity))
    }
  }

  // MARK: Values

  private mutating func version(_ node: YAMLNode, _ expected: String) -> VersionNumber? {
    reading.value(node, expected, code: "version") { try? VersionNumber(parsing: $0) }
  }

  private mutating func share(_ node: YAMLNode) -> BasisPoints? {
    reading.value(node, "a share such as '10%'", code: "share") {
      percentage($0, decimals: 2).flatMap { BasisPoints($0) }
    }
  }

  private mutating func span(_ node: YAMLNode?) -> Int64? {
    reading.value(node, TimeSpan.expected, code: "span", hint: TimeSpan.hint) {
      TimeSpan(parsing: $0)?.milliseconds
    }
  }

  private mutating func number(_ node: YAMLNode?, _ what: String) -> Int? {
    reading.value(node, "\(what) as a whole number", code: "number") { text in
      Int(text).flatMap { String($0) == text ? $0 : nil }
    }
  }

  /// What comes of values that are read; nil, with the fault, where they do not go together.
  private mutating func made<Value>(
    _ node: YAMLNode, _ code: String, _ make: () throws(Problem) -> Value
  ) -> Value? {
    do throws(Problem) {
      return try make()
    } catch {
      reading.add(code, error.message, at: node.range, hint: error.hint)
      return nil
    }
  }

  private static func percent(_ value: Int) -> String {
    let (whole, rest) = value.quotientAndRemainder(dividingBy: 100)
    return rest == 0 ? "\(whole)%" : "\(whole).\(rest < 10 ? "0" : "")\(rest)%"
  }
}
