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
    commandName: "image", abstract: "Pack sealed bundles into images, and put those into registries.",
    subcommands: [
      ImageBuildCommand.self, ImageRebuildCommand.self, ImagePushCommand.self, ImagePullCommand.self,
      ImageInspectCommand.self,
    ])
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

  @Option(help: "The name of the image in the layout (default: of its only bundle, such as iris-3).")
  var tag: String?

  @Option(
    help: "The public key that the bundles must be sealed with (default: those that the platform trusts).")
  var key: String?

  @Option(help: "A file of callers' keys that the image brings, as gatehouse-runtime takes it by --keys.")
  var callers: String?

  @Option(
    help: """
      The data plane's program; may be repeated, with one for each processor that there is to be an image for (default: \
      gatehouse-runtime beside this program).
      """)
  var runtime: [String] = []

  @Flag(help: "Print what was built as JSON.")
  var json = false

  @OptionGroup var data: DataOption

  func run() async throws {
    let tag = try tag.map { text throws(Problem) in try ImageTag(parsing: text) }
    let trusted = try await LocalBundle.trusted(key, data.directory)
    let revoked = try await LocalBundle.revoked(data.directory)
    // Read before anything is packed, and written anew: a file of secrets is no file of hashes.
    var callers: [UInt8]?
    if let file = self.callers {
      callers = Array(
        try StateFile.readKeys(path: file).flatMap { $0.json.canonicalBytes + [UInt8(ascii: "\n")] })
    }
    let layout = try DirectoryImageLayout(path: output)
    let packer = ImagePacker(into: layout.blobs, tool: GatehouseCommand.tool)
    var programs: [PackedProgram] = []
    for path in runtime.isEmpty ? [ServeCommand.ownRuntime] : runtime {
      programs.append(try await packer.program(try LocalFiles.read(path)))
    }
    let loader = BundleLoader(trusting: trusted, revoked: revoked)
    var packed: [PackedBundle] = []
    for name in bundles {
      guard let path = try await LocalBundle.path(of: name, data.directory) else {
        throw Problem(
          .notFound, "image.no-such-bundle", "expected a bundle's directory or a served model, found neither",
          subject: name)
      }
      // One at a time: they can be large.
      packed.append(try await packer.bundle(try loader.sealed(path: path)))
    }
    var images: [ServingImage] = []
    for program in programs {
      images.append(
        try await packer.image(of: packed, with: program, trusting: trusted, callers: callers))
    }
    let image = images.count == 1 ? images[0].descriptor : try await packer.index(of: images)
    let name = try tag ?? Self.tag(of: packed)
    try layout.add(image, as: name)
    report(image, images, name.text)
  }

  /// The name of an image that nobody named: `iris-3`.
  private static func tag(of bundles: [PackedBundle]) throws(Problem) -> ImageTag {
    guard let only = bundles.first, bundles.count == 1 else {
      throw Problem(
        .usage, "image.no-tag", "expected '--tag' for an image of several bundles, found none",
        hint: "name the image")
    }
    return try ImageTag(parsing: "\(only.manifest.name)-\(only.manifest.version)")
  }

  private func report(_ image: Descriptor, _ images: [ServingImage], _ tag: String) {
    if json {
      return Console.data([
        "digest": .string(image.digest.description), "tag": .string(tag),
        "images": .array(images.map(\.summary)),
      ])
    }
    Console.data(image.digest.description)
    for image in images {
      Console.prose(
        "\(output):\(tag), \(image.architecture), \(image.layers.count) layers, "
          + "\(readable(bytes: image.packedSize)) packed, \(readable(bytes: image.unpackedSize)) unpacked")
    }
  }
}

extension ServingImage {
  fileprivate var summary: JSON {
    [
      "digest": .string(manifest.descriptor.digest.description), "architecture": .string(architecture),
      "packedBytes": JSON(packedSize), "unpackedBytes": JSON(unpackedSize),
      "layers": .array(layers.map(\.blob.json)),
    ]
  }
}
