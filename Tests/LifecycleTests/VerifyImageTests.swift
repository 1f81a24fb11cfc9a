import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

/// Images that somebody changed, each digest of them made to fit again.
struct VerifyImageTests {
  /// An image in a store, with its documents to be changed.
  private struct Forgery {
    let store = InMemoryBlobStore()
    var manifest: JSON
    var configuration: JSON
    /// Which programs an image may have.
    var programs = [Digest(of: Self.program)]
    /// Whose seals are trusted.
    let keys: [SealVerificationKey]

    init(callers: [UInt8]? = nil, sealing: SealingKey = Self.key, trusting: SealingKey = Self.key)
      async throws
    {
      let packer = ImagePacker(into: store, tool: "gatehouse test")
      let bundles = [
        try Self.bundle("iris@1", sealing), try Self.bundle("wine@2", sealing),
      ]
      let program = try await packer.program(Self.program)
      var packed: [PackedBundle] = []
      for bundle in bundles { packed.append(try await packer.bundle(bundle)) }
      let image = try await packer.image(
        of: packed, with: program, trusting: [trusting.verificationKey], callers: callers)
      manifest = try JSON(parsing: image.manifest.bytes)
      configuration = try JSON(parsing: image.configuration.bytes)
      keys = [Self.key.verificationKey]
    }

    static let key = SealingKey()
    static let program = Sample.program()

    private static func bundle(_ text: String, _ key: SealingKey) throws -> SealedBundle {
      try Sample.bundle(
        text, sealedBy: key, [BundleFile(path: "graph.json", bytes: Array("{}".utf8))])
    }

    func keep(_ bytes: [UInt8]) async throws -> Descriptor {
      let session = await store.beginIngest()
      try await session.write(bytes)
      return Descriptor(mediaType: .manifest, digest: try await session.finish(), size: bytes.count)
    }

    /// Puts a layer in the place of another, or behind all.
    mutating func put(_ bytes: [UInt8], unpacked: Digest, at place: Int? = nil) async throws {
      var descriptor = try await keep(bytes)
      descriptor.mediaType = .layer
      var layers = manifest["layers"]?.array ?? []
      var digests = configuration["rootfs"]?["diff_ids"]?.array ?? []
      if let place {
        (layers[place], digests[place]) = (descriptor.json, .string(unpacked.description))
      } else {
        layers.append(descriptor.json)
        digests.append(.string(unpacked.description))
      }
      manifest = manifest.with("layers", .array(layers))
      configuration = configuration.with(
        "rootfs", ["type": "layers", "diff_ids": .array(digests)])
    }

    /// A layer of these files.
    static func layer(_ files: [(String, [UInt8])], use: FileUse = .data) throws -> (
      bytes: [UInt8], unpacked: Digest
    ) {
      var encoder = try LayerEncoder()
      var bytes: [UInt8] = []
      for (path, contents) in files {
        bytes += encoder.begin(path, size: contents.count, use: use)
        bytes += encoder.append(contents[...])
      }
      let (rest, layer) = encoder.finish()
      return (bytes + rest, layer.unpacked)
    }

    /// Verifies what was made, with digests that fit.
    func verify() async throws -> [VerifyImage.Step] {
      let config = try await keep(configuration.canonicalBytes)
      var descriptor = config
      descriptor.mediaType = .configuration
      let whole = manifest.with("config", descriptor.json)
      let name = try await keep(whole.canonicalBytes)
      var steps: [VerifyImage.Step] = []
      _ = try await VerifyImage(in: store)(name, trusting: keys, programs: programs) { step, _ in
        steps.append(step)
      }
      return steps
    }

    func refusal() async -> String? {
      let problem = await #expect(throws: Problem.self) { _ = try await verify() }
      #expect(problem?.category != .internal)
      return problem?.code
    }
  }

  @Test(arguments: [nil, Array("{}\n".utf8)])
  func `an image as it was packed holds, step by step`(callers: [UInt8]?) async throws {
    #expect(try await Forgery(callers: callers).verify() == VerifyImage.Step.allCases)
  }

