import Artifacts
public import Domain
import Encoding
import Provenance

/// The files of a layer that was read, each once, in the form that packing gives them and in no other.
public struct LayerContents: Sendable {
  /// A file of a layer.
  public struct File: Sendable {
    /// Where it stands, `/`-separated, without a `/` before it.
    public let path: String
    /// Its bytes.
    public let bytes: ArraySlice<UInt8>
  }

  /// How many bytes an archive has at most: more than a bundle may have.
  public static let longest = 5 << 30
  /// Far more files than a bundle has.
  private static let fileLimit = 10_000

  /// The layer.
  public let layer: Layer
  /// Its files, in their order.
  public let files: [File]

  /// Unpacks a layer whose packed bytes are known to be those of `blob`.
  ///
  /// `unpacked` is what the image's configuration calls the archive inside, which may have `limit` bytes. Throws
  /// `image.too-large` for one that has more, `image.malformed-layer` for bytes that
  /// are no such archive, `image.layer-changed` where the archive is another, and `image.foreign-layer` where it is not
  /// what packing its own files makes: with owners, times, links, files that somebody may write to, or something between
  /// them.
  public init(
    _ bytes: [UInt8], of blob: Descriptor, unpacked: Digest, limit: Int = longest
  ) throws(Problem) {
    guard blob.mediaType == .layer else {
      throw Self.malformed(
        "expected a layer of '\(MediaType.layer.rawValue)', found '\(blob.mediaType.rawValue.excerpt(80))'",
        blob)
    }
    let archive: [UInt8]
    var budget = ReadingBudget()
    // As far as deflate goes: weights of zeros alone are honest.
    (budget.compressionRatio, budget.largeRatio) = (1100, 1100)
    budget.decompressedBytes = limit
    do throws(DecompressionFailure) {
      let stream = try Compression.gzip.decompress(bytes[...], budget: budget)
      guard stream.compressedCount == bytes.count else {
        throw .malformed("something behind the stream", offset: stream.compressedCount)
      }
      archive = stream.bytes
    } catch {
      let found: String
      switch error {
      case .bomb where budget.unpackedLimit(of: bytes.count) == limit:
        throw Problem(
          .tooLarge, "image.too-large", "expected a layer of at most \(limit) bytes unpacked, found more",
          subject: blob.digest.short)
      case .bomb(let text, _): found = text
      case .malformed(let text, let offset): found = "\(text) at byte \(offset)"
      }
      throw Self.malformed("expected an archive packed with gzip, found: \(found)", blob)
    }
    let found = Digest(of: archive)
    guard found == unpacked else {
      throw Problem(
        .integrity, "image.layer-changed",
        "expected an archive of \(unpacked.short) as the configuration says, found \(found.short)",
        subject: blob.digest.short)
    }
    let tar = TarArchive(archive[...], memberLimit: Self.fileLimit)
    files = tar.members.filter { $0.kind == .file }.map { File(path: $0.name, bytes: $0.bytes) }
    // Without words that the manifest may have about it: packing has none.
    layer = Layer(
      blob: Descriptor(mediaType: .layer, digest: blob.digest, size: bytes.count), unpacked: unpacked,
      unpackedSize: archive.count)
    guard Self.packed(files) == unpacked else {
      let what = tar.irregularities.first?.message ?? "an archive that says more than its files"
      throw Problem(
        .integrity, "image.foreign-layer",
        "expected a layer as 'gatehouse image build' packs it, found: \(what)",
        subject: blob.digest.short)
    }
  }

  /// The archive that packing these files makes.
  private static func packed(_ files: [File]) -> Digest {
    var archive = ArchiveEncoder()
    var hasher = DigestHasher()
    for file in files {
      let use: FileUse = file.path == ImagePlaces.program ? .program : .data
      hasher.update(archive.begin(file.path, size: file.bytes.count, use: use))
      hasher.update(file.bytes)
      hasher.update(archive.append(file.bytes.count))
    }
    hasher.update(archive.end())
    return hasher.digest
  }

  private static func malformed(_ message: String, _ blob: Descriptor) -> Problem {
    Problem(.integrity, "image.malformed-layer", message, subject: blob.digest.short)
  }
}
