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

  @Option(help: "A public key that seals are trusted by; may be repeated (default: the platform's).")
  var key: [String] = []

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
      let keys = try trustedKeys()
      switch try ImageSource(path) {
      case .layout(let path)?:
        let layout = DirectoryImageLayout(reading: path)
        try await verify(try layout.image(named: tag), in: layout, trusting: keys, &report)
      case .registry(let reference)?:
        guard tag == nil else { throw ImageSource.tagged(reference) }
        try await verifyImage(at: reference, trusting: keys, &report)
      case nil:
        guard let bundle = try await LocalBundle.path(of: path, data.directory) else {
          throw Problem(
            .notFound, "verify.nothing-there",
            "expected a bundle, a served model's name, an image layout or an image's reference, found none of them",
            subject: path)
        }
        let loader = BundleLoader(trusting: keys)
        let sealed = try loader.sealed(path: bundle)
        report.holds("seals", "\(sealed.digest.short), \(sealed.files.count - 1) files")
        try model(of: sealed, loader, &report)
      }
    } catch let problem as Problem {
      report.ends(with: problem)
      throw problem
    }
    report.ends(with: nil)
  }

  private func trustedKeys() throws(Problem) -> [SealVerificationKey] {
    guard !key.isEmpty else { return [try LocalBundle.trusted(nil, data.directory)] }
    var keys: [SealVerificationKey] = []
    for file in key { keys.append(try KeyFiles.sealVerificationKey(at: file)) }
    return keys
  }

  /// Fetches an image of a registry to verify it.
  private func verifyImage(
    at reference: ImageReference, trusting keys: [SealVerificationKey], _ report: inout VerificationReport
  ) async throws {
    try await TemporaryImageLayout.with(below: Environment["TMPDIR"] ?? "/tmp") { layout in
      let fetched = try await registry.fetch(reference, into: layout, tells: false)
      report.holds(
        "fetched", "\(reference.place)@\(fetched.image.digest), \(fetched.referrers.count) referrers")
      try await verify(fetched.image, in: layout, trusting: keys, &report)
    }
  }

  private func verify(
    _ manifest: Descriptor, in layout: DirectoryImageLayout, trusting keys: [SealVerificationKey],
    _ report: inout VerificationReport
  ) async throws {
    var programs = program
    if programs.isEmpty {
      programs = [Digest(of: try LocalFiles.read(ServeCommand.ownRuntime))]
    }
    let bundles = try await VerifyImage(in: layout.blobs)(manifest, trusting: keys, programs: programs) {
      report.holds($0.rawValue, $1)
    }
    let loader = BundleLoader(trusting: keys)
    for bundle in bundles { try model(of: bundle, loader, &report) }
  }

  /// Has the model of a bundle answer its self-check: data is read and computed with, nothing is run.
  private func model(
    of bundle: SealedBundle, _ loader: BundleLoader, _ report: inout VerificationReport
  ) throws(Problem) {
    let model = try loader.load(bundle)
    report.holds("model", "\(model.reference), \(model.framework), answers its self-check")
  }
}

/// What is told of a verification.
private struct VerificationReport {
  let isJSON: Bool
  private var steps: [JSON] = []

  init(isJSON: Bool) { self.isJSON = isJSON }

  mutating func holds(_ step: String, _ found: String) {
    steps.append(["step": .string(step), "found": .string(found)])
    if !isJSON { Console.data("ok  \(step.padded(to: 9))  \(found)") }
  }

  /// Ends the report, with why the first step that does not hold does not.
  func ends(with problem: Problem?) {
    guard isJSON else { return }
    var report: [String: JSON] = [
      "status": problem == nil ? "verified" : "failed", "steps": .array(steps),
    ]
    if let problem {
      report["problem"] = ["code": .string(problem.code), "message": .string(problem.message)]
    }
    Console.data(.object(report))
  }
}
