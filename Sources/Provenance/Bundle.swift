public import Domain

/// One file of a bundle.
public struct BundleFile: Equatable, Sendable {
  /// Where it stands in the bundle, `/`-separated.
  public let path: String
  /// Its bytes.
  public let bytes: [UInt8]

  /// Puts bytes at a path; `UnsealedBundle` checks the path.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }
}

/// The files of a bundle before they are sealed: paths checked, in canonical order.
public struct UnsealedBundle: Equatable, Sendable {
  /// The files, sorted by the components of their paths.
  public let files: [BundleFile]
  /// The digest of each file, in the order of `files`.
  let fileDigests: [Digest]

  /// Takes the files of a bundle in any order.
  ///
  /// Throws `bundle.empty`, `bundle.malformed-path` or `bundle.duplicate-path`. A path has components of
  /// ASCII letters, digits, `.`, `_` and `-`; `seal.json` is the seal's own.
  public init(files: [BundleFile]) throws(Problem) {
    guard !files.isEmpty else {
      throw Problem(.badInput, "bundle.empty", "expected a bundle of at least one file, found none")
    }
    for file in files where !BundlePath.isValid(file.path) || file.path == SealedBundle.sealPath {
      throw Problem(
        .badInput, "bundle.malformed-path",
        "expected the path of a bundle's file: components of letters, digits, '.', '_' and '-', and not"
          + " '\(SealedBundle.sealPath)', found '\(file.path.prefix(120))'")
    }
    let sorted = files.sorted { BundlePath.precedes($0.path, $1.path) }
    for (file, next) in zip(sorted, sorted.dropFirst()) where file.path == next.path {
      throw Problem(
        .badInput, "bundle.duplicate-path", "expected each path of a bundle once, found '\(file.path)' twice")
    }
    self.files = sorted
    self.fileDigests = sorted.map { Digest(of: $0.bytes) }
  }

  /// The bytes of the file at a path; nil where there is none.
  public func bytes(at path: String) -> [UInt8]? { files.first { $0.path == path }?.bytes }

  /// The digest of each file, by its path.
  public var digests: [String: Digest] {
    Dictionary(zip(files.map(\.path), fileDigests), uniquingKeysWith: { first, _ in first })
  }

  /// The bytes of a file that every bundle has; throws `bundle.incomplete`.
  public func requiredBytes(at path: String) throws(Problem) -> [UInt8] {
    guard let bytes = bytes(at: path) else {
      throw Problem(
        .integrity, "bundle.incomplete", "expected '\(path)' in the bundle, found no such file",
        subject: digest.short)
    }
    return bytes
  }

  /// The digest of the bundle: SHA-256 over the raw digests of its files in canonical order.
  ///
  /// It is the digest of the one subject of an OpenSSF Model Signing statement. Paths do not go into it;
  /// the seal covers those.
  public var digest: Digest { Self.root(of: fileDigests) }

  static func root(of digests: some Sequence<Digest>) -> Digest {
    var hasher = DigestHasher()
    for digest in digests { hasher.update(digest.bytes) }
    return hasher.digest
  }
}

/// A bundle and the seal over it, as made by a sealing key or verified against a trusted one.
public struct SealedBundle: Equatable, Sendable {
  /// Where the seal stands among the files.
  public static let sealPath = "seal.json"

  /// The files that the seal covers.
  public let contents: UnsealedBundle
  /// The bytes of `seal.json`.
  public let seal: [UInt8]
  /// The key that made the seal.
  public let key: SealVerificationKey

  init(unchecked contents: UnsealedBundle, seal: [UInt8], key: SealVerificationKey) {
    self.contents = contents
    self.seal = seal
    self.key = key
  }

  /// Puts a seal to the files that it must be over; throws the seal's problem when it is not.
  public init(
    _ contents: UnsealedBundle, seal: [UInt8], trusting keys: [SealVerificationKey],
    revoked: Revocations = .none
  ) throws(Problem) {
    let verified = try SealVerifier.verify(
      seal: seal, files: contents.digests, trusting: keys, revoked: revoked)
    self.init(unchecked: contents, seal: seal, key: verified.key)
  }

  /// Takes all files of a bundle, the seal among them, as they were found somewhere.
  ///
  /// Throws `bundle.unsealed` where there is no seal, the seal's problem, or why the files are no bundle.
  public init(
    files: [BundleFile], trusting keys: [SealVerificationKey], revoked: Revocations = .none
  ) throws(Problem) {
    var files = files
    guard let place = files.firstIndex(where: { $0.path == Self.sealPath }) else {
      throw Problem(
        .integrity, "bundle.unsealed",
        "expected '\(Self.sealPath)' in the bundle, found no such file",
        hint: "use only what 'gatehouse push' has sealed")
    }
    let seal = files.remove(at: place).bytes
    let contents: UnsealedBundle
    do { contents = try UnsealedBundle(files: files) } catch {
      throw Problem(.integrity, error.code, error.message)
    }
    try self.init(contents, seal: seal, trusting: keys, revoked: revoked)
  }

  /// The digest of the bundle; the seal does not go into it.
  public var digest: Digest { contents.digest }

  /// Every file that belongs on a disk, the seal last: a directory without a seal is not a bundle yet.
  public var files: [BundleFile] {
    contents.files + [BundleFile(path: Self.sealPath, bytes: seal)]
  }
}
