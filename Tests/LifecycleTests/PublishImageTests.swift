import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

/// Images on their way into a registry and out of it, both of which fail when they are told to.
struct PublishImageTests {
  private static let key = SealingKey()
  private static let tag: ManifestReference = {
    guard let tag = try? ImageTag(parsing: "3") else { preconditionFailure("a tag is one") }
    return .tag(tag)
  }()

  /// A packed image in a store, a statement about it, and one about that.
  private struct Cargo {
    let store = InMemoryBlobStore()
    let image: Descriptor
    let statements: [Descriptor]

    init() async throws {
      let packer = ImagePacker(into: store, tool: "gatehouse test")
      let packed = try await packer.image(
        of: [try await packer.bundle(try Sample.bundle("iris@1", sealedBy: PublishImageTests.key))],
        with: try await packer.program(Sample.program()), trusting: [PublishImageTests.key.verificationKey])
      image = packed.manifest.descriptor
      let first = try await Self.statement("first", about: image, store)
      let second = try await Self.statement("second", about: first, store)
      statements = [second, first]
    }

    private static func statement(
      _ text: String, about subject: Descriptor, _ store: InMemoryBlobStore
    ) async throws -> Descriptor {
      let blob = Descriptor(
        mediaType: .layer, digest: try await keep(Array(text.utf8), store), size: text.utf8.count)
      let manifest = try Sample.manifest(of: blob, about: subject, type: "application/x-said")
      _ = try await keep(manifest.bytes, store)
      return manifest.descriptor
    }

    static func keep(_ bytes: [UInt8], _ store: InMemoryBlobStore) async throws -> Digest {
      let session = await store.beginIngest()
      try await session.write(bytes)
      return try await session.finish()
    }

    func publish(to registry: InMemoryRemoteRegistry) async throws -> [PublishImage.Event] {
      var events: [PublishImage.Event] = []
      try await PublishImage(from: store, to: registry)(image, as: tag, statements: statements) {
        events.append($0)
      }
      return events
    }
  }

  @Test func `the registry in memory keeps the contract`() async throws {
    try await RemoteRegistryContract { body in try await body(InMemoryRemoteRegistry()) }.run()
  }

  @Test func `an image arrives whole, with what is said about it and about that`() async throws {
    let cargo = try await Cargo()
    let registry = InMemoryRemoteRegistry()
    let events = try await cargo.publish(to: registry)
    #expect(events.last == .referrer(cargo.statements[0]))
    // The manifest of the image after all of its blobs.
    let place = try #require(events.firstIndex(of: .manifest(cargo.image)))
    #expect(place == 4)
    let store = InMemoryBlobStore()
    let fetched = try await FetchImage(from: registry, into: store)(Self.tag) { _ in }
    #expect(fetched.image == cargo.image)
    #expect(fetched.referrers.map(\.manifest.digest) == cargo.statements.reversed().map(\.digest))
    #expect(await store.digests() == cargo.store.digests())
  }

  @Test func `a statement that is listed and gone is told, and the image comes`() async throws {
    let cargo = try await Cargo()
    let registry = InMemoryRemoteRegistry()
    _ = try await cargo.publish(to: registry)
    await registry.lose(cargo.statements[0].digest)
    var events: [FetchImage.Event] = []
    let fetched = try await FetchImage(from: registry, into: InMemoryBlobStore())(Self.tag) {
      events.append($0)
    }
    #expect(fetched.referrers.map(\.manifest.digest) == [cargo.statements[1].digest])
    let missing = events.compactMap { if case .missing(let statement) = $0 { statement.digest } else { nil } }
    #expect(missing == [cargo.statements[0].digest])
  }

