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
      directory of an OCI image layout. Each step is told as it holds; the first that does not ends the command \
      with exit status 5.
      """)

  @Argument(help: "A bundle's directory, a served model's name, or the directory of an image layout.")
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

  func run() async throws {
    var report = VerificationReport(isJSON: json)
    do {
      let keys = try await trustedKeys()
      let revoked = try await revoked(trusting: keys)
      if LocalFiles.kind(of: "\(path)/oci-layout").isFile {
        try await verifyImage(trusting: keys, revoked, &report)
      } else {
        guard let bundle = try await LocalBundle.path(of: path, data.directory) else {
          throw Problem(
            .notFound, "verify.nothing-there",
            "expected a bundle, a served model's name or an image layout, found none of them", subject: path)
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
        revoked.formUnion(try RevocationList.read(try LocalFiles.read(file, limit: 16 << 20), trusting: keys))
      } catch {
        var problem = error
        problem.subject = problem.subject ?? file
        throw problem
      }
    }
    return revoked
  }

  private func verifyImage(
    trusting keys: [SealVerificationKey], _ revoked: Revocations, _ report: inout VerificationReport
  ) async throws {
    var programs = program
    if programs.isEmpty {
      programs = [Digest(of: try LocalFiles.read(ServeCommand.ownRuntime))]
    }
    let layout = DirectoryImageLayout(reading: path)
    let manifest = try layout.image(named: tag)
    let bundles = try await VerifyImage(in: layout.blobs)(
      manifest, trusting: keys, revoked: revoked, programs: programs
    ) {
      report.holds($0.rawValue, $1)
    }
    let loader = BundleLoader(trusting: keys, revoked: revoked)
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
