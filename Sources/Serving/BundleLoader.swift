public import Domain
public import Inference
import ModelGraph
import Monitoring
public import Provenance

/// Turns the directory of a bundle into a model that serves.
///
/// The seal is verified before anything of the bundle is decoded, and the bytes that were verified are the
/// very bytes that are decoded: each file is read once.
public struct BundleLoader: Sendable {
  private let trusted: [SealVerificationKey]
  /// What must not be served, whoever is trusted.
  let revoked: Revocations
  private let limits: BundleLimits
  private let engine: (any InferenceEngine)?

  /// Makes a loader that takes bundles sealed by one of `trusted`, but for what was revoked; without an engine it refuses
  /// models that need one.
  public init(
    trusting trusted: [SealVerificationKey], revoked: Revocations = .none,
    limits: BundleLimits = BundleLimits(),
    engine: (any InferenceEngine)? = nil
  ) {
    self.trusted = trusted
    self.revoked = revoked
    self.limits = limits
    self.engine = engine
  }

  /// Loads the bundle at `path`, and has the model answer its self-check.
  ///
  /// Throws the seal's own problem, `bundle.unsealed`, `bundle.incomplete`, `bundle.unreadable`, what the manifest or
  /// graph is malformed in, or `bundle.self-check`.
  public func load(path: String) throws(Problem) -> ServedModel { try load(try open(path: path)) }

  /// Loads a bundle whose seal was verified, and has the model answer its self-check.
  public func load(_ sealed: SealedBundle) throws(Problem) -> ServedModel {
    try load(try Self.decode(sealed))
  }

  /// Why a model that was loaded must not be served by now; nil where it may.
  ///
  /// `seal.revoked-key` or `bundle.revoked`, or `seal.untrusted-key` where its key is trusted no more.
  func objection(to model: ServedModel) -> Problem? {
    if let problem = revocation(of: model) { return problem }
    guard !trusted.contains(where: { $0.hint == model.sealedBy }) else { return nil }
    return Problem(
      .integrity, "seal.untrusted-key",
      "expected a seal by one of \(trusted.count) trusted keys, found one by key '\(model.sealedBy.prefix(12))…',"
        + " which is trusted no more", subject: model.reference.description)
  }

  /// `seal.revoked-key` or `bundle.revoked` where a model that was loaded must be withdrawn at once; nil where not.
  func revocation(of model: ServedModel) -> Problem? {
    revoked.problem(ofSealsBy: model.sealedBy) ?? revoked.problem(of: model.bundle)
  }

  /// A model that was loaded, by the key that the seal at `path` is by now; as it is where that is no other, or does not hold.
  ///
  /// The seal is held against the digests of what the model was loaded from: none of these files is read again, and no
  /// damage to them takes down a model that was verified and needs them no more.
  func resealed(_ model: ServedModel, at path: String) -> ServedModel {
    guard
      let seal = try? BoundedFile.read(
        path: "\(path)/\(SealedBundle.sealPath)", limit: SealVerifier.sealSizeLimit),
      let hint = try? SealVerifier.keyHint(of: seal), hint != model.sealedBy,
      let verified = try? SealVerifier.verify(
        seal: seal, files: model.files, trusting: trusted, revoked: revoked)
    else { return model }
    return ServedModel(model, sealedBy: verified.key.hint)
  }

  /// Which version the bundle at `path` is, whatever was revoked.
  ///
  /// Throws where it would not hold without the revocation either.
  func reference(ofRevoked path: String) throws(Problem) -> VersionReference {
    let sealed = try BundleLoader(trusting: trusted, limits: limits).sealed(path: path)
    return try Manifest(parsing: try sealed.contents.requiredBytes(at: Manifest.path)).reference
  }

  private func load(_ bundle: OpenBundle) throws(Problem) -> ServedModel {
    // The bytes of the files are gone before anything is planned: a large model would be in memory three times.
    let manifest = bundle.manifest
    let model = try ServedModel(
      reference: manifest.reference, bundle: bundle.digest, sealedBy: bundle.sealedBy, files: bundle.files,
      framework: "\(manifest.framework) \(manifest.frameworkVersion)",
      graph: try ValidatedGraph(bundle.graph), engine: engine, checkedBy: bundle.selfCheck,
      training: bundle.training, trainingProblem: bundle.trainingProblem)
    if let check = bundle.selfCheck {
      try check.check(model.plan)
    } else {
      // Bundles of releases before this one have none.
      try SelfCheck.checkZeros(model.plan)
    }
    return model
  }

  /// A bundle whose seal was verified, decoded.
  private struct OpenBundle {
    let digest: Digest
    let sealedBy: String
    let files: [String: Digest]
    let manifest: Manifest
    let graph: ModelGraph
    let selfCheck: SelfCheck?
    /// What training data looked like; nil where that is not known.
    let training: Reference?
    /// Why that does not read; nil where it does, or is not there.
    let trainingProblem: Problem?
  }

  private func open(path: String) throws(Problem) -> OpenBundle { try Self.decode(try sealed(path: path)) }

  /// Reads the bundle at `path` and verifies its seal; throws the seal's own problem, `bundle.unsealed` or
  /// `bundle.unreadable`.
  public func sealed(path: String) throws(Problem) -> SealedBundle {
    let files = try BundleDirectory.read(path: path, limits: limits)
    do { return try SealedBundle(files: files, trusting: trusted, revoked: revoked) } catch {
      var problem = error
      problem.subject = problem.subject ?? path
      throw problem
    }
  }

  private static func decode(_ bundle: SealedBundle) throws(Problem) -> OpenBundle {
    var selfCheck: SelfCheck?
    if let bytes = bundle.contents.bytes(at: SelfCheck.path) { selfCheck = try SelfCheck(parsing: bytes) }
    var (training, trainingProblem): (Reference?, Problem?) = (nil, nil)
    if let bytes = bundle.contents.bytes(at: Reference.path) {
      // Nothing is predicted by it: a version whose reference does not read serves, and is held against nothing.
      do throws(Problem) { training = try Reference(bytes: bytes) } catch { trainingProblem = error }
    }
    return OpenBundle(
      digest: bundle.digest, sealedBy: bundle.key.hint, files: bundle.contents.digests,
      manifest: try Manifest(parsing: try bundle.contents.requiredBytes(at: Manifest.path)),
      graph: try ModelGraph(
        decoding: try bundle.contents.requiredBytes(at: EncodedGraph.graphPath),
        weights: try bundle.contents.requiredBytes(at: EncodedGraph.weightsPath)),
      selfCheck: selfCheck, training: training, trainingProblem: trainingProblem)
  }
}
