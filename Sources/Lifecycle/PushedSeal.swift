import Artifacts
import Domain
import Provenance

/// The seal that an artifact brought along, verified: an OpenSSF Model Signing one, as `model_signing sign key` makes it.
struct PushedSeal {
  /// Where it stands in the pushed directory: by that tool's default, and by our own.
  static let paths = ["model.sig", SealedBundle.sealPath]
  /// The only files beside the seal itself that it need not be over.
  ///
  /// That tool leaves out what belongs to Git, whatever it is; what a seal says it has left out is never obeyed. These two are
  /// plain files that every checkout has. They are not looked at any further: nothing that no seal is over is inspected,
  /// lifted or kept as a part of the model.
  static let outside: Set<String> = [".gitattributes", ".gitignore"]

  /// The key that made it.
  let key: SealVerificationKey
  private let sealed: Set<String>

  /// Verifies the seal among the files of an artifact; nil where there is none.
  ///
  /// Throws, as refusals, `push.two-seals`, and the seal's own problem.
  init?(
    of files: [ArtifactFile], digests: [PushedFile], trusting keys: [SealVerificationKey],
    revoked: Revocations
  ) throws(Problem) {
    let seals = files.filter { Self.paths.contains($0.path) }
    guard let seal = seals.first else { return nil }
    guard seals.count == 1 else {
      throw Problem(
        .refused, "push.two-seals", "expected one seal, found '\(Self.paths.joined(separator: "' and '"))'",
        hint: "push the directory with the seal that is meant")
    }
    let others = digests.filter { $0.path != seal.path }
    do throws(Problem) {
      let verified = try SealVerifier.verify(
        seal: Array(seal.bytes),
        files: Dictionary(others.map { ($0.path, $0.blob) }, uniquingKeysWith: { first, _ in first }),
        trusting: keys, revoked: revoked, besides: Self.outside)
      key = verified.key
      sealed = Set(verified.files.keys)
    } catch {
      throw Problem(
        .refused, error.code, error.message, subject: error.subject ?? seal.path, position: error.position,
        hint: error.code == "seal.untrusted-key"
          ? "have an administrator trust the key with 'gatehouse seal-keys trust FILE', or push without the seal"
          : error.hint, cause: error.cause)
    }
  }

  /// Those of the files that the seal is over.
  func covered(_ files: [ArtifactFile]) -> [ArtifactFile] { files.filter { sealed.contains($0.path) } }
}