  @Test func `a list of what is not there is asked for up to a bound, each of it once`() async throws {
    let cargo = try await Cargo()
    let registry = InMemoryRemoteRegistry()
    _ = try await cargo.publish(to: registry)
    func alleged(_ count: Int) -> [Referrer] {
      (0..<count).map { number in
        let bytes = Array("\(number)".utf8)
        return Referrer(
          Descriptor(mediaType: .manifest, digest: Digest(of: bytes), size: bytes.count), artifactType: nil)
      }
    }
    let fetch = FetchImage(from: registry, into: InMemoryBlobStore())
    // The two that there are count as well.
    await registry.allege(alleged(998))
    _ = try await fetch(Self.tag) { _ in }
    #expect(await registry.lookups == 1000)
    await registry.allege(alleged(1000))
    let problem = await #expect(throws: Problem.self) { _ = try await fetch(Self.tag) { _ in } }
    #expect(problem?.code == "image.too-many-referrers")
    #expect(await registry.lookups <= 2000)
  }

  @Test func `what is there is neither sent nor fetched again`() async throws {
    let cargo = try await Cargo()
    let registry = InMemoryRemoteRegistry()
    _ = try await cargo.publish(to: registry)
    let again = try await cargo.publish(to: registry)
    #expect(again.allSatisfy { if case .blob(_, .sent) = $0 { false } else { true } })
    var fetched: [FetchImage.Event] = []
    _ = try await FetchImage(from: registry, into: cargo.store)(Self.tag) { fetched.append($0) }
    #expect(fetched.allSatisfy { if case .blob(_, wasThere: false) = $0 { false } else { true } })
  }

