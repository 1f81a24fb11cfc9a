import Domain
import Encoding
import Packaging
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// What repositories take and show.
struct RepositoryTests {
  private let iris = Sample.repository("iris")
  private let other = Sample.repository("team/other")

  private func code(_ body: () async throws -> Void) async -> String? {
    let problem = await #expect(throws: Problem.self) { try await body() }
    return problem?.code
  }

  @Test func `an image is read by its tag and by its digest, byte for byte`() async throws {
    try await Bench().run { control in
      let image = SampleImage(1, layers: [1, 2])
      try await image.push("v1", to: iris, control)
      for text in ["v1", image.digest.description] {
        let found = try await control.repositories.manifest(ManifestReference(parsing: text), of: iris)
        #expect(found.digest == image.digest)
        #expect(found.size == image.manifest.count)
        #expect(try await control.repositories.bytes(of: found) == image.manifest)
      }
      for blob in image.blobs {
        let reader = try await control.repositories.open(Digest(of: blob), in: iris)
        #expect(try await reader.bytes(from: 0, count: reader.size) == blob)
      }
    }
  }

  @Test func `a manifest is refused whose blobs are not there, and nothing is left of it`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let image = SampleImage(1, layers: [1, 2])
      for blob in image.blobs.dropLast() { try await SampleImage.upload(blob, to: iris, control) }
      #expect(await code { try await image.put("v1", to: iris, control) } == "manifest.incomplete")
      #expect(try await control.registry.repositories().isEmpty)
      #expect(await !bench.blobs.contains(image.digest))
      // A blob of another repository does not do.
      try await SampleImage.upload(image.layers[1], to: other, control)
      #expect(await code { try await image.put("v1", to: iris, control) } == "manifest.incomplete")
      #expect(try await control.repositories.mount(Digest(of: image.layers[1]), from: other, in: iris))
      try await image.put("v1", to: iris, control)
    }
  }

  @Test func `a manifest that states another size is refused`() async throws {
    try await Bench().run { control in
      let image = SampleImage(1)
      for blob in image.blobs { try await SampleImage.upload(blob, to: iris, control) }
      var members = try #require(try JSON(parsing: image.manifest).object)
      var layer = try #require(members["layers"]?.array?.first?.object)
      layer["size"] = 5
      members["layers"] = [.object(layer)]
      let bytes = JSON.object(members).canonicalBytes
      let found = await code {
        _ = try await control.putManifest(
          bytes, as: .manifest, .tag(Sample.tag("a")), in: iris, by: Sample.actor)
      }
      #expect(found == "manifest.incomplete")
    }
  }

  @Test func `the bytes have to be those that the digest names`() async throws {
    try await Bench().run { control in
      let found = await code {
        _ = try await control.putManifest(
          SampleImage(1).manifest, as: .manifest, .digest(Sample.digest(1)), in: iris, by: Sample.actor)
      }
      #expect(found == "manifest.digest-mismatch")
    }
  }

  @Test func `pushed artifacts are nobody's to pull`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      let artifact = Digest(of: try Fixture.bytes(Fixture.tree))
      #expect(await bench.blobs.contains(artifact))
      let image = SampleImage(1)
      try await image.push("v1", to: iris, control)
      #expect(await code { _ = try await control.repositories.open(artifact, in: iris) } == "blob.unknown")
      #expect(
        await code { _ = try await control.repositories.size(of: artifact, in: iris) } == "blob.unknown")
      #expect(try await !control.repositories.mount(artifact, from: iris, in: other))
      // Nor by a manifest that names it.
      let layer = Descriptor(
        mediaType: .layer, digest: artifact, size: try Fixture.bytes(Fixture.tree).count)
      let thief = ImageManifest(
        configuration: SampleImage.descriptor(.configuration, image.configuration), layers: [layer])
      let found = await code {
        _ = try await control.putManifest(
          thief.json.canonicalBytes, as: .manifest, .tag(Sample.tag("x")), in: iris, by: Sample.actor)
      }
      #expect(found == "manifest.incomplete")
    }
  }

  @Test func `a blob is shown while it waits, and by the manifests that name it`() async throws {
    try await Bench().run { control in
      let image = SampleImage(1)
      let layer = Digest(of: image.layers[0])
      try await SampleImage.upload(image.layers[0], to: iris, control)
      #expect(try await control.repositories.size(of: layer, in: iris) == image.layers[0].count)
      #expect(await code { _ = try await control.repositories.size(of: layer, in: other) } == "blob.unknown")
      try await image.push("v1", to: iris, control)
      #expect(await code { try await control.repositories.forget(layer, in: iris) } == "blob.in-use")
      try await control.removeManifest(.digest(image.digest), of: iris, by: Sample.actor)
      #expect(await code { _ = try await control.repositories.size(of: layer, in: iris) } == "blob.unknown")
      try await SampleImage.upload(image.layers[0], to: iris, control)
      try await control.repositories.forget(layer, in: iris)
      #expect(await code { try await control.repositories.forget(layer, in: iris) } == "blob.unknown")
    }
  }

  @Test func `nobody but who packs a version moves its tag, or removes its image`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      let image = try #require(try await Bench.push(Fixture.tree, to: control).image)
      let other = SampleImage(1)
      var problems: [Problem] = []
      do { try await other.push("1", to: iris, control) } catch let problem as Problem {
        problems.append(problem)
      }
      for reference in [ManifestReference.tag(Sample.tag("1")), .digest(image)] {
        do throws(Problem) {
          try await control.removeManifest(reference, of: iris, by: Sample.actor)
        } catch { problems.append(error) }
      }
      for statement in await bench.registry.referrers(of: image, in: iris) {
        do throws(Problem) {
          try await control.removeManifest(.digest(statement.digest), of: iris, by: Sample.actor)
        } catch { problems.append(error) }
      }
      #expect(problems.map(\.code) == [String](repeating: "manifest.of-version", count: 7))
      try await other.push("mine", to: iris, control)
      #expect(try await control.registry.tag(Sample.tag("1"), of: iris)?.manifest == image)
    }
  }

  @Test func `the same manifest under the same tag is one act`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let image = SampleImage(1)
      for _ in 0..<2 { try await image.push("v1", to: iris, control) }
      #expect(
        try await bench.entries().count(where: { $0.act == .publishManifest && $0.phase == .done }) == 1)
      try await image.push("v2", to: iris, control)
      #expect(
        try await bench.entries().count(where: { $0.act == .publishManifest && $0.phase == .done }) == 2)
      #expect(try await control.registry.manifests(of: iris).count == 1)
      #expect(
        try await control.repositories.tags(of: iris, after: nil, count: 10).map(\.text) == ["v1", "v2"])
    }
  }

  @Test func `a tag moves, and what it named stays`() async throws {
    try await Bench().run { control in
      for number in 1...2 { try await SampleImage(number).push("latest", to: iris, control) }
      #expect(try await control.registry.manifests(of: iris).count == 2)
      let found = try await control.repositories.manifest(.tag(Sample.tag("latest")), of: iris)
      #expect(found.digest == SampleImage(2).digest)
      try await control.removeManifest(.tag(Sample.tag("latest")), of: iris, by: Sample.actor)
      #expect(try await control.registry.manifests(of: iris).count == 2)
      let gone = await code {
        try await control.removeManifest(.tag(Sample.tag("latest")), of: iris, by: Sample.actor)
      }
      #expect(gone == "manifest.unknown")
    }
  }

  private func put(_ index: [UInt8], _ control: ControlPlane) async throws {
    _ = try await control.putManifest(
      index, as: .index, .tag(Sample.tag("all")), in: iris, by: Sample.actor)
  }

  private func remove(_ digest: Digest, _ control: ControlPlane) async throws {
    try await control.removeManifest(.digest(digest), of: iris, by: Sample.actor)
  }

  @Test func `an index needs its members, and keeps them`() async throws {
    let (first, second) = (SampleImage(1), SampleImage(2))
    let index = SampleImage.index([first, second])
    try await Bench().run { control in
      try await first.push(first.digest.description, to: iris, control)
      let early = await code { try await put(index, control) }
      #expect(early == "manifest.incomplete")
      try await second.push(second.digest.description, to: iris, control)
      try await put(index, control)
      let refused = await code { try await remove(first.digest, control) }
      #expect(refused == "manifest.in-use")
      try await remove(Digest(of: index), control)
      try await remove(first.digest, control)
      #expect(try await control.registry.manifests(of: iris).map(\.digest) == [second.digest])
    }
  }

  @Test func `referrers are found whatever came first, and by their kind`() async throws {
    try await Bench().run { control in
      let image = SampleImage(1)
      let referrers = (0..<3).map {
        SampleImage(10 + $0, layers: [5], about: image.descriptor, kind: $0 == 0 ? "a/x" : "a/y")
      }
      try await referrers[0].push(referrers[0].digest.description, to: iris, control)
      try await image.push("v1", to: iris, control)
      for referrer in referrers[1...] {
        try await referrer.push(referrer.digest.description, to: iris, control)
      }
      func found(
        _ kind: String?, after last: Digest? = nil, _ count: Int = 10, bytes: Int = 1 << 20
      ) async throws -> [Digest] {
        try await control.repositories.referrers(
          of: image.digest, in: iris, kind: kind, after: last, count: count, bytes: bytes
        ).map(\.descriptor.digest)
      }
      let all = referrers.map(\.digest).sorted()
      #expect(try await found(nil) == all)
      #expect(try await found("a/x") == [referrers[0].digest])
      #expect(try await found("a/z").isEmpty)
      #expect(try await found(nil, after: all[0], 1) == [all[1]])
      // No more is read than answers, but for the one that says that there is more.
      #expect(try await found(nil, bytes: 1) == [all[0]])
    }
  }

  @Test func `an audit finds a manifest that was lost, and one whose row says what it does not`() async throws
  {
    let bench = try Bench()
    try await bench.run { control in
      let image = SampleImage(1, layers: [1, 2])
      try await image.push("v1", to: iris, control)
      #expect(await bench.audit().problems == [])
      _ = try await bench.blobs.remove(
        Digest(of: image.layers[1]), cameBefore: Timestamp(milliseconds: .max))
      #expect(await bench.audit().problems.map(\.code) == ["blob.missing"])
      try await SampleImage.upload(image.layers[1], to: other, control)
      #expect(await bench.audit().problems == [])
      await bench.blobs.corrupt(image.digest, to: [1])
      #expect(Set(await bench.audit().problems.map(\.code)) == ["blob.corrupt"])
    }
  }
}
