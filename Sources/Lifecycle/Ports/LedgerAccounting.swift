import Access
public import Domain
public import Encoding
import Gates

// How the ledger accounts for the registry: the contract that every `RegistryWriter` keeps.
//
// A commit that changes something writes the changes, whole, into the details of the last entry it appends,
// under "changes", in the shapes below. The registry is therefore nothing but the sum of its ledger: applying
// the changes of all entries in order to an empty `RegistryState` gives exactly what the registry's readers
// answer. An audit does that and compares, so a row that was altered, added or taken away behind the ledger's
// back shows, whichever column it was.

extension RegistryChange {
  /// The member of an entry's details that the changes stand in.
  public static let detailsMember = "changes"

  /// The entries as they are stored: the last one with `changes` in its details.
  ///
  /// Throws `registry.unaccounted` where there is nothing to account with, or where the entry has details of
  /// that name already.
  public static func account(for changes: [RegistryChange], in entries: [LedgerEntry]) throws(Problem)
    -> [LedgerEntry]
  {
    guard let last = entries.last, last.details[detailsMember] == nil else {
      throw Problem(
        .internal, "registry.unaccounted",
        "expected a commit with an entry to account for its changes, found "
          + (entries.isEmpty ? "none" : "one whose details have '\(detailsMember)' already"))
    }
    guard !changes.isEmpty else { return entries }
    var details = last.details
    details[detailsMember] = .array(changes.map(\.json))
    return entries.dropLast() + [
      LedgerEntry(
        time: last.time, principal: last.principal, act: last.act, phase: last.phase,
        subject: last.subject, trace: last.trace, details: details)
    ]
  }

  /// The changes that an entry accounts for, in order; nil where they do not read.
  public static func accounted(in entry: LedgerEntry) -> [RegistryChange]? {
    guard let details = entry.details[detailsMember] else { return [] }
    guard let elements = details.array else { return nil }
    let changes = elements.compactMap(RegistryChange.init(json:))
    return changes.count == elements.count ? changes : nil
  }

  /// The change as an entry's details carry it.
  public var json: JSON {
    switch self {
    case .addVersion(let version): version.change
    case .setDeployment(let deployment):
      [
        "change": "set-deployment", "name": .string(deployment.name.description),
        "version": JSON(deployment.version.value), "bundle": .string(deployment.bundle.description),
        "at": .integer(deployment.since.milliseconds),
      ]
    case .setAlias(let alias):
      [
        "change": "set-alias", "name": .string(alias.model.description),
        "alias": .string(alias.name.description), "version": JSON(alias.version.value),
        "bundle": .string(alias.bundle.description), "at": .integer(alias.since.milliseconds),
      ]
    case .removeAlias(let alias, let name, let moment):
      [
        "change": "remove-alias", "name": .string(name.description), "alias": .string(alias.description),
        "at": .integer(moment.milliseconds),
      ]
    case .addKey(let key): key.change
    case .revokeKey(let id, let moment):
      ["change": "revoke-key", "id": .string(id), "at": .integer(moment.milliseconds)]
    case .setIssuer(let configured): configured.change
    case .removeIssuer(let url, let moment):
      ["change": "remove-issuer", "url": .string(url), "at": .integer(moment.milliseconds)]
    case .setPolicy(let settings): settings.change
    case .quarantine(let refused):
      [
        "change": "quarantine", "artifact": .string(refused.artifact.description),
        "name": .string(refused.name.description), "verdict": .string(refused.verdict.rawValue),
        "pushedBy": .string(refused.pushedBy.description), "at": .integer(refused.refusedAt.milliseconds),
      ]
    case .addSegment(let segment): segment.change
    case .addDamagedSegment(let damaged): damaged.change
    case .addImage(let image): image.change
    case .addSealKey(let key): key.change
    case .changeSealKey(let change): change.change
    case .revokeVersion(let revocation): revocation.change
    case .putManifest(let manifest): manifest.change
    case .removeManifest(let digest, let repository, let moment):
      Self.removal(of: digest, repository, moment)
    case .setTag(let tag): tag.change
    case .removeTag(let tag, let repository, let moment): Self.removal(of: tag, repository, moment)
    case .access(let change): change.json
    case .governance(let change): change.json
    }
  }

