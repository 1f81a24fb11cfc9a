import ArgumentParser
import Distribution
import Domain
import Encoding
import Lifecycle
import Packaging
import Storage

/// `gatehouse image push`.
struct ImagePushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push",
    abstract: "Put an image of a layout into a registry, with what is said about it.",
    discussion: """
      Blobs come first, and none is sent that the registry has; the manifest that names them comes last. A push that was \
      cut off is done again, and goes on where it was.
      """)

  @Argument(help: "The directory of an image layout.")
  var layout: String

  @Argument(help: "Where to: HOST[:PORT]/REPOSITORY[:TAG|@sha256:…] (default tag: latest).")
  var reference: String

  @Option(help: "The name of the image in the layout (default: its only one).")
  var tag: String?

  @Option(help: "Another repository of the registry that may have the layers, which are not sent then.")
  var mountFrom: String?

  @Flag(help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var registry: RegistryOptions

  func run() async throws {
    let target = try ImageReference(parsing: reference)
    let mountable = try mountFrom.map { (text) throws(Problem) in
      try RepositoryName(parsing: text).description
    }
    guard LocalFiles.kind(of: "\(layout)/oci-layout").isFile else {
      throw Problem(
        .badInput, "image.not-a-layout", "expected the directory of an image layout, found none",
        subject: layout,
        hint: "'gatehouse image build' makes one")
    }
    let source = DirectoryImageLayout(reading: layout)
    let image = try source.image(named: tag)
    let others = try source.manifests().map(\.manifest).filter { MediaType.manifests.contains($0.mediaType) }
    var delivered: [(blob: Descriptor, BlobDelivery)] = []
    var referrers: [Descriptor] = []
    try await registry.with(target) { (client) async throws(Problem) in
      try await PublishImage(from: source.blobs, to: client, mounting: mountable)(
        image, as: target.name, statements: others
      ) { event in
        switch event {
        case .blob(let blob, let delivery):
          delivered.append((blob, delivery))
          Console.prose(
            "  \(delivery.rawValue.padded(to: 8)) \(blob.digest.short)  \(readable(bytes: blob.size))")
        case .manifest: break
        case .referrer(let statement): referrers.append(statement)
        }
      }
    }
    func count(_ delivery: BlobDelivery) -> Int { delivered.count { $0.1 == delivery } }
    let sent = delivered.reduce(0) { $1.1 == .sent ? $0 + $1.blob.size : $0 }
    if json {
      return Console.data([
        "reference": .string(target.description), "digest": .string(image.digest.description),
        "blobs": [
          "sent": JSON(count(.sent)), "mounted": JSON(count(.mounted)), "present": JSON(count(.present)),
        ],
        "sentBytes": JSON(sent), "referrers": .array(referrers.map { .string($0.digest.description) }),
      ])
    }
    Console.data("\(target.place)@\(image.digest)")
    Console.prose(
      "\(target): \(count(.sent)) blobs sent (\(readable(bytes: sent))), \(count(.present) + count(.mounted)) were there,"
        + " \(referrers.count) referrers")
  }
}

/// `gatehouse image pull`.
struct ImagePullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull",
    abstract: "Bring an image of a registry into a layout, with what is said about it.",
    discussion: """
      Every blob is held against its digest before it is kept. A pull that was cut off is done again, and goes on where \
      it was.
      """)

  @Argument(help: "Which one: HOST[:PORT]/REPOSITORY[:TAG|@sha256:…] (default tag: latest).")
  var reference: String

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "The directory of the layout; an image is added to one that is there.")
  var output: String

  @Option(help: "The name of the image in the layout (default: the tag of the reference, if it has one).")
  var tag: String?

  @Flag(help: "Print what was done as JSON.")
  var json = false

  @OptionGroup var registry: RegistryOptions

  func run() async throws {
    let source = try ImageReference(parsing: reference)
    var name: ImageTag?
    if case .tag(let tag) = source.name { name = tag }
    if let tag { name = try ImageTag(parsing: tag) }
    let layout = try DirectoryImageLayout(path: output)
    let fetched = try await registry.fetch(source, into: layout, tells: true)
    // Last: what the index names is whole.
    try layout.add(fetched.image, as: name, statements: fetched.referrers)
    if json {
      return Console.data([
        "reference": .string(source.description), "digest": .string(fetched.image.digest.description),
        "mediaType": .string(fetched.image.mediaType.rawValue),
        "referrers": .array(fetched.referrers.map(\.json)),
      ])
    }
    Console.data("\(source.place)@\(fetched.image.digest)")
    Console.prose("\(output)\(name.map { ":\($0.text)" } ?? ""), \(fetched.referrers.count) referrers")
  }
}

extension RegistryOptions {
  /// Brings an image into a layout, whose index does not name it yet.
  func fetch(
    _ source: ImageReference, into layout: DirectoryImageLayout, tells: Bool
  ) async throws(Problem) -> FetchImage.Fetched {
    try await with(source) { (client) async throws(Problem) in
      try await FetchImage(from: client, into: layout.blobs)(source.name) { event in
        switch event {
        case .blob(let blob, let wasThere) where tells:
          Console.prose(
            "  \(wasThere ? "present " : "fetched ") \(blob.digest.short)  \(readable(bytes: blob.size))")
        case .missing(let referrer):
          Console.prose("  missing  \(referrer.digest.short)  a referrer that the registry has no more")
        case .blob, .manifest: break
        }
      }
    }
  }
}
