import Domain
import TestKit
import Testing

@testable import Distribution

struct RegistryRouteTests {
  private static let digest = Sample.digest(1)

  @Test func `a path is read from its end, so that a name may have any words in it`() throws {
    let deep = Sample.repository("a/manifests/blobs/uploads/tags/list")
    let iris = Sample.repository("iris")
    let cases: [(String, RegistryRoute)] = [
      ("/v2/", .base), ("/v2", .base), ("/v2/_catalog", .catalog), ("/v2/iris/tags/list", .tags(iris)),
      ("/v2/iris/manifests/v1", .manifest(iris, "v1")), ("/v2/iris/manifests/list", .manifest(iris, "list")),
      ("/v2/iris/blobs/\(digest())", .blob(iris, Self.digest)),
      ("/v2/iris/blobs/sha256%3A\(Self.digest.hexadecimal)", .blob(iris, Self.digest)),
      ("/v2/iris/blobs/uploads/", .uploads(iris)), ("/v2/iris/blobs/uploads", .uploads(iris)),
      ("/v2/iris/blobs/uploads/0a", .upload(iris, "0a")),
      ("/v2/iris/referrers/\(digest())", .referrers(iris, Self.digest)),
      ("/v2/\(deep)/tags/list", .tags(deep)), ("/v2/\(deep)/manifests/v1", .manifest(deep, "v1")),
      ("/v2/\(deep)/blobs/uploads/0a", .upload(deep, "0a")), ("/v2/\(deep)/blobs/uploads/", .uploads(deep)),
      ("/v2/\(deep)/blobs/\(digest())", .blob(deep, Self.digest)),
      ("/v2/%69ris/tags/list", .tags(iris)),
    ]
    for (path, route) in cases { #expect(try RegistryRoute(path: path) == route, "\(path)") }
  }

  @Test func `whatever a path is put together from, it is read or refused, and what is read names no other`()
  {
    var generator = SeededGenerator(seed: 7)
    let parts = [
      "/", "/v2/", "v2", "..", ".", "%2e", "%2F", "%", "a", "iris", "A", "tags/list", "/manifests/",
      "/blobs/",
      "uploads", "referrers/", Self.digest.description, "sha256:", "%3a", "-", "_", "é", "%00", "\u{0}", "",
    ]
    var read = 0
    for _ in 0..<50_000 {
      var path = Bool.random(using: &generator) ? "/v2/" : ""
      for _ in 0..<Int.random(in: 0..<9, using: &generator) {
        path += parts.randomElement(using: &generator) ?? ""
      }
      guard let route = try? RegistryRoute(path: path) else { continue }
      read += 1
      switch route {
      case .base, .catalog: break
      case .tags(let name), .uploads(let name), .manifest(let name, _), .upload(let name, _),
        .blob(let name, _), .referrers(let name, _):
        #expect((try? RepositoryName(parsing: name.description)) == name)
        #expect(!name.description.contains(".."))
      }
    }
    #expect(read > 1000)
  }

  private func digest() -> String { Self.digest.description }

  @Test(arguments: [
    ("", "route.unknown"), ("/", "route.unknown"), ("v2/", "route.unknown"), ("//v2/", "route.unknown"),
    ("/v2/a", "route.unknown"), ("/v2/a/b", "route.unknown"), ("/v2/a/tags", "route.unknown"),
    ("/v2/a/%zz/list", "route.unknown"), ("/v2/a%/tags/list", "route.unknown"),
    ("/v2/%ff/tags/list", "route.unknown"), ("/v2//tags/list", "repository.malformed"),
    ("/v2/tags/list", "repository.malformed"), ("/v2/a%2Fb/tags/list", "repository.malformed"),
    ("/v2/%2e%2e/tags/list", "repository.malformed"), ("/v2/a/../b/tags/list", "repository.malformed"),
    ("/v2/iris/blobs/x", "digest.malformed"), ("/v2/iris/referrers/", "digest.malformed"),
    ("/v2/" + String(repeating: "a/", count: 2000) + "tags/list", "route.unknown"),
  ])
  func `a path that is none is refused`(path: String, code: String) {
    let problem = #expect(throws: Problem.self) { try RegistryRoute(path: path) }
    #expect(problem?.code == code)
  }
}
