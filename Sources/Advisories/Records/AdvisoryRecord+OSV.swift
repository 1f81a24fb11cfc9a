public import Domain
public import Encoding

extension AdvisoryRecord {
  /// Reads a file of one record, or of an array of them.
  ///
  /// Throws `advisory.malformed` with the place in the file.
  public static func records(parsing bytes: some Collection<UInt8>) throws(Problem) -> [AdvisoryRecord] {
    guard bytes.count <= sizeLimit else {
      throw Problem(
        .tooLarge, malformedCode, "expected at most \(sizeLimit) bytes of advisories, found \(bytes.count)")
    }
    let json: JSON
    do throws(MalformedJSON) {
      json = try JSON(parsing: bytes, limits: JSONLimits(depth: 32, values: 2_000_000))
    } catch {
      throw Problem(
        .badInput, malformedCode, "expected \(error.expected) in an advisory, found \(error.found)",
        position: "line \(error.line), column \(error.column)")
    }
    guard let elements = json.array else { return [try AdvisoryRecord(osv: json)] }
    var records: [AdvisoryRecord] = []
    for (index, element) in elements.enumerated() {
      records.append(try AdvisoryRecord(osv: element, at: "/\(index)"))
    }
    return records
  }

  /// Reads a record of the schema's first version, whatever follows the point; `place` is where it stands in its document.
  ///
  /// Throws `advisory.malformed`. What the schema leaves to those who publish is not looked at.
  public init(osv json: JSON, at place: String = "") throws(Problem) {
    let fields = OSVFields(json, at: place)
    let schema = try fields.text("schema_version", default: "1.0.0")
    guard schema == "1" || schema.hasPrefix("1.") else {
      throw OSVFields.malformed(
        "version 1 of the schema", "'\(schema.excerpt(20))'", "\(place)/schema_version")
    }
    var severities = try Self.severities(fields)
    var affected: [AffectedPackage] = []
    for part in try fields.objects("affected", upTo: 5_000) {
      severities += try Self.severities(part)
      // What names no package is about commits alone.
      guard let package = try part.object("package") else { continue }
      var ranges: [VersionRange] = []
      for range in try part.objects("ranges", upTo: 1_000) {
        let type = try range.text("type")
        guard type != "GIT" else { continue }
        guard type == "SEMVER" || type == "ECOSYSTEM" else {
          throw OSVFields.malformed(
            "SEMVER, ECOSYSTEM or GIT", "'\(type.excerpt(40))'", "\(range.place)/type")
        }
        let events = try range.objects("events", upTo: 1_000).map { (event) throws(Problem) in
          try VersionRange.Event(event)
        }
        ranges.append(VersionRange(isSemantic: type == "SEMVER", events: events))
      }
      let name = PackageName(try package.text("ecosystem"), try package.text("name"))
      guard name.isWhole else {
        throw OSVFields.malformed("the name of a package", "nothing of one", "\(package.place)/name")
      }
      affected.append(
        AffectedPackage(name, ranges: ranges, versions: try part.texts("versions", upTo: 50_000)))
    }
    self.init(
      id: try fields.name("id"), aliases: try fields.names("aliases", upTo: 200),
      published: try fields.moment("published"), modified: try fields.requiredMoment("modified"),
      isWithdrawn: try fields.moment("withdrawn") != nil, summary: Self.summary(of: json),
      severity: severities.max(), affected: affected)
  }

  /// What it says of how grave it is: scores that can be computed, and the word of who publishes it.
  private static func severities(_ fields: OSVFields) throws(Problem) -> [Severity] {
    var found: [Severity] = []
    for score in try fields.objects("severity", upTo: 20) {
      if let severity = SeverityScore(vector: try score.text("score"))?.severity { found.append(severity) }
    }
    let words: [String: Severity] = [
      "LOW": .low, "MODERATE": .medium, "MEDIUM": .medium, "HIGH": .high, "CRITICAL": .critical,
    ]
    let word = fields.json["database_specific"]?["severity"]?.string
    if let severity = word.flatMap({ words[$0.uppercased()] }) { found.append(severity) }
    return found
  }

  /// The summary, or else the first line of the details.
  private static func summary(of json: JSON) -> String {
    let text = json["summary"]?.string ?? json["details"]?.string ?? ""
    let line = text.split(whereSeparator: \.isNewline).first { $0.contains { !$0.isWhitespace } } ?? ""
    return line.excerpt(160)
  }
}

