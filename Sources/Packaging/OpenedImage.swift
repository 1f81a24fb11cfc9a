public import Domain
import Encoding
public import Provenance

/// What stands in an image that packing made, read back from its bytes.
public struct OpenedImage: Sendable {
  /// A bundle, whose seal nobody has looked at yet.
  public struct Bundle: Sendable {
    /// Which version the image says it is.
    public let reference: VersionReference
    /// Its files, the seal among them.
    public let files: [BundleFile]
  }

  /// The image, as packing what stands in it makes it again.
  public let image: ServingImage
  /// The data plane's program.
  public let program: PackedProgram
  /// The keys whose seals it trusts.
  public let trusted: [SealVerificationKey]
  /// The bundles that it serves.
  public let bundles: [Bundle]
  /// The hashed keys of callers that it brings; nil where it brings none.
  public let callers: [UInt8]?
  /// What packed it, as its history says.
  public let tool: String

  /// Puts an image together again from what its layers hold, and compares.
  ///
  /// `manifest` and `configuration` are the bytes of its documents. Throws `image.foreign-layer` for a layer that has no
  /// place in such an image, what a bundle's manifest or a key is malformed in, and `image.not-reproduced` where the
  /// documents say anything else than packing the same would.
  public init(manifest: [UInt8], configuration: [UInt8], layers: [LayerContents]) throws(Problem) {
    let settings = try DocumentReader.json(configuration, "an image configuration")
    guard let architecture = settings["architecture"]?.string,
      let origin = settings["history"]?.array?.first?["created_by"]?.string,
      let end = origin.firstIndex(of: ":")
    else {
      throw Problem(
        .integrity, "image.not-reproduced",
        "expected a configuration that says what packed the image, found another")
    }
    var parts = Parts()
    for contents in layers { try parts.take(contents) }
    guard let program = parts.program, let trust = parts.trust, !parts.bundles.isEmpty else {
      throw Problem(
        .integrity, "image.foreign-layer",
        "expected layers of the program, of trusted keys and of a bundle, found some without")
    }
    let references = parts.bundles.map(\.contents.reference)
    guard Set(references).count == references.count, program.architecture == architecture else {
      throw Problem(
        .integrity, "image.not-reproduced",
        "expected each version once, and a program for \(architecture.excerpt(20)), found another image")
    }
    self.program = program
    trusted = parts.trusted
    bundles = parts.bundles.map(\.contents)
    callers = parts.callers?.bytes
    tool = String(origin[..<end])
    image = ServingImage(
      program: program, trust: trust, bundles: parts.bundles.map(\.packed), callers: parts.callers?.layer,
      tool: tool)
    guard image.configuration.bytes == configuration, image.manifest.bytes == manifest else {
      throw Problem(
        .integrity, "image.not-reproduced",
        "expected the image \(image.manifest.descriptor.digest.short) that packing its contents makes, found"
          + " \(Digest(of: manifest).short)",
        hint: "something in its manifest or configuration was not put there by 'gatehouse image build'")
    }
  }

  /// What was found of an image so far.
  private struct Parts {
    var program: PackedProgram?
    var trust: Layer?
    var trusted: [SealVerificationKey] = []
    var bundles: [(packed: PackedBundle, contents: Bundle)] = []
    var callers: (layer: Layer, bytes: [UInt8])?

    mutating func take(_ contents: LayerContents) throws(Problem) {
      guard let first = contents.files.first else { throw Self.foreign("a layer without files", contents) }
      switch first.path.prefix(while: { $0 != "/" }) {
      case ImagePlaces.program[...] where program == nil && contents.files.count == 1:
        program = try PackedProgram(Array(first.bytes), in: contents.layer)
      case ImagePlaces.trust[...] where trust == nil:
        trust = contents.layer
        for file in contents.files {
          let key = try SealVerificationKey(pem: String(decoding: file.bytes, as: UTF8.self))
          guard file.path == ImagePlaces.trusted(key.hint) else { throw Self.foreign(file.path, contents) }
          trusted.append(key)
        }
      case ImagePlaces.bundles[...]: bundles.append(try Self.bundle(contents))
      case _ where first.path == ImagePlaces.callers && callers == nil && contents.files.count == 1:
        callers = (contents.layer, Array(first.bytes))
      default: throw Self.foreign(first.path, contents)
      }
    }

    private static func bundle(_ contents: LayerContents) throws(Problem) -> (PackedBundle, Bundle) {
      guard let stated = contents.files.first(where: { $0.path.hasSuffix("/\(Manifest.path)") }) else {
        throw foreign("a bundle without '\(Manifest.path)'", contents)
      }
      let manifest = try Manifest(parsing: stated.bytes)
      let place = ImagePlaces.bundle(of: manifest.reference) + "/"
      var files: [BundleFile] = []
      for file in contents.files {
        guard file.path.hasPrefix(place) else { throw foreign(file.path, contents) }
        files.append(BundleFile(path: String(file.path.dropFirst(place.count)), bytes: Array(file.bytes)))
      }
      let sealed: UnsealedBundle
      do { sealed = try UnsealedBundle(files: files.filter { $0.path != SealedBundle.sealPath }) } catch {
        throw Problem(.integrity, error.code, error.message, subject: manifest.reference.description)
      }
      return (
        PackedBundle(manifest: manifest, digest: sealed.digest, layer: contents.layer),
        Bundle(reference: manifest.reference, files: files)
      )
    }

    private static func foreign(_ what: String, _ contents: LayerContents) -> Problem {
      Problem(
        .integrity, "image.foreign-layer",
        "expected only what packing puts into an image, found '\(what.excerpt(120))'",
        subject: contents.layer.blob.digest.short)
    }
  }
}
