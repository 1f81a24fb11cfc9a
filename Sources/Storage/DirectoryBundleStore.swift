public import Domain
public import Lifecycle
public import Provenance

/// Sealed bundles as directories named by their digests, for a data plane to open.
///
/// Readable by the group of the store's directory: the data plane may be of another user.
public actor DirectoryBundleStore: BundleStore {
  private static let fileLimit = 4096
  private static let fileMode: UInt32 = 0o640
  private static let directoryMode: UInt32 = 0o750
  private static let depthLimit = 16
  private static let sizeLimit = 4 << 30

  private nonisolated let directory: String
  private let disk: Disk
  private let executor = DiskExecutor()

  /// Runs on a thread that may block.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  /// Opens the store in `directory`; makes it where it is missing and removes what a crash left unfinished.
  public init(directory: String) throws(Problem) {
    try self.init(directory: directory, disk: Disk())
  }

  init(directory: String, disk: Disk) throws(Problem) {
    self.directory = directory
    self.disk = disk
    try disk.createDirectory(directory)
    try disk.removeUnfinished(in: directory)
  }

  /// Opens the store in `directory` to be read alone, beside the process that writes it; changes nothing.
  public init(reading directory: String) {
    self.directory = directory
    self.disk = Disk()
  }

  /// The path where the bundle with this digest stands or would stand.
  public nonisolated func path(of bundle: Digest) -> String { "\(directory)/\(bundle.hexadecimal)" }

  /// Puts a bundle in its place; answers with the path of the directory.
  public func publish(_ bundle: SealedBundle) throws(Problem) -> String {
    let path = path(of: bundle.digest)
    if try DirectoryListing.kind(of: path) == .directory {
      try mend(path, to: bundle)
    } else {
      let unfinished = "\(directory)/\(DiskPath.unfinished())"
      do throws(Problem) {
        try disk.createDirectory(unfinished, mode: Self.directoryMode)
        try fill(unfinished, with: bundle)
        // Every file and every name in it is durable by now. A crash before this leaves an unfinished
        // directory, which the next start removes.
        try disk.rename(unfinished, to: path)
      } catch {
        try? disk.removeTree(unfinished)
        throw error
      }
    }
    // A crash before this may lose the bundle again; nothing names it yet.
    try disk.syncDirectory(directory)
    return path
  }

  private func fill(_ target: String, with bundle: SealedBundle) throws(Problem) {
    var directories: Set<String> = [target]
    for file in bundle.files {
      let path = "\(target)/\(file.path)"
      try disk.createDirectory(DiskPath.parent(of: path), mode: Self.directoryMode)
      directories.insert(DiskPath.parent(of: path))
      let open = try disk.create(path, mode: Self.fileMode)
      try disk.write(file.bytes, to: open)
      try disk.sync(open)
    }
    for directory in directories.sorted() { try disk.syncDirectory(directory) }
  }

  /// Brings the directory of a bundle that is there already to exactly these bytes.
  ///
  /// Usually nothing or only the seal is to be replaced: the same files sealed once more. Each file is
  /// replaced whole, the seal last, so that a data plane that opens the directory meanwhile finds a bundle
  /// that verifies, or one that did not verify before either.
  private func mend(_ target: String, to bundle: SealedBundle) throws(Problem) {
    let wanted = Dictionary(bundle.files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { first, _ in first })
    for stranger in try contents(of: target) where wanted[stranger] == nil {
      try disk.remove("\(target)/\(stranger)")
    }
    for file in bundle.files {
      let path = "\(target)/\(file.path)"
      let found = try OpenFile.reading(path)?.bytes(limit: file.bytes.count)
      if found == file.bytes { continue }
      try disk.createDirectory(DiskPath.parent(of: path), mode: Self.directoryMode)
      // By way of the store's directory: an unfinished file in the bundle's would be one too many.
      try disk.replace(
        path, with: file.bytes, via: "\(directory)/\(DiskPath.unfinished())", mode: Self.fileMode)
      try disk.syncDirectory(DiskPath.parent(of: path))
    }
  }

  /// Verifies the bundle's seal and every file of it.
  public func verify(_ bundle: Digest, trusting keys: [SealVerificationKey]) throws(Problem) {
    let path = path(of: bundle)
    let sealBytes = try seal(of: bundle)
    var files: [String: Digest] = [:]
    for file in try contents(of: path) {
      guard let open = try OpenFile.reading("\(path)/\(file)") else { continue }
      files[file] = try open.digest()
    }
    do throws(Problem) {
      let verified = try SealVerifier.verify(seal: sealBytes, files: files, trusting: keys)
      guard verified.bundle == bundle else {
        throw Problem(
          .integrity, "bundle.misplaced",
          "expected the bundle \(bundle.short) under its name, found \(verified.bundle.short)")
      }
    } catch {
      throw error.about(path)
    }
  }

  /// The bytes of a bundle's seal, unverified.
  public func seal(of bundle: Digest) throws(Problem) -> [UInt8] {
    let path = path(of: bundle)
    guard let seal = try OpenFile.reading("\(path)/\(SealedBundle.sealPath)") else {
      throw Problem(
        .integrity, "bundle.missing", "expected the sealed bundle \(bundle.short), found none", subject: path,
        hint: "restore the directory from a backup, or push the artifact again")
    }
    guard let bytes = try seal.bytes(limit: SealVerifier.sealSizeLimit) else {
      throw Problem(
        .integrity, "seal.malformed",
        "expected a seal of at most \(SealVerifier.sealSizeLimit) bytes, found more", subject: path)
    }
    return bytes
  }

  /// The whole bundle, its seal verified; each file is read once.
  public func sealed(_ bundle: Digest, trusting keys: [SealVerificationKey]) throws(Problem) -> SealedBundle {
    let path = path(of: bundle)
    // For what is said where there is none.
    _ = try seal(of: bundle)
    var files: [BundleFile] = []
    var left = Self.sizeLimit
    for file in try contents(of: path) {
      guard let bytes = try OpenFile.reading("\(path)/\(file)")?.bytes(limit: left) else {
        throw Problem(
          .tooLarge, "bundle.too-large", "expected a bundle of at most \(Self.sizeLimit) bytes, found more",
          subject: path)
      }
      left -= bytes.count
      files.append(BundleFile(path: file, bytes: bytes))
    }
    let sealed: SealedBundle
    do { sealed = try SealedBundle(files: files, trusting: keys) } catch { throw error.about(path) }
    guard sealed.digest == bundle else {
      throw Problem(
        .integrity, "bundle.misplaced",
        "expected the bundle \(bundle.short) under its name, found \(sealed.digest.short)", subject: path)
    }
    return sealed
  }

  /// The paths of all files in a bundle's directory.
  ///
  /// Throws `bundle.foreign-file` on anything but files and directories: a link could show other bytes to each
  /// reader.
  private func contents(of root: String) throws(Problem) -> [String] {
    var files: [String] = []
    var pending: [(prefix: String, depth: Int)] = [("", 0)]
    while let (prefix, depth) = pending.popLast() {
      for entry in try DirectoryListing.entries(of: "\(root)/\(prefix)") {
        let path = prefix + entry.name
        guard files.count < Self.fileLimit, depth < Self.depthLimit, entry.kind != .other else {
          throw Problem(
            .integrity, "bundle.foreign-file",
            "expected at most \(Self.fileLimit) regular files, \(Self.depthLimit) levels deep, found"
              + " '\(path.prefix(120))' beyond that", subject: root)
        }
        if entry.kind == .directory {
          pending.append((path + "/", depth + 1))
        } else {
          files.append(path)
        }
      }
    }
    return files.sorted()
  }

  /// All bundles, sorted.
  public func digests() throws(Problem) -> [Digest] {
    try DirectoryListing.entries(of: directory).compactMap { Digest(hexadecimal: $0.name) }.sorted()
  }
}

extension Problem {
  /// The same problem, told of a directory.
  fileprivate func about(_ directory: String) -> Problem {
    var problem = self
    problem.subject = subject.map { "\(directory)/\($0)" } ?? directory
    return problem
  }
}
