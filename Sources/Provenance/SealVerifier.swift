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
  /// itself, and files at the paths `outside` need not be sealed. Nothing that the seal says is obeyed, in particular none of its `ignore_paths`. What was revoked
  /// does not hold, whoever is trusted: neither a key, which is asked for first, nor the bundle.
  ///
  /// Throws `seal.malformed`, `seal.revoked-key`, `seal.untrusted-key`, `seal.bad-signature`, `seal.file-changed`,
  /// `seal.file-missing`, `seal.file-extra` or `bundle.revoked`.
  public static func verify(
    seal: [UInt8], files: [String: Digest], trusting keys: [SealVerificationKey],
    revoked: Revocations = .none, besides outside: Set<String> = []
  ) throws(Problem) -> VerifiedSeal {
    let envelope = try SealEnvelope(parsing: seal)
    if let problem = revoked.problem(ofSealsBy: envelope.keyHint) { throw problem }
    guard let key = keys.first(where: { $0.hint == envelope.keyHint }) else {
      throw Problem(
        .integrity, "seal.untrusted-key",
        "expected a seal by one of \(keys.count) trusted keys, found one by key"
          + " '\(envelope.keyHint.prefix(12))…'",
        hint: "compare with the SHA-256 of the public key file; trust the key only if you know whose it is")
    }
    let signed = SealFormat.preAuthenticationEncoding(of: envelope.payload)
    guard key.isValid(envelope.signature, for: signed) else {
      throw badSignature(of: key)
    }
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
    try SealEnvelope(parsing: seal).keyHint
  }

  static func badSignature(of key: SealVerificationKey) -> Problem {
    Problem(
      .integrity, "seal.bad-signature",
      "expected a signature by key '\(key.hint.prefix(12))…' over the seal's statement, found one that does"
        + " not verify")
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

/// The outer layers of a seal, read strictly: no member that this does not know, one signature.
private struct SealEnvelope {
  let keyHint: String
  let payload: [UInt8]
  let signature: [UInt8]

  init(parsing bytes: [UInt8]) throws(Problem) {
    guard bytes.count <= SealVerifier.sealSizeLimit else {
      throw malformed(
        "expected a seal of at most \(SealVerifier.sealSizeLimit) bytes, found \(bytes.count)")
    }
    let bundle = SealNode(try parseJSON(bytes, in: "the seal"), "")
    try bundle.requireMembers(["mediaType", "verificationMaterial", "dsseEnvelope"])
    try bundle.member("mediaType").requireText(SealFormat.mediaType)

    let material = try bundle.member("verificationMaterial")
    try material.requireMembers(["publicKey", "tlogEntries"])
    guard try material.member("tlogEntries").array().isEmpty else {
      throw malformed("expected no entries at '/verificationMaterial/tlogEntries' of a seal made by a key")
    }
    let publicKey = try material.member("publicKey")
    try publicKey.requireMembers(["hint"])
    keyHint = try publicKey.member("hint").text()

    let envelope = try bundle.member("dsseEnvelope")
    try envelope.requireMembers(["payload", "payloadType", "signatures"])
    try envelope.member("payloadType").requireText(SealFormat.payloadType)
    payload = try envelope.member("payload").base64()
    let signature = try envelope.member("signatures").onlyElement()
    try signature.requireMembers(["sig", "keyid"])
    try signature.member("keyid").requireText("")
    self.signature = try signature.member("sig").base64()
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
    let statement = SealNode(try parseJSON(payload, in: "the seal's statement"), "")
    try statement.member("_type").requireText(SealFormat.statementType)
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
        throw malformed("expected the path of a bundle's file, found '\(path.prefix(120))'")
      }
      // Strictly ascending, so that no path can occur twice and the root has one meaning.
      if let last = resources.last, !BundlePath.precedes(last.path, path) {
        throw malformed(
          "expected '\(path)' before '\(last.path)', in canonical order and once, found it after")
      }
      resources.append(Resource(path: path, digest: try element.member("digest").digest()))
    }
    guard !resources.isEmpty else { throw malformed("expected at least one sealed file, found none") }
    let found = UnsealedBundle.root(of: resources.map(\.digest))
    guard found == root else {
      throw malformed(
        "expected the sealed files to make up \(root.short), found that they make \(found.short)")
    }
    self.resources = resources
  }
}

/// A value of a JSON document together with its JSON Pointer, so that every complaint can say where.
private struct SealNode {
  private let value: JSON
  private let pointer: String

  init(_ value: JSON, _ pointer: String) {
    self.value = value
    self.pointer = pointer
  }

  func member(_ name: String) throws(Problem) -> SealNode {
    guard let member = value[name] else {
      throw malformed("expected a member '\(name)' at '\(pointer)', found none")
    }
    return SealNode(member, "\(pointer)/\(name)")
  }

  func requireMembers(_ names: Set<String>) throws(Problem) {
    guard let members = value.object else { throw unexpected("an object") }
    if let stranger = members.keys.filter({ !names.contains($0) }).min() {
      throw malformed("expected only known members at '\(pointer)', found '\(stranger.prefix(40))'")
    }
  }

  func text() throws(Problem) -> String {
    guard let text = value.string else { throw unexpected("a string") }
    return text
  }

  func requireText(_ expected: String) throws(Problem) {
    let found = try text()
    // By bytes: Swift's own comparison of strings would take canonically equivalent spellings for equal.
    guard found.utf8.elementsEqual(expected.utf8) else {
      throw malformed("expected '\(expected)' at '\(pointer)', found '\(found.prefix(80))'")
    }
  }

  func base64() throws(Problem) -> [UInt8] {
    guard let bytes = Base64.decode(try text()) else { throw unexpected("base 64 with padding") }
    return bytes
  }

  func digest() throws(Problem) -> Digest {
    guard let digest = Digest(hexadecimal: try text()) else {
      throw unexpected("64 lower-case hexadecimal digits")
    }
    return digest
  }

  func array() throws(Problem) -> [JSON] {
    guard let elements = value.array else { throw unexpected("an array") }
    return elements
  }

  func elements() throws(Problem) -> [SealNode] {
    try array().enumerated().map { SealNode($1, "\(pointer)/\($0)") }
  }

  func onlyElement() throws(Problem) -> SealNode {
    let elements = try elements()
    guard let only = elements.first, elements.count == 1 else {
      throw malformed("expected exactly one element at '\(pointer)', found \(elements.count)")
    }
    return only
  }

  private func unexpected(_ expected: String) -> Problem {
    let found = value.string.map { "'\($0.prefix(40))'" } ?? value.kind
    return malformed("expected \(expected) at '\(pointer)', found \(found)")
  }
}

private func parseJSON(_ bytes: [UInt8], in place: String) throws(Problem) -> JSON {
  do { return try JSON(parsing: bytes, limits: JSONLimits(depth: 16, values: 100_000)) } catch {
    throw malformed("\(error.description) of \(place)")
  }
}

private func malformed(_ message: String) -> Problem { Problem(.integrity, "seal.malformed", message) }
