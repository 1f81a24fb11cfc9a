import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import TestKit
import Testing

/// Images of the same for several processors.
struct ImageIndexTests {
  private static let key = SealingKey()

  /// The programs' heads differ in the processor alone.
  private static let programs = [
    Sample.program(), Sample.program().replacing([0x3E, 0], with: [0xB7, 0], maxReplacements: 1),
  ]

  private func images(in store: InMemoryBlobStore) async throws -> [ServingImage] {
    let packer = ImagePacker(into: store, tool: "gatehouse test")
    let bundle = try await packer.bundle(try Sample.bundle("iris@1", sealedBy: Self.key))
    var images: [ServingImage] = []
    for program in Self.programs {
      images.append(
        try await packer.image(
          of: [bundle], with: try await packer.program(program), trusting: [Self.key.verificationKey]))
    }
    return images
  }

  @Test func `an index leads to each image, whichever was packed first, and each verifies`() async throws {
    let store = InMemoryBlobStore()
    let images = try await images(in: store)
    let packer = ImagePacker(into: store, tool: "gatehouse test")
    let index = try await packer.index(of: images)
    #expect(try await packer.index(of: images.reversed()) == index)
    #expect(index.mediaType == .index)
    let verify = VerifyImage(in: store)
    let members = try await verify.images(of: index)
    #expect(members.map(\.architecture) == ["amd64", "arm64"])
    for image in members {
      let sealed = try await verify(
        image, trusting: [Self.key.verificationKey], programs: Self.programs.map { Digest(of: $0) }
      ) { _, _ in }
      #expect(sealed.count == 1)
    }
    // The bundle and the keys are the same layers.
    #expect(images[0].layers.dropFirst() == images[1].layers.dropFirst())
  }

  @Test func `a processor of which there are two images is refused`() async throws {
    let store = InMemoryBlobStore()
    let image = try await images(in: store)[0]
    let problem = await #expect(throws: Problem.self) {
      try await ImagePacker(into: store, tool: "gatehouse test").index(of: [image, image])
    }
    #expect(problem?.code == "image.repeated-platform")
  }

  @Test func `an image for another processor than its index says is refused`() async throws {
    let store = InMemoryBlobStore()
    var image = try await images(in: store)[0].descriptor
    image.architecture = "arm64"
    let problem = await #expect(throws: Problem.self) {
      try await VerifyImage(in: store)(
        image, trusting: [Self.key.verificationKey], programs: Self.programs.map { Digest(of: $0) }
      ) { _, _ in }
    }
    #expect(problem?.code == "image.not-reproduced")
  }

  @Test(arguments: ["order", "word", "none", "kind", "platform"])
  func `an index that packing would not make is refused`(forgery: String) async throws {
    let store = InMemoryBlobStore()
    var members = try await images(in: store).map(\.descriptor)
    switch forgery {
    case "order": members.reverse()
    case "word": members[0].annotations = ["a": "b"]
    case "none": members = []
    case "kind": members[0].mediaType = .index
    default: members[0].architecture = nil
    }
    var document = ImageIndex(manifests: members).json
    if forgery == "word" { document = .object((document.object ?? [:]).merging(["a": "b"]) { $1 }) }
    let bytes = document.canonicalBytes
    let digest = try await store.keep(bytes)
    let problem = await #expect(throws: Problem.self) {
      try await VerifyImage(in: store).images(
        of: Descriptor(mediaType: .index, digest: digest, size: bytes.count))
    }
    #expect(problem?.code == "image.not-reproduced")
  }
}

extension InMemoryBlobStore {
  fileprivate func keep(_ bytes: [UInt8]) async throws -> Digest {
    let session = beginIngest()
    try await session.write(bytes)
    return try await session.finish()
  }
}
