import ArgumentParser
import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import Serving
import Storage

/// `gatehouse image`.
struct ImageCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image", abstract: "Pack sealed bundles into images.", subcommands: [ImageBuildCommand.self])
}

/// `gatehouse image build`.
struct ImageBuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Pack bundles and the program that serves them into an image, without Docker and without root.",
    discussion: """
      Writes an OCI image layout, which skopeo, umoci, podman and buildah read. The same bundles, program and keys \
      give the same image on any machine. Each bundle's seal is verified first; the image verifies it again at its \
      start, by the same key.
      """)

  @Argument(help: "Bundles: directories, or names of served models (NAME, NAME@VERSION, NAME@ALIAS).")
  var bundles: [String]

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "The directory of the layout; an image is added to one that is there.")
  var output: String

  @Option(help: "The name of the image in the layout (default: the version of its only bundle, or latest).")
  var tag: String?

  @Option(help: "The public key that the bundles must be sealed with (default: the platform's).")
  var key: String?

  @Option(help: "A file of callers' keys that the image brings, as gatehouse-runtime takes it by --keys.")
  var callers: String?

  @Option(help: "The data plane's program (default: gatehouse-runtime beside this program).")
  var runtime: String?

  @Flag(help: "Print what was built as JSON.")
  var json = false

  @OptionGroup var data: DataOption

  func run() async throws {
    let trusted = try LocalBundle.trusted(key, data.directory)
    let loader = BundleLoader(trusting: [trusted])
    var sealed: [SealedBundle] = []
    for name in bundles {
      guard let path = try await LocalBundle.path(of: name, data.directory) else {
        throw Problem(
          .notFound, "image.no-such-bundle", "expected a bundle's directory or a served model, found neither",
          subject: name)
      }
      sealed.append(try loader.sealed(path: path))
    }
    let program = try LocalFiles.read(runtime ?? "\(ServeCommand.programDirectory)/\(ImagePlaces.program)")
    let layout = try DirectoryImageLayout(path: output)
    let pack = Pack(into: layout.blobs, tool: "gatehouse \(GatehouseCommand.version)")
    let packed = try await pack.program(program)
    let image = try await pack(
      sealed, with: packed, trusting: [trusted],
      callers: try callers.map { file throws(Problem) in try LocalFiles.read(file) })
    let tag = tag ?? image.version ?? "latest"
    try layout.name(image, as: tag, architecture: packed.architecture)
    report(image, tag)
  }

  private func report(_ image: ServingImage, _ tag: String) {
    if json {
      return Console.data([
        "digest": .string(image.manifest.descriptor.digest.description), "tag": .string(tag),
        "packedBytes": JSON(image.packedSize), "unpackedBytes": JSON(image.unpackedSize),
        "layers": .array(image.layers.map(\.blob.json)),
      ])
    }
    Console.data(image.manifest.descriptor.digest.description)
    Console.prose(
      "\(output):\(tag), \(image.layers.count) layers, \(readable(bytes: image.packedSize)) packed, "
        + "\(readable(bytes: image.unpackedSize)) unpacked")
  }
}
