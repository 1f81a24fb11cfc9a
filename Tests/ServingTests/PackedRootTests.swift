import Domain
import Foundation
import Testing

@testable import Serving

/// What an image says by where its files stand.
struct PackedRootTests {
  /// A directory with empty files at these paths, removed with the value.
  private final class Root {
    let path = FileManager.default.temporaryDirectory.appending(path: "root-\(UUID().uuidString)").path()

    init(_ files: [String]) throws {
      for file in files {
        let url = URL(filePath: "\(path)/\(file)")
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data().write(to: url)
      }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private static let least = ["bundles/iris/3/seal.json", "trust/a.pem"]

  private func unpacked(_ root: Root, _ more: [String] = []) throws -> RuntimeArguments {
    guard case .serve(let arguments) = try RuntimeArguments.parse(["--packed", root.path] + more) else {
      throw Problem(.internal, "test", "expected arguments to serve by")
    }
    return try arguments.unpacked()
  }

  @Test func `every version of every bundle is served, by every key that is trusted`() throws {
    let root = try Root(
      [
        "bundles/iris/10/seal.json", "bundles/iris/9/seal.json", "bundles/wine/1/seal.json", "trust/a.pem",
        "trust/b.pem",
      ])
    let arguments = try unpacked(root)
    #expect(
      arguments.bundles == ["iris/10", "iris/9", "wine/1"].map { "\(root.path)/bundles/\($0)" })
    #expect(arguments.trusted == ["a", "b"].map { "\(root.path)/trust/\($0).pem" })
    #expect(arguments.listener == .address("0.0.0.0:8080"))
    #expect(arguments.admin == .address("0.0.0.0:8081"))
    #expect(!arguments.tellsRequests)
    #expect(arguments.keys == nil)
    #expect(arguments.spool == nil)
  }

  @Test func `the keys that somebody brings count before those of the image`() throws {
    let packed = Self.least + ["callers/keys.jsonl"]
    let image = try Root(packed)
    #expect(try unpacked(image).keys == "\(image.path)/callers/keys.jsonl")
    let run = try Root(packed + ["run/gatehouse/keys.jsonl"])
    #expect(try unpacked(run).keys?.hasSuffix("/run/gatehouse/keys.jsonl") == true)
  }

  @Test func `keys may be brought as a link, as orchestrators do`() throws {
    let root = try Root(Self.least + ["callers/keys.jsonl", "run/gatehouse/..2026/keys.jsonl"])
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: "\(root.path)/run/gatehouse/..data", withDestinationPath: "..2026")
    try manager.createSymbolicLink(
      atPath: "\(root.path)/run/gatehouse/keys.jsonl", withDestinationPath: "..data/keys.jsonl")
    #expect(try unpacked(root).keys?.hasSuffix("/run/gatehouse/..2026/keys.jsonl") == true)
  }

  @Test func `where keys were to be brought and are not there, those of the image do not count`() throws {
    let root = try Root(Self.least + ["callers/keys.jsonl", "run/gatehouse/keys.json"])
    let problem = #expect(throws: Problem.self) { _ = try unpacked(root) }
    #expect(problem?.code == "image.unreadable")
  }

  @Test func `what is no directory is not passed over`() throws {
    let root = try Root(Self.least + ["bundles/wine"])
    let problem = #expect(throws: Problem.self) { _ = try unpacked(root) }
    #expect(problem?.code == "image.unreadable")
  }

  @Test func `records are kept where there is a place for them`() throws {
    let root = try Root(Self.least + ["spool/.keep"])
    #expect(try unpacked(root).spool == "\(root.path)/spool/records")
  }

  @Test func `what is given counts before what the image says`() throws {
    let root = try Root(Self.least + ["callers/keys.jsonl", "spool/.keep"])
    let arguments = try unpacked(
      root, ["--keys", "k", "--spool", "s", "--listen", "127.0.0.1:1", "--admin", "127.0.0.1:2"])
    #expect(arguments.keys == "k")
    #expect(arguments.spool == "s")
    #expect(arguments.listener == .address("127.0.0.1:1"))
    #expect(arguments.admin == .address("127.0.0.1:2"))
    #expect(arguments.tellsRequests)
  }

  @Test(arguments: [[], ["trust/a.pem"], ["bundles/iris/1/seal.json"]])
  func `a root that is no image is refused`(files: [String]) throws {
    let root = try Root(files + ["other"])
    let problem = #expect(throws: Problem.self) { _ = try unpacked(root) }
    #expect(problem?.code == "image.nothing-packed")
    #expect(problem?.subject == root.path)
  }

  @Test(arguments: ["--bundle", "--state", "--trust"])
  func `an image says by itself what is served and who is trusted`(option: String) {
    let problem = #expect(throws: Problem.self) {
      _ = try RuntimeArguments.parse(["--packed", "/", option, "x"])
    }
    #expect(problem?.code == "usage.conflicting-options")
  }

  @Test func `without an image the arguments are as they were given`() throws {
    let given = ["--bundle", "b", "--trust", "t"]
    let request = try RuntimeArguments.parse(given)
    guard case .serve(let arguments) = request else { return }
    #expect(try arguments.unpacked() == arguments)
    #expect(request == .serve(arguments))
  }
}
