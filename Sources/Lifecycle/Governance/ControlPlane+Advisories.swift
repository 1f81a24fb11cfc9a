public import Access
public import Advisories
public import Domain
import Encoding
import Provenance
public import Gates

/// What advisories say of a version.
public struct AdvisedVersion: Sendable {
  /// The version.
  public let version: ModelVersion
  /// Whether its name is answered by it.
  public let isLive: Bool
  /// The aliases that name it, sorted.
  public let aliases: [AliasName]
  /// The weaknesses that parts of it have, the gravest first; nil where its bundle does not say what it is made of.
  public let found: [FoundWeakness]?

  /// Whether anybody is answered by it.
  public var isServed: Bool { isLive || !aliases.isEmpty }
}

/// What came of an import.
public struct AdvisoryImport: Sendable {
  /// What is in force.
  public let imported: ImportedAdvisories
  /// Whether it was not before.
  public let isNew: Bool
  /// How many versions are served.
  public let served: Int
  /// How many of them have parts that advisories are about, or do not say what they are made of.
  public let affected: Int
}

extension ControlPlane {
  /// By how much publishers' clocks may be ahead of ours.
  private static let skew: Int64 = 86_400_000

  /// Has advisories come into force: a document as `AdvisoryDatabase` writes it, read again here before it is believed.
  ///
  /// The same again changes nothing. Throws `advisories.malformed`, `advisories.empty`, `advisories.future` for ones that were changed in time to
  /// come, and `advisories.older` for ones that are older than those in force, unless that is meant.
  public func importAdvisories(
    _ bytes: [UInt8], allowingOlder: Bool = false, by actor: Actor
  ) async throws(Problem) -> AdvisoryImport {
    try await require(.manageAdvisories, on: .platform, of: actor, asking: "import advisories")
    let database = try AdvisoryDatabase(parsing: bytes)
    guard database.count > 0 else {
      throw Problem(
        .badInput, "advisories.empty", "expected at least one advisory, found none",
        hint: "import what somebody publishes, such as the archive of PyPI of osv.dev")
    }
    let digest = Digest(of: bytes)
    let moment = now()
    let imported = ImportedAdvisories(
      digest: digest, count: database.count, newest: database.newest, by: actor.principal, at: moment)
    if let newest = database.newest, newest.milliseconds > moment.milliseconds + Self.skew {
      throw Problem(
        .badInput, "advisories.future",
        "expected advisories that were changed before \(moment), found one of \(newest)",
        hint: "leave out what has a wrong date: it would make the rest look new for ever")
    }
    var served = 0
    var affected = 0
    for version in try await advised(nil, by: database, all: false) {
      served += 1
      if version.found?.isEmpty != true { affected += 1 }
    }
    if let present = try await advisories.inForce(), present.digest == digest {
      return AdvisoryImport(imported: present, isNew: false, served: served, affected: affected)
    }
    // Before anything names it; a crash in between leaves bytes that nothing needs.
    _ = try await blobs.keep(bytes)
    let counts: [String: JSON] = ["served": JSON(served), "affected": JSON(affected)]
    try await noting(.importAdvisories, of: digest.description, by: actor) {
      view throws(Problem) -> ActOutcome<Void> in
      let former = try view.governance(.advisories, startingWith: "").last.map { (record) throws(Problem) in
        try ImportedAdvisories(json: record.value)
      }
      // In the transaction: of two imports at the same time the older one is refused, whichever comes first.
      if let former, !allowingOlder, imported.isOlder(than: former) { throw Self.older(imported, former) }
      return .done(
        (),
        details: counts.merging([
          "advisories": JSON(imported.count),
          "newest": imported.newest.map { .string($0.description) } ?? .null,
          "former": former.map { .string($0.digest.description) } ?? .null,
        ]) { $1 }, changes: [.governance(.importAdvisories(imported))])
    }
    await goOnWithWaiting()
    return AdvisoryImport(imported: imported, isNew: true, served: served, affected: affected)
  }

  private static func older(_ imported: ImportedAdvisories, _ former: ImportedAdvisories) -> Problem {
    let newest = imported.newest.map { "ones of \($0)" } ?? "none at all"
    return Problem(
      .conflict, "advisories.older",
      "expected advisories at least as new as those in force, of \(former.newest?.description ?? "no time"),"
        + " found \(newest)", subject: imported.digest.description,
      hint: "import what is published now, or say that older ones are meant with '--older'")
  }

  /// What was imported last; nil where nothing ever was.
  public func advisoriesInForce() async throws(Problem) -> ImportedAdvisories? {
    try await advisories.inForce()
  }

  /// A weakness under any of its names; throws `advisories.none` where none were ever imported, and `advisory.unknown`.
  public func weakness(named name: String) async throws(Problem) -> Weakness {
    let database = try await requireAdvisories()
    guard let weakness = database.weakness(named: name) else {
      throw Problem(
        .notFound, "advisory.unknown",
        "expected the name of an advisory in force, found '\(name.excerpt(80))'",
        hint: "see how new they are with 'gatehouse advisories status'")
    }
    return weakness
  }

  /// What the advisories in force say of versions that are served, or of all: of one model, or of every one.
  ///
  /// Of models alone that `mayShow` says yes to. Throws `advisories.none` and `model.unknown`.
  public func advisedVersions(
    of name: ModelName?, all: Bool, mayShow: (ModelName) async throws(Problem) -> Bool
  ) async throws(Problem) -> [AdvisedVersion] {
    if let name { _ = try await registry.versions(ofKnown: name) }
    return try await advised(name, by: try await requireAdvisories(), all: all, mayShow)
  }

  private func requireAdvisories() async throws(Problem) -> AdvisoryDatabase {
    guard let (_, database) = try await advisories.current() else {
      throw Problem(
        .notFound, "advisories.none", "expected advisories to go by, found that none were ever imported",
        hint: "import them with 'gatehouse advisories import'")
    }
    return database
  }

  private func advised(
    _ name: ModelName?, by database: AdvisoryDatabase, all: Bool,
    _ mayShow: (ModelName) async throws(Problem) -> Bool = { _ in true }
  ) async throws(Problem) -> [AdvisedVersion] {
    let live = try await registry.deployments()
    let aliases = try await registry.aliases()
    var advised: [AdvisedVersion] = []
    for model in try await registry.modelNames() where name == nil || name == model {
      guard try await mayShow(model) else { continue }
      for version in try await registry.versions(of: model) {
        let reference = version.reference
        let isLive = live.contains { $0.name == model && $0.version == reference.version }
        let named = aliases.filter { $0.model == model && $0.version == reference.version }
        guard all || isLive || !named.isEmpty else { continue }
        let packages = await advisories.packages(of: version)
        advised.append(
          AdvisedVersion(
            version: version, isLive: isLive, aliases: named.map(\.name),
            found: packages.map { database.weaknesses(of: Component.all(in: $0)) }))
      }
    }
    return advised
  }
}

extension ImportedAdvisories {
  /// Whether nothing of it is as new as the newest of another.
  fileprivate func isOlder(than other: ImportedAdvisories) -> Bool {
    guard let newest = other.newest else { return false }
    return self.newest.map { $0 < newest } ?? true
  }
}
