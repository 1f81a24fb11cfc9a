// swift-tools-version: 6.2
import PackageDescription

// Dependencies point inward only: entities know entities, use cases know entities, gateways know both,
// programs put the parts together. `Tests/ArchitectureTests` holds this table against the imports.

/// The flags of every Swift target.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .treatWarning("DeprecatedDeclaration", as: .warning),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
]

func layer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}
/// Ring 0: values and algorithms, no files, sockets, clocks or Foundation.
func entity(_ name: String, _ dependencies: Target.Dependency...) -> Target { layer(name, dependencies) }
/// Ring 1: what the product does, over ports.
func useCase(_ name: String, _ dependencies: Target.Dependency...) -> Target { layer(name, dependencies) }
/// Ring 2: the outside world behind those ports.
func gateway(_ name: String, _ dependencies: Target.Dependency...) -> Target { layer(name, dependencies) }
/// Ring 3: the programs.
func program(_ name: String, _ dependencies: Target.Dependency...) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}
func tests(_ name: String, _ dependencies: Target.Dependency...) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

extension Target.Dependency {
  static let crypto = product(name: "Crypto", package: "swift-crypto")
  static let grdb = product(name: "GRDB", package: "GRDB.swift")
  static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
  static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
  static let hummingbirdTLS = product(name: "HummingbirdTLS", package: "hummingbird")
  static let httpClient = product(name: "AsyncHTTPClient", package: "async-http-client")
  static let arguments = product(name: "ArgumentParser", package: "swift-argument-parser")
  static let log = product(name: "Logging", package: "swift-log")
  static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
  static let nioEmbedded = product(name: "NIOEmbedded", package: "swift-nio")
  static let nio = product(name: "NIOCore", package: "swift-nio")
  static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
  static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
  static let nioLocks = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
  static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
  static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
  static let nioHTTP2 = product(name: "NIOHTTP2", package: "swift-nio-http2")
  static let nioHPACK = product(name: "NIOHPACK", package: "swift-nio-http2")
}

