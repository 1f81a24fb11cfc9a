public import Domain
public import Packaging
import Provenance

/// Packs an image again from what the registry says of it, and compares.
///
/// What it takes is the version's bundle, the program of that digest and the trusted keys: where the outcome has the same
/// digest, nothing else is in the image.
public struct RebuildImage: Sendable {
  /// What is found on the way, in this order.
  public enum Step: String, Sendable, CaseIterable {
    /// The version's bundle is there, sealed by a key that the image trusts.
    case bundle
    /// The program of that digest is there.
    case program
    /// What was packed again is the image.
    case image
  }

  private static let layerLimit = 1 << 30

  private let bundles: any BundleStore
  private let blobs: any BlobStore
  private let target: any BlobIngest

  /// Takes bundles and the blobs of earlier images from a platform's stores, and packs into another store; without one, what
  /// is packed is only hashed.
  public init(bundles: any BundleStore, blobs: any BlobStore, into target: (any BlobIngest)? = nil) {
    self.bundles = bundles
    self.blobs = blobs
    self.target = target ?? HashedBlobs()
  }

  /// Packs an image again; `program` is the data plane's program of this machine, which is used where it is the image's.
  ///
  /// Otherwise the program is taken out of the image's own layer. Tells `follow` what was found at each step. Throws what
  /// the bundle store says, `image.no-program`, or `image.not-reproduced`.
  public func callAsFunction(
    _ image: VersionImage, program: [UInt8], follow: (Step, String) -> Void
  ) async throws(Problem) -> ServingImage {
    var trusted: [SealVerificationKey] = []
    for pem in image.trusted { trusted.append(try SealVerificationKey(pem: pem)) }
    let bundle = try await bundles.sealed(image.bundle, trusting: trusted)
    follow(.bundle, "\(image.reference), \(bundle.digest.short), sealed by a key that the image trusts")

    let packer = ImagePacker(into: target, tool: image.tool)
    let packedProgram: PackedProgram
    if Digest(of: program) == image.program {
      packedProgram = try await packer.program(program)
      follow(.program, "\(image.program.short), of this machine")
    } else {
      packedProgram = try await packer.program(try await programOut(of: image))
      follow(.program, "\(image.program.short), out of the image's own layer")
    }

    let rebuilt = try await packer.image(
      of: [try await packer.bundle(bundle)], with: packedProgram, trusting: trusted)
    let found = rebuilt.manifest.descriptor.digest
    guard found == image.manifest else {
      throw Problem(
        .integrity, "image.not-reproduced",
        "expected \(image.manifest.short) again, found \(found.short): \(await difference(rebuilt, image))",
        subject: image.reference.description,
        hint:
          "pack it with the release that packed it, '\(image.tool)'; a bundle that was sealed anew makes another image"
      )
    }
    follow(.image, "\(found.short) again, \(rebuilt.layers.count) layers")
    return rebuilt
  }

  /// The program out of the layer of the image, of which nothing is believed but that digest.
  private func programOut(of image: VersionImage) async throws(Problem) -> [UInt8] {
    do throws(Problem) {
      let documents = try await ImageDocuments(of: image.manifest, in: blobs)
      if let (blob, unpacked) = documents.layers.first {
        let contents = try LayerContents(
          try await blobs.read(blob, limit: Self.layerLimit), of: blob, unpacked: unpacked,
          limit: Self.layerLimit)
        if let file = contents.files.first, Digest(of: file.bytes) == image.program {
          return Array(file.bytes)
        }
      }
    } catch {
      throw Self.noProgram(image, cause: error.message)
    }
    throw Self.noProgram(image, cause: "the image's own layer has another")
  }

  private static func noProgram(_ image: VersionImage, cause: String) -> Problem {
    Problem(
      .notFound, "image.no-program", "expected the program \(image.program.short), found it nowhere",
      subject: image.reference.description, hint: "name the program of that release by --runtime",
      cause: cause)
  }

  /// Where an image that came out otherwise parts from the one that is stored.
  private func difference(_ rebuilt: ServingImage, _ image: VersionImage) async -> String {
    guard let documents = try? await ImageDocuments(of: image.manifest, in: blobs) else {
      return "the image itself is not here to be compared"
    }
    guard documents.layers.count == rebuilt.layers.count else {
      return "it has \(documents.layers.count) layers, not \(rebuilt.layers.count)"
    }
    for (number, pair) in zip(documents.layers, rebuilt.layers).enumerated() {
      if pair.0.unpacked != pair.1.unpacked { return "layer \(number + 1) has other files" }
      if pair.0.blob.digest != pair.1.blob.digest {
        return "layer \(number + 1) has the same files, packed otherwise"
      }
    }
    return "the documents say other things of the same layers"
  }
}

/// Keeps nothing of what it takes in but the digest.
private struct HashedBlobs: BlobIngest {
  private actor Session: IngestSession {
    private var hasher = DigestHasher()

    func write(_ bytes: [UInt8]) { hasher.update(bytes) }
    func finish(as expected: Digest?) -> Digest { hasher.digest }
    func abandon() {}
  }

  func beginIngest() -> any IngestSession { Session() }
}
