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

  /// Opens a file that a version is made of, to be taken to another environment.
  ///
  /// Throws `version.unknown`, and `blob.missing` for a blob that is none of its files.
  public func promotedFile(
    _ digest: Digest, of reference: VersionReference
  ) async throws(Problem) -> any BlobReader {
    let version = try await registry.version(reference)
    guard try await isFile(digest, of: version), let reader = try await blobs.open(digest) else {
      throw Problem(
        .notFound, "blob.missing", "expected a file of '\(reference)', found that \(digest.short) is none",
        subject: digest.description)
    }
    return reader
  }

  private func isFile(_ digest: Digest, of version: ModelVersion) async throws(Problem) -> Bool {
    if try await promote.files(of: version).contains(digest) { return true }
    // The statements of its promotions are found by what they are about.
    guard let status = try await blobs.status(of: digest), status.size <= SignedStatement.sizeLimit else {
      return false
    }
    let bytes = try await blobs.read(digest, limit: SignedStatement.sizeLimit)
    guard let signed = try? SignedStatement(verifying: bytes, trusting: try await seals.trusted()),
      let promotion = try? Promotion(signed.statement)
    else { return false }
    return promotion.version == version.reference && promotion.bundle == version.bundle
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