  @Test(arguments: [
    ["config", "User"], ["config", "Entrypoint"], ["config", "Env"], ["config", "Labels"],
    ["config", "Volumes"],
    ["config", "ExposedPorts"], ["created"], ["author"], ["os"],
  ])
  func `a configuration that says anything else is refused`(path: [String]) async throws {
    var forgery = try await Forgery()
    if path.count == 2 {
      let inner = try #require(forgery.configuration[path[0]]).with(path[1], ["/bin/sh"])
      forgery.configuration = forgery.configuration.with(path[0], inner)
    } else {
      forgery.configuration = forgery.configuration.with(path[0], "0")
    }
    #expect(await forgery.refusal() == "image.not-reproduced")
  }

  @Test(arguments: ["annotations", "subject", "artifactType", "mediaType", "schemaVersion"])
  func `a manifest that says anything else is refused`(member: String) async throws {
    var forgery = try await Forgery()
    let image = Descriptor(mediaType: .manifest, digest: Sample.digest(1), size: 1)
    forgery.manifest = forgery.manifest.with(member, member == "subject" ? image.json : ["a": "b"])
    #expect(await forgery.refusal() == "image.not-reproduced")
  }

  @Test func `words about a layer in its descriptor are refused`() async throws {
    for (name, value): (String, JSON) in [
      ("annotations", ["a": "b"]), ("urls", ["http://elsewhere"]), ("data", "AAAA"),
    ] {
      var forgery = try await Forgery()
      var layers = try #require(forgery.manifest["layers"]?.array)
      layers[0] = layers[0].with(name, value)
      forgery.manifest = forgery.manifest.with("layers", .array(layers))
      #expect(await forgery.refusal() == "image.not-reproduced")
    }
  }

  @Test func `layers in another order, twice or missing are refused`() async throws {
    for change: ([Int]) -> [Int] in [
      { $0.reversed() }, { [$0[1], $0[0]] + $0[2...] }, { $0 + [$0[0]] }, { $0 + [$0[1]] }, { $0 + [$0[2]] },
      { Array($0.dropFirst()) }, { Array($0.dropLast()) }, { [$0[0], $0[2], $0[3]] }, { [$0[0], $0[1]] },
      { _ in [] },
    ] {
      var forgery = try await Forgery()
      let layers = try #require(forgery.manifest["layers"]?.array)
      let digests = try #require(forgery.configuration["rootfs"]?["diff_ids"]?.array)
      let order = change(Array(layers.indices))
      forgery.manifest = forgery.manifest.with("layers", .array(order.map { layers[$0] }))
      forgery.configuration = forgery.configuration.with(
        "rootfs", ["type": "layers", "diff_ids": .array(order.map { digests[$0] })])
      let code = await forgery.refusal()
      #expect(["image.not-reproduced", "image.foreign-layer"].contains(code))
    }
  }

  @Test(arguments: [
    "bin/sh", "etc/passwd", "trust", "bundles/iris/1/extra", "callers/other", "gatehouse-runtime/x", "../x",
    "/x", "é",
    String(repeating: "é", count: 200), "",
  ])
  func `a layer with something else in it is refused`(path: String) async throws {
    var forgery = try await Forgery()
    let layer = try Forgery.layer([(path, [1, 2, 3])])
    try await forgery.put(layer.bytes, unpacked: layer.unpacked)
    let code = await forgery.refusal()
    #expect(["image.foreign-layer", "image.malformed-layer"].contains(code))
  }

  @Test func `a file that may be executed beside the program is refused`() async throws {
    var forgery = try await Forgery()
    let layer = try Forgery.layer([("callers/keys.jsonl", [1])], use: .program)
    try await forgery.put(layer.bytes, unpacked: layer.unpacked)
    #expect(await forgery.refusal() == "image.foreign-layer")
  }

  @Test func `an archive with a byte behind its end, or between its files, is refused`() async throws {
    var encoder = try LayerEncoder()
    var bytes = encoder.begin("callers/keys.jsonl", size: 600)
    bytes += encoder.append([UInt8](repeating: 0x20, count: 600)[...])
    let (rest, layer) = encoder.finish()
    bytes += rest
    for change: ([UInt8]) -> [UInt8] in [
      { $0 + [1] }, { $0 + $0 }, { Array($0.dropLast()) }, { Array($0.dropLast(8)) }, { _ in [] },
      { _ in [1, 2, 3] },
    ] {
      var forgery = try await Forgery()
      try await forgery.put(change(bytes), unpacked: layer.unpacked)
      let code = await forgery.refusal()
      #expect(["image.layer-changed", "image.malformed-layer"].contains(code))
    }
  }

