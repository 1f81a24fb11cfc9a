public import Domain
public import Encoding

extension Weakness {
  /// The weakness as the database and the HTTP face carry it.
  public var json: JSON {
    var members: [String: JSON] = [
      "id": .string(id), "modified": .integer(modified.milliseconds),
      "affected": .array(affected.map(\.json)),
    ]
    if !aliases.isEmpty { members["aliases"] = .array(aliases.map { .string($0) }) }
    members["published"] = statedPublished.map { .integer($0.milliseconds) }
    if !summary.isEmpty { members["summary"] = .string(summary) }
    members["severity"] = severity.map { .string($0.rawValue) }
    return .object(members)
  }

  /// Reads what `json` writes; throws `advisories.malformed`.
  public init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "advisory", code: AdvisoryDatabase.malformedCode)
    var affected: [AffectedPackage] = []
    for part in try fields.value("affected").array ?? [] { affected.append(try AffectedPackage(json: part)) }
    self.init(
      id: try fields.text("id"), aliases: (json["aliases"]?.array ?? []).compactMap(\.string),
      published: try fields.moment("published"), modified: try fields.requiredMoment("modified"),
      summary: try fields.text("summary", default: ""),
      severity: try fields.word("severity", Severity.self), affected: affected)
  }
}

extension AffectedPackage {
  fileprivate var json: JSON {
    var members: [String: JSON] = ["ecosystem": .string(package.ecosystem), "name": .string(package.name)]
    if !ranges.isEmpty { members["ranges"] = .array(ranges.map(\.json)) }
    if !versions.isEmpty { members["versions"] = .array(versions.map { .string($0) }) }
    return .object(members)
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "package", code: AdvisoryDatabase.malformedCode)
    var ranges: [VersionRange] = []
    for range in json["ranges"]?.array ?? [] { ranges.append(try VersionRange(json: range)) }
    let package = PackageName(try fields.text("ecosystem"), try fields.text("name"))
    guard package.isWhole else {
      throw Problem(
        .badInput, AdvisoryDatabase.malformedCode, "expected the name of a package, found nothing of one")
    }
    self.init(
      package, ranges: ranges,
      versions: (json["versions"]?.array ?? []).compactMap(\.string))
  }
}

extension VersionRange {
  /// Events as pairs, `["introduced","0"]`: there are many.
  fileprivate var json: JSON {
    var members: [String: JSON] = [
      "events": .array(events.map { .array([.string($0.kind.rawValue), .string($0.version)]) })
    ]
    if isSemantic { members["semantic"] = true }
    return .object(members)
  }

  fileprivate init(json: JSON) throws(Problem) {
    let fields = RecordFields(json, "range", code: AdvisoryDatabase.malformedCode)
    var events: [Event] = []
    for event in try fields.value("events").array ?? [] {
      guard let words = event.array?.compactMap(\.string), words.count == 2,
        let kind = Kind(rawValue: words[0])
      else {
        throw Problem(
          .badInput, AdvisoryDatabase.malformedCode,
          "expected what happened and at which version as an event of a range, found \(event.kind)")
      }
      events.append(Event(kind, words[1]))
    }
    self.init(isSemantic: try fields.flag("semantic"), events: events)
  }
}
