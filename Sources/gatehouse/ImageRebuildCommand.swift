import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Packaging
import Storage

/// `gatehouse image rebuild`.
struct ImageRebuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Pack an image again from what the registry says of it, and prove that it is the same.",
    discussion: """
      Takes the version's bundle, the program and the trusted keys that the registry names, packs them anew, and compares. \
      Needs no server. Ends with exit status 5 where another image comes out.
      """)

  @Argument(help: "The digest of an image, or a served model's version (NAME, NAME@VERSION, NAME@ALIAS).")
  var image: String

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "Keep what was packed, in the layout of this directory (default: nothing is kept).")
  var output: String?

  @Option(
    help:
      "The data plane's program, where the image's is that (default: gatehouse-runtime beside this program).")
  var runtime: String?

  @Flag(help: "Print the steps as JSON.")
  var json = false

  @OptionGroup var data: DataOption

  func run() async throws {
    let entry = try await entry()
    let program = try LocalFiles.read(runtime ?? ServeCommand.ownRuntime)
    var report = VerificationReport(isJSON: json)
    do throws(Problem) {
      let layout = try output.map { (path) throws(Problem) in try DirectoryImageLayout(path: path) }
      let rebuild = RebuildImage(
        bundles: DirectoryBundleStore(reading: data.directory.bundles),
        blobs: FileBlobStore(reading: data.directory.blobs), into: layout?.blobs)
      let image = try await rebuild(entry, program: program) { report.holds($0.rawValue, $1) }
      try layout?.add(
        image.descriptor, as: ImageTag(parsing: "\(entry.reference.name)-\(entry.reference.version)"))
    } catch {
      report.ends(with: error)
      throw error
    }
    report.ends(with: nil)
  }

  /// What the registry says of the image.
  private func entry() async throws -> VersionImage {
    let registry = try LocalBundle.registry(of: data.directory)
    if let digest = try? Digest(parsing: image) {
      if let entry = try await registry.image(digest) { return entry }
    } else {
      let reference = try ModelReference(parsing: image)
      if let bundle = try await LocalBundle.digest(of: reference, in: registry),
        let entry = try await registry.images().last(where: {
          $0.bundle == bundle && $0.reference.name == reference.name
        })
      {
        return entry
      }
    }
    throw Problem(
      .notFound, "image.unknown", "expected an image that the registry knows, found none", subject: image,
      hint: "'gatehouse show NAME' tells the image of each version")
  }
}
