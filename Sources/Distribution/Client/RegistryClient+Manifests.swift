public import Domain
import Encoding
public import Lifecycle
import NIOHTTP1
public import Packaging
import Provenance

extension RegistryClient {
  /// Far more than any subject has.
  private static let referrerLimit = 1000
  private static let pageLimit = 100
  /// What all pages of a list have at most.
  private static let listLimit = 16 << 20
  private static let tagLimit = 100_000

  private static let accepted = HTTPHeaders([
    ("Accept", MediaType.manifests.map(\.rawValue).joined(separator: ", "))
  ])

  private func url(_ name: ManifestReference) -> RegistryURL { url("manifests/\(name)") }

  /// The manifest of a name; nil where there is none.
  public func manifest(_ name: ManifestReference) async throws(Problem) -> RemoteManifest? {
    try await retrying { () async throws(Failure) in
      let answer = try await ask(.GET, url(name), scope: .pull, Self.accepted)
      guard answer.status != 404 else {
        await answer.drain()
        return nil
      }
      try await expect([200], answer, doing: "fetch the manifest '\(name)'")
      let bytes = try await answer.collect(upTo: ManifestDocument.longest)
      if let length = answer.length, length != bytes.count {
        throw Failure(RegistryProblem.size(length, "\(bytes.count)", at: place))
      }
      let digest = Digest(of: bytes)
      var stated = answer.headers.first(name: "docker-content-digest").flatMap { try? Digest(parsing: $0) }
      if case .digest(let asked) = name { stated = asked }
      if let stated, stated != digest { throw Failure(RegistryProblem.digest(stated, digest, at: place)) }
      let type = answer.headers.first(name: "content-type").map {
        MediaType(rawValue: String($0.prefix { $0 != ";" && $0 != " " }))
      }
      do throws(Problem) {
        return try RemoteManifest(bytes, as: type)
      } catch {
        throw Failure(error.about("\(place), \(name)"))
      }
    }
  }

  /// Whether the repository has the manifest with this digest.
  public func contains(manifest digest: Digest) async throws(Problem) -> Bool {
    try await retrying { () async throws(Failure) in
      let answer = try await ask(.HEAD, url(.digest(digest)), scope: .pull, Self.accepted)
      try await expect([200, 404], answer, doing: "look for the manifest \(digest.short)")
      await answer.drain()
      return answer.status == 200
    }
  }

  /// Puts a manifest under a name; one that says something about another is among that one's referrers when this
  /// returns, by an index under a tag where the registry keeps no list of them.
  public func put(_ manifest: RemoteManifest, as name: ManifestReference) async throws(Problem) {
    let listsReferrers = try await send(manifest, as: name)
    guard let subject = manifest.document.subject, !listsReferrers else { return }
    let tag = ManifestReference.tag(try Referrer.fallbackTag(of: subject))
    var referrers = try await indexed(tag)
    guard !referrers.contains(where: { $0.manifest.digest == manifest.descriptor.digest }) else { return }
    guard referrers.count < Self.referrerLimit else {
      throw Problem(
        .tooLarge, "registry.too-many-referrers",
        "expected at most \(Self.referrerLimit) referrers of \(subject.short), found more", subject: place)
    }
    var descriptor = manifest.descriptor
    descriptor.annotations = manifest.document.annotations
    referrers.append(Referrer(descriptor, artifactType: manifest.document.artifactType))
    // A crash before this leaves a manifest that nobody finds; done again, it is put in the index. Who writes the index
    // at the same time may lose what we write: the specification has nothing against that.
    _ = try await send(try RemoteManifest(Referrer.index(of: referrers), as: .index), as: tag)
  }

  /// Puts a manifest; says whether the registry lists what it says of another.
  private func send(_ manifest: RemoteManifest, as name: ManifestReference) async throws(Problem) -> Bool {
    try await retrying { () async throws(Failure) in
      let type = HTTPHeaders([("Content-Type", manifest.descriptor.mediaType.rawValue)])
      let answer = try await ask(.PUT, url(name), scope: .push, type, .bytes(manifest.bytes))
      try await expect([201], answer, doing: "put the manifest '\(name)'")
      await answer.drain()
      if let stated = answer.headers.first(name: "docker-content-digest").flatMap({ try? Digest(parsing: $0) }
      ),
        stated != manifest.descriptor.digest
      {
        throw Failure(RegistryProblem.digest(manifest.descriptor.digest, stated, at: place))
      }
      let listed = answer.headers.first(name: "oci-subject").flatMap { try? Digest(parsing: $0) }
      return listed != nil && listed == manifest.document.subject
    }
  }

