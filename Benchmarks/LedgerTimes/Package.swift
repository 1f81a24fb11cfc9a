// swift-tools-version: 6.2
import PackageDescription

// The registry's store and what lies below it, with a program that times it: the rest of the product is not built.

let flags: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("ImmutableWeakCaptures"), .strictMemorySafety(),
]

func layer(_ name: String, _ dependencies: Target.Dependency...) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: flags)
}

let package = Package(
  name: "gatehouse",
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
  ],
  targets: [
    layer("Encoding"),
    layer("Domain", "Encoding"),
    layer("ModelGraph", "Domain", "Encoding"),
    layer("YAML", "Encoding", "CYAML"),
    layer("Artifacts", "Encoding", "YAML", "CZlib", "CBZip2", "CLZMA", "CLZ4"),
    layer("Inspection", "Domain", "Encoding", "Artifacts"),
    layer("Lifting", "Domain", "Encoding", "Artifacts", "ModelGraph"),
    layer("Inference", "Domain", "Encoding", "ModelGraph", "CKernels"),
    layer("Access", "Domain", "Encoding"),
    layer("Documents", "Domain", "Encoding", "YAML"),
    layer("Threats", "Domain", "Encoding", "Provenance"),
    layer("Advisories", "Domain", "Encoding"),
    layer("Monitoring", "Domain", "Encoding", "ModelGraph"),
    layer("Rollouts", "Domain", "Encoding", "Monitoring"),
    layer("Alerting", "Domain", "Encoding", "Provenance", "YAML", "Documents"),
    layer(
      "Gates", "Domain", "Encoding", "Access", "Provenance", "YAML", "Documents", "Threats", "Advisories",
      "Rollouts", "Alerting"),
    layer(
      "ModelTests", "Domain", "Encoding", "Provenance", "YAML", "Documents", "ModelGraph", "Inference"),
    layer("Provenance", "Domain", "Encoding", "CBoringSSL"),
    layer("Statements", "Domain", "Encoding", "Provenance"),
    layer("Packaging", "Domain", "Encoding", "Artifacts", "Provenance", "Statements", "CZlib"),
    layer(
      "Lifecycle", "Domain", "Encoding", "ModelGraph", "Artifacts", "Inspection", "Lifting", "Inference",
      "Advisories", "Gates", "Threats", "ModelTests", "Access", "Provenance", "Rollouts", "Statements",
      "Packaging", "Monitoring", "Alerting"),
    layer(
      "Storage", "Domain", "Encoding", "Access", "Alerting", "Gates", "Monitoring", "Provenance", "Packaging",
      "Lifecycle", .product(name: "GRDB", package: "GRDB.swift")),
    .target(name: "CKernels"),
    .target(name: "CBoringSSL", dependencies: [.product(name: "NIOSSL", package: "swift-nio-ssl")]),
    .systemLibrary(name: "CZlib"), .systemLibrary(name: "CBZip2"), .systemLibrary(name: "CLZMA"),
    .systemLibrary(name: "CLZ4"), .systemLibrary(name: "CYAML"),
    .executableTarget(
      name: "ledger-times", dependencies: ["Storage", "Lifecycle", "Provenance", "Domain", "Encoding"],
      path: "Program", swiftSettings: flags),
  ])
