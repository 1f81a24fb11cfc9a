// swift-tools-version: 6.2
import PackageDescription

// What watches models, with a program that times it and one that lives through years: the rest of the product is not built.

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
  targets: [
    layer("Encoding"),
    layer("Domain", "Encoding"),
    layer("ModelGraph", "Domain", "Encoding"),
    layer("Monitoring", "Domain", "Encoding", "ModelGraph"),
    .executableTarget(
      name: "monitoring-times", dependencies: ["Monitoring", "Domain", "Encoding"], path: "Program",
      swiftSettings: flags),
  ])
