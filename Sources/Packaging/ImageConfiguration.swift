public import Domain
public import Encoding

/// What a runtime of containers has to know of an image (image-spec 1.1, `config.md`).
public struct ImageConfiguration: Equatable, Sendable {
  /// The operating system.
  public static let system = "linux"
  /// When it was made, as far as it says: the same for all, or no two would be the same.
  static let created = "1970-01-01T00:00:00Z"
  /// Whom a process of it runs as: nobody that a machine knows, by number alone, since there are no names in it.
  public static let user = "65532:65532"

  /// One layer, and how it came about.
  public struct Step: Equatable, Sendable {
    /// The layer.
    public let layer: Layer
    /// What is in it, one line.
    public let origin: String

    /// Says what is in a layer.
    public init(_ layer: Layer, origin: String) {
      self.layer = layer
      self.origin = origin
    }
  }

  /// The processor, `amd64`.
  public let architecture: String
  /// The program that is run, and its arguments.
  public let entrypoint: [String]
  /// Ports of TCP that it listens on.
  public let ports: [Int]
  /// Words about it.
  public let labels: [String: String]
  /// Its layers, the lowest first.
  public let steps: [Step]

  /// States what an image is.
  public init(
    architecture: String, entrypoint: [String], ports: [Int], labels: [String: String], steps: [Step]
  ) {
    self.architecture = architecture
    self.entrypoint = entrypoint
    self.ports = ports
    self.labels = labels
    self.steps = steps
  }

  /// The digests of the unpacked layers that the bytes of a configuration name, the lowest first.
  ///
  /// Throws `oci.too-large`, `oci.malformed` or `oci.digest`.
  public static func unpackedDigests(parsing bytes: some Collection<UInt8>) throws(Problem) -> [Digest] {
    let json = try DocumentReader.json(bytes, "an image configuration")
    guard let elements = json["rootfs"]?["diff_ids"]?.array else {
      throw DocumentReader.malformed("expected an array at '/rootfs/diff_ids', found nothing")
    }
    var digests: [Digest] = []
    for (number, element) in elements.enumerated() {
      digests.append(try DocumentReader.digest(element, at: "/rootfs/diff_ids/\(number)"))
    }
    return digests
  }

  /// The configuration as its blob has it.
  public var json: JSON {
    [
      "architecture": .string(architecture), "os": .string(Self.system), "created": .string(Self.created),
      "config": [
        "User": .string(Self.user), "WorkingDir": "/", "StopSignal": "SIGTERM",
        "Entrypoint": .array(entrypoint.map { .string($0) }),
        "ExposedPorts": .object(
          Dictionary(uniqueKeysWithValues: ports.map { ("\($0)/tcp", JSON.object([:])) })),
        "Labels": .object(labels.mapValues { .string($0) }),
      ],
      "rootfs": [
        "type": "layers", "diff_ids": .array(steps.map { .string($0.layer.unpacked.description) }),
      ],
      "history": .array(
        steps.map { ["created": .string(Self.created), "created_by": .string($0.origin)] }),
    ]
  }
}
