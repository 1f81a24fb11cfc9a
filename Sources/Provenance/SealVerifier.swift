import Encoding
public import Domain

/// Verifies the seals of bundles.
public enum SealVerifier {
  /// The largest seal that is read, in bytes: enough for thousands of files.
  public static let sealSizeLimit = 1 << 20

  /// Holds a seal against the digests of the files that are there.
  ///
  /// In this order: the envelope's form, that its key is one of `keys`, the signature over the payload, and
  /// only then the payload: its form, the bundle's digest, and every file. `files` may contain the seal
  /// itself, and files at the paths `outside` need not be sealed. Nothing that the seal says is obeyed, in particular none
  /// of its `ignore_paths`. What was revoked does not hold, whoever is trusted: neither a key, which is asked for first, nor
  /// the bundle.
  ///
  /// Throws `seal.malformed`, `seal.revoked-key`, `seal.untrusted-key`, `seal.bad-signature`, `seal.file-changed`,
  /// `seal.file-missing`, `seal.file-extra` or `bundle.revoked`.
  public static func verify(
    seal: [UInt8], files: [String: Digest], trusting keys: [SealVerificationKey],
    revoked: Revocations = .none, besides outside: Set<String> = []
  ) throws(Problem) -> VerifiedSeal {
    let envelope = try SignedEnvelope(parsing: seal, as: .seal)
    if let problem = revoked.problem(ofSealsBy: envelope.keyHint) { throw problem }
    let key = try envelope.signer(among: keys)
    let statement = try SealStatement(parsing: envelope.payload)
    try compare(statement.resources, with: files, besides: outside)
    if let problem = revoked.problem(of: statement.root) { throw problem }
    return VerifiedSeal(
      bundle: statement.root, name: statement.name, key: key,
      files: Dictionary(
        statement.resources.map { ($0.path, $0.digest) }, uniquingKeysWith: { first, _ in first }))
  }

  /// How a seal names the key that it says it is by; nothing of it is verified.
  ///
  /// Throws `seal.malformed`.
  public static func keyHint(of seal: [UInt8]) throws(Problem) -> String {
    try SignedEnvelope(parsing: seal, as: .seal).keyHint
  }

  private static func compare(
    _ resources: [SealStatement.Resource], with files: [String: Digest], besides outside: Set<String>
  ) throws(Problem) {
    var unsealed = files
    unsealed[SealedBundle.sealPath] = nil
    for resource in resources {
      guard let found = unsealed.removeValue(forKey: resource.path) else {
        throw Problem(
          .integrity, "seal.file-missing",
          "expected the sealed file '\(resource.path)' (\(resource.digest.short)), found no such file",
          subject: resource.path)
      }
      guard found == resource.digest else {
        throw Problem(
          .integrity, "seal.file-changed",
          "expected '\(resource.path)' to be \(resource.digest.short) as it was sealed, found \(found.short)",
          subject: resource.path)
      }
    }
    if let extra = unsealed.keys.filter({ !outside.contains($0) }).min() {
      throw Problem(
        .integrity, "seal.file-extra",
        "expected only files that are sealed, found '\(extra.prefix(120))', which is not",
        subject: String(extra.prefix(120)))
    }
  }
}

/// The statement that a seal signs.
///
/// Members beyond those of version 1.0 are left alone, as its text asks.
private struct SealStatement {
  struct Resource {
    let path: String
    let digest: Digest
  }

  let name: String
  let root: Digest
  let resources: [Resource]

  init(parsing payload: [UInt8]) throws(Problem) {
    let statement = try DocumentNode(parsing: payload, as: .seal, in: "the seal's statement")
    try statement.member("_type").requireText(Statement.type)
    try statement.member("predicateType").requireText(SealFormat.predicateType)
    let subject = try statement.member("subject").onlyElement()
    name = try subject.member("name").text()
    root = try subject.member("digest").member("sha256").digest()

    let predicate = try statement.member("predicate")
    let serialization = try predicate.member("serialization")
    try serialization.member("method").requireText("files")
    try serialization.member("hash_type").requireText("sha256")

    var resources: [Resource] = []
    for element in try predicate.member("resources").elements() {
      try element.member("algorithm").requireText("sha256")
      let path = try element.member("name").text()
      guard BundlePath.isValid(path), path != SealedBundle.sealPath else {
        throw SignedKind.seal.malformed("expected the path of a bundle's file, found '\(path.prefix(120))'")
      }
      // Strictly ascending, so that no path can occur twice and the root has one meaning.
      if let last = resources.last, !BundlePath.precedes(last.path, path) {
        throw SignedKind.seal.malformed(
          "expected '\(path)' before '\(last.path)', in canonical order and once, found it after")
      }
      resources.append(Resource(path: path, digest: try element.member("digest").digest()))
    }
    guard !resources.isEmpty else {
      throw SignedKind.seal.malformed("expected at least one sealed file, found none")
    }
    let found = UnsealedBundle.root(of: resources.map(\.digest))
    guard found == root else {
      throw SignedKind.seal.malformed(
        "expected the sealed files to make up \(root.short), found that they make \(found.short)")
    }
    self.resources = resources
  }
}
