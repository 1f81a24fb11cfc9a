import Domain
import Encoding
import Packaging

// What is in repositories, as the details of an entry carry it; see `LedgerAccounting.swift`.

extension StoredManifest {
  /// The manifest as a change.
  var change: JSON {
    var members: [String: JSON] = [
      "change": "put-manifest", "repository": .string(repository.description),
      "digest": .string(digest.description), "mediaType": .string(mediaType.rawValue), "size": JSON(size),
      "pushedBy": .string(pushedBy.description), "at": .integer(pushedAt.milliseconds),
    ]
    members["subject"] = subject.map { .string($0.description) }
    members["artifactType"] = artifactType.map { .string($0) }
    return .object(members)
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let repository = members.repository("repository"), let digest = members.digest("digest"),
      let mediaType = members.text("mediaType"), let size = members.count("size"),
      let pushedBy = members.principal("pushedBy"),
      members.json["subject"] == nil || members.digest("subject") != nil,
      members.json["artifactType"] == nil || members.text("artifactType") != nil
    else { return nil }
    self.init(
      repository: repository, digest: digest, mediaType: MediaType(rawValue: mediaType), size: size,
      subject: members.digest("subject"), artifactType: members.text("artifactType"), pushedBy: pushedBy,
      pushedAt: moment)
  }
}

extension RepositoryTag {
  /// The tag as a change.
  var change: JSON {
    [
      "change": "set-tag", "repository": .string(repository.description), "tag": .string(tag.text),
      "manifest": .string(manifest.description), "at": .integer(since.milliseconds),
    ]
  }

  /// Reads what `change` writes; nil where it is something else.
  init?(change members: ChangeMembers, at moment: Timestamp) {
    guard let repository = members.repository("repository"), let tag = members.tag("tag"),
      let manifest = members.digest("manifest")
    else { return nil }
    self.init(repository: repository, tag: tag, manifest: manifest, since: moment)
  }
}

extension RegistryChange {
  /// That a manifest was removed, as a change.
  static func removal(of manifest: Digest, _ repository: RepositoryName, _ moment: Timestamp) -> JSON {
    [
      "change": "remove-manifest", "repository": .string(repository.description),
      "digest": .string(manifest.description), "at": .integer(moment.milliseconds),
    ]
  }

  /// That a tag was removed, as a change.
  static func removal(of tag: ImageTag, _ repository: RepositoryName, _ moment: Timestamp) -> JSON {
    [
      "change": "remove-tag", "repository": .string(repository.description), "tag": .string(tag.text),
      "at": .integer(moment.milliseconds),
    ]
  }

  /// Reads a change of what is in repositories; nil where it is something else.
  init?(repositoryChange kind: String, _ members: ChangeMembers, at moment: Timestamp) {
    switch kind {
    case "put-manifest":
      guard let manifest = StoredManifest(change: members, at: moment) else { return nil }
      self = .putManifest(manifest)
    case "remove-manifest":
      guard let repository = members.repository("repository"), let digest = members.digest("digest") else {
        return nil
      }
      self = .removeManifest(digest, of: repository, at: moment)
    case "set-tag":
      guard let tag = RepositoryTag(change: members, at: moment) else { return nil }
      self = .setTag(tag)
    case "remove-tag":
      guard let repository = members.repository("repository"), let tag = members.tag("tag") else {
        return nil
      }
      self = .removeTag(tag, of: repository, at: moment)
    default: return nil
    }
  }
}

extension ChangeMembers {
  func repository(_ name: String) -> RepositoryName? {
    text(name).flatMap { try? RepositoryName(parsing: $0) }
  }
  func tag(_ name: String) -> ImageTag? { text(name).flatMap { try? ImageTag(parsing: $0) } }
}
