import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import NIOCore
import Packaging

/// Manifests, and the lists of what is there (distribution-spec 1.1, "Pulling manifests", "Pushing Manifests", "Content
/// Discovery", "Content Management").
struct ManifestHandlers: Sendable {
  /// The most names in one answer, whatever is asked for.
  private static let pageLimit = 10_000
  /// The most referrers in one answer: each may bring annotations.
  private static let referrerLimit = 500
  /// How many bytes of annotations an answer has at most, but for those of one referrer.
  private static let referrerBytes = 3 << 20

  /// How often a place among the acts is asked for, and after how long each time.
  private static let turns = 100
  private static let turn: Duration = .milliseconds(100)

  let control: ControlPlane
  let actor: Actor

  private var repositories: Repositories { control.repositories }

  /// `GET` and `HEAD /v2/<name>/manifests/<reference>`: its bytes, as they came.
  func get(_ reference: String, of name: RepositoryName) async throws(Problem) -> Response {
    let manifest = try await repositories.manifest(Self.reference(reference, name), of: name)
    let bytes = try await repositories.bytes(of: manifest)
    var response = Response.registry(.ok, manifest.mediaType.rawValue, bytes)
    response.headers[RegistryField.contentDigest] = manifest.digest.description
    response.headers[.eTag] = "\"\(manifest.digest)\""
    return response
  }

  /// `PUT /v2/<name>/manifests/<reference>`: a manifest, and perhaps a tag for it.
  func put(_ request: Request, _ text: String, in name: RepositoryName) async throws(Problem) -> Response {
    let reference = try ManifestReference(parsing: text)
    let length = try request.announcedLength()
    try Self.requireRoom(for: length ?? 0)
    let bytes = try await Self.bytes(of: request)
    guard length == nil || length == bytes.count else {
      throw Problem(
        .badInput, "upload.cut-off", "expected \(length ?? 0) bytes, found the end after \(bytes.count)")
    }
    let type = Self.mediaType(of: request)
    let manifest = try await inTurn { () async throws(Problem) in
      try await control.putManifest(bytes, as: type, reference, in: name, by: actor)
    }
    var response = Response.place(.created, "/v2/\(name)/manifests/\(manifest.digest)", manifest.digest)
    response.headers[RegistryField.subject] = manifest.subject?.description
    return response
  }

  /// `DELETE /v2/<name>/manifests/<reference>`: a manifest with its tags, or a tag alone.
  func delete(_ reference: String, of name: RepositoryName) async throws(Problem) -> Response {
    let reference = try Self.reference(reference, name)
    try await inTurn { () async throws(Problem) in
      try await control.removeManifest(reference, of: name, by: actor)
    }
    return Response(status: .accepted)
  }

  /// Asks again for a while where more acts wait than may: an image of many platforms is many manifests at once, and few
  /// clients ask again themselves.
  private func inTurn<Result>(_ act: () async throws(Problem) -> Result) async throws(Problem) -> Result {
    for _ in 0..<Self.turns {
      do throws(Problem) { return try await act() } catch {
        guard error.code == "platform.busy", (try? await Task.sleep(for: Self.turn)) != nil else {
          throw error
        }
      }
    }
    return try await act()
  }

  /// `GET /v2/<name>/tags/list[?n=][&last=]`: its tags, in their order.
  func tags(_ request: Request, of name: RepositoryName) async throws(Problem) -> Response {
    let count = try request.count(upTo: Self.pageLimit)
    var last: ImageTag?
    if let text = request.parameter("last"), !text.isEmpty { last = try ImageTag(parsing: text) }
    let tags = try await repositories.tags(of: name, after: last, count: count + 1)
    let page = Array(tags.prefix(count))
    return Self.page(
      ["name": .string(name.description), "tags": .array(page.map { .string($0.text) })],
      "/v2/\(name)/tags/list", count, tags.count > count ? page.last?.text : nil)
  }

  /// `GET /v2/_catalog[?n=][&last=]`: the repositories that have a manifest.
  func catalog(_ request: Request) async throws(Problem) -> Response {
    let count = try request.count(upTo: Self.pageLimit)
    let names = try await repositories.names(after: request.parameter("last"), count: count + 1)
    let page = Array(names.prefix(count))
    // A page has only what whoever asks may see, and may so be short, or empty; the next one is named all the same.
    var seen: [JSON] = []
    for name in page where try await control.rules.allow(.view, on: .repository(name), actor) {
      seen.append(.string(name.description))
    }
    return Self.page(
      ["repositories": .array(seen)], "/v2/_catalog", count,
      names.count > count ? page.last?.description : nil)
  }

