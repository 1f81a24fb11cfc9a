import Foundation
import Glibc
import NIOSSL
import TestKit
import Testing

@testable import Serving

/// Files of TLS in a directory of their own, as an operator keeps them.
final class SecuredFiles {
  let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory.appending(path: "tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    try put("authority.pem", "authority.pem")
    try use("server")
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// The files that a plane is told of.
  func files(asksCallers: Bool = false) -> TLSFiles {
    TLSFiles(
      certificate: path("certificate.pem"), key: path("key.pem"),
      clientAuthorities: asksCallers ? path("authority.pem") : nil)
  }

  /// Puts another pair in the place of the one in use.
  func use(_ name: String) throws {
    try put("\(name).pem", "certificate.pem")
    try put("\(name).key", "key.pem")
  }

  /// Puts a fixture in the place of a file.
  func put(_ fixture: String, _ name: String) throws {
    try write(try Fixtures.bytes("tls/\(fixture)"), name)
  }

  func write(_ bytes: [UInt8], _ name: String, mode: Int = 0o600) throws {
    let new = directory.appending(path: "\(name).new")
    try Data(bytes).write(to: new)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: new.path)
    // As a careful hand does it: the file is never there in part.
    unsafe rename(new.path, path(name))
  }

  /// Puts a link to a file in the place of a name.
  func link(_ target: String, as name: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: path("\(name).new"), withDestinationPath: path(target))
    unsafe rename(path("\(name).new"), path(name))
  }

  func path(_ name: String) -> String { directory.appending(path: name).path }

  /// What a client trusts and, where it has one, shows.
  static func client(_ name: String? = nil, protocols: [String] = []) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .certificates(
      try NIOSSLCertificate.fromPEMBytes(Fixtures.bytes("tls/authority.pem")))
    configuration.applicationProtocols = protocols
    if let name {
      configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(
        Fixtures.bytes("tls/\(name).pem")
      ).map { .certificate($0) }
      configuration.privateKey = .privateKey(
        try NIOSSLPrivateKey(bytes: Fixtures.bytes("tls/\(name).key"), format: .pem))
    }
    return configuration
  }
}
