import Domain
import Encoding
import Hummingbird
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// The distribution-spec's "Content Discovery" and "Content Management".
struct DiscoveryTests {
  private static func texts(_ json: JSON?) -> [String] { (json?.array ?? []).compactMap(\.string) }

  /// The path of the field `Link`.
  private static func next(_ answer: Answer) -> String? {
    guard let link = answer.fields["link"], link.hasPrefix("<"), link.hasSuffix(">; rel=\"next\"") else {
      return nil
    }
    return String(link.dropFirst().prefix { $0 != ">" })
  }

  @Test(arguments: RegistryBench.Way.allCases)
  func `tags are listed in their order, page by page`(way: RegistryBench.Way) async throws {
    try await RegistryBench().serve(way) { call in
      let manifest = try await call.push(Image(1))
      #expect(Self.texts(try await call("GET", "/v2/iris/tags/list").json["tags"]).isEmpty)
      let tags = ["10", "9", "a.b", "latest", "V1", "v2"]
      for tag in tags.reversed() { #expect(try await call.put(manifest, tag).status == 201) }
      let whole = try await call("GET", "/v2/iris/tags/list")
      #expect(whole.json["name"] == "iris")
      #expect(Self.texts(whole.json["tags"]) == tags)
      #expect(Self.next(whole) == nil)
      var found: [String] = []
      var path: String? = "/v2/iris/tags/list?n=4"
      while let page = path {
        let answer = try await call("GET", page)
        #expect(answer.status == 200)
        found += Self.texts(answer.json["tags"])
        path = Self.next(answer)
      }
      #expect(found == tags)
      #expect(
        Self.texts(try await call("GET", "/v2/iris/tags/list?last=latest").json["tags"]) == ["V1", "v2"])
      let none = try await call("GET", "/v2/iris/tags/list?n=0")
      #expect(Self.texts(none.json["tags"]).isEmpty)
      #expect(Self.next(none) == nil)
      for query in ["n=-1", "n=x"] {
        #expect(try await call("GET", "/v2/iris/tags/list?\(query)").status == 400)
      }
    }
  }

  @Test func `repositories are listed page by page`() async throws {
    try await RegistryBench().serve { call in
      #expect(Self.texts(try await call("GET", "/v2/_catalog").json["repositories"]).isEmpty)
      let names = ["a", "b/c", "d"]
      for name in names { _ = try await call.push(Image(1), "v1", to: name) }
      #expect(Self.texts(try await call("GET", "/v2/_catalog").json["repositories"]) == names)
      let page = try await call("GET", "/v2/_catalog?n=2")
      #expect(Self.texts(page.json["repositories"]) == ["a", "b/c"])
      let rest = try await call("GET", try #require(Self.next(page)))
      #expect(Self.texts(rest.json["repositories"]) == ["d"])
    }
  }

  @Test(arguments: RegistryBench.Way.allCases)
  func `referrers are an index, of all or of one kind`(way: RegistryBench.Way) async throws {
    try await RegistryBench().serve(way) { call in
      let subject = try await call.push(Image(1), "v1")
      let path = "/v2/iris/referrers/\(Digest(of: subject))"
      let none = try await call("GET", path)
      #expect(none.status == 200)
      #expect(none.fields["content-type"] == Packaging.MediaType.index.rawValue)
      #expect(none.json["manifests"] == [])
      #expect(try await call("GET", "/v2/other/referrers/\(Sample.digest(1))").json["manifests"] == [])
      let bom = try await call.push(
        Image(2, about: subject, kind: "application/vnd.bom+json", words: ["org.example": "1"]))
      let plain = try await call.push(Image(3, about: subject))
      let found = try await call("GET", path)
      let all = found.json["manifests"]?.array ?? []
      #expect(found.json["schemaVersion"] == 2)
      #expect(
        Set(all.compactMap { $0["digest"]?.string }) == Set([bom, plain].map { Digest(of: $0).description }))
      #expect(found.fields["oci-filters-applied"] == nil)
      // One that states no kind is of its configuration's.
      let other = all.first { $0["digest"]?.string == Digest(of: plain).description }
      #expect(other?["artifactType"]?.string == Packaging.MediaType.configuration.rawValue)
      let filtered = try await call("GET", "\(path)?artifactType=application%2Fvnd.bom%2Bjson")
      #expect(filtered.fields["oci-filters-applied"] == "artifactType")
      let only = try #require(filtered.json["manifests"]?.array)
      #expect(only.count == 1)
      #expect(only.first?["artifactType"] == "application/vnd.bom+json")
      #expect(only.first?["annotations"] == ["org.example": "1"])
      #expect(only.first?["mediaType"]?.string == Packaging.MediaType.manifest.rawValue)
      #expect(only.first?["size"]?.int == bom.count)
      #expect(try await call("GET", "\(path)?artifactType=a/b").json["manifests"] == [])
      // A plus stands for itself in a query (RFC 3986), whatever forms make of it.
      let plus = try await call("GET", "\(path)?artifactType=application/vnd.bom+json")
      #expect(plus.json["manifests"]?.array?.count == 1)
    }
  }