  @Test func `a blob that a failing disk changed is fetched anew`() async throws {
    let cargo = try await Cargo()
    let registry = InMemoryRemoteRegistry()
    let events = try await cargo.publish(to: registry)
    guard case .blob(let blob, _)? = events.first else { return #expect(Bool(false), "no blob") }
    let good = try await cargo.store.read(blob.digest, limit: blob.size)
    await cargo.store.corrupt(blob.digest, to: [1, 2, 3])
    _ = try await FetchImage(from: registry, into: cargo.store)(Self.tag) { _ in }
    #expect(try await cargo.store.read(blob.digest, limit: blob.size) == good)
  }

  @Test func `an index comes after its images`() async throws {
    let cargo = try await Cargo()
    let index = ImageIndex(manifests: [cargo.image]).json.canonicalBytes
    let descriptor = Descriptor(
      mediaType: .index, digest: try await Cargo.keep(index, cargo.store), size: index.count)
    let registry = InMemoryRemoteRegistry()
    var events: [PublishImage.Event] = []
    try await PublishImage(from: cargo.store, to: registry)(
      descriptor, as: Self.tag, statements: cargo.statements
    ) { events.append($0) }
    #expect(await registry.holes() == [])
    // Statements about its images are statements about it.
    #expect(events.filter { if case .referrer = $0 { true } else { false } }.count == 2)
    let store = InMemoryBlobStore()
    let fetched = try await FetchImage(from: registry, into: store)(Self.tag) { _ in }
    #expect(fetched.image == descriptor)
    #expect(await store.contains(cargo.image.digest))
  }

  @Test func `what is too much is refused`() async throws {
    let cargo = try await Cargo()
    let registry = InMemoryRemoteRegistry()
    _ = try await cargo.publish(to: registry)
    let tooLarge = await #expect(throws: Problem.self) {
      try await FetchImage(from: registry, into: InMemoryBlobStore(), limit: 1000)(Self.tag) { _ in }
    }
    #expect(tooLarge?.code == "image.too-large")
    var deep = cargo.image
    for _ in 0..<4 {
      let bytes = ImageIndex(manifests: [deep]).json.canonicalBytes
      deep = Descriptor(
        mediaType: .index, digest: try await Cargo.keep(bytes, cargo.store), size: bytes.count)
    }
    let tooDeep = await #expect(throws: Problem.self) {
      try await PublishImage(from: cargo.store, to: registry)(deep, as: Self.tag) { _ in }
    }
    #expect(tooDeep?.code == "image.too-deep")
    let missing = await #expect(throws: Problem.self) {
      try await FetchImage(from: InMemoryRemoteRegistry(), into: InMemoryBlobStore())(Self.tag) { _ in }
    }
    #expect(missing?.code == "registry.not-found")
    let other = await #expect(throws: Problem.self) {
      try await PublishImage(from: cargo.store, to: registry)(
        cargo.image, as: .digest(Sample.digest(1))
      ) { _ in }
    }
    #expect(other?.code == "image.name-digest")
  }

  @Test func `a manifest that names a thousand and one is refused`() async throws {
    let blob = Descriptor(mediaType: .layer, digest: Digest(of: [1]), size: 0)
    var members = try #require(try Sample.manifest(of: blob).bytesAsJSON.object)
    members["layers"] = .array(Array(repeating: blob.json, count: 1000))
    let registry = InMemoryRemoteRegistry()
    let store = InMemoryBlobStore()
    _ = try await Cargo.keep([1], store)
    var whole = blob
    whole.size = 1
    _ = try await registry.send(whole, from: store, mounting: nil)
    try await registry.put(
      try RemoteManifest(JSON.object(members).canonicalBytes, as: .manifest), as: Self.tag)
    let problem = await #expect(throws: Problem.self) {
      try await FetchImage(from: registry, into: store)(Self.tag) { _ in }
    }
    #expect(problem?.code == "image.too-many-blobs")
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `whichever step of publishing fails, nothing leads to what is not there, and the next try is whole`(
    _ fault: FaultPlan.Fault
  ) async throws {
    let cargo = try await Cargo()
    let plan = FaultPlan()
    _ = try await cargo.publish(to: InMemoryRemoteRegistry(faults: plan))
    #expect(plan.writes > 10)
    for number in 1...plan.writes {
      let registry = InMemoryRemoteRegistry(faults: FaultPlan([number: fault]))
      await #expect(throws: Problem.self) { try await cargo.publish(to: registry) }
      #expect(await registry.holes() == [], "step \(number)")
      _ = try await cargo.publish(to: registry)
      let store = InMemoryBlobStore()
      _ = try await FetchImage(from: registry, into: store)(Self.tag) { _ in }
      #expect(await store.digests() == cargo.store.digests(), "step \(number)")
    }
  }

  @Test(arguments: FaultPlan.Fault.allCases, [true, false])
  func `whichever step of fetching fails, blobs are whole or not there, and the next try is whole`(
    _ fault: FaultPlan.Fault, isOfStore: Bool
  ) async throws {
    let cargo = try await Cargo()
    let plan = FaultPlan()
    let source = InMemoryRemoteRegistry()
    _ = try await cargo.publish(to: source)
    func fetch(_ registryFaults: FaultPlan, _ store: InMemoryBlobStore) async throws {
      let registry = InMemoryRemoteRegistry(faults: registryFaults)
      await registry.copy(source)
      _ = try await FetchImage(from: registry, into: store)(Self.tag) { _ in }
    }
    try await fetch(isOfStore ? FaultPlan() : plan, InMemoryBlobStore(faults: isOfStore ? plan : FaultPlan()))
    #expect(plan.writes > 8)
    let expected = await cargo.store.digests()
    for number in 1...plan.writes {
      let faults = FaultPlan([number: fault])
      let store = InMemoryBlobStore(faults: isOfStore ? faults : FaultPlan())
      await #expect(throws: Problem.self, "step \(number)") {
        try await fetch(isOfStore ? FaultPlan() : faults, store)
      }
      for digest in await store.digests() {
        #expect(expected.contains(digest))
      }
      try await fetch(FaultPlan(), store)
      #expect(await store.digests() == expected, "step \(number)")
    }
  }
}

extension RemoteManifest {
  fileprivate var bytesAsJSON: JSON { get throws { try JSON(parsing: bytes) } }
}