let package = Package(
  name: "gatehouse",
  products: [
    .executable(name: "gatehouse", targets: ["gatehouse"]),
    .executable(name: "gatehouse-runtime", targets: ["gatehouse-runtime"]),
    .executable(name: "gatehouse-onnx", targets: ["gatehouse-onnx"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-nio-http2.git", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    // Without its default traits, which pull in full Foundation and with it ICU.
    .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
  ],
  targets: [
    // Ring 0.
    entity("Encoding"),
    entity("Domain", "Encoding"),
    entity("ModelGraph", "Domain", "Encoding"),
    // Documents that people write, by libyaml: policies need no more of Artifacts than this.
    entity("YAML", "Encoding", "CYAML"),
    entity("Artifacts", "Encoding", "YAML", "CZlib", "CBZip2", "CLZMA", "CLZ4"),
    entity("Inspection", "Domain", "Encoding", "Artifacts"),
    entity("ONNXExport", "Domain", "Encoding", "ModelGraph"),
    entity("Lifting", "Domain", "Encoding", "Artifacts", "ModelGraph"),
    entity("Inference", "Domain", "Encoding", "ModelGraph", "CKernels"),
    // Reading such documents with every fault in its place, and the values that several of them share.
    entity("Documents", "Domain", "Encoding", "YAML"),
    // What threatens a version, derived from facts: what stands against each threat, what is left, who decided what.
    entity("Threats", "Domain", "Encoding", "Provenance"),
    // What is known to be weak: advisories that others publish, versions in their orders, and which parts they are about.
    entity("Advisories", "Domain", "Encoding"),
    entity(
      "Gates", "Domain", "Encoding", "Access", "Provenance", "YAML", "Documents", "Threats", "Advisories",
      "Rollouts", "Alerting"),
    // A model's tests: what a plan asks of it, and what came out.
    entity("ModelTests", "Domain", "Encoding", "Provenance", "YAML", "Documents", "ModelGraph", "Inference"),
    // What live data look like beside training data: sketches, windows, drift, alerts. The data plane links it.
    entity("Monitoring", "Domain", "Encoding", "ModelGraph"),
    // How a deployment moves from one state to the next: plans, what was seen, who judges each step.
    entity("Rollouts", "Domain", "Encoding", "Monitoring"),
    // What people are told of: conditions, when they begin and end, to whom and how, and what is likely to be the matter.
    entity("Alerting", "Domain", "Encoding", "Provenance", "YAML", "Documents"),
    // Who may do what: principals, roles, grants, credentials.
    entity("Access", "Domain", "Encoding"),
    entity("Provenance", "Domain", "Encoding", "CBoringSSL"),
    // What is said of images: the data plane, which has Provenance, needs nothing of it.
    entity("Statements", "Domain", "Encoding", "Provenance"),
    entity("Packaging", "Domain", "Encoding", "Artifacts", "Provenance", "Statements", "CZlib"),
    // The inner loops of inference, in forms for several generations of processors.
    .target(name: "CKernels"),
    // Keys, signatures and digests, by the BoringSSL that NIOSSL brings along.
    .target(name: "CBoringSSL", dependencies: [.nioSSL]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CBZip2", providers: [.apt(["libbz2-dev"])]),
    .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

    // Ring 1.
    useCase(
      "Lifecycle", "Domain", "Encoding", "ModelGraph", "Artifacts", "Inspection", "Lifting", "Inference",
      "Advisories", "Gates", "Threats", "ModelTests", "Access", "Provenance", "Rollouts", "Statements",
      "Packaging", "Monitoring", "Alerting"),

    // Ring 2.
    gateway(
      "Storage", "Domain", "Encoding", "Access", "Alerting", "Gates", "Monitoring", "Provenance", "Packaging",
      "Lifecycle",
      .grdb),
    gateway(
      "Distribution", "Domain", "Encoding", "Access", "Packaging", "Provenance", "Lifecycle", .httpClient,
      .hummingbird,
      .hummingbirdCore, .hummingbirdTLS, .log, .nio, .nioHTTP1, .nioSSL),
    gateway("Fleet", "Domain", "Encoding", "Lifecycle", "CDescriptorPassing", "CSpawn"),
    gateway(
      "ControlAPI", "Domain", "Encoding", "Access", "Advisories", "Alerting", "Gates", "Rollouts", "Threats",
      "Lifting",
      "Provenance",
      "Packaging",
      "Lifecycle", .hummingbird,
      .hummingbirdCore,
      .hummingbirdTLS,
      .log, .nio,
      .nioSSL),
    gateway(
      "Serving", "Domain", "Encoding", "ModelGraph", "Inference", "Monitoring", "Provenance", "CConfinement",
      "CDescriptorPassing", "CZlib",
      .nio, .nioPosix, .nioHTTP1, .nioHTTP2, .nioHPACK, .nioTLS, .nioSSL, .nioLocks),
    gateway("Engines", "Domain", "Encoding", "ModelGraph", "Inference", "CSpawn"),
    // What the platform sends of its own accord: to webhooks, to witnesses of the ledger, and to its own data plane.
    gateway("Relay", "Domain", "Provenance", "Lifecycle", .httpClient, .nio, .nioHTTP1, .nioPosix, .nioSSL),
    // Programs that sign for the platform, such as those in front of an HSM.
    gateway("Signers", "Domain", "Encoding", "Provenance", "Lifecycle", "CSpawn"),
    .target(name: "CDescriptorPassing"),
    .target(name: "CSpawn", dependencies: ["CDescriptorPassing"]),
    // How the data plane gives up what it does not need.
    .target(name: "CConfinement"),

    // Ring 3.
    program(
      "gatehouse", "Domain", "Encoding", "ModelGraph", "Artifacts", "Inspection", "Lifting", "ONNXExport",
      "Inference", "Advisories", "Alerting", "Gates", "Threats", "Documents", "ModelTests", "Monitoring",
      "Rollouts",
      "Provenance", "Statements", "Packaging", "Lifecycle", "Storage", "Distribution", "Fleet", "ControlAPI",
      "Serving", "Engines", "Signers", "Relay",
      .arguments,
      .httpClient, .nio,
      .nioHTTP1, .nioLocks, .nioSSL, .log),
    program("gatehouse-runtime", "Domain", "Encoding", "Serving", "Engines"),
    // What loads ONNX Runtime: C, and linked dynamically, which the programs that predict are not.
    .executableTarget(
      name: "gatehouse-onnx",
      cSettings: [
        .treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra"),
        .enableWarning("conversion"), .enableWarning("shadow"), .define("_GNU_SOURCE"),
        .unsafeFlags(["-fstack-protector-strong"]),
        .define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release)),
      ],
      linkerSettings: [
        .unsafeFlags(["-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now"])
      ]),

    // Beside the rings: ports in memory, with faults on request, and a contract for every port.
    layer(
      "TestKit",
      [
        "Domain", "Encoding", "Access", "Alerting", "Gates", "ModelGraph", "ModelTests", "Monitoring",
        "Provenance",
        "Statements", "Packaging", "Lifecycle",
      ]),

    tests("EncodingTests", "Encoding", "TestKit"),
    tests("DomainTests", "Domain", "Encoding"),
    tests("ModelGraphTests", "ModelGraph", "Domain", "Encoding", "TestKit"),
    tests("YAMLTests", "YAML", "Encoding", "TestKit"),
    tests("ArtifactsTests", "Artifacts", "Encoding", "YAML", "TestKit"),
    tests("InspectionTests", "Inspection", "Artifacts", "Domain", "Encoding", "TestKit"),
    tests(
      "LiftingTests", "Lifting", "Inspection", "Artifacts", "Inference", "ModelGraph", "Domain", "Encoding",
      "TestKit"),
    tests(
      "ONNXExportTests", "ONNXExport", "Lifting", "Inspection", "Artifacts", "Inference", "ModelGraph",
      "Domain",
      "Encoding", "TestKit"),
    tests("InferenceTests", "Inference", "ModelGraph", "Domain", "Encoding", "TestKit"),
    tests("ThreatsTests", "Threats", "Domain", "Encoding", "TestKit"),
    tests("AdvisoriesTests", "Advisories", "Domain", "Encoding", "TestKit"),
    tests("GatesTests", "Gates", "Access", "Documents", "Rollouts", "YAML", "Domain", "Encoding", "TestKit"),
    tests(
      "ModelTestsTests", "ModelTests", "Documents", "Lifting", "Inspection", "Artifacts", "Inference",
      "ModelGraph",
      "Provenance", "Domain", "Encoding"),
    tests("MonitoringTests", "Monitoring", "ModelGraph", "Domain", "Encoding", "TestKit"),
    tests("RolloutsTests", "Rollouts", "Monitoring", "Domain", "Encoding", "TestKit"),
    tests("AlertingTests", "Alerting", "Documents", "Domain", "Encoding"),
    tests("AccessTests", "Access", "Domain", "Encoding"),
    tests("ProvenanceTests", "Provenance", "Domain", "Encoding", "TestKit", .crypto),
    tests("StatementsTests", "Statements", "Provenance", "Domain", "Encoding", "TestKit"),
    tests("PackagingTests", "Packaging", "Provenance", "Statements", "Domain", "Encoding"),
    tests(
      "LifecycleTests", "Lifecycle", "Alerting", "Lifting", "Monitoring", "Advisories", "Gates", "Rollouts",
      "Threats",
      "ModelTests", "Documents",
      "Access",
      "Provenance", "Statements", "Packaging",
      "Domain",
      "Encoding", "TestKit"),
    tests(
      "StorageTests", "Storage", "Alerting", "Lifecycle", "Gates", "Provenance", "Packaging", "Domain",
      "Encoding",
      "TestKit", .grdb),
    tests(
      "DistributionTests", "Distribution", "Lifecycle", "Provenance", "Packaging", "Domain", "Encoding",
      "TestKit", .hummingbird, .hummingbirdTesting, .log, .nio, .nioPosix, .nioHTTP1, .nioLocks),
    tests(
      "FleetTests", "Fleet", "Lifecycle", "Relay", "Storage", "Provenance", "Domain", "Encoding", "TestKit",
      "gatehouse-runtime"),
    tests(
      "ControlAPITests", "ControlAPI", "Access", "Advisories", "Alerting", "Lifecycle", "Provenance",
      "Domain",
      "Encoding", "TestKit",
      .crypto, .hummingbird, .hummingbirdTesting, .log, .nio),
    tests(
      "ServingTests", "Serving", "ModelGraph", "Monitoring", "Provenance", "Domain", "Encoding", "Inference",
      "CDescriptorPassing", "CConfinement", "CZlib", .nio, .nioPosix, .nioHTTP1, .nioHTTP2, .nioHPACK,
      .nioTLS, .nioSSL,
      .nioLocks, .nioEmbedded, .crypto, "TestKit"),
    tests(
      "RelayTests", "Relay", "Lifecycle", "Access", "Alerting", "Gates", "Provenance", "Domain", "Encoding",
      "TestKit",
      .crypto, .nio, .nioPosix, .nioHTTP1, .nioLocks),
    tests("SignersTests", "Signers", "Lifecycle", "Provenance", "Domain", "Encoding"),
    tests(
      "EnginesTests", "Engines", "Inference", "ModelGraph", "Domain", "TestKit", "gatehouse-onnx"),
    // A process that gives up what the data plane gives up, and then tries what it should not be able to do.
    .target(name: "CForbiddenActs", path: "Tests/CForbiddenActs"),
    .executableTarget(
      name: "confinement-probe",
      dependencies: ["Domain", "Serving", "CConfinement", "CForbiddenActs"],
      path: "Tests/ConfinementProbe", swiftSettings: strict),
    tests("ConfinementTests", "Domain", "TestKit", "confinement-probe", "gatehouse-runtime"),
    tests("ArchitectureTests", "Encoding", "gatehouse", "gatehouse-runtime"),
    tests("TranscriptTests", "TestKit", "gatehouse", "gatehouse-runtime"),
  ]
)
