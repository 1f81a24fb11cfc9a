import Domain
import Glibc
import Lifecycle
import Provenance
import Testing

@testable import Storage

/// The half of `scripts/verify-with-peers` that is ours.
///
/// It runs only from there: the script names a directory in which both sides leave bundles for each other.
@Suite(.enabled(if: Peers.directory != nil, "run by scripts/verify-with-peers"))
struct `With the model-signing package` {
  private let directory = Peers.directory ?? "."

  @Test func `a bundle that we sealed is left for it`() async throws {
    let key = SealingKey()
    let bundle = try UnsealedBundle(files: [
      BundleFile(path: "manifest.json", bytes: Array("{\"name\":\"iris\"}".utf8)),
      BundleFile(path: "weights/a.bin", bytes: Array(repeating: 0x93, count: 100_000)),
      BundleFile(path: "weights-b.bin", bytes: [0]), BundleFile(path: "empty", bytes: []),
    ]).sealed(with: key, name: "iris@3")
    let path = try await DirectoryBundleStore(directory: "\(directory)/ours").publish(bundle)
    try DurableFile.write(Array(key.verificationKey.pem.utf8), to: "\(directory)/ours.pub.pem")
    try DurableFile.write(Array(path.utf8), to: "\(directory)/ours.path")
  }

  @Test func `a bundle that it sealed verifies, and does not once it is changed`() throws {
    let paths = ["empty", "manifest.json", "weights-b.bin", "weights/a.bin"]
    let key = try KeyFiles.sealVerificationKey(at: "\(directory)/theirs.pub.pem")
    let seal = try Scratch.read("\(directory)/theirs/seal.json")
    var files = try paths.map { BundleFile(path: $0, bytes: try Scratch.read("\(directory)/theirs/\($0)")) }
    _ = try SealedBundle(UnsealedBundle(files: files), seal: seal, trusting: [key])
    files[0] = BundleFile(path: files[0].path, bytes: [1])
    let problem = #expect(throws: Problem.self) {
      try SealedBundle(UnsealedBundle(files: files), seal: seal, trusting: [key])
    }
    #expect(problem?.code == "seal.file-changed")
  }
}

private enum Peers {
  /// Where both sides leave their bundles; nil outside of the script.
  static let directory: String? = {
    guard let value = unsafe getenv("GATEHOUSE_PEERS") else { return nil }
    return unsafe String(cString: value)
  }()
}
