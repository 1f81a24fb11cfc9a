import Access
public import Domain
import Encoding
import Gates
import Inference
import Inspection
import Lifting
import ModelGraph
import ModelTests
import Monitoring
import Provenance
import Statements
import Threats

/// The fifth stage: an immutable version, sealed, in the bundle store and the registry.
public struct SignedModel: Sendable {
  /// The version as the registry holds it.
  public let version: ModelVersion
  /// Where the sealed bundle stands.
  public let path: String

  fileprivate init(version: ModelVersion, path: String) {
    self.version = version
    self.path = path
  }
}

/// Gives an admitted model its number, packs it into a bundle and seals that.
struct Sign: Sendable {
  let registry: any RegistryReader & LedgerReader
  let blobs: any BlobStore
  let bundles: any BundleStore
  let seals: Seals
  let tool: String
  let time: any TimeSource

  func callAsFunction(_ admitted: AdmittedModel, recorder: Recorder) async throws(Problem) -> SignedModel {
    let pushed = admitted.lifted.inspected.pushed
    let last = try await registry.versions(of: pushed.name).last
    let reference = VersionReference(
      name: pushed.name, version: last?.reference.version.next ?? .first)
    let threats = admitted.threats.canonicalBytes
    let said = AdmissionDocuments(
      policy: admitted.policy, gates: admitted.report.json.canonicalBytes, threats: threats,
      tests: admitted.tests?.report,
      reference: try await bytes(of: pushed.reference, limit: Reference.sizeLimit))
    let unsealed = try bundle(of: admitted.lifted, reference, pushed.trainingData, said)
    // What it says is of this moment: making the bundle again takes the document.
    let document = try await blobs.keep(threats)
    return try await recorder.record(.sign, of: reference.description) { () async throws(Problem) in
      let sealed = try await seal(unsealed, reference)
      // The bundle is durable before the registry names it: a crash between the two leaves a bundle that
      // nothing names, never a name without its bundle.
      let path = try await bundles.publish(sealed)
      let lifted = admitted.lifted.lifted
      let version = ModelVersion(
        reference: reference, bundle: sealed.digest, artifact: pushed.digest, policy: admitted.policy,
        framework: "\(lifted.framework) \(lifted.frameworkVersion)", pushedBy: pushed.principal,
        admittedAt: time.now(), trainingData: pushed.trainingData)
      return .done(
        SignedModel(version: version, path: path),
        details: [
          "version": JSON(reference.version.value), "bundle": .string(sealed.digest.description),
          "artifact": .string(pushed.digest.description),
          "policy": .string(admitted.policy.description), "key": .string(sealed.key.hint),
        ],
        changes: [.addVersion(version), .governance(.stateThreats(document, of: reference, at: time.now()))]
          + (last == nil ? assignment(of: pushed) : [])
          + (pushed.reference.map { [.governance(.stateReference($0, of: reference, at: time.now()))] } ?? [])
          + (pushed.promotion.map {
            [.governance(.promotion(.promote($0.record(of: reference, at: time.now()))))]
          } ?? [])
          + (admitted.tests.map { [.governance(.test($0.record(of: reference)))] } ?? []))
    }
  }

  /// That a new model is of the project that its push names, and what that says of it.
  private func assignment(of pushed: PushedModel) -> [RegistryChange] {
    var changes: [RegistryChange] = []
    if let project = pushed.project, project != .standard {
      changes.append(.access(.assign(pushed.name, to: project, at: time.now())))
    }
    if pushed.facts != ModelFacts() {
      changes.append(.governance(.setFacts(pushed.facts, of: pushed.name, at: time.now())))
    }
    return changes
  }

  /// Whether the version's bundle is there and verifies.
  func isWhole(_ version: ModelVersion) async -> Bool {
    do throws(Problem) {
      try await bundles.verify(version.bundle, trusting: try await seals.trusted())
      return true
    } catch {
      return false
    }
  }

  /// Makes the bundle of a version again; it must come out as it was, but for the seal's random part.
  ///
  /// What it says beside the model is not asked again: it is what ledger and store have kept of its admission.
  func mend(_ version: ModelVersion, from lifted: LiftedModel, recorder: Recorder) async throws(Problem) {
    let said = try await admission(of: version)
    // A push that says nothing of the data stands for one that said it: what is mended is what that made.
    let unsealed = try bundle(of: lifted, version.reference, version.trainingData, said)
    guard unsealed.digest == version.bundle else {
      throw Problem(
        .conflict, "sign.not-reproduced",
        "expected bundle \(version.bundle.short) again, found \(unsealed.digest.short)",
        subject: version.reference.description,
        hint: "restore bundles/ from a backup, or push under another name: this release makes other bundles")
    }
    try await recorder.record(.sign, of: version.reference.description, details: ["mends": true]) {
      () async throws(Problem) in
      let sealed = try await seal(unsealed, version.reference)
      _ = try await bundles.publish(sealed)
      return .done(
        (), details: ["bundle": .string(version.bundle.description), "key": .string(sealed.key.hint)])
    }
  }