extension VersionRange.Event {
  fileprivate init(_ fields: OSVFields) throws(Problem) {
    guard let members = fields.json.object, members.count == 1, let name = members.keys.first,
      let kind = VersionRange.Kind(rawValue: name)
    else {
      throw OSVFields.malformed(
        "one of introduced, fixed, last_affected and limit", "other members", fields.place)
    }
    self.init(kind, try fields.text(name))
  }
}

/// The members of an object of a record, and where it stands.
private struct OSVFields {
  /// The longest text that is no prose: an id, a name, a version.
  private static let textLimit = 512

  let json: JSON
  let place: String

  init(_ json: JSON, at place: String) {
    self.json = json
    self.place = place
  }

  private func value(_ name: String) throws(Problem) -> JSON? {
    guard json.object != nil else { throw Self.malformed("an object", json.kind, place) }
    // Not nil itself, which is a value of JSON.
    return json[name] == .null ? Optional.none : json[name]
  }

  func text(_ name: String, default standard: String? = nil) throws(Problem) -> String {
    guard let value = try value(name) else {
      guard let standard else { throw Self.malformed("a text", "none", "\(place)/\(name)") }
      return standard
    }
    return try Self.text(value, "\(place)/\(name)")
  }

  /// What an advisory is called: visible ASCII, of which every name is made.
  func name(_ name: String) throws(Problem) -> String {
    guard let value = try value(name) else { throw Self.malformed("a name", "none", "\(place)/\(name)") }
    return try Self.name(value, "\(place)/\(name)")
  }

  func names(_ name: String, upTo limit: Int) throws(Problem) -> [String] {
    var names: [String] = []
    for (index, element) in try elements(name, upTo: limit).enumerated() {
      names.append(try Self.name(element, "\(place)/\(name)/\(index)"))
    }
    return names
  }

  private static func name(_ value: JSON, _ place: String) throws(Problem) -> String {
    guard let name = value.string, 1...128 ~= name.utf8.count, name.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
    else {
      throw malformed(
        "a name of 1 to 128 visible characters of ASCII", value.string == nil ? value.kind : "another text",
        place)
    }
    return name
  }

  func texts(_ name: String, upTo limit: Int) throws(Problem) -> [String] {
    var texts: [String] = []
    for (index, element) in try elements(name, upTo: limit).enumerated() {
      texts.append(try Self.text(element, "\(place)/\(name)/\(index)"))
    }
    return texts
  }

  func object(_ name: String) throws(Problem) -> OSVFields? {
    try value(name).map { OSVFields($0, at: "\(place)/\(name)") }
  }

  func objects(_ name: String, upTo limit: Int) throws(Problem) -> [OSVFields] {
    try elements(name, upTo: limit).enumerated().map { OSVFields($1, at: "\(place)/\(name)/\($0)") }
  }

  func requiredMoment(_ name: String) throws(Problem) -> Timestamp {
    guard let moment = try moment(name) else { throw Self.malformed("a moment", "none", "\(place)/\(name)") }
    return moment
  }

  /// A moment of RFC 3339 in UTC, however many digits its seconds have.
  func moment(_ name: String) throws(Problem) -> Timestamp? {
    guard try value(name) != nil else { return nil }
    let text = try text(name)
    var parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, parts[1].hasSuffix("Z"), 5...32 ~= parts[1].utf8.count,
      parts[1].utf8.dropLast().allSatisfy({ 0x30...0x39 ~= $0 })
    {
      parts[1] = parts[1].prefix(3) + "Z"
    }
    guard let moment = try? Timestamp(parsing: parts.joined(separator: ".")) else {
      throw Self.malformed(
        "a moment in UTC such as 2026-11-21T09:30:00Z", "'\(text.excerpt(40))'", "\(place)/\(name)")
    }
    return moment
  }

  private func elements(_ name: String, upTo limit: Int) throws(Problem) -> [JSON] {
    guard let value = try value(name) else { return [] }
    guard let elements = value.array else {
      throw Self.malformed("an array", value.kind, "\(place)/\(name)")
    }
    guard elements.count <= limit else {
      throw Self.malformed("at most \(limit) elements", "\(elements.count)", "\(place)/\(name)")
    }
    return elements
  }

  private static func text(_ value: JSON, _ place: String) throws(Problem) -> String {
    guard let text = value.string else { throw malformed("a text", value.kind, place) }
    guard text.isOneLine(upTo: textLimit) else {
      throw malformed("one line of 1 to \(textLimit) bytes", "another text", place)
    }
    return text
  }

  static func malformed(_ expected: String, _ found: String, _ place: String) -> Problem {
    Problem(
      .badInput, AdvisoryRecord.malformedCode, "expected \(expected) in an advisory, found \(found)",
      position: place.isEmpty ? nil : place)
  }
}
