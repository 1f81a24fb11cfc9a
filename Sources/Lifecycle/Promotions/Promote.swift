import Access
public import Domain
public import Encoding
public import Gates
import Lifting
import Provenance
import Statements
import Synchronization

/// A version that may be taken to another environment: what to push there.
public struct PromotedVersion: Sendable {
  /// The signed statement; the blob is kept.
  public let statement: Digest
  /// From where it is promoted.
  public let from: EnvironmentName
  /// What a push of it brings along there, as the HTTP face takes it.
  public let push: JSON
  /// The blobs that have to be there before.
  public let blobs: [Digest]
}

/// Says, signed, that a version may go to another environment, and with what.
struct Promote: Sendable {
  let registry: any RegistryReader & LedgerReader
  let blobs: any BlobStore
  let seals: Seals
  let rules: AccessRules
  let time: any TimeSource
  private let latest = LatestArtifact()

  /// Signs the statement; nothing changes here but the ledger.
  ///
  /// A crash after the statement is kept and before the entry leaves a blob that nothing names; it is collected.
  /// Throws `version.unknown`, `environment.unset`, `promotion.same-environment`, and as `Seals.requireServable` does.
  func callAsFunction(
    _ reference: VersionReference, to target: EnvironmentName, recorder: Recorder
  ) async throws(Problem) -> PromotedVersion {
    let version = try await registry.version(reference)
    guard let here = try await registry.environment() else { throw Problem.noEnvironment }
    guard here != target else {
      throw Problem(
        .conflict, "promotion.same-environment",
        "expected another environment than \(here), which this platform is, found it",
        subject: reference.description, hint: "promote to the platform of another environment")
    }
    return try await recorder.record(
      .promote, of: reference.description, details: ["to": .string(target.description)]
    ) {
      () async throws(Problem) in
      do throws(Problem) {
        try await seals.requireServable(version)
        if let mark = try await registry.mark(of: reference) { throw Problem.markedForPromotion(mark) }
      } catch {
        return .refused(error)
      }
      let now = time.now()
      let promotion = Promotion(
        from: here, to: target, version: version, promotedAt: now, promotedBy: recorder.principal,
        servedFor: try await served(version, until: now),
        approvals: try await registry.approvals(of: reference).filter {
          $0.approval?.digest == version.bundle
        }.map(\.by),
        isTested: try await registry.tests(of: reference)?.isPassed)
      let signer = try await seals.signer()
      let statement = promotion.statement
      let signed = try SignedStatement(
        statement, by: signer.verificationKey, signature: try await signer.sign(statement.message))
      let digest = try await blobs.keep(signed.bytes)
      return .done(
        try await promoted(version, digest, from: here),
        details: [
          "to": .string(target.description), "from": .string(here.description),
          "statement": .string(digest.description), "artifact": .string(version.artifact.description),
          "bundle": .string(version.bundle.description), "key": .string(signer.verificationKey.hint),
        ])
    }
  }

  /// The blobs that a version may be made again from elsewhere: its artifact's, its tests', what its training data looked like.
  func files(of version: ModelVersion) async throws(Problem) -> Set<Digest> {
    var files: Set<Digest>
    if let known = latest.files(of: version.artifact) {
      files = known
    } else {
      files = Set(try await ArtifactList.pushed(version.artifact, in: blobs).map(\.blob))
      latest.keep(files, of: version.artifact)
    }
    if let tests = try await registry.tests(of: version.reference) {
      files.insert(tests.plan)
      if let data = tests.data { files.insert(data.digest) }
    }
    if let reference = try await registry.trainingReference(of: version.reference) { files.insert(reference) }
    return files
  }

