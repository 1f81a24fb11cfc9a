import ArgumentParser
import Domain
import Encoding
import Provenance
import Storage

/// Where the passphrase of the platform's private keys is: in a file, never on the command line.
struct PassphraseOption: ParsableArguments {
  @Option(
    help: """
      A file (mode 600) with the passphrase of the platform's private keys (default: $GATEHOUSE_PASSPHRASE_FILE, else \
      the systemd credential 'gatehouse-passphrase').
      """)
  var passphraseFile: String?

  /// The passphrase; nil where none is named.
  ///
  /// Throws `passphrase.missing` where a file is named that is not there, and the problems of `SecretFile` and `Passphrase`.
  func passphrase() throws(Problem) -> Passphrase? {
    if let path = passphraseFile ?? Environment["GATEHOUSE_PASSPHRASE_FILE"] { return try Self.read(path) }
    guard let directory = Environment["CREDENTIALS_DIRECTORY"] else { return nil }
    // One of several credentials of a unit, which need not have this.
    let path = "\(directory)/gatehouse-passphrase"
    return try SecretFile.readCredential(path).map { text throws(Problem) in try Passphrase(parsing: text) }
  }

  static func read(_ path: String) throws(Problem) -> Passphrase {
    let whole = DataDirectory.absolute(path)
    guard let text = try isCredential(whole) ? SecretFile.readCredential(whole) : SecretFile.read(whole)
    else {
      throw Problem(
        .notFound, "passphrase.missing", "expected a file with a passphrase, found none", subject: path)
    }
    return try Passphrase(parsing: text)
  }

  /// Whether a path is that of a credential of this service, by whichever name: `--passphrase-file %d/NAME` in a unit.
  private static func isCredential(_ path: String) -> Bool {
    guard let directory = Environment["CREDENTIALS_DIRECTORY"], !directory.isEmpty else { return false }
    return path.hasPrefix("\(directory)/") && !path.dropFirst(directory.count + 1).contains("/")
  }
}

/// `gatehouse seal-keys encrypt`.
struct EncryptKeysCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encrypt",
    abstract: "Encrypt the private keys of a stopped platform where they stand, or under another passphrase.",
    discussion: """
      Keys of seals and of the ledger become 'ENCRYPTED PRIVATE KEY' files, which 'openssl pkey' reads. What is cut off \
      is finished by the same command. The blocks of the former files may be on the disk still: after keys lay there in \
      the clear, rotate them.
      """)

  @OptionGroup var passphrase: PassphraseOption

  @Option(help: "A file (mode 600) with the passphrase that takes the place of the former.")
  var newPassphraseFile: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var data: DataOption

  func run() async throws {
    guard let present = try passphrase.passphrase() else {
      throw Problem(
        .usage, "passphrase.none", "expected a file with a passphrase, found none named",
        hint: "name it by --passphrase-file")
    }
    let next = try newPassphraseFile.map { path throws(Problem) in try PassphraseOption.read(path) }
    // Nobody reads or makes a key meanwhile.
    let lock = try DirectoryLock(path: data.directory.lock)
    defer { withExtendedLifetime(lock) {} }
    let replaced = try KeyEncryption(directory: data.directory.keys).encrypt(
      under: next ?? present, formerly: next == nil ? nil : present)
    if json { return Console.data(["encrypted": .array(replaced.map { .string($0) })]) }
    for name in replaced { Console.data(name) }
    Console.prose(
      replaced.isEmpty ? "all keys were under that passphrase already" : "encrypted \(replaced.count) keys")
  }
}
