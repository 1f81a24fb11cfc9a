import ArgumentParser
import Distribution
import Domain
import Encoding
import Lifecycle
import Packaging
import Storage

/// `gatehouse image inspect`.
struct ImageInspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what an image is and what is said about it; of a registry's, no layer is fetched.",
    discussion: """
      What is printed is what the image says of itself, and its documents are what their digests say. Whether it is \
      true, 'gatehouse verify' tells.
      """)

  @Argument(help: "The directory of an image layout, or HOST[:PORT]/REPOSITORY[:TAG|@sha256:…].")
  var image: String

  @Option(help: "The name of the image in the layout (default: its only one).")
  var tag: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var registry: RegistryOptions

  func run() async throws {
    let summary: ImageSummary
    switch try ImageSource(image) {
    case .layout(let path)?: summary = try await Self.summary(of: path, tag)
    case .registry(let reference)?:
      guard tag == nil else { throw ImageSource.tagged(reference) }
      summary = try await registry.with(reference) { (client) async throws(Problem) in
        guard let manifest = try await client.manifest(reference.name) else {
          throw Problem(
            .notFound, "registry.not-found", "expected an image in the registry, found none",
            subject: reference.description)
        }
        var configuration: [UInt8]?
        if let blob = manifest.document.blobs.first {
          configuration = try await client.bytes(of: blob, limit: ManifestDocument.longest)
        }
        return try ImageSummary(
          name: reference.description, manifest, configuration: configuration,
          referrers: try await client.referrers(of: manifest.descriptor.digest))
      }
    case nil:
      throw Problem(
        .notFound, "image.nothing-there",
        "expected the directory of an image layout, or a reference to an image, found neither", subject: image
      )
    }
    if json { Console.data(summary.json) } else { summary.print() }
  }

  private static func summary(of path: String, _ tag: String?) async throws(Problem) -> ImageSummary {
    let layout = DirectoryImageLayout(reading: path)
    func read(_ manifest: Descriptor) async throws(Problem) -> RemoteManifest {
      try RemoteManifest(
        try await layout.blobs.read(manifest.digest, limit: ManifestDocument.longest), as: manifest.mediaType)
    }
    let image = try layout.image(named: tag)
    let manifest = try await read(image)
    var configuration: [UInt8]?
    if let blob = manifest.document.blobs.first {
      configuration = try await layout.blobs.read(blob.digest, limit: ManifestDocument.longest)
    }
    var referrers: [Referrer] = []
    for entry in try layout.manifests() where MediaType.manifests.contains(entry.manifest.mediaType) {
      let other = try await read(entry.manifest)
      guard other.document.subject == image.digest else { continue }
      var descriptor = other.descriptor
      descriptor.annotations = other.document.annotations
      referrers.append(Referrer(descriptor, artifactType: other.document.artifactType))
    }
    return try ImageSummary(
      name: "\(path)\(tag.map { ":\($0)" } ?? "")", manifest, configuration: configuration,
      referrers: referrers)
  }
}

extension ImageSource {
  /// A reference has its own tag.
  static func tagged(_ reference: ImageReference) -> Problem {
    Problem(
      .usage, "image.tag-of-reference", "expected '--tag' for a layout alone, found it beside '\(reference)'",
      hint: "write the tag behind the repository")
  }
}

/// What an image says of itself.
struct ImageSummary: Sendable {
  private let name: String
  private let manifest: RemoteManifest
  /// The configuration's JSON; nil for an index.
  private let configuration: JSON?
  private let referrers: [Referrer]

  init(
    name: String, _ manifest: RemoteManifest, configuration: [UInt8]?, referrers: [Referrer]
  ) throws(Problem) {
    self.name = name
    self.manifest = manifest
    self.referrers = referrers
    // That of an artifact need not be JSON.
    self.configuration = configuration.flatMap {
      try? JSON(parsing: $0, limits: JSONLimits(depth: 16, values: 100_000))
    }
  }

  private var labels: [String: JSON] { configuration?["config"]?["Labels"]?.object ?? [:] }
  private var bundles: [String] {
    (labels["dev.gatehouse.bundles"]?.string ?? "").split(separator: ",").map(String.init)
  }
  /// What the history says of each layer, the lowest first: of those that are layers.
  private var origins: [String] {
    let history = configuration?["history"]?.array ?? []
    return history.filter { $0["empty_layer"]?.bool != true }.map { $0["created_by"]?.string ?? "" }
  }
  private var layers: [(blob: Descriptor, origin: String)] {
    let blobs = manifest.document.blobs.dropFirst()
    let origins = origins
    return blobs.enumerated().map { ($1, origins.count == blobs.count ? origins[$0] : "") }
  }

  /// The summary as `--json` prints it.
  var json: JSON {
    var members: [String: JSON] = [
      "name": .string(name), "digest": .string(manifest.descriptor.digest.description),
      "mediaType": .string(manifest.descriptor.mediaType.rawValue), "size": JSON(manifest.descriptor.size),
      "annotations": .object(manifest.document.annotations.mapValues { .string($0) }),
      "layers": .array(
        layers.map { layer in
          [
            "digest": .string(layer.blob.digest.description), "size": JSON(layer.blob.size),
            "mediaType": .string(layer.blob.mediaType.rawValue), "origin": .string(layer.origin),
          ]
        }),
      "manifests": .array(manifest.document.manifests.map(\.json)),
      "referrers": .array(referrers.map(\.json)), "bundles": .array(bundles.map { .string($0) }),
      "program": labels["dev.gatehouse.program"] ?? .null, "labels": .object(labels),
    ]
    for (name, member) in [("architecture", "architecture"), ("os", "os")] {
      members[name] = configuration?[member] ?? .null
    }
    for (name, member) in [("user", "User"), ("entrypoint", "Entrypoint")] {
      members[name] = configuration?["config"]?[member] ?? .null
    }
    return .object(members)
  }

  /// Prints the summary for people; what the image says may be anyone's, so that control characters come out escaped.
  func print() {
    var rows: [[String]] = []
    func row(_ name: String, _ value: String?) {
      if let value, !value.isEmpty { rows.append([name, value.excerpt(300)]) }
    }
    row("image", name)
    row("digest", manifest.descriptor.digest.description)
    row("type", manifest.descriptor.mediaType.rawValue)
    row("title", labels["org.opencontainers.image.title"]?.string)
    let platform = [configuration?["os"]?.string, configuration?["architecture"]?.string].compactMap(\.self)
    row("platform", platform.joined(separator: "/"))
    row("user", configuration?["config"]?["User"]?.string)
    let words = configuration?["config"]?["Entrypoint"]?.array?.compactMap(\.string) ?? []
    row("runs", words.joined(separator: " "))
    row("program", labels["dev.gatehouse.program"]?.string)
    for bundle in bundles { row("bundle", bundle) }
    for layer in layers {
      row("layer", "\(layer.blob.digest.short)  \(readable(bytes: layer.blob.size))  \(layer.origin)")
    }
    for child in manifest.document.manifests {
      row("manifest", "\(child.digest)  \(child.architecture ?? "")")
    }
    for referrer in referrers {
      row("referrer", "\(referrer.manifest.digest.short)  \(referrer.artifactType ?? "")")
    }
    Console.table(rows)
  }
}
