public import Domain

/// One known weakness under all the names that it has: what several publishers say of it counts once.
public struct Weakness: Hashable, Sendable {
  /// What it is called here: its CVE where it has one, or else the first of its names.
  public let id: String
  /// Its other names, sorted.
  public let aliases: [String]
  /// When it first was published, as far as anybody says: it has to be in the document as it was read.
  let statedPublished: Timestamp?
  /// When anything of it was last changed.
  public let modified: Timestamp
  /// What it is about, in one line; empty where nobody says.
  public let summary: String
  /// How grave it is, by the gravest word of it; nil where nobody says what is known here.
  public let severity: Severity?
  /// What has it, sorted.
  public let affected: [AffectedPackage]

  init(
    id: String, aliases: [String], published: Timestamp?, modified: Timestamp, summary: String,
    severity: Severity?, affected: [AffectedPackage]
  ) {
    self.id = id
    self.aliases = aliases
    statedPublished = published
    self.modified = modified
    self.summary = summary
    self.severity = severity
    self.affected = affected
  }

  /// When it first was published; nil where nobody says, or not what can be: what is published behind its last change would
  /// be new for ever.
  public var published: Timestamp? { statedPublished.flatMap { $0 > modified ? nil : $0 } }

  /// How grave it counts: what nobody says may be the gravest.
  public var gravity: Severity { severity ?? .critical }

  /// All its names, that which it is called by first.
  public var names: [String] { [id] + aliases }

  /// Puts together what records say of the same weaknesses, in the order of their ids.
  ///
  /// Records are about the same where one names the other as an alias, or both name a third. Of records with the same id the
  /// one counts that was changed last; those that were taken back do not, nor what they say of others.
  public static func all(in records: [AdvisoryRecord]) -> [Weakness] {
    var newest: [String: AdvisoryRecord] = [:]
    for record in records {
      if let known = newest[record.id], known.modified >= record.modified { continue }
      newest[record.id] = record
    }
    let valid = newest.values.filter { !$0.isWithdrawn }.sorted { $0.id < $1.id }
    var groups = NameGroups()
    for record in valid { groups.join([record.id] + record.aliases) }
    return Dictionary(grouping: valid) { groups.group(of: $0.id) }.values.map(Weakness.init(merging:)).sorted
    {
      $0.id.utf8.lexicographicallyPrecedes($1.id.utf8)
    }
  }

  /// `records` is never empty.
  private init(merging records: [AdvisoryRecord]) {
    let names = Set(records.flatMap { [$0.id] + $0.aliases }).sorted {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    let id =
      ["CVE-", "GHSA-"].lazy.compactMap { start in names.first { $0.hasPrefix(start) } }.first ?? names.first
    let newest = records.max { ($0.modified, $1.id) < ($1.modified, $0.id) }
    self.init(
      id: id ?? "", aliases: names.filter { $0 != id },
      published: records.compactMap { record in record.published.flatMap { $0 > record.modified ? nil : $0 } }
        .min(),
      modified: newest?.modified ?? Timestamp(milliseconds: 0),
      summary: records.lazy.map(\.summary).first { !$0.isEmpty } ?? "",
      severity: records.compactMap(\.severity).max(),
      affected: AffectedPackage.merged(records.flatMap(\.affected)))
  }
}

/// Names that stand for the same: each points to another of its group, the last of which to itself.
private struct NameGroups {
  private var numbers: [String: Int] = [:]
  private var parents: [Int] = []

  /// Has these names stand for the same.
  mutating func join(_ names: [String]) {
    var first: Int?
    for name in names {
      let root = root(of: number(of: name))
      if let first { parents[root] = first } else { first = root }
    }
  }

  /// What all names of a group have in common.
  mutating func group(of name: String) -> Int { root(of: number(of: name)) }

  private mutating func number(of name: String) -> Int {
    if let number = numbers[name] { return number }
    numbers[name] = parents.count
    parents.append(parents.count)
    return parents.count - 1
  }

  private mutating func root(of number: Int) -> Int {
    var number = number
    while parents[number] != number {
      // Halved on the way, so that no chain grows long.
      parents[number] = parents[parents[number]]
      number = parents[number]
    }
    return number
  }
}