  /// Reads what `json` writes; nil where it is something else.
  public init?(json: JSON) {
    let members = ChangeMembers(json: json)
    guard let kind = members.text("change"), let moment = members.moment("at") else { return nil }
    switch kind {
    case "add-version":
      guard let version = ModelVersion(change: members, at: moment) else { return nil }
      self = .addVersion(version)
    case "set-deployment":
      guard let name = members.name("name"), let version = members.version("version"),
        let bundle = members.digest("bundle")
      else { return nil }
      self = .setDeployment(Deployment(name: name, version: version, bundle: bundle, since: moment))
    case "set-alias":
      guard let name = members.name("name"), let alias = members.alias("alias"),
        let version = members.version("version"), let bundle = members.digest("bundle")
      else { return nil }
      self = .setAlias(Alias(model: name, name: alias, version: version, bundle: bundle, since: moment))
    case "remove-alias":
      guard let name = members.name("name"), let alias = members.alias("alias") else { return nil }
      self = .removeAlias(alias, of: name, at: moment)
    case "add-key":
      guard let key = PredictionKey(change: members, at: moment) else { return nil }
      self = .addKey(key)
    case "revoke-key":
      guard let id = members.text("id") else { return nil }
      self = .revokeKey(id: id, at: moment)
    case "set-issuer":
      guard let configured = ConfiguredIssuer(change: members, at: moment) else { return nil }
      self = .setIssuer(configured)
    case "remove-issuer":
      guard let url = members.text("url") else { return nil }
      self = .removeIssuer(url: url, at: moment)
    case "set-policy":
      guard let settings = DeploymentSettings(change: members, at: moment) else { return nil }
      self = .setPolicy(settings)
    case "quarantine":
      guard let artifact = members.digest("artifact"), let name = members.name("name"),
        let verdict = members.text("verdict").flatMap(InspectionVerdict.init(rawValue:)),
        let pushedBy = members.principal("pushedBy")
      else { return nil }
      self = .quarantine(
        QuarantinedArtifact(
          artifact: artifact, name: name, verdict: verdict, pushedBy: pushedBy, refusedAt: moment))
    case "add-segment":
      guard let segment = KeptSegment(change: members, at: moment) else { return nil }
      self = .addSegment(segment)
    case "add-damaged-segment":
      guard let damaged = DamagedSegment(change: members, at: moment) else { return nil }
      self = .addDamagedSegment(damaged)
    case "add-image":
      guard let image = VersionImage(change: members, at: moment) else { return nil }
      self = .addImage(image)
    case "add-seal-key":
      guard let key = SealKey(change: members, at: moment) else { return nil }
      self = .addSealKey(key)
    case "set-seal-key":
      guard let change = SealKeyChange(change: members, at: moment) else { return nil }
      self = .changeSealKey(change)
    case "revoke-version":
      guard let revocation = Revocations.Version(change: members, at: moment) else { return nil }
      self = .revokeVersion(revocation)
    default:
      if let change = AccessChange(json: json) {
        self = .access(change)
      } else if let change = GovernanceChange(json: json) {
        self = .governance(change)
      } else {
        self.init(repositoryChange: kind, members, at: moment)
      }
    }
  }
}

/// The members of a change, read into the types they stand for.
struct ChangeMembers {
  let json: JSON

  func text(_ name: String) -> String? { json[name]?.string }
  func name(_ name: String) -> ModelName? { text(name).flatMap { try? ModelName(parsing: $0) } }
  func alias(_ name: String) -> AliasName? { text(name).flatMap { try? AliasName(parsing: $0) } }
  func digest(_ name: String) -> Digest? { text(name).flatMap { try? Digest(parsing: $0) } }
  func version(_ name: String) -> VersionNumber? { json[name]?.int.flatMap { VersionNumber($0) } }
  func principal(_ name: String) -> Principal? { text(name).flatMap(Principal.init(parsing:)) }
  func moment(_ name: String) -> Timestamp? { json[name]?.integer.map(Timestamp.init(milliseconds:)) }
  func count(_ name: String) -> Int? { json[name]?.int.flatMap { $0 >= 0 ? $0 : nil } }
  func segment(_ name: String) -> SegmentName? { text(name).flatMap { SegmentName($0) } }
}

extension LedgerEntry {
  /// The longest entry, in canonical bytes: what a tile of the ledger can carry behind its two bytes of length
  /// (c2sp.org/tlog-tiles).
  public static let sizeLimit = 65_535

  /// Why an entry cannot be committed that is longer than `sizeLimit`.
  public static func tooLarge(_ entry: LedgerEntry) -> Problem {
    Problem(
      .tooLarge, "ledger.entry-too-large",
      "expected an entry of at most \(sizeLimit) bytes, found \(entry.canonicalBytes.count)",
      subject: entry.subject)
  }
}
