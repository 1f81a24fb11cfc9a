import Domain
import Glibc
import Lifecycle
import Provenance
import Signers
import Storage

/// The private keys of seals of one platform: those in files, and those that other programs have.
struct PlatformKeys: SealKeyStore {
  private let files: SealKeyFiles
  private let signers: CommandSigners
  private let hasSigners: Bool

  init(_ directory: DataDirectory, passphrase: Passphrase?) throws(Problem) {
    files = SealKeyFiles(directory: directory.sealKeys, passphrase: passphrase)
    let settings = try Self.settings(directory.signers)
    signers = CommandSigners(settings)
    hasSigners = !settings.isEmpty
  }

  /// Whether there is any key here but the first: one that was made after it, or a program that signs.
  func mayHaveOthers() throws(Problem) -> Bool {
    if hasSigners { return true }
    return try files.hasKeys()
  }

  func signer(for hint: String) async throws(Problem) -> (any SealSigner)? {
    if let signer = try await files.signer(for: hint) { return signer }
    return try await signers.signer(for: hint)
  }

  func provide(_ source: SealKeySource) async throws(Problem) -> any SealSigner {
    switch source {
    case .file: try await files.provide(source)
    case .signer: try await signers.provide(source)
    }
  }

  /// What the operator says of signers: whoever can write that file has programs run as this user.
  private static func settings(_ path: String) throws(Problem) -> [SignerSettings] {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return [] }
    guard status.st_mode & 0o022 == 0, status.st_uid == geteuid() || status.st_uid == 0 else {
      throw Problem(
        .integrity, "file.writable-by-others",
        "expected a file that only this user or root may write, found one that others may", subject: path,
        hint: "chmod go-w it")
    }
    do throws(Problem) {
      return try SignerSettings.parse(try DurableFile.read(path, limit: 1 << 16) ?? [])
    } catch {
      var problem = error
      problem.subject = path
      throw problem
    }
  }
}
