public import Domain
public import Encoding

extension ThreatModel {
  /// Where it stands in a bundle, as it was when the version was made.
  public static let path = "threat-model.json"
  /// The most bytes of one.
  public static let sizeLimit = 1 << 20
  /// The most threats, and controls of a threat, that are read.
  private static let threatLimit = 64

  static let malformedCode = "threat-model.malformed"

  /// The model as the bundle and the HTTP face carry it.
  public var json: JSON {
    [
      "version": .string(version.description), "catalogue": JSON(edition), "facts": facts.json,
      "open": .object(
        Dictionary(uniqueKeysWithValues: RiskLevel.allCases.map { ($0.rawValue, JSON(open[$0] ?? 0)) })),
      "threats": .array(threats.map(\.json)),
    ]
  }

  /// The bytes of `threat-model.json`.
  public var canonicalBytes: [UInt8] { json.canonicalBytes }

  /// Reads what `canonicalBytes` writes, and nothing else, whatever edition of the catalogue it was derived by.
  ///
  /// What it says of its threats is taken as it stands, not derived again. Throws `threat-model.malformed`, or the problem of
  /// a name in it.
  public init(parsing bytes: some Collection<UInt8>) throws(Problem) {
    guard bytes.count <= Self.sizeLimit else {
      throw Self.malformed("expected at most \(Self.sizeLimit) bytes, found \(bytes.count)")
    }
    let json: JSON
    do { json = try JSON(parsing: bytes, limits: JSONLimits(depth: 12, values: 50_000)) } catch {
      throw Self.malformed(error.description)
    }
    let fields = RecordFields(json, "threat model", code: Self.malformedCode)
    try fields.allow(["version", "catalogue", "facts", "open", "threats"])
    guard let edition = json["catalogue"]?.int, edition > 0, let rows = json["threats"]?.array,
      rows.count <= Self.threatLimit
    else {
      throw Self.malformed(
        "expected an edition of the catalogue and at most \(Self.threatLimit) threats, found others")
    }
    var threats: [AssessedThreat] = []
    for row in rows { threats.append(try AssessedThreat(json: row)) }
    self.init(
      version: try fields.version("version"), edition: edition,
      facts: try ThreatFacts(json: fields.value("facts")), threats: threats)
    guard self.json == json else {
      throw Self.malformed("expected a threat model as it is written, found another form of it")
    }
  }

  static func malformed(_ message: String) -> Problem { Problem(.badInput, malformedCode, message) }
}

extension AssessedThreat {
  private static let controlLimit = 64

  /// The threat as its model carries it.
  public var json: JSON {
    [
      "id": .string(id.description), "name": .string(name),
      "techniques": .array(techniques.map { ["id": .string($0.id), "name": .string($0.name)] }),
      "risks": .array(risks.map { .string($0.rawValue) }), "reason": .string(reason),
      "inherent": .string(inherent.rawValue), "severity": .string(severity.rawValue),
      "controls": .array(controls.map(\.json)), "state": .string(state.rawValue),
      "dependsOn": .object(bindings),
      "basis": .string(ThreatDecision.basis(of: id, bindings).description),
      "changed": .array(changed.map { .string($0.rawValue) }),
      "left": .array(left.map { .string($0.id) }),
      "decision": decision?.json ?? .null,
    ]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "threat", code: ThreatModel.malformedCode)
    let risks = try fields.texts("risks").compactMap(RiskKind.init(rawValue:))
    guard let inherent = try fields.word("inherent", RiskLevel.self),
      let severity = try fields.word("severity", RiskLevel.self),
      let state = try fields.word("state", State.self), let bindings = try fields.value("dependsOn").object,
      let rows = json["controls"]?.array, rows.count <= Self.controlLimit,
      let techniques = json["techniques"]?.array, techniques.count <= Self.controlLimit
    else { throw ThreatModel.malformed("expected the parts of a threat, found others") }
    var controls: [MeasuredControl] = []
    for row in rows { controls.append(try MeasuredControl(json: row)) }
    var known: [ThreatTechnique] = []
    for technique in techniques {
      let fields = RecordFields(technique, "technique", code: ThreatModel.malformedCode)
      known.append(ThreatTechnique(id: try fields.text("id"), name: try fields.text("name")))
    }
    self.init(
      id: ThreatID(try fields.text("id")), name: try fields.text("name"), techniques: known, risks: risks,
      reason: try fields.text("reason"), inherent: inherent, severity: severity, controls: controls,
      state: state, bindings: bindings,
      decision: fields.has("decision") ? try ThreatDecision(json: fields.value("decision")) : nil)
  }
}

extension MeasuredControl {
  fileprivate var json: JSON {
    [
      "id": .string(id), "title": .string(title), "mitigation": mitigation.map { .string($0) } ?? .null,
      "essential": .bool(isEssential), "holds": holds.map { .bool($0) } ?? .null,
      "measured": .string(measured),
    ]
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "control", code: ThreatModel.malformedCode)
    self.init(
      id: try fields.text("id"), title: try fields.text("title"),
      mitigation: fields.has("mitigation") ? try fields.text("mitigation") : nil,
      isEssential: try fields.flag("essential"), holds: fields.has("holds") ? try fields.flag("holds") : nil,
      measured: try fields.text("measured"))
  }
}
