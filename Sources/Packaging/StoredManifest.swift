public import Domain

/// A manifest that a repository has; its bytes are a blob.
public struct StoredManifest: Equatable, Sendable {
  /// Where it is.
  public let repository: RepositoryName
  /// The digest of its bytes.
  public let digest: Digest
  /// What it is.
  public let mediaType: MediaType
  /// How many bytes it has.
  public let size: Int
  /// The manifest that it says something about; nil for one that stands for itself.
  public let subject: Digest?
  /// What kind of thing it is to those who ask for referrers; nil where it does not say.
  public let artifactType: String?
  /// Who put it there first.
  public let pushedBy: Principal
  /// When.
  public let pushedAt: Timestamp

  /// Records a manifest of a repository.
  public init(
    repository: RepositoryName, digest: Digest, mediaType: MediaType, size: Int, subject: Digest? = nil,
    artifactType: String? = nil, pushedBy: Principal, pushedAt: Timestamp
  ) {
    self.repository = repository
    self.digest = digest
    self.mediaType = mediaType
    self.size = size
    self.subject = subject
    self.artifactType = artifactType
    self.pushedBy = pushedBy
    self.pushedAt = pushedAt
  }

  /// How a document refers to it, without annotations.
  public var descriptor: Descriptor { Descriptor(mediaType: mediaType, digest: digest, size: size) }
}

/// A movable name for a manifest of a repository.
public struct RepositoryTag: Equatable, Sendable {
  /// The repository.
  public let repository: RepositoryName
  /// The name.
  public let tag: ImageTag
  /// The manifest that it names.
  public let manifest: Digest
  /// Since when.
  public let since: Timestamp

  /// Records what a tag names.
  public init(repository: RepositoryName, tag: ImageTag, manifest: Digest, since: Timestamp) {
    self.repository = repository
    self.tag = tag
    self.manifest = manifest
    self.since = since
  }
}

/// What picks a manifest of a repository: a tag, or its digest.
public enum ManifestReference: Hashable, Sendable, CustomStringConvertible {
  case tag(ImageTag)
  case digest(Digest)

  /// Reads a digest where the text has a colon, else a tag.
  ///
  /// Throws `digest.malformed` or `image.malformed-tag`.
  public init(parsing text: String) throws(Problem) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      self = .digest(try Digest(parsing: text))
    } else {
      self = .tag(try ImageTag(parsing: text))
    }
  }

  /// The tag or the digest.
  public var description: String {
    switch self {
    case .tag(let tag): tag.text
    case .digest(let digest): digest.description
    }
  }

  /// How both are written behind a repository: `iris:3`, `iris@sha256:…`.
  public func description(in repository: RepositoryName) -> String {
    switch self {
    case .tag: "\(repository):\(self)"
    case .digest: "\(repository)@\(self)"
    }
  }
}
