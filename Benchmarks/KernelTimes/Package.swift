// swift-tools-version: 6.2
import PackageDescription

// The innermost ring alone, with a program that times it: it builds in a minute, and has no other package in it.

let flags: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func entity(_ name: String, _ dependencies: Target.Dependency...) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: flags)
}

let package = Package(
  name: "gatehouse",
  targets: [
    entity("Encoding"),
    entity("Domain", "Encoding"),
    entity("ModelGraph", "Domain", "Encoding"),
    entity("YAML", "Encoding", "CYAML"),
    entity("Artifacts", "Encoding", "YAML", "CZlib", "CBZip2", "CLZMA", "CLZ4"),
    entity("Lifting", "Domain", "Encoding", "Artifacts", "ModelGraph"),
    entity("Inference", "Domain", "Encoding", "ModelGraph", "CKernels"),
    .target(name: "CKernels"),
    .systemLibrary(name: "CZlib"), .systemLibrary(name: "CBZip2"), .systemLibrary(name: "CLZMA"),
    .systemLibrary(name: "CLZ4"), .systemLibrary(name: "CYAML"),
    .executableTarget(
      name: "kernel-times", dependencies: ["Lifting", "Inference", "ModelGraph", "Artifacts", "Domain"],
      path: "Program", swiftSettings: flags),
  ])
