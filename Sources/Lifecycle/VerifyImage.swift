public import Domain
import Encoding
public import Packaging
public import Provenance
import Statements

/// Verifies an image without running anything of it: that its bytes are those that its documents name, that they are
/// what packing its own contents makes, and that every bundle is sealed by a key that is trusted.
public struct VerifyImage: Sendable {
  /// What is verified, in this order.
  public enum Step: String, Sendable, CaseIterable {
    /// The manifest and the configuration are what they are called by.
    case documents
    /// Each layer is, packed and unpacked, and holds what packing puts there and nothing else.
    case layers
    /// Packing what was found makes this very image.
    case image
    /// Its program is one that was named.
    case program
    /// Every key that the image trusts is one that was given.
    case trust
    /// Every bundle is sealed by such a key.
    case seals
    /// Every statement that came along about the image is signed by such a key, and says what the image says by itself.
    case statements
  }

  private static let indexLimit = 1 << 20
  private static let referrerLimit = 4096
  /// How many bytes the layers of an image have at most, unpacked and together: all of them are in memory at a time.
  public static let unpackedLimit = 8 << 30

  private let blobs: any BlobStore
  private let unpackedLimit: Int

  /// Verifies images whose blobs are in a store.
  public init(in blobs: any BlobStore, unpackedLimit: Int = unpackedLimit) {
    self.blobs = blobs
    self.unpackedLimit = unpackedLimit
  }

  /// The images that a descriptor leads to: the one, or those of an index for several processors.
  ///
  /// Throws what the store says, `image.wrong-size`, what the index is malformed in, or `image.not-reproduced` where it says
  /// anything else than an index of these images does.
  public func images(of image: Descriptor) async throws(Problem) -> [Descriptor] {
    guard image.mediaType == .index else { return [image] }
    let bytes = try await blobs.read(image, limit: Self.indexLimit)
    let members = try ImageIndex(parsing: bytes).manifests
    let isOrdered = zip(members, members.dropFirst()).allSatisfy {
      ($0.architecture ?? "") < ($1.architecture ?? "")
    }
    guard isOrdered, !members.isEmpty, ImageIndex(manifests: members).blob.bytes == bytes,
      members.allSatisfy({ $0.mediaType == .manifest && $0.architecture != nil })
    else {
      throw Problem(
        .integrity, "image.not-reproduced",
        "expected an index of images, one for each processor, as packing makes it, found another",
        subject: image.digest.short)
    }
    return members
  }

  /// Verifies the image with this manifest, whose program has to be one of `programs`; tells `follow` what was found of each
  /// step that holds.
  ///
  /// Throws at the first that does not: `blob.missing`, `blob.corrupt`, `blob.too-large`, `image.wrong-size`,
  /// `image.too-large`, `image.layer-count`, `image.foreign-program`, `image.untrusted-key`, what `LayerContents`, `OpenedImage` and
  /// `VerifyStatements` throw, and the seal's own problem. `referrers` are manifests that may be statements about the image.
  public func callAsFunction(
    _ manifest: Descriptor, trusting keys: [SealVerificationKey], revoked: Revocations = .none,
    programs: [Digest], referrers: [Descriptor] = [], follow: (Step, String) -> Void
  ) async throws(Problem) -> [SealedBundle] {
    // A key that was revoked vouches for nothing, whoever named it.
    let keys = keys.filter { revoked.problem(ofSealsBy: $0.hint) == nil }
    let documents = try await ImageDocuments(of: manifest, in: blobs)
    follow(.documents, "\(manifest.digest.short), \(documents.layers.count) layers")

    let layers = try await layers(of: documents)
    follow(.layers, "\(layers.reduce(0) { $0 + $1.files.count }) files, which nobody may write to")

    let opened = try OpenedImage(
      manifest: documents.manifest, configuration: documents.configuration, layers: layers)
    guard manifest.architecture == nil || manifest.architecture == opened.program.architecture else {
      throw Problem(
        .integrity, "image.not-reproduced",
        "expected an image for \(manifest.architecture?.excerpt(20) ?? "") as its index says, found one for"
          + " \(opened.program.architecture)", subject: manifest.digest.short)
    }
    follow(
      .image,
      "made again from its contents, \(opened.callers == nil ? "without callers' keys" : "with callers' keys")"
    )

    let program = opened.program.program
    guard programs.contains(program) else {
      throw Problem(
        .integrity, "image.foreign-program",
        "expected a program that was named, found \(program) in the image",
        hint: "name it by --program if you know where it comes from")
    }
    follow(.program, "\(program.short), \(opened.program.architecture)")

    if let stranger = opened.trusted.first(where: { !keys.contains($0) }) {
      throw Problem(
        .integrity, "image.untrusted-key",
        "expected an image that trusts only keys that are trusted here, found key '\(stranger.hint.prefix(12))…' in it",
        hint: "whoever has that key can exchange the bundles of this image")
    }
    follow(.trust, "\(opened.trusted.count) of \(keys.count) keys that were given")

    var sealed: [SealedBundle] = []
    for bundle in opened.bundles {
      do { sealed.append(try SealedBundle(files: bundle.files, trusting: keys, revoked: revoked)) } catch {
        var problem = error
        problem.subject = "\(bundle.reference)\(problem.subject.map { "/\($0)" } ?? "")"
        throw problem
      }
    }
    follow(.seals, opened.bundles.map(\.reference.description).joined(separator: ", "))

    let found = try await statements(among: referrers, about: manifest.digest, trusting: keys)
    if found.own.isEmpty, found.others > 0 {
      throw Problem(
        .integrity, "statement.untrusted-key",
        "expected statements by one of \(keys.count) trusted keys, found \(found.others) by others alone",
        subject: manifest.digest.short)
    }
    if found.own.isEmpty {
      follow(.statements, "none came with the image")
    } else {
      let verified = try VerifyStatements.verify(
        found.own, of: try StatedImage(opened, named: "", of: sealed), trusting: keys)
      follow(
        .statements,
        verified.summary + (found.others == 0 ? "" : "; \(found.others) of others, not looked at"))
    }
    return sealed
  }