  /// A page of names, and where the next one is.
  private static func page(_ document: JSON, _ path: String, _ count: Int, _ last: String?) -> Response {
    var response = Response.registry(.ok, "application/json", document.canonicalBytes)
    if let last {
      response.headers[RegistryField.link] = "<\(path)?n=\(count)&last=\(escaped(last))>; rel=\"next\""
    }
    return response
  }

  /// `GET /v2/<name>/referrers/<digest>[?artifactType=]`: what says something about a manifest, as an index.
  ///
  /// There may be none, and none of that name: what is asked about need not be there.
  func referrers(_ request: Request, of digest: Digest, in name: RepositoryName) async throws(Problem)
    -> Response
  {
    let kind = request.parameter("artifactType").flatMap { $0.isEmpty ? nil : $0 }
    var last: Digest?
    if let text = request.parameter("last") { last = try Digest(parsing: text) }
    let found = try await repositories.referrers(
      of: digest, in: name, kind: kind, after: last, count: Self.referrerLimit + 1, bytes: Self.referrerBytes)
    var page: [JSON] = []
    var bytes = 0
    for (number, referrer) in found.prefix(Self.referrerLimit).enumerated() {
      var members = referrer.descriptor.json.object ?? [:]
      members["artifactType"] = referrer.kind.map { .string($0) }
      let json = JSON.object(members)
      bytes += json.canonicalBytes.count
      guard number == 0 || bytes <= Self.referrerBytes else { break }
      page.append(json)
    }
    let document: JSON = [
      "schemaVersion": 2, "mediaType": .string(Packaging.MediaType.index.rawValue), "manifests": .array(page),
    ]
    var response = Response.registry(.ok, Packaging.MediaType.index.rawValue, document.canonicalBytes)
    if kind != nil { response.headers[RegistryField.filtersApplied] = "artifactType" }
    if page.count < found.count, let last = page.last?["digest"]?.string {
      let filter = kind.map { "artifactType=\(Self.escaped($0))&" } ?? ""
      response.headers[RegistryField.link] =
        "</v2/\(name)/referrers/\(digest)?\(filter)last=\(Self.escaped(last))>; rel=\"next\""
    }
    return response
  }

  /// What picks a manifest that may be there: a text that can pick none is one that is not there.
  private static func reference(_ text: String, _ name: RepositoryName) throws(Problem) -> ManifestReference {
    do { return try ManifestReference(parsing: text) } catch {
      guard error.code == "image.malformed-tag" else { throw error }
      throw Problem(
        .notFound, "manifest.unknown", "expected a tag or a digest of '\(name)', found neither",
        cause: error.message)
    }
  }

  /// The type that a manifest is sent as, without its parameters; nil where none is stated.
  private static func mediaType(of request: Request) -> Packaging.MediaType? {
    let field = request.headers[.contentType]?.prefix { $0 != ";" }.filter { $0 != " " }
    return field.flatMap { $0.isEmpty ? nil : Packaging.MediaType(rawValue: $0) }
  }

  private static func bytes(of request: Request) async throws(Problem) -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      for try await buffer in request.body {
        try requireRoom(for: bytes.count + buffer.readableBytes)
        bytes += buffer.readableBytesView
      }
    } catch let problem as Problem {
      throw problem
    } catch {
      throw Problem(
        .badInput, "upload.cut-off", "expected a whole manifest, found its connection broken",
        cause: "\(error)")
    }
    return bytes
  }

  private static func requireRoom(for count: Int) throws(Problem) {
    guard count <= ManifestDocument.longest else {
      throw Problem(
        .tooLarge, "manifest.too-large",
        "expected a manifest of at most \(ManifestDocument.longest) bytes, found more")
    }
  }

  /// With everything escaped that is not unreserved (RFC 3986, section 2.3).
  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let character = Character(Unicode.Scalar(byte))
      let isPlain = byte < 0x80 && (character.isLetter || character.isNumber || "-._~".contains(character))
      return isPlain ? String(character) : "%" + Hexadecimal.encode([byte]).uppercased()
    }.joined()
  }
}