  /// Removes a tag, or a manifest with all its tags.
  public func remove(_ name: ManifestReference) async throws(Problem) {
    try await retrying { () async throws(Failure) in
      let answer = try await ask(.DELETE, url(name), scope: .delete)
      try await expect([200, 202, 204, 404], answer, doing: "remove '\(name)'")
      await answer.drain()
    }
  }

  /// What says something about a manifest; nothing where nobody does.
  public func referrers(of subject: Digest) async throws(Problem) -> [Referrer] {
    var referrers: [Referrer] = []
    let isListed = try await pages(from: url("referrers/\(subject)"), "list what is about \(subject.short)") {
      (body) throws(Problem) in
      referrers += try Referrer.list(parsing: body)
      return referrers.count <= Self.referrerLimit
    }
    guard !isListed else { return referrers }
    return try await indexed(.tag(try Referrer.fallbackTag(of: subject)))
  }

  /// The statements in the index under a tag; none where there is no such tag.
  private func indexed(_ tag: ManifestReference) async throws(Problem) -> [Referrer] {
    guard let index = try await manifest(tag) else { return [] }
    guard index.descriptor.mediaType == .index else {
      throw Problem(
        .conflict, "registry.referrers-tag",
        "expected an index of referrers under '\(tag)', found '\(index.descriptor.mediaType.rawValue)'",
        subject: place,
        hint: "remove that tag: the specification keeps it for referrers")
    }
    return try Referrer.list(parsing: index.bytes)
  }

  /// The tags of the repository; none where there is no such repository.
  public func tags() async throws(Problem) -> [String] {
    var tags: [String] = []
    _ = try await pages(from: url("tags/list").adding("n", "1000"), "list the tags") {
      (body) throws(Problem) in
      guard let json = try? JSON(parsing: body, limits: JSONLimits(depth: 8, values: 200_000)),
        json.object != nil
      else { throw RegistryProblem.malformed("JSON with tags", "another answer", at: place) }
      for element in json["tags"]?.array ?? [] {
        guard let text = element.string, let tag = try? ImageTag(parsing: text) else {
          throw RegistryProblem.malformed("tags", "something that is none", at: place)
        }
        tags.append(tag.text)
      }
      return tags.count <= Self.tagLimit
    }
    return tags
  }

  /// Reads a list that comes in pages; false where there is none at all.
  ///
  /// `take` says whether what came until then is not too much.
  private func pages(
    from first: RegistryURL, _ doing: String, _ take: ([UInt8]) throws(Problem) -> Bool
  ) async throws(Problem) -> Bool {
    var url = first
    var seen: Set<RegistryURL> = []
    var left = Self.listLimit
    while seen.count < Self.pageLimit, seen.insert(url).inserted {
      let (body, next) = try await retrying { () async throws(Failure) -> ([UInt8]?, String?) in
        let answer = try await ask(.GET, url, scope: .pull)
        guard answer.status != 404 || seen.count > 1 else {
          await answer.drain()
          return (nil, nil)
        }
        try await expect([200], answer, doing: doing)
        let body = try await answer.collect(upTo: ManifestDocument.longest)
        do throws(Problem) {
          return (
            body,
            try answer.headers.first(name: "link").flatMap { (link) throws(Problem) in
              try NextLink.find(in: link)
            }
          )
        } catch { throw Failure(error.about(place)) }
      }
      guard let body else { return false }
      left -= body.count
      do throws(Problem) {
        guard left >= 0, try take(body) else {
          throw RegistryProblem.malformed(
            "a list with an end", "one that is longer than all of ours", at: place)
        }
        guard let next else { return true }
        url = try RegistryURL(parsing: next, from: url)
      } catch { throw error.about(place) }
      // A list goes on where it began: who asks shows who it is.
      guard url.origin == home else {
        throw RegistryProblem.malformed("the next part of a list from \(home)", "\(url.origin)", at: place)
      }
    }
    throw RegistryProblem.malformed(
      "a list with an end", "one that goes in a circle, or has too many parts", at: place)
  }
}