  /// The layers, unpacked, within one bound for all of them.
  ///
  /// What the manifest says of their sizes is held against what is there, and against the bound, before any is read.
  private func layers(of documents: ImageDocuments) async throws(Problem) -> [LayerContents] {
    var declared = 0
    for (blob, _) in documents.layers {
      if let size = try await blobs.status(of: blob.digest)?.size, size != blob.size {
        throw Problem(
          .integrity, "image.wrong-size", "expected \(blob.size) bytes of the blob, found \(size)",
          subject: blob.digest.short)
      }
      guard blob.size <= unpackedLimit - declared else { throw tooLarge("packed") }
      declared += blob.size
    }
    var layers: [LayerContents] = []
    var left = unpackedLimit
    for (blob, unpacked) in documents.layers {
      let bytes = try await blobs.read(blob, limit: LayerContents.longest)
      do throws(Problem) {
        layers.append(
          try LayerContents(bytes, of: blob, unpacked: unpacked, limit: min(left, LayerContents.longest)))
      } catch  where error.code == "image.too-large" && left < LayerContents.longest {
        throw tooLarge("unpacked")
      }
      left -= layers.last?.layer.unpackedSize ?? 0
    }
    return layers
  }

  private func tooLarge(_ form: String) -> Problem {
    Problem(
      .tooLarge, "image.too-large",
      "expected an image whose layers have at most \(unpackedLimit) bytes together, found more of them \(form)",
      hint: "pack fewer bundles into one image")
  }

  /// The statements about an image among manifests that came along whose signature by one of the keys holds, and how many
  /// there are that say that they are about it beside them.
  ///
  /// What is about something else, or is no statement, is left alone: anybody may have put it there, and what is missing is
  /// found by its kind.
  private func statements(
    among referrers: [Descriptor], about image: Digest, trusting keys: [SealVerificationKey]
  ) async throws(Problem) -> (own: [[UInt8]], others: Int) {
    guard referrers.count <= Self.referrerLimit else {
      throw Problem(
        .tooLarge, "image.too-many-referrers",
        "expected at most \(Self.referrerLimit) manifests beside the image, found \(referrers.count)")
    }
    var own: [[UInt8]] = []
    var others = 0
    for referrer in referrers where referrer.mediaType == .manifest && referrer.digest != image {
      guard let bytes = try? await blobs.read(referrer, limit: ManifestDocument.longest),
        let manifest = try? ImageManifest(parsing: bytes), let blob = manifest.statement(about: image)
      else { continue }
      if own.count < VerifyStatements.countLimit,
        let statement = try? await blobs.read(blob, limit: SignedStatement.sizeLimit),
        let signed = try? SignedStatement(verifying: statement, trusting: keys),
        signed.statement.subjects.contains(where: { $0.digest == image })
      {
        own.append(statement)
      } else {
        others += 1
      }
    }
    return (own, others)
  }
}

extension VerifiedStatements {
  /// What was stated, and by whom, in a line.
  fileprivate var summary: String {
    let count = counts.values.reduce(0, +)
    let pushes = account.pushes.map { "\($0.reference) pushed by \($0.principal) at \($0.admittedAt)" }
    return
      "\(count), signed by \(keys.map { "key \($0.hint.prefix(12))…" }.sorted().joined(separator: ", ")); "
      + pushes.joined(separator: ", ")
  }
}
