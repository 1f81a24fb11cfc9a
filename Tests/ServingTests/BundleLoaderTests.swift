import Domain
import Encoding
import Glibc
import Inference
import ModelGraph
import Monitoring
import Provenance
import Testing

@testable import Serving

/// A directory that goes away with its owner.
final class TemporaryDirectory {
  let path: String

  init() throws {
    var template = Array("/tmp/gatehouse-serving-XXXXXX".utf8CString)
    try #require(unsafe mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { Self.remove(path) }

  func write(_ bytes: [UInt8], to name: String) throws {
    let descriptor = unsafe open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(descriptor >= 0)
    defer { _ = close(descriptor) }
    #expect(
      unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) } == bytes.count
    )
  }

  /// Leaves nothing of what was written to it.
  func removeContents() { Self.remove(path) }

  private static func remove(_ path: String) {
    guard let directory = unsafe opendir(path) else {
      _ = unsafe unlink(path)
      return
    }
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { remove("\(path)/\(name)") }
    }
    _ = unsafe closedir(directory)
    _ = unsafe rmdir(path)
  }
}

/// Writes the sealed bundle of a line model.
func writeBundle(
  to directory: TemporaryDirectory, key: SealingKey, name: String = "line", version: Int = 1,
  intercept: Double = 0, graph: ModelGraph? = nil, selfCheck: [UInt8]? = nil, reference: [UInt8]? = nil
) throws -> Digest {
  let graph = try graph ?? TestModels.lineGraph(intercept: intercept)
  let encoded = graph.encoded()
  let manifest = Manifest(
    name: try ModelName(parsing: name), version: try #require(VersionNumber(version)), signature: [:],
    artifact: Digest(of: [1]), framework: "scikit-learn", frameworkVersion: "1.9.1",
    estimator: "LinearRegression", tool: "gatehouse test", policy: Digest(of: [2]))
  var files = [
    BundleFile(path: "manifest.json", bytes: manifest.canonicalBytes),
    BundleFile(path: "graph.json", bytes: encoded.graph),
    BundleFile(path: "weights.safetensors", bytes: encoded.weights),
    BundleFile(
      path: SelfCheck.path, bytes: try selfCheck ?? SelfCheck(of: ValidatedGraph(graph)).canonicalBytes),
  ]
  if let reference { files.append(BundleFile(path: Reference.path, bytes: reference)) }
  let bundle = try UnsealedBundle(files: files).sealed(with: key, name: name)
  for file in bundle.files { try directory.write(file.bytes, to: file.path) }
  return bundle.digest
}

struct BundleLoaderTests {
  private let key = SealingKey()
  private let directory: TemporaryDirectory
  private let digest: Digest
  private var loader: BundleLoader { BundleLoader(trusting: [key.verificationKey]) }

  init() throws {
    directory = try TemporaryDirectory()
    digest = try writeBundle(to: directory, key: key)
  }

  @Test func `a sealed bundle is loaded as the version it says it is`() throws {
    let model = try loader.load(path: directory.path)
    #expect(model.reference.description == "line@1")
    #expect(model.bundle == digest)
    #expect(model.framework == "scikit-learn 1.9.1")
  }

  @Test func `a reference that does not read, or is of another model, keeps no version from serving`() throws
  {
    let other = try Reference(training: [TrainingColumn(name: "x", values: .numbers([1, 2, 3]))]).bytes
    for (reference, code) in [
      ([1, 2, 3], "monitoring.malformed"), (Array(other.dropLast(9)), "monitoring.malformed"),
      (other, "reference.unlike-model"),
    ] {
      let directory = try TemporaryDirectory()
      _ = try writeBundle(to: directory, key: key, reference: reference)
      let model = try loader.load(path: directory.path)
      #expect(model.watch.referenceProblem?.code == code)
      #expect(!model.watch.hasReference)
      #expect(model.watch.shape.columns.map(\.name) == ["a", "b", "predict"])
    }
    #expect(try loader.load(path: directory.path).watch.referenceProblem == nil)
  }

