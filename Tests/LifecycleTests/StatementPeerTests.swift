import Domain
import Foundation
import Provenance
import Statements
import Testing

/// The half of `scripts/verify-statements` that is ours: leaves what the road made for the programs of others.
///
/// It runs only from there.
@Suite(.enabled(if: StatementPeers.directory != nil, "run by scripts/verify-statements"))
struct StatementPeerTests {
  @Test func `statements and bundles are left for others`() async throws {
    let directory = URL(filePath: StatementPeers.directory ?? ".")
    let platform = try await StatedPlatform()
    let signed = try platform.signed()
    _ = try platform.verified(signed)
    for (number, statement) in signed.enumerated() {
      try Data(statement.bytes).write(to: directory.appending(path: "\(number).sigstore.json"))
    }
    let key = platform.key.verificationKey
    try Data(key.pem.utf8).write(to: directory.appending(path: "key.pub.pem"))
    for (bundle, stated) in zip(platform.bundles, platform.image.bundles) {
      let place = directory.appending(path: "bundles/\(stated.manifest.reference)")
      try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
      for file in bundle.files { try Data(file.bytes).write(to: place.appending(path: file.path)) }
    }
  }

  /// Whatever others find good, we find good as well, and the other way round.
  @Test func `what securesystemslib signed is taken, and refused once it is changed`() throws {
    let directory = URL(filePath: StatementPeers.directory ?? ".").appending(path: "theirs")
    guard FileManager.default.fileExists(atPath: directory.path()) else { return }
    let key = try SealVerificationKey(
      pem: String(decoding: try Data(contentsOf: directory.appending(path: "key.pub.pem")), as: UTF8.self))
    let bytes = Array(try Data(contentsOf: directory.appending(path: "theirs.sigstore.json")))
    let signed = try SignedStatement(verifying: bytes, trusting: [key])
    #expect(signed.statement.subjects.map(\.name) == ["theirs"])
    #expect(signed.statement.predicateType == "https://example.org/theirs")
    let changed = String(decoding: bytes, as: UTF8.self).replacing("\"sig\": \"ME", with: "\"sig\": \"MF")
    #expect(throws: Problem.self) {
      try SignedStatement(verifying: Array(changed.utf8), trusting: [key])
    }
  }
}

private enum StatementPeers {
  /// Where statements and bundles are left; nil outside of the script.
  static let directory = ProcessInfo.processInfo.environment["GATEHOUSE_STATEMENTS"]
}
