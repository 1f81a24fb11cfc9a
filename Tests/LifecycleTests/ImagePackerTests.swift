import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

/// Packing bundles into an image, with a store that fails when it is told to.
struct ImagePackerTests {
  private static let key = SealingKey()
  private static let program = Sample.program(3_000_000)

  private func bundle(_ text: String, extra: [BundleFile] = []) throws -> SealedBundle {
    try Sample.bundle(text, sealedBy: Self.key, extra)
  }

  private func pack(
    _ bundles: [SealedBundle], into store: any BlobStore, callers: [UInt8]? = nil
  ) async throws -> ServingImage {
    let packer = ImagePacker(into: store, tool: "gatehouse test")
    let program = try await packer.program(Self.program)
    var packed: [PackedBundle] = []
    for bundle in bundles { packed.append(try await packer.bundle(bundle)) }
    return try await packer.image(
      of: packed, with: program, trusting: [Self.key.verificationKey], callers: callers)
  }

  @Test func `everything that the manifest names is in the store, and is what it is said to be`() async throws
  {
    let store = InMemoryBlobStore()
    let image = try await pack(
      [bundle("iris@1"), bundle("wine@2")], into: store, callers: Array("{}\n".utf8))
    for blob in image.layers.map(\.blob) + image.documents.map(\.descriptor) {
      #expect(try await store.read(blob.digest, limit: blob.size).count == blob.size)
    }
    #expect(image.layers.count == 5)
    #expect(await store.digests().count == 5 + 2)
  }

  @Test func `the same bundles give the same image, whatever was packed before`() async throws {
    let bundles = [try bundle("iris@1"), try bundle("wine@2")]
    let store = InMemoryBlobStore()
    _ = try await pack([bundles[1]], into: store)
    let again = try await pack(bundles.reversed(), into: store)
    #expect(try await pack(bundles, into: InMemoryBlobStore()) == again)
  }

  @Test func `images share the layers that they have in common`() async throws {
    let store = InMemoryBlobStore()
    let first = try await pack([bundle("iris@1")], into: store)
    let second = try await pack([bundle("iris@2")], into: store)
    #expect(first.layers[..<2] == second.layers[..<2])
    #expect(first.layers[2] != second.layers[2])
  }

  @Test func `what cannot be packed is refused`() async throws {
    let bundle = try bundle("iris@1")
    let bare = try UnsealedBundle(files: [BundleFile(path: "a", bytes: [])]).sealed(with: Self.key, name: "a")
    let whiteout = try self.bundle("iris@1", extra: [BundleFile(path: "a/.wh.b", bytes: [])])
    let many = try (1...101).map { try self.bundle("iris@\($0)") }
    for (bundles, code) in [
      ([], "image.no-bundle"), ([bundle, bundle], "image.repeated-bundle"), ([bare], "bundle.incomplete"),
      ([whiteout], "image.whiteout"), (many, "image.too-many-bundles"),
    ] {
      let problem = await #expect(throws: Problem.self) {
        _ = try await pack(bundles, into: InMemoryBlobStore())
      }
      #expect(problem?.code == code)
    }
  }

  @Test func `an image that would trust nobody is refused`() async throws {
    let packer = ImagePacker(into: InMemoryBlobStore(), tool: "gatehouse test")
    let program = try await packer.program(Self.program)
    let bundle = try await packer.bundle(try self.bundle("iris@1"))
    let problem = await #expect(throws: Problem.self) {
      _ = try await packer.image(of: [bundle], with: program, trusting: [])
    }
    #expect(problem?.code == "image.no-key")
  }

  /// Changes to a static program: where, and to what.
  @Test(arguments: [
    (0, [0x7E]), (4, [1]), (5, [2]), (18, [3]), (54, [1, 0, 1, 0]), (54, [56, 0, 255, 255]),
    // One segment, right behind the header, which names a loader.
    (32, [64, 0, 0, 0, 0, 0, 0, 0]), (32, [255, 255, 255, 255, 255, 255, 255, 255]),
  ])
  func `a file that is no static program is refused, and not packed`(place: Int, bytes: [UInt8]) async throws
  {
    var program = Self.program
    program.replaceSubrange(64..<68, with: [3, 0, 0, 0])
    if place == 32 { program.replaceSubrange(54..<58, with: [56, 0, 1, 0]) }
    program.replaceSubrange(place..<(place + bytes.count), with: bytes)
    let store = InMemoryBlobStore()
    for bytes in [program, Array(program.prefix(63)), []] {
      let problem = await #expect(throws: Problem.self) {
        _ = try await ImagePacker(into: store, tool: "gatehouse test").program(bytes)
      }
      #expect(problem?.code == "image.bad-program")
    }
    #expect(await store.digests().isEmpty)
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `wherever the store fails, no image is half there, and the next try completes it`(
    fault: FaultPlan.Fault
  )
    async throws
  {
    let bundles = [try bundle("iris@1", extra: [BundleFile(path: "graph.json", bytes: Array("{}".utf8))])]
    let counted = FaultPlan()
    let whole = InMemoryBlobStore(faults: counted)
    let image = try await pack(bundles, into: whole)
    let all = Set(await whole.digests())
    #expect(counted.writes > 20)
    for number in 1...counted.writes {
      let store = InMemoryBlobStore(faults: FaultPlan([number: fault]))
      await #expect(throws: Problem.self) { _ = try await pack(bundles, into: store) }
      let found = Set(await store.digests())
      #expect(found.isSubset(of: all))
      // The manifest comes last: where it is, all is that it names.
      if found.contains(image.manifest.descriptor.digest) { #expect(found == all) }
      #expect(try await pack(bundles, into: store) == image)
      #expect(Set(await store.digests()) == all)
    }
  }
}