  private func seal(_ bundle: UnsealedBundle, _ reference: VersionReference) async throws(Problem)
    -> SealedBundle
  {
    let signer = try await seals.signer()
    let draft = bundle.sealDraft(name: reference.description)
    return try draft.sealed(by: signer.verificationKey, signature: try await signer.sign(draft.message))
  }

  /// What was said when a version was admitted.
  private func admission(of version: ModelVersion) async throws(Problem) -> AdmissionDocuments {
    let reference = version.reference
    var gates: LedgerEntry?
    if let signed = try await registry.signing(of: reference) {
      gates = try await registry.done(.gate, on: reference.name, until: nil).map(\.entry).last {
        $0.trace == signed.entry.trace
      }
    }
    guard let report = gates?.details["gates"] else {
      throw Problem(
        .integrity, "sign.no-admission",
        "expected the entry of the ledger that says how '\(reference)' was admitted, found none",
        subject: reference.description,
        hint: "run 'gatehouse audit verify', and restore the ledger from a backup")
    }
    let threats = try await registry.threatDocument(of: reference)
    let tests = try await registry.tests(of: reference)
    let training = try await registry.trainingReference(of: reference)
    return AdmissionDocuments(
      policy: version.policy, gates: report.canonicalBytes,
      threats: try await bytes(of: threats, limit: ThreatModel.sizeLimit),
      tests: try await bytes(of: tests?.report, limit: TestSummary.sizeLimit),
      reference: try await bytes(of: training, limit: Reference.sizeLimit))
  }

  private func bytes(of blob: Digest?, limit: Int) async throws(Problem) -> [UInt8]? {
    guard let blob else { return nil }
    return try await blobs.read(blob, limit: limit)
  }

  /// The files of the bundle: the same model, name, version, training data, tool and documents give the same bytes
  /// anywhere.
  private func bundle(
    of model: LiftedModel, _ reference: VersionReference, _ data: TrainingData, _ said: AdmissionDocuments
  ) throws(Problem) -> UnsealedBundle {
    let manifest = Manifest(
      name: reference.name, version: reference.version, signature: model.lifted.graph.graph.signature.json,
      artifact: model.inspected.pushed.digest, framework: model.lifted.framework,
      frameworkVersion: model.lifted.frameworkVersion, estimator: model.lifted.estimator, tool: tool,
      policy: said.policy)
    let files = [
      BundleFile(path: EncodedGraph.graphPath, bytes: model.encoded.graph),
      BundleFile(path: EncodedGraph.weightsPath, bytes: model.encoded.weights),
    ]
    let bill = ModelBill(of: manifest, files: files, model.lifted, model.inspected.pushed.artifact, data)
    return try UnsealedBundle(
      files: files + [
        BundleFile(path: Manifest.path, bytes: manifest.json.canonicalBytes),
        BundleFile(path: SelfCheck.path, bytes: SelfCheck(of: model.lifted.graph).canonicalBytes),
        BundleFile(
          path: StatedBundle.inspectionPath, bytes: model.inspected.report.json.canonicalBytes),
        BundleFile(path: StatedBundle.gatesPath, bytes: said.gates),
        BundleFile(path: ModelBill.path, bytes: bill.canonicalBytes),
      ] + (said.threats.map { [BundleFile(path: ThreatModel.path, bytes: $0)] } ?? [])
        + (said.reference.map { [BundleFile(path: Reference.path, bytes: $0)] } ?? [])
        + (said.tests.map { [BundleFile(path: TestSummary.path, bytes: $0)] } ?? []))
  }
}

/// What a bundle says beside the model, which is of the moment when that was admitted.
private struct AdmissionDocuments {
  let policy: Digest
  /// What every gate said.
  let gates: [UInt8]
  /// The threats; nil where none were written down, as by former releases.
  let threats: [UInt8]?
  /// How its tests went; nil where it had none.
  let tests: [UInt8]?
  /// What its training data looked like; nil where nobody said.
  let reference: [UInt8]?
}

extension SignedModel {
  /// A version that an earlier push made; it went through every stage then, as its record accounts for.
  static func admittedEarlier(_ version: ModelVersion, path: String) -> SignedModel {
    SignedModel(version: version, path: path)
  }
}