  @Test func `a bundle sealed by another key is refused`() {
    let stranger = BundleLoader(trusting: [SealingKey().verificationKey])
    #expect { try stranger.load(path: directory.path) } throws: {
      ($0 as? Problem)?.code == "seal.untrusted-key"
    }
  }

  @Test(arguments: ["manifest.json", "graph.json", "weights.safetensors"])
  func `a changed file is refused by name`(name: String) throws {
    try directory.write(Array("{}".utf8), to: name)
    #expect {
      try loader.load(path: directory.path)
    } throws: {
      let problem = $0 as? Problem
      return problem?.code == "seal.file-changed" && problem?.subject == name && problem?.exitCode == 5
    }
  }

  @Test func `an extra file is refused by name`() throws {
    try directory.write([1], to: "extra")
    #expect { try loader.load(path: directory.path) } throws: { ($0 as? Problem)?.code == "seal.file-extra" }
  }

  @Test func `a missing file is refused by name`() throws {
    _ = unsafe unlink("\(directory.path)/graph.json")
    #expect { try loader.load(path: directory.path) } throws: {
      ($0 as? Problem)?.code == "seal.file-missing"
    }
  }

  @Test func `a bundle without a seal is refused`() throws {
    _ = unsafe unlink("\(directory.path)/seal.json")
    #expect { try loader.load(path: directory.path) } throws: { ($0 as? Problem)?.code == "bundle.unsealed" }
  }

  @Test func `a link in a bundle is refused though its target is as sealed`() throws {
    let graph = "\(directory.path)/graph.json"
    let elsewhere = try TemporaryDirectory()
    _ = unsafe rename(graph, "\(elsewhere.path)/graph.json")
    _ = unsafe symlink("\(elsewhere.path)/graph.json", graph)
    #expect { try loader.load(path: directory.path) } throws: { ($0 as? Problem)?.code == "file.not-regular" }
  }

  @Test func `a FIFO in a bundle is refused at once`() throws {
    _ = unsafe mkfifo("\(directory.path)/pipe", 0o600)
    #expect { try loader.load(path: directory.path) } throws: { ($0 as? Problem)?.code == "file.not-regular" }
  }

  @Test func `a bundle beyond its limits is refused`() {
    var limits = BundleLimits()
    limits.bytes = 100
    let strict = BundleLoader(trusting: [key.verificationKey], limits: limits)
    #expect { try strict.load(path: directory.path) } throws: { ($0 as? Problem)?.code == "file.too-large" }
    limits = BundleLimits()
    limits.files = 2
    let stricter = BundleLoader(trusting: [key.verificationKey], limits: limits)
    #expect {
      try stricter.load(path: directory.path)
    } throws: {
      ($0 as? Problem)?.code == "bundle.too-many-files"
    }
  }

  @Test func `a model that does not answer its self-check is not served`() throws {
    let other = try TemporaryDirectory()
    let check = SelfCheck(of: try ValidatedGraph(TestModels.lineGraph(intercept: 1)))
    _ = try writeBundle(to: other, key: key, selfCheck: check.canonicalBytes)
    #expect {
      try loader.load(path: other.path)
    } throws: {
      ($0 as? Problem)?.code == "bundle.self-check" && ($0 as? Problem)?.exitCode == 5
    }
    _ = try writeBundle(to: other, key: key, selfCheck: Array("{}".utf8))
    #expect { try loader.load(path: other.path) } throws: {
      ($0 as? Problem)?.code == "self-check.malformed"
    }
  }

  @Test func `a bundle of before there were self-checks is served`() throws {
    let encoded = try TestModels.lineGraph().encoded()
    let manifest = Manifest(
      name: try ModelName(parsing: "line"), version: .first, signature: [:], artifact: Digest(of: [1]),
      framework: "scikit-learn", frameworkVersion: "1.9.1", estimator: "LinearRegression",
      tool: "gatehouse test", policy: Digest(of: [2]))
    let bundle = try UnsealedBundle(files: [
      BundleFile(path: "manifest.json", bytes: manifest.canonicalBytes),
      BundleFile(path: "graph.json", bytes: encoded.graph),
      BundleFile(path: "weights.safetensors", bytes: encoded.weights),
    ]).sealed(with: key, name: "line")
    let former = try TemporaryDirectory()
    for file in bundle.files { try former.write(file.bytes, to: file.path) }
    #expect(try loader.load(path: former.path).reference.description == "line@1")
  }

  @Test func `a directory that is not there is not found`() {
    #expect {
      try loader.load(path: directory.path + "/none")
    } throws: {
      ($0 as? Problem)?.code == "bundle.unreadable"
    }
  }
}
