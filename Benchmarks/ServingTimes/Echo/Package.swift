// swift-tools-version: 6.2
import PackageDescription

// What the network library alone costs: HTTP/1.1 of SwiftNIO that gives every body back.

let package = Package(
  name: "nio-echo",
  dependencies: [.package(url: "https://github.com/apple/swift-nio.git", exact: "2.101.2")],
  targets: [
    .executableTarget(
      name: "nio-echo",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Sources",
      swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")])
  ])
