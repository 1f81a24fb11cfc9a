import Domain
import Encoding
import Packaging
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// Images whose blobs a failing disk has changed: what is made of them, and what is collected around them.
struct DamagedImageTests {
  /// The layers of an image, the program's first.
  private static func layers(_ image: Digest, _ bench: Bench) async throws -> [Digest] {
    try ImageManifest(parsing: try await bench.blobs.read(image, limit: 1 << 20)).layers.map(\.digest)
  }

  @Test func `a program's layer that is not what it was is packed anew by the next process, once`()
    async throws
  {
    let bench = try Bench()
    let image = try #require(
      try await bench.run { control in
        _ = try await control.start()
        return try await Bench.push(Fixture.tree, to: control).image
      })
    let layer = try #require(try await Self.layers(image, bench).first)
    await bench.blobs.corrupt(layer, to: [1, 2, 3])
    #expect(await bench.audit().problems.map(\.code) == ["blob.corrupt"])
    try await Bench.run(bench.reopened()) { control in
      _ = try await control.start()
      let second = try #require(try await Bench.push(Fixture.forest, to: control).image)
      #expect(try await Self.layers(second, bench).first == layer)
      #expect(await bench.audit().problems == [])
    }
  }

  /// A platform with two images of a version, the former of which is superseded, and what only that one names.
  private static func superseded(_ bench: Bench) async throws -> (image: Digest, own: [Digest]) {
    try await bench.run { control in
      _ = try await control.start()
      let former = try #require(try await Bench.push(Fixture.tree, to: control).image)
      // Another key is trusted from here on, so the same artifact makes another image.
      _ = try await control.trustSealKey(SealingKey().verificationKey, by: Sample.actor)
      let next = try #require(try await Bench.push(Fixture.tree, to: control).image)
      #expect(next != former)
      let kept = try await Self.layers(next, bench)
      let own = try await Self.layers(former, bench).filter { !kept.contains($0) }
      #expect(!own.isEmpty)
      return (former, own)
    }
  }

  @Test(arguments: [true, false])
  func `a manifest that does not read is told of, what it may name stays, and the rest is collected`(
    isLost: Bool
  ) async throws {
    let bench = try Bench()
    let (image, own) = try await Self.superseded(bench)
    if isLost { await bench.blobs.lose(image) } else { await bench.blobs.corrupt(image, to: [1]) }
    let pickle = try await bench.blobs.keep([0x80, 4, 1])
    let gzip = try await bench.blobs.keep([0x1F, 0x8B, 8])
    let json = try await bench.blobs.keep(Array("{}".utf8))
    let empty = try await bench.blobs.keep([])
    try await Bench.run(bench.reopened()) { control in
      let dry = try await CollectBlobsTests.collect(control, untagged: true, isDryRun: true)
      let report = try await CollectBlobsTests.collect(control, untagged: true)
      #expect(report == dry)
      #expect(report.blobs == 2)
      #expect(report.problems.map(\.code) == ["image.unreadable"])
      #expect(report.problems.map(\.subject) == [image.description])
      #expect(
        report.problems.first?.message
          == "expected to read what the image of iris@1 names, found that it does not read")
      for digest in own + [gzip, json] { #expect(await bench.blobs.contains(digest)) }
      for digest in [pickle, empty] { #expect(await bench.blobs.contains(digest) == false) }
      let entry = try #require(try await bench.entries().last { $0.act == .collect })
      #expect(entry.details["unreadable"] == 1)
    }
    let codes = await bench.audit().problems.map(\.code)
    #expect(!codes.isEmpty)
    #expect(Set(codes).isSubset(of: ["blob.corrupt", "blob.missing"]))
  }

  @Test func `with the manifest back what nothing needs goes`() async throws {
    let bench = try Bench()
    let (image, own) = try await Self.superseded(bench)
    let bytes = try await bench.blobs.read(image, limit: 1 << 20)
    await bench.blobs.corrupt(image, to: [1])
    let gzip = try await bench.blobs.keep([0x1F, 0x8B, 8])
    try await Bench.run(bench.reopened()) { control in
      #expect(try await CollectBlobsTests.collect(control).blobs == 0)
      await bench.blobs.corrupt(image, to: bytes)
      let report = try await CollectBlobsTests.collect(control)
      #expect(report.problems == [])
      #expect(report.blobs == 1)
      #expect(await bench.blobs.contains(gzip) == false)
      for digest in own { #expect(await bench.blobs.contains(digest)) }
    }
    #expect(await bench.audit().problems == [])
  }
}
