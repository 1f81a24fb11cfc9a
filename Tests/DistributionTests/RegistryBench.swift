import Domain
import Encoding
import Hummingbird
import HummingbirdTesting
import Lifecycle
import Logging
import NIOCore
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// A registry over stores in memory, asked without a socket or by one.
struct RegistryBench: Sendable {
  /// How it is asked.
  enum Way: CaseIterable, Sendable {
    case router, live
  }

  static let token = "gha_of-ada"
  static let administrator = Principal(kind: .person, name: "admin")

  let blobs: InMemoryBlobStore
  let registry: InMemoryRegistry
  let control: ControlPlane
  let server: RegistryServer

  init(blobs faults: FaultPlan = FaultPlan(), registry commits: FaultPlan = FaultPlan()) throws {
    let key = try CheckpointSigningKey(name: "test")
    blobs = InMemoryBlobStore(faults: faults)
    registry = InMemoryRegistry(signingKey: key, faults: commits)
    control = ControlPlane(
      .init(
        registry: registry, blobs: blobs, bundles: InMemoryBundleStore(), records: InMemoryRecordStore(),
        plane: InMemoryDataPlane(), time: ManualTime(), entropy: SeededEntropy(), people: InMemoryPeople()),
      .init(
        sealingKey: SealingKey(), checkpointKey: key.verificationKey, tool: "gatehouse test",
        administrator: Digest(of: Array(Self.token.utf8))))
    server = RegistryServer(
      control, control.authenticator(), .init(host: "127.0.0.1", port: 0, tls: nil),
      logger: Logger(label: "test"))
  }

  /// Serves for as long as `body` runs, with the queue of acts at work.
  func serve(_ way: Way = .router, _ body: @escaping @Sendable (Caller) async throws -> Void) async throws {
    try await control.working {
      let application = Application(responder: server.responder)
      try await application.test(way == .router ? .router : .live) { try await body(Caller(client: $0)) }
    }
  }

  /// Serves on a real socket as the program does; `body` gets the port.
  func listen(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await control.working {
      let (ports, found) = AsyncStream<Int>.makeStream()
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run { found.yield($0) } }
        for await port in ports {
          try await body(port)
          break
        }
        group.cancelAll()
      }
    }
  }
}

/// What the registry answered.
struct Answer: Sendable {
  let status: Int
  /// The fields, their names in lower case.
  let fields: [String: String]
  let bytes: [UInt8]

  var json: JSON { (try? JSON(parsing: bytes)) ?? .null }
  /// The identifier of the spec's error.
  var error: String? { json["errors"]?.array?.first?["code"]?.string }
  /// Our own code.
  var code: String? { json["errors"]?.array?.first?["detail"]?["code"]?.string }
  /// Where it is, as a path.
  var location: String { fields["location"] ?? "" }
}

/// Who asks, with a credential.
struct Caller: Sendable {
  let client: any TestClientProtocol

  func callAsFunction(
    _ method: String, _ path: String, _ fields: [String: String] = [:], _ body: [UInt8]? = nil,
    credential: String? = "Bearer \(RegistryBench.token)"
  ) async throws -> Answer {
    var headers: HTTPFields = [:]
    headers[.authorization] = credential
    for (name, value) in fields { headers[try #require(RegistryField.Name(name))] = value }
    let method = try #require(HTTPRequest.Method(method))
    return try await client.execute(
      uri: path, method: method, headers: headers, body: body.map { ByteBuffer(bytes: $0) }
    ) { response in
      var fields: [String: String] = [:]
      for field in response.headers { fields[field.name.rawName.lowercased()] = field.value }
      return Answer(
        status: response.status.code, fields: fields, bytes: Array(response.body.readableBytesView))
    }
  }

  /// Uploads a blob in one request.
  func upload(_ bytes: [UInt8], to name: String = "iris") async throws -> Digest {
    let digest = Digest(of: bytes)
    let answer = try await self("POST", "/v2/\(name)/blobs/uploads/?digest=\(digest)", [:], bytes)
    #expect(answer.status == 201)
    #expect(answer.location == "/v2/\(name)/blobs/\(digest)")
    return digest
  }

  /// Puts a manifest under a reference; its own digest where there is none.
  func put(
    _ bytes: [UInt8], _ reference: String? = nil, as type: Packaging.MediaType = .manifest,
    to name: String = "iris"
  )
    async throws -> Answer
  {
    try await self(
      "PUT", "/v2/\(name)/manifests/\(reference ?? Digest(of: bytes).description)",
      ["Content-Type": type.rawValue], bytes)
  }

  /// Uploads an image and tags it; says its manifest.
  func push(_ image: Image, _ reference: String? = nil, to name: String = "iris") async throws -> [UInt8] {
    for blob in image.blobs { _ = try await upload(blob, to: name) }
    #expect(try await put(image.manifest, reference, to: name).status == 201)
    return image.manifest
  }
}

/// A small image.
struct Image: Sendable {
  let blobs: [[UInt8]]
  let manifest: [UInt8]

  init(_ number: Int, about subject: [UInt8]? = nil, kind: String? = nil, words: [String: String] = [:]) {
    blobs = [Array("{\"number\":\(number)}".utf8), [UInt8](repeating: 7, count: 100 + number)]
    let all = zip([Packaging.MediaType.configuration, .layer], blobs).map {
      Descriptor(mediaType: $0, digest: Digest(of: $1), size: $1.count)
    }
    var members =
      ImageManifest(configuration: all[0], layers: [all[1]], annotations: words).json.object ?? [:]
    members["subject"] = subject.map {
      Descriptor(mediaType: .manifest, digest: Digest(of: $0), size: $0.count).json
    }
    members["artifactType"] = kind.map { .string($0) }
    manifest = JSON.object(members).canonicalBytes
  }
}
