import Domain
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

/// How much of an image is unpacked to verify it.
struct UnpackedBoundTests {
  private static let key = SealingKey()

  /// An image with a bundle of zeros, which packs well.
  private static func image(in store: InMemoryBlobStore) async throws -> ServingImage {
    let packer = ImagePacker(into: store, tool: "gatehouse test")
    let zeros = BundleFile(path: "weights", bytes: [UInt8](repeating: 0, count: 3 << 20))
    var bundles: [PackedBundle] = []
    for name in ["iris@1", "wine@2"] {
      bundles.append(try await packer.bundle(try Sample.bundle(name, sealedBy: key, [zeros])))
    }
    return try await packer.image(
      of: bundles, with: try await packer.program(Sample.program()), trusting: [key.verificationKey])
  }

  private static func verify(
    _ image: ServingImage, in store: InMemoryBlobStore, limit: Int
  ) async throws -> [VerifyImage.Step] {
    var steps: [VerifyImage.Step] = []
    _ = try await VerifyImage(in: store, unpackedLimit: limit)(
      image.manifest.descriptor, trusting: [key.verificationKey], programs: [Digest(of: Sample.program())]
    ) { step, _ in steps.append(step) }
    return steps
  }

  @Test func `all layers of an image have one bound, unpacked and packed`() async throws {
    let store = InMemoryBlobStore()
    let image = try await Self.image(in: store)
    let unpacked = image.layers.reduce(0) { $0 + $1.unpackedSize }
    let packed = image.layers.reduce(0) { $0 + $1.blob.size }
    #expect(try await Self.verify(image, in: store, limit: unpacked) == VerifyImage.Step.allCases)
    // The ratio of packing is far beyond its own bound here, which begins at 16 MiB.
    for (limit, form) in [(unpacked - 1, "unpacked"), (4 << 20, "unpacked"), (packed - 1, "packed")] {
      let problem = await #expect(throws: Problem.self) {
        _ = try await Self.verify(image, in: store, limit: limit)
      }
      #expect(problem?.code == "image.too-large")
      #expect(
        problem?.message
          == "expected an image whose layers have at most \(limit) bytes together, found more of them \(form)"
      )
    }
  }
}