  private func promoted(
    _ version: ModelVersion, _ statement: Digest, from here: EnvironmentName
  ) async throws(Problem) -> PromotedVersion {
    let reference = version.reference
    let artifact = try await ArtifactList.pushed(version.artifact, in: blobs)
    var push: [String: JSON] = [
      "files": .array(
        artifact.map { ["path": .string($0.path), "digest": .string($0.blob.description)] }),
      "trainingData": version.trainingData.json, "promotion": .string(statement.description),
    ]
    // Who owns it there and who can reach it is of that environment; what its data are is the same everywhere.
    let facts = ModelFacts(dataClass: try await registry.facts(of: reference.name).dataClass)
    if facts != ModelFacts() { push["facts"] = facts.json }
    let project = try await rules.current().project(of: reference.name)
    if project != .standard { push["project"] = .string(project.description) }
    if let tests = try await registry.tests(of: reference) {
      push["tests"] = StatedTests(plan: tests.plan, data: tests.data, seed: tests.seed).json
    }
    push["reference"] = try await registry.trainingReference(of: reference).map { .string($0.description) }
    if try await needsEngine(reference) { push["engine"] = .string(LiftEngine.onnxRuntime.rawValue) }
    return PromotedVersion(
      statement: statement, from: here, push: .object(push),
      blobs: try await files(of: version).sorted { $0.description < $1.description })
  }

  /// Whether an engine of others runs it, as the ledger says of its lifting.
  private func needsEngine(_ reference: VersionReference) async throws(Problem) -> Bool {
    guard let signed = try await registry.signing(of: reference) else { return false }
    return try await registry.done(.lift, on: reference.name, until: nil).contains {
      $0.entry.trace == signed.entry.trace && $0.entry.details["runner"] != nil
    }
  }

  /// For how long a version has been the live one, in milliseconds, by the ledger.
  private func served(_ version: ModelVersion, until now: Timestamp) async throws(Problem) -> Int64 {
    let moves = try await History(ledger: registry)(of: version.reference.name).served
    var total: Int64 = 0
    for (place, move) in moves.enumerated()
    where move.version == version.reference && move.bundle == version.bundle {
      let end = place + 1 < moves.count ? moves[place + 1].time : now
      let (span, overflow) = end.milliseconds.subtractingReportingOverflow(move.time.milliseconds)
      // A clock that was set back makes nobody serve for longer.
      guard !overflow, span > 0 else { continue }
      let (sum, isTooLong) = total.addingReportingOverflow(span)
      total = isTooLong ? .max : sum
    }
    return total
  }
}

/// The files of the artifact that was asked for last: a directory of thousands is fetched one by one, and its list read once.
private final class LatestArtifact: Sendable {
  private let kept = Mutex<(artifact: Digest, files: Set<Digest>)?>(nil)

  func files(of artifact: Digest) -> Set<Digest>? {
    kept.withLock { $0?.artifact == artifact ? $0?.files : nil }
  }

  func keep(_ files: Set<Digest>, of artifact: Digest) { kept.withLock { $0 = (artifact, files) } }
}

extension RegistryReader {
  /// What this platform is there for; nil where nobody has said.
  public func environment() async throws(Problem) -> EnvironmentName? {
    guard let record = try await record(.environment, PromotionChange.here) else { return nil }
    guard let text = record.value.string else { throw Problem.noEnvironment }
    return try EnvironmentName(parsing: text)
  }

  /// From where the versions of a model were promoted that were.
  public func promotions(of name: ModelName) async throws(Problem) -> [PromotionRecord] {
    var all: [PromotionRecord] = []
    for record in try await governance(.promotion, startingWith: "\(name)@") {
      all.append(try PromotionRecord(json: record.value))
    }
    return all
  }

  /// From where a version was promoted; nil where it was not.
  public func promotion(of version: VersionReference) async throws(Problem) -> PromotionRecord? {
    guard let record = try await record(.promotion, version.description) else { return nil }
    return try PromotionRecord(json: record.value)
  }
}

extension Problem {
  static let noEnvironment = Problem(
    .conflict, "environment.unset",
    "expected a platform that says what it is there for, found one that does not",
    hint: "start it with 'gatehouse serve --environment NAME', such as staging or production")

  fileprivate static func markedForPromotion(_ mark: VersionMark) -> Problem {
    Problem(
      .refused, "promotion.marked",
      "expected a version that nobody rolled back from, found '\(mark.version)': \(mark.reason) (\(mark.by), \(mark.at))",
      subject: mark.version.description, hint: "promote a mended version")
  }
}
