public import Domain
public import Packaging

extension Sample {
  /// The name of a repository; unlike the parsing initialiser it traps on a malformed one.
  public static func repository(_ text: String = "iris") -> RepositoryName {
    guard let name = try? RepositoryName(parsing: text) else {
      preconditionFailure("no repository name: \(text)")
    }
    return name
  }

  /// A tag; unlike the parsing initialiser it traps on a malformed one.
  public static func tag(_ text: String) -> ImageTag {
    guard let tag = try? ImageTag(parsing: text) else { preconditionFailure("no tag: \(text)") }
    return tag
  }

  /// A manifest of a repository, whose digest is that of the number.
  public static func storedManifest(
    _ number: Int, of repository: RepositoryName = repository(), about subject: Int? = nil
  ) -> StoredManifest {
    StoredManifest(
      repository: repository, digest: digest(6000 + number), mediaType: .manifest, size: 100 + number,
      subject: subject.map { digest(6000 + $0) },
      artifactType: subject == nil ? nil : "application/vnd.example+json", pushedBy: principal,
      pushedAt: moment(number))
  }

  /// A tag of `storedManifest(number, of: repository)`.
  public static func repositoryTag(
    _ text: String, _ number: Int, of repository: RepositoryName = repository()
  ) -> RepositoryTag {
    RepositoryTag(
      repository: repository, tag: tag(text), manifest: digest(6000 + number), since: moment(number))
  }
}
