import Domain
import Encoding
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// The distribution-spec's "Pull".
struct PullTests {
  @Test(arguments: RegistryBench.Way.allCases)
  func `the base says that it is a registry`(way: RegistryBench.Way) async throws {
    try await RegistryBench().serve(way) { call in
      for path in ["/v2/", "/v2"] {
        let answer = try await call("GET", path)
        #expect(answer.status == 200)
        #expect(answer.fields["docker-distribution-api-version"] == "registry/2.0")
        #expect(answer.json == [:])
      }
    }
  }

  @Test func `every route asks for a credential, and takes a token as a password`() async throws {
    try await RegistryBench().serve { call in
      let routes = [
        ("GET", "/v2/"), ("GET", "/v2/_catalog"), ("GET", "/v2/iris/tags/list"),
        ("GET", "/v2/iris/manifests/a"), ("PUT", "/v2/iris/manifests/a"), ("DELETE", "/v2/iris/manifests/a"),
        ("GET", "/v2/iris/blobs/\(Sample.digest(1))"), ("HEAD", "/v2/iris/blobs/\(Sample.digest(1))"),
        ("POST", "/v2/iris/blobs/uploads/"), ("PATCH", "/v2/iris/blobs/uploads/0"),
        ("GET", "/v2/iris/referrers/\(Sample.digest(1))"), ("GET", "/v2/../x"), ("GET", "/other"),
      ]
      let refused: [String?] = [
        nil, "", "Bearer", "Bearer x", RegistryBench.token, "Digest \(RegistryBench.token)",
        "Basic \(RegistryBench.token)", "Basic " + Base64.encode(Array("token".utf8)),
        "Basic " + Base64.encode(Array("token:x".utf8)),
        "Basic " + Base64.encode(Array("\(RegistryBench.token):".utf8)),
        "Bearer " + String(repeating: "x", count: 5000),
      ]
      for (method, path) in routes {
        for credential in refused {
          let answer = try await call(method, path, credential: credential)
          #expect(answer.status == 401)
          #expect(answer.fields["www-authenticate"]?.hasPrefix(#"Basic realm="gatehouse""#) == true)
          if method != "HEAD" { #expect(answer.error == "UNAUTHORIZED") }
        }
      }
      for user in ["token", "admin", "", "ada@example.org"] {
        let basic = Base64.encode(Array("\(user):\(RegistryBench.token)".utf8))
        #expect(try await call("GET", "/v2/", credential: "Basic \(basic)").status == 200)
        #expect(try await call("GET", "/v2/", credential: "basic \(basic)").status == 200)
      }
    }
  }

  @Test(arguments: RegistryBench.Way.allCases)
  func `a manifest is answered byte for byte, by tag and by digest`(way: RegistryBench.Way) async throws {
    try await RegistryBench().serve(way) { call in
      let manifest = try await call.push(Image(1), "v1")
      let digest = Digest(of: manifest).description
      for reference in ["v1", digest, digest.replacing(":", with: "%3A")] {
        let answer = try await call("GET", "/v2/iris/manifests/\(reference)")
        #expect(answer.status == 200)
        #expect(answer.bytes == manifest)
        #expect(answer.fields["content-type"] == Packaging.MediaType.manifest.rawValue)
        #expect(answer.fields["docker-content-digest"] == digest)
        let head = try await call("HEAD", "/v2/iris/manifests/\(reference)")
        #expect(head.status == 200)
        #expect(head.bytes.isEmpty)
        #expect(head.fields["content-length"] == "\(manifest.count)")
        #expect(head.fields["docker-content-digest"] == digest)
      }
    }
  }

  @Test func `what is not there is not found, whatever it is called`() async throws {
    try await RegistryBench().serve { call in
      _ = try await call.push(Image(1), "v1")
      for path in [
        "/v2/iris/manifests/v2", "/v2/iris/manifests/.INVALID_MANIFEST_NAME", "/v2/other/manifests/v1",
        "/v2/iris/manifests/\(Sample.digest(1))", "/v2/iris/manifests/" + String(repeating: "x", count: 200),
      ] {
        let answer = try await call("GET", path)
        #expect(answer.status == 404)
        #expect(answer.error == "MANIFEST_UNKNOWN")
        #expect(try await call("HEAD", path).status == 404)
        #expect(try await call("DELETE", path).status == 404)
      }
      for path in ["/v2/iris/blobs/\(Sample.digest(1))", "/v2/other/blobs/\(Digest(of: Image(1).blobs[0]))"] {
        let answer = try await call("GET", path)
        #expect(answer.status == 404)
        #expect(answer.error == "BLOB_UNKNOWN")
        #expect(try await call("HEAD", path).status == 404)
      }
      #expect(try await call("GET", "/v2/other/tags/list").error == "NAME_UNKNOWN")
      for path in ["/", "/v1/", "/v2x/", "/v2/iris", "/v2/iris/nothing/x"] {
        let answer = try await call("GET", path)
        #expect(answer.status == 404)
        #expect(answer.code == "route.unknown")
      }
      #expect(try await call("PATCH", "/v2/iris/manifests/v1").status == 405)
    }
  }

  @Test(arguments: RegistryBench.Way.allCases)
  func `a blob is answered whole, by its head and in ranges`(way: RegistryBench.Way) async throws {
    try await RegistryBench().serve(way) { call in
      let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let path = "/v2/iris/blobs/\(try await call.upload(bytes))"
      let whole = try await call("GET", path)
      #expect(whole.status == 200)
      #expect(whole.bytes == bytes)
      #expect(whole.fields["accept-ranges"] == "bytes")
      let head = try await call("HEAD", path)
      #expect(head.fields["content-length"] == "700000")
      #expect(head.fields["docker-content-digest"] == Digest(of: bytes).description)
      let ranges: [(String, Range<Int>)] = [
        ("bytes=0-0", 0..<1), ("bytes=0-99", 0..<100), ("bytes=300000-600000", 300_000..<600_001),
        ("bytes=699999-", 699_999..<700_000), ("bytes=-5", 699_995..<700_000), ("bytes=-900000", 0..<700_000),
        ("bytes=5-99999999", 5..<700_000),
      ]
      for (field, range) in ranges {
        let answer = try await call("GET", path, ["Range": field])
        #expect(answer.status == 206)
        #expect(answer.bytes == Array(bytes[range]))
        #expect(
          answer.fields["content-range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/700000")
      }
      for field in ["bytes=700000-", "bytes=900000-900001"] {
        let answer = try await call("GET", path, ["Range": field])
        #expect(answer.status == 416)
        #expect(answer.fields["content-range"] == "bytes */700000")
      }
      for field in ["bytes=5-2", "bytes=a-b", "lines=0-1", "bytes=0-1,5-6", "bytes=", "0-5"] {
        #expect(try await call("GET", path, ["Range": field]).status == 200)
      }
    }
  }

  @Test func `a blob of no bytes is one`() async throws {
    try await RegistryBench().serve(.live) { call in
      let digest = try await call.upload([])
      let answer = try await call("GET", "/v2/iris/blobs/\(digest)")
      #expect(answer.status == 200)
      #expect(answer.bytes.isEmpty)
      #expect(try await call("HEAD", "/v2/iris/blobs/\(digest)").fields["content-length"] == "0")
    }
  }

  @Test func `a blob that the disk has changed is never answered whole`() async throws {
    let bench = try RegistryBench()
    try await bench.serve(.live) { call in
      let bytes = [UInt8](repeating: 1, count: 300_000)
      let digest = try await call.upload(bytes)
      await bench.blobs.corrupt(digest, to: bytes.dropLast() + [2])
      await #expect(throws: (any Error).self) { try await call("GET", "/v2/iris/blobs/\(digest)") }
    }
  }

  @Test(arguments: [
    "../x", "%2e%2e/x", "a/%2e%2e", "a%2fb", "A", "team/Iris", "a//b", "-a", "a%20b", "a%00",
    String(repeating: "a", count: 256),
  ])
  func `a name that is none is refused as such`(name: String) async throws {
    try await RegistryBench().serve { call in
      for (method, path) in [
        ("GET", "tags/list"), ("GET", "manifests/v1"), ("PUT", "manifests/v1"),
        ("GET", "blobs/\(Sample.digest(1))"), ("POST", "blobs/uploads/"),
        ("GET", "referrers/\(Sample.digest(1))"),
      ] {
        let answer = try await call(method, "/v2/\(name)/\(path)")
        #expect(answer.status == 400)
        #expect(answer.error == "NAME_INVALID")
        #expect(answer.code == "repository.malformed")
      }
    }
  }

  @Test func `a digest that is none is refused as such`() async throws {
    try await RegistryBench().serve { call in
      for text in ["sha256:0", "sha512:" + String(repeating: "0", count: 128), "x", "sha256:..%2f.."] {
        for path in ["blobs/\(text)", "referrers/\(text)"] {
          let answer = try await call("GET", "/v2/iris/\(path)")
          #expect(answer.status == 400)
          #expect(answer.error == "DIGEST_INVALID")
        }
      }
    }
  }
}
