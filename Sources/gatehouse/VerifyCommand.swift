import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import Serving
import Storage

/// `gatehouse verify`.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Verify a sealed bundle or an image, on this machine, without running anything of it.",
    discussion: """
      A bundle is its directory, or the name of a served model (NAME, NAME@VERSION, NAME@ALIAS); an image is the \
      directory of an OCI image layout, or a reference to one in a registry, HOST[:PORT]/REPOSITORY[:TAG|@sha256:…], \
      which is fetched for as long as it takes. What is on the disk by that name comes first. Each step is told as it holds; the first that does not ends the command \
      with exit status 5.
      """)

  @Argument(
    help: "A bundle's directory, a served model's name, an image layout's directory, or an image's reference."
  )
  var path: String

  @Option(
    help: "A public key that seals are trusted by; may be repeated (default: those that the platform trusts)."
  )
  var key: [String] = []

  @Option(
    help:
      "A signed list of what was revoked; may be repeated (default, without --key: what the platform has revoked)."
  )
  var revocations: [String] = []

  @Option(
    help:
      "The digest of a program that an image may have; may be repeated (default: gatehouse-runtime beside this one).",
    transform: { try Digest(parsing: $0) })
  var program: [Digest] = []

  @Option(help: "The name of the image in the layout (default: its only one).")
  var tag: String?

  @Flag(help: "Print the steps as JSON.")
  var json = false

  @OptionGroup var data: DataOption

  @OptionGroup var registry: RegistryOptions

  func run() async throws {
    var report = VerificationReport(isJSON: json)
    do {
      let keys = try await trustedKeys()
      let revoked = try await revoked(trusting: keys)
      switch try ImageSource(path) {
      case .layout(let path)?:
        let layout = DirectoryImageLayout(reading: path)
        try await verify(
          try layout.image(named: tag), try layout.manifests().map(\.manifest), in: layout, trusting: keys,
          revoked, &report)
      case .registry(let reference)?:
        guard tag == nil else { throw ImageSource.tagged(reference) }
        try await verifyImage(at: reference, trusting: keys, revoked, &report)
      case nil:
        guard let bundle = try await LocalBundle.path(of: path, data.directory) else {
          throw Problem(
            .notFound, "verify.nothing-there",
            "expected a bundle, a served model's name, an image layout or an image's reference, found none of them",
            subject: path)
        }
        let loader = BundleLoader(trusting: keys, revoked: revoked)
        let sealed = try loader.sealed(path: bundle)
        report.holds(
          "seals",
          "\(sealed.digest.short), \(sealed.files.count - 1) files, by key \(sealed.key.hint.prefix(12))…")
        try model(of: sealed, loader, &report)
      }
    } catch let problem as Problem {
      report.ends(with: problem)
      throw problem
    }
    report.ends(with: nil)
  }

  private func trustedKeys() async throws -> [SealVerificationKey] {
    guard !key.isEmpty else { return try await LocalBundle.trusted(nil, data.directory) }
    var keys: [SealVerificationKey] = []
    for file in key { keys.append(try KeyFiles.sealVerificationKey(at: file)) }
    return keys
  }

  private func revoked(trusting keys: [SealVerificationKey]) async throws -> Revocations {
    var revoked = key.isEmpty ? try await LocalBundle.revoked(data.directory) : .none
    for file in revocations {
      do {
        revoked.formUnion(
          try RevocationList.read(try LocalFiles.read(file, limit: RevocationList.fileLimit), trusting: keys))
      } catch {
        var problem = error
        problem.subject = problem.subject ?? file
        throw problem
      }
    }
    return revoked
  }

  /// Fetches an image of a registry to verify it.
  private func verifyImage(
    at reference: ImageReference, trusting keys: [SealVerificationKey], _ revoked: Revocations,
    _ report: inout VerificationReport
  ) async throws {
    try await TemporaryImageLayout.with(below: Environment["TMPDIR"] ?? "/tmp") { layout in
      let fetched = try await registry.fetch(reference, into: layout, tells: false)
      report.holds(
        "fetched", "\(reference.place)@\(fetched.image.digest), \(fetched.referrers.count) referrers")
      try await verify(
        fetched.image, fetched.referrers.map(\.manifest), in: layout, trusting: keys, revoked, &report)
    }
  }

  private func verify(
    _ image: Descriptor, _ referrers: [Descriptor], in layout: DirectoryImageLayout,
    trusting keys: [SealVerificationKey], _ revoked: Revocations, _ report: inout VerificationReport
  ) async throws {
    var programs = program
    if programs.isEmpty {
      programs = [Digest(of: try LocalFiles.read(ServeCommand.ownRuntime))]
    }
    let verify = VerifyImage(in: layout.blobs)
    let images = try await verify.images(of: image)
    if image.mediaType == .index {
      report.holds("index", images.compactMap(\.architecture).joined(separator: ", "))
    }
    let loader = BundleLoader(trusting: keys, revoked: revoked)
    for image in images {
      let bundles = try await verify(
        image, trusting: keys, revoked: revoked, programs: programs, referrers: referrers
      ) {
        report.holds($0.rawValue, $1)
      }
      for bundle in bundles { try model(of: bundle, loader, &report) }
    }
  }

  /// Has the model of a bundle answer its self-check: data is read and computed with, nothing is run.
  private func model(
    of bundle: SealedBundle, _ loader: BundleLoader, _ report: inout VerificationReport
  ) throws(Problem) {
    let model = try loader.load(bundle)
    report.holds("model", "\(model.reference), \(model.framework), answers its self-check")
  }
}
