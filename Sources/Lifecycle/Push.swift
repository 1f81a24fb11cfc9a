public import Access
public import Artifacts
public import Domain
import Encoding
public import Gates
public import Lifting
import Provenance
import Statements

/// One file of what is pushed; its bytes are a blob already.
public struct PushedFile: Equatable, Sendable {
  /// Where it stood in the directory, `/`-separated; empty where the artifact is one file.
  public let path: String
  /// The blob that holds its bytes.
  public let blob: Digest

  /// Names a file and its blob.
  public init(path: String, blob: Digest) {
    self.path = path
    self.blob = blob
  }

  /// The canonical list of a directory's files, in any order: its digest is the directory's.
  public static func list(_ files: [PushedFile]) -> [UInt8] {
    let sorted = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    let list: JSON = [
      "files": .array(
        sorted.map { ["path": .string($0.path), "digest": .string($0.blob.description)] })
    ]
    return list.canonicalBytes
  }
}

/// A wish to have an artifact served under a name.
public struct PushRequest: Sendable {
  /// The model's name.
  public let name: ModelName
  /// The files of the artifact.
  public let files: [PushedFile]
  /// Who pushes.
  public let actor: Actor
  /// What is said of the model beside its versions, as far as that is said here.
  public let facts: ModelFacts
  /// What project a new model is to be of; nil for the standard one, or where it is already.
  public let project: ProjectName?
  /// What may run the model where our own operators cannot; nobody where nil.
  public let engine: LiftEngine?
  /// What the model was trained with, as far as that is said.
  public let trainingData: TrainingData
  /// The tests that it has to be held against; nil for none, or those that its version was.
  public let tests: StatedTests?
  /// The blob that says what the training data looked like (`Monitoring.Reference`); nil where nobody says.
  public let reference: Digest?

  /// The blob in which another platform says that it promotes the artifact to here; nil where none does.
  public let promotion: Digest?

  /// Asks for an artifact to be served.
  public init(
    name: ModelName, files: [PushedFile], actor: Actor, project: ProjectName? = nil,
    facts: ModelFacts = ModelFacts(), engine: LiftEngine? = nil,
    trainingData: TrainingData = .unstated, tests: StatedTests? = nil, reference: Digest? = nil,
    promotion: Digest? = nil
  ) {
    self.promotion = promotion
    self.reference = reference
    self.name = name
    self.files = files
    self.actor = actor
    self.project = project
    self.facts = facts
    self.engine = engine
    self.trainingData = trainingData
    self.tests = tests
  }
}

/// The first stage: the bytes are here, whole and by digest.
///
/// Nothing is known of them.
public struct PushedModel: Sendable {
  /// The model's name.
  public let name: ModelName
  /// Who pushed it.
  public let principal: Principal
  /// What whoever pushed it says of the model beside its versions.
  public let facts: ModelFacts
  /// The project that a new model is to be of; nil for the standard one.
  public let project: ProjectName?
  /// What may run the model where our own operators cannot.
  public let engine: LiftEngine?
  /// What the model was trained with, as far as whoever pushed it says.
  public let trainingData: TrainingData
  /// The digest of the artifact: of its one file, or of the list of its files.
  public let digest: Digest
  /// The bytes; of an artifact that came with a seal, those that it is over.
  public let artifact: Artifact
  /// The hint of the trusted key that sealed the artifact before it came here; nil where none did.
  public let sealedBy: String?

  /// The tests that came with it.
  public let tests: StatedTests?
  /// The blob that says what the training data looked like; nil where nobody says.
  public let reference: Digest?
  /// What the platform that it comes from says of it; nil where it was not promoted.
  let promotion: TakenPromotion?

  fileprivate init(
    _ request: PushRequest, digest: Digest, artifact: Artifact, sealedBy: String?, promotion: TakenPromotion?
  ) {
    self.sealedBy = sealedBy
    self.promotion = promotion
    self.reference = request.reference
    self.name = request.name
    self.principal = request.actor.principal
    self.project = request.project
    self.facts = request.facts
    self.engine = request.engine
    self.trainingData = request.trainingData
    self.tests = request.tests
    self.digest = digest
    self.artifact = artifact
  }
}

/// Takes an artifact in: reads its blobs back, hashed again, and settles its digest.
struct Push: Sendable {
  let blobs: any BlobStore
  let seals: Seals
  let registry: any RegistryReader
  /// The most bytes that an artifact may have in all.
  let limit: Int
  let time: any TimeSource

  func callAsFunction(_ request: PushRequest, recorder: Recorder) async throws(Problem) -> PushedModel {
    try check(request.files)
    let count = JSON(request.files.count)
    return try await recorder.record(.push, of: request.name.description, details: ["files": count]) {
      () async throws(Problem) in
      var files: [ArtifactFile] = []
      var left = limit
      for file in request.files {
        let bytes = try await blobs.read(file.blob, limit: left)
        left -= bytes.count
        files.append(ArtifactFile(path: file.path, bytes: bytes[...]))
      }
      let digest = try await digest(of: request.files)
      var details: [String: JSON] = ["artifact": .string(digest.description), "bytes": JSON(limit - left)]
      let seal: PushedSeal?
      let promotion: TakenPromotion?
      do throws(Problem) {
        promotion = try await self.promotion(request, of: digest)
        seal = try PushedSeal(
          of: files, digests: request.files, trusting: try await seals.trusted(),
          revoked: try await seals.revocations())
      } catch {
        return .refused(error, details: details)
      }
      details["sealedBy"] = seal.map { .string($0.key.hint) }
      details["promotion"] = promotion?.details
      let pushed = PushedModel(
        request, digest: digest, artifact: Artifact(files: seal?.covered(files) ?? files),
        sealedBy: seal?.key.hint, promotion: promotion)
      return .done(pushed, details: details)
    }
  }

  /// What another platform says of the artifact; nil where the push names no statement of one.
  private func promotion(_ request: PushRequest, of artifact: Digest) async throws(Problem) -> TakenPromotion?
  {
    guard let statement = request.promotion else { return nil }
    return try TakenPromotion(
      try await blobs.read(statement, limit: SignedStatement.sizeLimit), statement, of: artifact,
      as: request.name,
      in: try await registry.environment(), trusting: try await seals.trusted(), now: time.now())
  }

  /// One file at the empty path, or several at paths that stay inside the artifact.
  private func check(_ files: [PushedFile]) throws(Problem) {
    guard !files.isEmpty else {
      throw Problem(.badInput, "push.no-files", "expected at least one file, found none")
    }
    guard files.count <= 10_000 else {
      throw Problem(
        .tooLarge, "push.too-many-files", "expected at most 10000 files, found \(files.count)")
    }
    if files.count == 1, files[0].path.isEmpty { return }
    var seen: Set<String> = []
    for file in files {
      let parts = file.path.split(separator: "/", omittingEmptySubsequences: false)
      guard parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }), file.path.utf8.count <= 1024,
        !file.path.utf8.contains(0)
      else {
        throw Problem(
          .badInput, "push.bad-path",
          "expected a relative path of plain components, found '\(file.path.prefix(200))'")
      }
      guard seen.insert(file.path).inserted else {
        throw Problem(.badInput, "push.duplicate-path", "expected each path once, found '\(file.path)' again")
      }
    }
  }

  /// A single file is known by its own digest; a directory by that of the canonical list of its files, which
  /// is kept as a blob so that the artifact can be put together again from its digest alone.
  private func digest(of files: [PushedFile]) async throws(Problem) -> Digest {
    if files.count == 1, files[0].path.isEmpty { return files[0].blob }
    return try await blobs.keep(PushedFile.list(files))
  }
}
