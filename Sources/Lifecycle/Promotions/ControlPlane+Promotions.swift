public import Access
public import Domain
import Gates
import Provenance
import Statements

extension ControlPlane {
  /// Signs that a version may go to another environment, and says what to push there.
  ///
  /// Throws as `Promote` does.
  public func promote(
    _ reference: VersionReference, to target: EnvironmentName, by actor: Actor
  ) async throws(Problem) -> PromotedVersion {
    try await perform(by: actor, .deploy, on: .model(reference.name)) {
      [promote] recorder async throws(Problem) in
      try await promote(reference, to: target, recorder: recorder)
    }
  }

  /// Opens a file that a version is made of, to be taken to another environment by a statement of its promotion.
  ///
  /// Without a promotion, which the ledger has, nothing is handed out. Throws `version.unknown`, and `blob.missing` for a blob that is none of its files, and
  /// for a statement that is none of its own.
  public func promotedFile(
    _ digest: Digest, of reference: VersionReference, by statement: Digest
  ) async throws(Problem) -> any BlobReader {
    let version = try await registry.version(reference)
    var isFile = false
    if try await isStated(version, by: statement) {
      if digest == statement {
        isFile = true
      } else {
        isFile = try await promote.files(of: version).contains(digest)
      }
    }
    guard isFile, let reader = try await blobs.open(digest) else {
      throw Problem(
        .notFound, "blob.missing",
        "expected a file of '\(reference)' by a statement of its promotion, found none",
        subject: digest.description, hint: "promote it: 'gatehouse promote \(reference) --to URL'")
    }
    return reader
  }

  /// Whether a blob is a statement of this platform that a version is promoted.
  private func isStated(_ version: ModelVersion, by statement: Digest) async throws(Problem) -> Bool {
    guard let status = try await blobs.status(of: statement), status.size <= SignedStatement.sizeLimit else {
      return false
    }
    let bytes = try await blobs.read(statement, limit: SignedStatement.sizeLimit)
    guard let signed = try? SignedStatement(verifying: bytes, trusting: try await seals.trusted()),
      let promotion = try? Promotion(signed.statement)
    else { return false }
    return promotion.from == (try await registry.environment()) && promotion.version == version.reference
      && promotion.bundle == version.bundle
  }

  /// Takes what the platform was started for, where nobody has said it before.
  ///
  /// It stays that: gates go by it, so that another word would be a way around them.
  func settle(_ environment: EnvironmentName?) async throws(Problem) {
    guard let environment else { return }
    guard let present = try await registry.environment() else {
      return try await recorder(for: .platform).note(
        .setEnvironment, of: environment.description,
        changes: [.governance(.promotion(.setEnvironment(environment, at: now())))])
    }
    guard present != environment else { return }
    throw Problem(
      .conflict, "environment.other",
      "expected a platform that is \(present), as its ledger says, found it started as \(environment)",
      hint: "leave --environment out, or start another platform with a data directory of its own")
  }
}