  @Test func `many referrers are answered page by page, with their filter`() async throws {
    let bench = try RegistryBench()
    try await bench.serve { call in
      let subject = try await call.push(Image(1), "v1")
      let words = ["x": String(repeating: "y", count: 1 << 20)]
      var digests: Set<String> = []
      for number in 0..<5 {
        let manifest = try await call.push(Image(10 + number, about: subject, kind: "a/b", words: words))
        digests.insert(Digest(of: manifest).description)
      }
      var path: String? = "/v2/iris/referrers/\(Digest(of: subject))?artifactType=a/b"
      var found: [String] = []
      var pages = 0
      while let page = path, pages < 10 {
        let answer = try await call("GET", page)
        #expect(answer.bytes.count <= 4 << 20)
        #expect(answer.fields["oci-filters-applied"] == "artifactType")
        found += (answer.json["manifests"]?.array ?? []).compactMap { $0["digest"]?.string }
        path = Self.next(answer)
        pages += 1
      }
      #expect(pages == 3)
      #expect(found.count == 5)
      #expect(Set(found) == digests)
    }
  }

  @Test func `a tag is removed alone, a manifest with its tags`() async throws {
    try await RegistryBench().serve { call in
      let manifest = try await call.push(Image(1), "v1")
      let digest = Digest(of: manifest)
      #expect(try await call.put(manifest, "v2").status == 201)
      #expect(try await call("DELETE", "/v2/iris/manifests/v1").status == 202)
      #expect(try await call("GET", "/v2/iris/manifests/v1").status == 404)
      #expect(try await call("GET", "/v2/iris/manifests/v2").status == 200)
      #expect(try await call("DELETE", "/v2/iris/manifests/\(digest)").status == 202)
      for reference in ["v2", digest.description] {
        #expect(try await call("GET", "/v2/iris/manifests/\(reference)").status == 404)
      }
      #expect(try await call("DELETE", "/v2/iris/manifests/\(digest)").status == 404)
      #expect(try await call("GET", "/v2/iris/tags/list").error == "NAME_UNKNOWN")
    }
  }

  @Test func `a blob is removed only where nothing names it, and a member of an index not at all`()
    async throws
  {
    try await RegistryBench().serve { call in
      let image = Image(1)
      let manifest = try await call.push(image)
      let layer = Digest(of: image.blobs[1])
      let refused = try await call("DELETE", "/v2/iris/blobs/\(layer)")
      #expect(refused.status == 405)
      #expect(refused.error == "UNSUPPORTED")
      let index = ImageIndex(manifests: [
        Descriptor(mediaType: .manifest, digest: Digest(of: manifest), size: manifest.count)
      ]).json.canonicalBytes
      #expect(try await call.put(index, "all", as: .index).status == 201)
      #expect(try await call("GET", "/v2/iris/manifests/all").bytes == index)
      #expect(try await call("DELETE", "/v2/iris/manifests/\(Digest(of: manifest))").status == 405)
      let waiting = try await call.upload([1, 2, 3])
      #expect(try await call("DELETE", "/v2/iris/blobs/\(waiting)").status == 202)
      #expect(try await call("HEAD", "/v2/iris/blobs/\(waiting)").status == 404)
      #expect(try await call("DELETE", "/v2/iris/blobs/\(waiting)").status == 404)
    }
  }

  @Test func `problems have the spec's words, and what it has none for is unavailable or unknown`() {
    let cases: [(Problem, Int, String)] = [
      (Problem(.unavailable, "storage.full", ""), 507, "UNAVAILABLE"),
      (Problem(.unavailable, "platform.busy", ""), 503, "UNAVAILABLE"),
      (Problem(.tooMany, "upload.too-many", "", retryAfter: 10), 429, "TOOMANYREQUESTS"),
      (Problem(.integrity, "blob.corrupt", ""), 500, "UNKNOWN"),
      (Problem(.forbidden, "x", ""), 403, "DENIED"),
    ]
    for (problem, status, identifier) in cases {
      #expect(problem.registryError.status.code == status)
      #expect(problem.registryError.identifier == identifier)
    }
    #expect(cases[1].0.registryResponse.headers[.retryAfter] == "2")
    #expect(cases[2].0.registryResponse.headers[.retryAfter] == "10")
  }
}
