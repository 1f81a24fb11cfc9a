import Domain
import Encoding

/// What a request to `/v2/` is about, by its path alone (distribution-spec 1.1, "Endpoints").
///
/// Names may have any number of components, so a path is read from its end. Each component is percent-decoded by itself and
/// then held to the grammar of names: what decodes to a slash or to `..` is no component of any name.
enum RegistryRoute: Equatable {
  /// `/v2/`
  case base
  /// `/v2/_catalog`
  case catalog
  /// `/v2/<name>/tags/list`
  case tags(RepositoryName)
  /// `/v2/<name>/manifests/<reference>`; what stands there may be neither a tag nor a digest.
  case manifest(RepositoryName, String)
  /// `/v2/<name>/blobs/<digest>`
  case blob(RepositoryName, Digest)
  /// `/v2/<name>/blobs/uploads/`
  case uploads(RepositoryName)
  /// `/v2/<name>/blobs/uploads/<id>`
  case upload(RepositoryName, String)
  /// `/v2/<name>/referrers/<digest>`
  case referrers(RepositoryName, Digest)

  /// The longest path, in bytes: a name, a digest, and what stands between, each byte of which may be escaped.
  private static let longest = 2048

  /// Reads the path of a request; throws `route.unknown`, `repository.malformed` or `digest.malformed`.
  init(path: some StringProtocol) throws(Problem) {
    guard path.utf8.count <= Self.longest else { throw Self.unknown(path) }
    var parts: [String] = []
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      guard let part = Self.decoded(part) else { throw Self.unknown(path) }
      parts.append(part)
    }
    guard parts.count >= 2, parts[0].isEmpty, parts[1] == "v2" else { throw Self.unknown(path) }
    parts.removeFirst(2)
    switch (parts.dropLast(2).last, parts.dropLast().last, parts.last) {
    case (_, nil, nil), (_, nil, ""): self = .base
    case (_, nil, "_catalog"): self = .catalog
    case ("blobs", "uploads", ""), (_, "blobs", "uploads"):
      self = .uploads(try Self.name(parts.dropLast(parts.last == "" ? 3 : 2)))
    case ("blobs", "uploads", let id?): self = .upload(try Self.name(parts.dropLast(3)), id)
    case (_, "tags", "list"): self = .tags(try Self.name(parts.dropLast(2)))
    case (_, "manifests", let reference?): self = .manifest(try Self.name(parts.dropLast(2)), reference)
    case (_, "blobs", let digest?):
      let name = try Self.name(parts.dropLast(2))
      self = .blob(name, try Digest(parsing: digest))
    case (_, "referrers", let digest?):
      let name = try Self.name(parts.dropLast(2))
      self = .referrers(name, try Digest(parsing: digest))
    default: throw Self.unknown(path)
    }
  }

  /// The repository that it is about; nil where it is about none.
  var repository: RepositoryName? {
    switch self {
    case .base, .catalog: nil
    case .tags(let name), .manifest(let name, _), .blob(let name, _), .uploads(let name),
      .upload(let name, _),
      .referrers(let name, _):
      name
    }
  }

  /// Whether it is about blobs on their way in, which nobody but who brings them is to see.
  var isUpload: Bool {
    switch self {
    case .uploads, .upload: true
    default: false
    }
  }

  private static func name(_ parts: some Collection<String>) throws(Problem) -> RepositoryName {
    // A slash that stands within a component came in escaped, and separates nothing.
    if let part = parts.first(where: { $0.utf8.contains(UInt8(ascii: "/")) }) {
      _ = try RepositoryName(parsing: "/\(part)")
    }
    return try RepositoryName(parsing: parts.joined(separator: "/"))
  }

  /// Without percent-encoding (RFC 3986, section 2.1); nil where it is none, or no text.
  static func decoded(_ text: some StringProtocol) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    Character(Unicode.Scalar(byte)).hexDigitValue.map { UInt8($0) }
  }

  private static func unknown(_ path: some StringProtocol) -> Problem {
    Problem(
      .notFound, "route.unknown", "expected a route of a registry, found '\(String(path).excerpt(120))'",
      hint: "its routes begin with /v2/")
  }
}
