import ArgumentParser
import Distribution
import Domain
import Packaging

/// How a command reaches a registry of images and proves who asks.
struct RegistryOptions: ParsableArguments {
  @Option(
    help:
      "A file with 'USER:PASSWORD', or JSON as docker and podman write it (default: the files of those two).")
  var credentials: String?

  @Option(help: "A PEM file with the certificate authority to trust (default: the system's).")
  var ca: String?

  @Flag(help: "Speak to a registry beyond this machine in plain text, credentials and all.")
  var insecure = false

  /// Does `work` with a client of the repository that a reference names.
  func with<Result: Sendable>(
    _ reference: ImageReference, _ work: (RegistryClient) async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    var settings = RegistryClient.Settings()
    settings.allowsPlainText = insecure
    settings.authorities = ca
    settings.credentials = try known(to: reference)
    return try await RegistryClient.with(reference, settings, work)
  }

  /// What is known of us at a registry: by the file that was named, else by the first of the usual ones that knows it.
  private func known(to reference: ImageReference) throws(Problem) -> RegistryLogins {
    if let credentials { return try Self.read(credentials) }
    for path in Self.usual where LocalFiles.kind(of: path).isFile {
      let found = try Self.read(path)
      if found.know(reference) { return found }
    }
    return RegistryLogins()
  }

  private static func read(_ path: String) throws(Problem) -> RegistryLogins {
    do { return try RegistryLogins(parsing: try LocalFiles.read(path, limit: 1 << 20)) } catch {
      var problem = error
      problem.subject = path
      throw problem
    }
  }

  /// Where podman (`containers-auth.json(5)`) and docker keep them, in the order in which podman looks.
  private static var usual: [String] {
    let home = Environment["HOME"]
    return [
      Environment["REGISTRY_AUTH_FILE"], Environment["XDG_RUNTIME_DIR"].map { "\($0)/containers/auth.json" },
      (Environment["XDG_CONFIG_HOME"] ?? home.map { "\($0)/.config" }).map { "\($0)/containers/auth.json" },
      (Environment["DOCKER_CONFIG"] ?? home.map { "\($0)/.docker" }).map { "\($0)/config.json" },
    ].compactMap(\.self)
  }
}

/// Where an image is that somebody names on the command line.
enum ImageSource {
  case layout(String)
  case registry(ImageReference)

  /// Reads what was typed; nil where it is neither.
  ///
  /// What is there on the disk is meant, unless `docker://` or `oci://` stands before it; else what begins with a host.
  /// Throws `image.malformed-reference` where something is marked as a reference and is none.
  init?(_ text: String) throws(Problem) {
    if ImageReference.isMarked(text) {
      self = .registry(try ImageReference(parsing: text))
      return
    }
    switch LocalFiles.kind(of: text) {
    case .directory where LocalFiles.kind(of: "\(text)/oci-layout").isFile: self = .layout(text)
    case .missing:
      guard let reference = try? ImageReference(parsing: text) else { return nil }
      self = .registry(reference)
    default: return nil
    }
  }
}