  @Test func `a program that nobody named is refused`() async throws {
    var forgery = try await Forgery()
    forgery.programs = [Sample.digest(4)]
    #expect(await forgery.refusal() == "image.foreign-program")
  }

  @Test func `more layers than are stacked are refused before they are read`() async throws {
    var forgery = try await Forgery()
    let layers = try #require(forgery.manifest["layers"]?.array)
    let digests = try #require(forgery.configuration["rootfs"]?["diff_ids"]?.array)
    forgery.manifest = forgery.manifest.with("layers", .array(Array(repeating: layers[0], count: 129)))
    forgery.configuration = forgery.configuration.with(
      "rootfs", ["type": "layers", "diff_ids": .array(Array(repeating: digests[0], count: 129))])
    #expect(await forgery.refusal() == "image.layer-count")
  }

  @Test func `a layer that is not what the configuration calls it is refused`() async throws {
    var forgery = try await Forgery()
    let layer = try Forgery.layer([("callers/keys.jsonl", [1])])
    try await forgery.put(layer.bytes, unpacked: Sample.digest(3))
    #expect(await forgery.refusal() == "image.layer-changed")
  }

  @Test(arguments: [
    "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+zstd", "text/plain", "",
  ])
  func `a layer of another kind is refused`(mediaType: String) async throws {
    var forgery = try await Forgery()
    var layers = try #require(forgery.manifest["layers"]?.array)
    layers[1] = layers[1].with("mediaType", .string(mediaType))
    forgery.manifest = forgery.manifest.with("layers", .array(layers))
    #expect(await forgery.refusal() == "image.malformed-layer")
  }

  @Test(arguments: [0, 1, 10_000_000_000, -1])
  func `a length that is not so is refused before anything is made of it`(size: Int) async throws {
    var forgery = try await Forgery()
    var layers = try #require(forgery.manifest["layers"]?.array)
    layers[0] = layers[0].with("size", JSON(size))
    forgery.manifest = forgery.manifest.with("layers", .array(layers))
    #expect(await forgery.refusal() == (size < 0 ? "oci.malformed" : "image.wrong-size"))
  }

  @Test func `a blob that is not there or is another is told`() async throws {
    var forgery = try await Forgery()
    var layers = try #require(forgery.manifest["layers"]?.array)
    layers[0] = layers[0].with("digest", .string(Sample.digest(9).description))
    forgery.manifest = forgery.manifest.with("layers", .array(layers))
    #expect(await forgery.refusal() == "blob.missing")
  }

  @Test func `an image that trusts a key that is not trusted here is refused, whoever sealed its bundles`()
    async throws
  {
    #expect(await (try Forgery(trusting: SealingKey())).refusal() == "image.untrusted-key")
  }

  @Test func `a bundle that another key has sealed is refused`() async throws {
    #expect(await (try Forgery(sealing: SealingKey())).refusal() == "seal.untrusted-key")
  }

  @Test func `a file of a bundle that was exchanged is refused`() async throws {
    for (path, code) in [("graph.json", "seal.file-changed"), ("other.json", "seal.file-extra")] {
      var forgery = try await Forgery()
      let digest = try Digest(parsing: #require(forgery.manifest["layers"]?.array?[2]["digest"]?.string))
      let blob = try await forgery.store.read(digest, limit: 1 << 20)
      let unpacked = try Digest(
        parsing: #require(forgery.configuration["rootfs"]?["diff_ids"]?.array?[2].string))
      let contents = try LayerContents(
        blob, of: Descriptor(mediaType: .layer, digest: digest, size: blob.count), unpacked: unpacked)
      var files = contents.files.map { ($0.path, Array($0.bytes)) }
      files.removeAll { $0.0 == "bundles/iris/1/\(path)" }
      files.append(("bundles/iris/1/\(path)", Array(#"{"a":1}"#.utf8)))
      files.sort { $0.0 < $1.0 }
      let layer = try Forgery.layer(files)
      try await forgery.put(layer.bytes, unpacked: layer.unpacked, at: 2)
      // The history and the labels name the bundle by what it should be.
      let code2 = await forgery.refusal()
      #expect([code, "image.not-reproduced"].contains(code2))
    }
  }
}

extension JSON {
  /// The object with a member of this name.
  fileprivate func with(_ name: String, _ value: JSON) -> JSON {
    var members = object ?? [:]
    members[name] = value
    return .object(members)
  }
}
