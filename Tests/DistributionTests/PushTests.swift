import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// The distribution-spec's "Push".
struct PushTests {
  private static let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }
  private static let digest = Digest(of: bytes)

  @Test(arguments: RegistryBench.Way.allCases)
  func `a blob comes by a POST and a PUT`(way: RegistryBench.Way) async throws {
    try await RegistryBench().serve(way) { call in
      for path in ["/v2/team/iris/blobs/uploads/", "/v2/team/iris/blobs/uploads"] {
        let begun = try await call("POST", path)
        #expect(begun.status == 202)
        #expect(begun.fields["range"] == "0-0")
        #expect(begun.location == "/v2/team/iris/blobs/uploads/\(begun.fields["docker-upload-uuid"] ?? "")")
        let put = try await call("PUT", "\(begun.location)?digest=\(Self.digest)", [:], Self.bytes)
        #expect(put.status == 201)
        #expect(put.location == "/v2/team/iris/blobs/\(Self.digest)")
        #expect(put.fields["docker-content-digest"] == Self.digest.description)
        #expect(try await call("GET", put.location).bytes == Self.bytes)
        #expect(try await call("GET", begun.location).error == "BLOB_UPLOAD_UNKNOWN")
      }
    }
  }

  @Test(arguments: RegistryBench.Way.allCases)
  func `a blob comes in chunks, each after the last`(way: RegistryBench.Way) async throws {
    try await RegistryBench().serve(way) { call in
      let place = try await call("POST", "/v2/iris/blobs/uploads/").location
      func patch(_ range: Range<Int>, _ field: String? = nil) async throws -> Answer {
        try await call(
          "PATCH", place, ["Content-Range": field ?? "\(range.lowerBound)-\(range.upperBound - 1)"],
          Array(Self.bytes[range]))
      }
      let first = try await patch(0..<100)
      #expect(first.status == 202)
      #expect(first.fields["range"] == "0-99")
      // Out of order, again, beyond, of another length, and none at all.
      for (range, field) in [
        (200..<300, nil), (0..<100, nil), (99..<150, nil), (101..<110, nil), (100..<200, "100-150"),
        (100..<200, "100"), (100..<200, "200-100"), (100..<200, "a-b"), (100..<200, "-5-10"),
        (100..<200, "100-99999999999999999999"),
      ] as [(Range<Int>, String?)] {
        let refused = try await patch(range, field)
        #expect(refused.status == 416)
        #expect(refused.error == "BLOB_UPLOAD_INVALID")
        #expect(refused.fields["range"] == "0-99")
        #expect(refused.location == place)
      }
      let state = try await call("GET", place)
      #expect(state.status == 204)
      #expect(state.fields["range"] == "0-99")
      #expect(try await patch(100..<600, "bytes 100-599/1000").fields["range"] == "0-599")
      // Without a range it follows the last.
      #expect(try await call("PATCH", place, [:], Array(Self.bytes[600..<900])).fields["range"] == "0-899")
      let end = try await call(
        "PUT", "\(place)?digest=\(Self.digest)".replacing(":", with: "%3A"), ["Content-Range": "900-999"],
        Array(Self.bytes[900...]))
      #expect(end.status == 201)
      #expect(try await call("GET", end.location).bytes == Self.bytes)
    }
  }

  @Test func `bytes of another digest are refused, and are not there`() async throws {
    let bench = try RegistryBench()
    try await bench.serve { call in
      let begun = try await call("POST", "/v2/iris/blobs/uploads/")
      let put = try await call("PUT", "\(begun.location)?digest=\(Sample.digest(1))", [:], Self.bytes)
      #expect(put.status == 400)
      #expect(put.error == "DIGEST_INVALID")
      #expect(put.code == "blob.digest-mismatch")
      let post = try await call(
        "POST", "/v2/iris/blobs/uploads/?digest=\(Sample.digest(1))", [:], Self.bytes)
      #expect(post.error == "DIGEST_INVALID")
      #expect(await bench.blobs.digests().isEmpty)
      let other = try await call("POST", "/v2/iris/blobs/uploads/")
      #expect(try await call("PUT", other.location, [:], Self.bytes).error == "DIGEST_INVALID")
      #expect(try await call("PUT", "\(other.location)?digest=x", [:], []).error == "DIGEST_INVALID")
      #expect(try await call("PUT", "\(other.location)?digest=\(Self.digest)", [:], Self.bytes).status == 201)
    }
  }

  @Test func `an upload is cancelled, and is of one repository`() async throws {
    try await RegistryBench().serve { call in
      let place = try await call("POST", "/v2/iris/blobs/uploads/").location
      let elsewhere = place.replacing("/iris/", with: "/other/")
      for (method, path) in [
        ("GET", elsewhere), ("PATCH", elsewhere), ("DELETE", elsewhere),
        ("PUT", "\(elsewhere)?digest=\(Self.digest)"), ("GET", "/v2/iris/blobs/uploads/0"),
      ] {
        let answer = try await call(method, path)
        #expect(answer.status == 404)
        #expect(answer.error == "BLOB_UPLOAD_UNKNOWN")
      }
      #expect(try await call("DELETE", place).status == 204)
      #expect(try await call("GET", place).status == 404)
    }
  }

  @Test func `a blob is mounted from where it is shown, and from nowhere else`() async throws {
    try await RegistryBench().serve { call in
      let digest = try await call.upload(Self.bytes)
      func mount(_ query: String) async throws -> Answer {
        try await call("POST", "/v2/other/blobs/uploads/?\(query)")
      }
      for query in [
        "mount=\(digest)&from=nowhere", "mount=\(Sample.digest(1))&from=iris", "mount=x&from=iris",
        "mount=\(digest)&from=../iris", "mount=\(digest)",
      ] {
        let answer = try await mount(query)
        #expect(answer.status == 202)
        #expect(answer.location.hasPrefix("/v2/other/blobs/uploads/"))
      }
      #expect(try await call("HEAD", "/v2/other/blobs/\(digest)").status == 404)
      let mounted = try await mount("mount=\(digest)&from=iris")
      #expect(mounted.status == 201)
      #expect(mounted.location == "/v2/other/blobs/\(digest)")
      #expect(try await call("GET", mounted.location).bytes == Self.bytes)
    }
  }

  @Test func `a manifest is put by tag and by digest`() async throws {
    let bench = try RegistryBench()
    try await bench.serve { call in
      let image = Image(1)
      let manifest = try await call.push(image)
      let tagged = try await call.put(manifest, "v1")
      #expect(tagged.status == 201)
      #expect(tagged.location == "/v2/iris/manifests/\(Digest(of: manifest))")
      #expect(tagged.fields["docker-content-digest"] == Digest(of: manifest).description)
      #expect(tagged.fields["oci-subject"] == nil)
      let stored = try await bench.control.registry.manifests(of: Sample.repository("iris"))
      #expect(stored.map(\.pushedBy) == [RegistryBench.administrator])
    }
  }

  @Test func `a manifest that cannot be one is refused by the spec's errors`() async throws {
    let bench = try RegistryBench()
    try await bench.serve { call in
      let image = Image(1)
      let blobless = try await call.put(image.manifest, "v1")
      #expect(blobless.status == 400)
      #expect(blobless.error == "MANIFEST_BLOB_UNKNOWN")
      for blob in image.blobs { _ = try await call.upload(blob) }
      #expect(try await call.put(image.manifest, Sample.digest(1).description).error == "DIGEST_INVALID")
      #expect(try await call.put(image.manifest, "-v1").error == "TAG_INVALID")
      #expect(try await call.put(Array("{".utf8), "v1").error == "MANIFEST_INVALID")
      let foreign = try await call.put(image.manifest, "v1", as: .init(rawValue: "text/plain"))
      #expect(foreign.status == 415)
      #expect(foreign.error == "MANIFEST_INVALID")
      let other = try await call.put(image.manifest, "v1", as: .index)
      #expect(other.error == "MANIFEST_INVALID")
      let large = try await call.put([UInt8](repeating: 0x20, count: (4 << 20) + 1), "v1")
      #expect(large.status == 413)
      #expect(large.error == "SIZE_INVALID")
      #expect(try await bench.control.registry.repositories().isEmpty)
      let parameters = try await call(
        "PUT", "/v2/iris/manifests/v1",
        ["Content-Type": "\(Packaging.MediaType.manifest.rawValue); charset=utf-8"], image.manifest)
      #expect(parameters.status == 201)
    }
  }

  @Test func `many manifests at once have their turns`() async throws {
    let bench = try RegistryBench()
    try await bench.serve { call in
      let image = Image(1)
      for blob in image.blobs { _ = try await call.upload(blob) }
      // More than acts may wait.
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<40 {
          group.addTask { try await call.put(image.manifest, "v\(number)").status }
        }
        return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
      }
      #expect(statuses == [201])
      #expect(try await call("GET", "/v2/iris/tags/list").json["tags"]?.array?.count == 40)
    }
  }

  @Test func `a subject is acknowledged, there or not`() async throws {
    try await RegistryBench().serve { call in
      let subject = Image(1).manifest
      let referrer = Image(2, about: subject, kind: "application/vnd.bom+json")
      for blob in referrer.blobs { _ = try await call.upload(blob) }
      let answer = try await call.put(referrer.manifest)
      #expect(answer.status == 201)
      #expect(answer.fields["oci-subject"] == Digest(of: subject).description)
    }
  }

  @Test func `a write that fails is told, and the same again goes through`() async throws {
    for number in 1...12 {
      let plan = FaultPlan([number: .notPersisted])
      let bench = try RegistryBench(blobs: plan)
      try await bench.serve { call in
        let image = Image(1)
        func push() async throws -> Set<Int> {
          var statuses: Set<Int> = []
          for blob in image.blobs {
            let path = "/v2/iris/blobs/uploads/?digest=\(Digest(of: blob))"
            statuses.insert(try await call("POST", path, [:], blob).status)
          }
          statuses.insert(try await call.put(image.manifest, "v1").status)
          return statuses
        }
        let first = try await push()
        #expect(first.isSubset(of: [201, 503, 400]))
        #expect((first == [201]) == (plan.writes < number))
        plan.mend()
        #expect(try await push() == [201])
        for blob in image.blobs {
          #expect(try await call("GET", "/v2/iris/blobs/\(Digest(of: blob))").bytes == blob)
        }
      }
    }
  }
}
