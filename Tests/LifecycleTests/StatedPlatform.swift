import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import Statements
import TestKit

/// An image of two models that a platform in memory took the whole road, and what there is to state of it.
struct StatedPlatform {
  static let mlflow = "corpus/texts/honest-mlflow-pickle"

  let image: StatedImage
  /// The same image, taken apart.
  let opened: OpenedImage
  let account: PackAccount
  let key: SealingKey
  let bundles: [SealedBundle]

  init(build: Bool = true) async throws {
    let bench = try Bench()
    try await bench.run { control in
      let data = try TrainingData([DataSet(name: "wine.csv", digest: Sample.digest(1))])
      _ = try await Bench.push(Fixture.forest, as: "wine", trainedWith: data, to: control)
      _ = try await Self.push(Self.mlflow, as: "iris", to: control)
    }
    key = bench.sealingKey
    var versions: [ModelVersion] = []
    for name in ["iris", "wine"] {
      versions += await bench.registry.versions(of: try ModelName(parsing: name))
    }
    var bundles: [SealedBundle] = []
    for version in versions {
      if let bundle = await bench.bundles.bundle(version.bundle) { bundles.append(bundle) }
    }
    self.bundles = bundles
    let blobs = InMemoryBlobStore()
    let packer = ImagePacker(into: blobs, tool: "gatehouse 0.1.0")
    let bytes = Sample.program()
    let program = try await packer.program(bytes)
    var packed: [PackedBundle] = []
    for bundle in bundles { packed.append(try await packer.bundle(bundle)) }
    let serving = try await packer.image(of: packed, with: program, trusting: [key.verificationKey])
    image = try StatedImage(
      serving, named: "iris-1", of: bundles, with: program,
      build: build ? try Self.record(of: program.program, bytes.count) : nil, tool: "gatehouse 0.1.0")
    let manifest = try ImageManifest(parsing: serving.manifest.bytes)
    let unpacked = try ImageConfiguration.unpackedDigests(parsing: serving.configuration.bytes)
    var layers: [LayerContents] = []
    for (layer, digest) in zip(manifest.layers, unpacked) {
      layers.append(
        try LayerContents(try await blobs.read(layer.digest, limit: layer.size), of: layer, unpacked: digest))
    }
    opened = try OpenedImage(
      manifest: serving.manifest.bytes, configuration: serving.configuration.bytes, layers: layers)
    account = PackAccount(
      trace: "trace-pack", startedAt: Sample.moment(1_000), finishedAt: Sample.moment(1_500),
      pushes: versions.map {
        PushAccount(
          reference: $0.reference, principal: $0.pushedBy, trace: "trace-\($0.reference.name)",
          admittedAt: $0.admittedAt)
      })
  }

  /// The record that the script wrote, as one of another program.
  static func record(of program: Digest, _ size: Int) throws -> ProgramBuild {
    var record = try Fixtures.json("statements/gatehouse-runtime.build.json").object ?? [:]
    record["program"] = [
      "name": "gatehouse-runtime", "sha256": .string(program.hexadecimal), "size": JSON(size),
    ]
    return try ProgramBuild(parsing: JSON.object(record).canonicalBytes)
  }

  /// Uploads the files of a folder of fixtures, in this order or the other, and pushes them.
  static func push(
    _ folder: String, as name: String, reversed: Bool = false, adding more: [String: [UInt8]] = [:],
    to control: ControlPlane
  ) async throws -> PushOutcome {
    var contents = more
    for file in try Fixtures.names(in: folder) { contents[file] = try Fixtures.bytes("\(folder)/\(file)") }
    var files: [PushedFile] = []
    for (path, bytes) in contents.sorted(by: { $0.key < $1.key }) {
      let session = try await control.beginUpload()
      try await session.write(bytes)
      files.append(PushedFile(path: path, blob: try await session.finish()))
    }
    return try await control.push(
      PushRequest(
        name: try ModelName(parsing: name), files: reversed ? files.reversed() : files,
        actor: Sample.actor), follow: { _ in })
  }

  /// Every statement, signed.
  func signed(by other: SealingKey? = nil) throws -> [SignedStatement] {
    try image.statements(account).map { try SignedStatement($0, signedBy: other ?? key) }
  }

  /// What verifying these statements comes to.
  func verified(_ statements: [SignedStatement], image: StatedImage? = nil) throws(Problem)
    -> VerifiedStatements
  {
    try VerifyStatements.verify(
      statements.map(\.bytes), of: image ?? self.image, trusting: [key.verificationKey])
  }

  /// The problem of the statements with the first of a kind changed, signed by the platform itself.
  func problem(_ kind: Statement.Kind, _ change: (Statement) -> Statement) throws -> Problem? {
    var statements = try image.statements(account)
    guard let place = statements.firstIndex(where: { $0.kind == kind }) else { return nil }
    statements[place] = change(statements[place])
    let signed = try statements.map { try SignedStatement($0, signedBy: key) }
    do throws(Problem) {
      _ = try verified(signed)
      return nil
    } catch {
      return error
    }
  }
}

extension JSON {
  /// The value with the one at a JSON Pointer replaced, or left out where nil.
  func replacing(_ pointer: String, with value: JSON?) -> JSON {
    replacing(pointer.split(separator: "/").map(String.init)[...], with: value) ?? .null
  }

  private func replacing(_ path: ArraySlice<String>, with value: JSON?) -> JSON? {
    guard let name = path.first else { return value }
    switch self {
    case .object(var members):
      members[name] = (members[name] ?? .null).replacing(path.dropFirst(), with: value)
      return .object(members)
    case .array(var elements):
      guard let index = Int(name), elements.indices.contains(index) else { return self }
      if let element = elements[index].replacing(path.dropFirst(), with: value) {
        elements[index] = element
      } else {
        elements.remove(at: index)
      }
      return .array(elements)
    default: return path.count == 1 ? value : self
    }
  }
}
