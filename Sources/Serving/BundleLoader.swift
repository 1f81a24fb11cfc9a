public import Domain
public import Inference
import ModelGraph
public import Provenance

/// Turns the directory of a bundle into a model that serves.
///
/// The seal is verified before anything of the bundle is decoded, and the bytes that were verified are the
/// very bytes that are decoded: each file is read once.
public struct BundleLoader: Sendable {
  private let trusted: [SealVerificationKey]
  private let limits: BundleLimits
  private let engine: (any InferenceEngine)?

  /// Makes a loader that takes bundles sealed by one of `trusted`; without an engine it refuses models that need one.
  public init(
    trusting trusted: [SealVerificationKey], limits: BundleLimits = BundleLimits(),
    engine: (any InferenceEngine)? = nil
  ) {
    self.trusted = trusted
    self.limits = limits
    self.engine = engine
  }

  /// Loads the bundle at `path`.
  ///
  /// Throws the seal's own problem, `bundle.unsealed`, `bundle.incomplete`, `bundle.unreadable`, or what the
  /// manifest or graph is malformed in.
  public func load(path: String) throws(Problem) -> ServedModel {
    var files = try BundleDirectory.read(path: path, limits: limits)
    guard let place = files.firstIndex(where: { $0.path == SealedBundle.sealPath }) else {
      throw Problem(
        .integrity, "bundle.unsealed",
        "expected '\(SealedBundle.sealPath)' in the bundle, found no such file",
        subject: path, hint: "serve only what 'gatehouse push' has sealed")
    }
    let seal = files.remove(at: place).bytes
    let contents: UnsealedBundle
    do { contents = try UnsealedBundle(files: files) } catch {
      throw Problem(.integrity, error.code, error.message, subject: path)
    }
    let bundle = try SealedBundle(contents, seal: seal, trusting: trusted)
    return try Self.decode(bundle, engine: engine)
  }

  /// Decodes a bundle whose seal was verified.
  static func decode(
    _ bundle: SealedBundle, engine: (any InferenceEngine)? = nil
  ) throws(Problem) -> ServedModel {
    func file(_ path: String) throws(Problem) -> [UInt8] {
      guard let bytes = bundle.contents.bytes(at: path) else {
        throw Problem(
          .integrity, "bundle.incomplete", "expected '\(path)' in the bundle, found no such file",
          subject: bundle.digest.short)
      }
      return bytes
    }
    let manifest = try Manifest(parsing: try file(Manifest.path))
    let graph = try ModelGraph(
      decoding: try file("graph.json"), weights: try file("weights.safetensors"))
    return try ServedModel(
      reference: VersionReference(name: manifest.name, version: manifest.version), bundle: bundle.digest,
      framework: "\(manifest.framework) \(manifest.frameworkVersion)", graph: try ValidatedGraph(graph),
      engine: engine)
  }
}
