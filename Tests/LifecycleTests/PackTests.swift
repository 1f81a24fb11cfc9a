import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import Statements
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

  @Test func `what is stated of an image stands beside it in the repository of its model, and verifies`()
    async throws
  {
    let bench = try Bench()
    let outcome = try await pushed(bench)
    let image = try #require(outcome.image)
    let repository = RepositoryName(of: outcome.name)
    #expect(await bench.registry.tag(Sample.tag("1"), of: repository)?.manifest == image)
    let referrers = await bench.registry.referrers(of: image, in: repository)
    #expect(referrers.count == 4)
    #expect(referrers.allSatisfy { $0.artifactType == AttachedStatement.artifactType })
    let steps = try await verified(image, referrers.map(\.descriptor), in: bench)
    #expect(steps[.statements]?.hasPrefix("4, signed by key ") == true)
    #expect(steps[.statements]?.contains("iris@1 pushed by person:ada") == true)
    #expect(try await verified(image, [], in: bench)[.statements] == "none came with the image")
    // Whoever takes one away is found out.
    let problem = await #expect(throws: Problem.self) {
      try await verified(image, referrers.dropLast().map(\.descriptor), in: bench)
    }
    #expect(problem?.code == "statement.missing")
    #expect(await bench.audit().problems == [])
  }

  @Test func `what was lost of an image or of its statements is made again by pushing the same bytes`()
    async throws
  {
    let bench = try Bench()
    let image = try #require(try await pushed(bench).image)
    let iris = Sample.repository("iris")
    let layer = try #require(try await layers(of: image, in: bench).last)
    let statement = try #require(await bench.registry.referrers(of: image, in: iris).first)
    await bench.blobs.lose(layer)
    await bench.blobs.lose(statement.digest)
    #expect(await bench.audit().problems.isEmpty == false)
    try await Bench.run(bench.reopened()) { control in
      let again = try await Bench.push(Fixture.tree, to: control)
      #expect(again.image == image)
      #expect(again.isNew == false)
    }
    #expect(try await layers(of: image, in: bench).last == layer)
    #expect(await bench.blobs.contains(layer))
    let referrers = await bench.registry.referrers(of: image, in: iris)
    #expect(referrers.count == 4)
    #expect(await bench.registry.images().count == 1)
    #expect(await bench.audit().problems == [])
  }

  @Test func `what strangers say of an image is not looked at, and is not enough`() async throws {
    let bench = try Bench()
    let image = try #require(try await pushed(bench).image)
    let statement = Statement(
      about: [Statement.Subject(name: "iris", digest: image)], predicateType: "https://example/said",
      predicate: ["a": 1])
    let bytes = try await bench.blobs.read(image, limit: 1 << 20)
    let attached = AttachedStatement(
      try SignedStatement(statement, signedBy: SealingKey()).bytes, predicateType: statement.predicateType,
      to: Descriptor(mediaType: .manifest, digest: image, size: bytes.count))
    for document in attached.documents {
      let session = await bench.blobs.beginIngest()
      try await session.write(document.bytes)
      _ = try await session.finish()
    }
    let own = await bench.registry.referrers(of: image, in: Sample.repository("iris")).map(\.descriptor)
    let steps = try await verified(image, own + [attached.manifest.descriptor], in: bench)
    #expect(steps[.statements]?.hasSuffix("; 1 of others, not looked at") == true)
    let problem = await #expect(throws: Problem.self) {
      try await verified(image, [attached.manifest.descriptor], in: bench)
    }
    #expect(problem?.code == "statement.untrusted-key")
  }

  /// What was found at each step of verifying an image with what may be about it.
  private func verified(
    _ image: Digest, _ referrers: [Descriptor], in bench: Bench
  ) async throws -> [VerifyImage.Step: String] {
    let bytes = try await bench.blobs.read(image, limit: 1 << 20)
    var steps: [VerifyImage.Step: String] = [:]
    _ = try await VerifyImage(in: bench.blobs)(
      Descriptor(mediaType: .manifest, digest: image, size: bytes.count),
      trusting: [bench.sealingKey.verificationKey], programs: [Digest(of: Sample.program())],
      referrers: referrers
    ) { steps[$0] = $1 }
    return steps
  }

  @Test func `what collecting takes has no image of a version in it`() async throws {
    let bench = try Bench()
    let outcome = try await pushed(bench)
    let image = try #require(outcome.image)
    try await Bench.run(bench.reopened()) { control in
      let report = try await control.collectBlobs(
        CollectionWish(untagged: true, grace: .seconds(60)), by: Sample.actor)
      #expect(report.blobs == 0)
      #expect(report.manifests == 0)
    }
    #expect(await bench.blobs.contains(image))
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
    #expect(await bench.audit().problems.map(\.code) == ["blob.missing", "image.incomplete"])
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
