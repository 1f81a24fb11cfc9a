import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

/// Packing as a stage of every push, and packing again from the registry alone.
struct PackTests {
  /// A bench on which a model was pushed.
  private func pushed(_ bench: Bench) async throws -> PushOutcome {
    try await bench.run { control in
      _ = try await control.start()
      return try await Bench.push(Fixture.tree, to: control)
    }
  }

  @Test func `a push packs an image that verifies, and the registry and the ledger name it`() async throws {
    let bench = try Bench()
    let outcome = try await pushed(bench)
    #expect(outcome.stages.map(\.stage) == [.push, .inspect, .lift, .gate, .sign, .pack, .rollOut])
    let image = try #require(await bench.registry.images().first)
    #expect(outcome.image == image.manifest)
    #expect(image.bundle == outcome.digest)
    #expect(image.program == Digest(of: Sample.program()))
    let bytes = try await bench.blobs.read(image.manifest, limit: 1 << 20)
    let verified = try await VerifyImage(in: bench.blobs)(
      Descriptor(mediaType: .manifest, digest: image.manifest, size: bytes.count),
      trusting: [bench.sealingKey.verificationKey], programs: [image.program]
    ) { _, _ in }
    #expect(verified.map(\.digest) == [image.bundle])
    let entry = try #require(try await bench.entries().last { $0.act == .pack })
    #expect(entry.phase == .done)
    #expect(entry.details["image"]?.string == image.manifest.description)
  }

  @Test func `a bundle that is made again has another seal, and so another image of the same version`()
    async throws
  {
    let bench = try Bench()
    let first = try await pushed(bench)
    await bench.bundles.lose(try #require(first.digest))
    let second = try await Bench.run(bench.reopened()) { control in
      try await Bench.push(Fixture.tree, to: control)
    }
    #expect(second.version == first.version)
    #expect(second.image != first.image)
    #expect(await bench.registry.images().map(\.manifest) == [first.image, second.image])
    #expect(await bench.audit().problems == [])
  }

  @Test func `the program is packed once, also after a new start`() async throws {
    let faults = FaultPlan()
    let bench = try Bench(Bench.Faults(blobs: faults))
    _ = try await pushed(bench)
    let before = faults.writes
    try await Bench.run(bench.reopened()) { control in
      _ = try await Bench.push(Fixture.forest, as: "wine", to: control)
    }
    #expect(faults.writes - before < before)
    let images = await bench.registry.images()
    #expect(images.count == 2)
    let first = try await layers(of: images[0].manifest, in: bench)
    #expect(try await layers(of: images[1].manifest, in: bench).first == first.first)
  }

  @Test func `a lost layer of the program is packed again by the next push`() async throws {
    let bench = try Bench()
    let first = try #require(try await pushed(bench).image)
    let layers = try await layers(of: first, in: bench)
    let layer = try #require(layers.first)
    await bench.blobs.lose(layer)
    #expect(await bench.audit().problems.map(\.code) == ["image.incomplete"])
    try await Bench.run(bench.reopened()) { control in
      _ = try await Bench.push(Fixture.forest, as: "wine", to: control)
    }
    #expect(await bench.audit().problems == [])
    #expect(await bench.audit().images == 2)
  }

  @Test func `an image is packed again from its registry entry alone, with either program`() async throws {
    let bench = try Bench()
    let outcome = try await pushed(bench)
    let entry = try await entry(outcome, in: bench)
    let rebuild = RebuildImage(bundles: bench.bundles, blobs: bench.blobs)
    for program in [Sample.program(), Sample.program(5)] {
      var steps: [RebuildImage.Step] = []
      let rebuilt = try await rebuild(entry, program: program) { step, _ in steps.append(step) }
      #expect(rebuilt.manifest.descriptor.digest == entry.manifest)
      #expect(steps == RebuildImage.Step.allCases)
    }
  }

  @Test func `what cannot be packed again is told with its reason`() async throws {
    let bench = try Bench()
    let outcome = try await pushed(bench)
    let entry = try await entry(outcome, in: bench)
    let stranger = VersionImage(
      reference: entry.reference, bundle: entry.bundle, manifest: Sample.digest(1), program: entry.program,
      trusted: entry.trusted, tool: entry.tool, packedAt: entry.packedAt)
    let unknown = VersionImage(
      reference: entry.reference, bundle: entry.bundle, manifest: entry.manifest, program: Sample.digest(2),
      trusted: entry.trusted, tool: entry.tool, packedAt: entry.packedAt)
    let untrusted = VersionImage(
      reference: entry.reference, bundle: entry.bundle, manifest: entry.manifest, program: entry.program,
      trusted: [SealingKey().verificationKey.pem], tool: entry.tool, packedAt: entry.packedAt)
    let later = VersionImage(
      reference: entry.reference, bundle: entry.bundle, manifest: entry.manifest, program: entry.program,
      trusted: entry.trusted, tool: "gatehouse later", packedAt: entry.packedAt)
    let cases = [
      (stranger, "image.not-reproduced"), (unknown, "image.no-program"), (untrusted, "seal.untrusted-key"),
      (later, "image.not-reproduced"),
    ]
    for (entry, code) in cases {
      let problem = await #expect(throws: Problem.self) {
        try await RebuildImage(bundles: bench.bundles, blobs: bench.blobs)(
          entry, program: Sample.program()
        ) { _, _ in }
      }
      #expect(problem?.code == code)
    }
  }

  private func entry(_ outcome: PushOutcome, in bench: Bench) async throws -> VersionImage {
    let manifest = try #require(outcome.image)
    return try #require(await bench.registry.image(manifest))
  }

  private func layers(of manifest: Digest, in bench: Bench) async throws -> [Digest] {
    try ImageManifest(parsing: try await bench.blobs.read(manifest, limit: 1 << 20)).layers.map(\.digest)
  }
}
