import Domain
import NIOSSL
import TestKit
import Testing

@testable import Serving

/// Connections that are secured, and what becomes of the files that they are secured by.
struct TLSTests {
  private let prediction = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#)

  private func server(
    _ files: SecuredFiles, asksCallers: Bool = false, _ change: (inout PlaneLimits) -> Void = { _ in }
  ) throws -> LiveServer {
    var limits = PlaneLimits()
    change(&limits)
    return try LiveServer(
      DataPlane(
        limits: limits, version: "1", table: try .serving(TestModels.line()),
        tls: try TLSIdentity(files.files(asksCallers: asksCallers))))
  }

  private func certificate(_ name: String) throws -> NIOSSLCertificate {
    try #require(try NIOSSLCertificate.fromPEMBytes(Fixtures.bytes("tls/\(name).pem")).first)
  }

  @Test func `requests one after another are answered on one connection`() throws {
    let server = try server(SecuredFiles())
    defer { server.stop() }
    let client = try SecureClient(port: server.port, SecuredFiles.client())
    for _ in 0..<3 { #expect(try client.exchange(prediction).status == 200) }
  }

  @Test func `bytes that are no request are known to have come by TLS`() throws {
    let server = try server(SecuredFiles())
    defer { server.stop() }
    let client = try SecureClient(port: server.port, SecuredFiles.client())
    #expect(try client.exchange("nonsense\r\n\r\n").status == 400)
    let found = try #require(server.plane.recent.lists.failed.first)
    #expect(found.transport == RequestTransport(isEncrypted: true))
  }

  @Test func `a caller that can do no better than TLS 1 1 is refused`() throws {
    let server = try server(SecuredFiles())
    defer { server.stop() }
    var configuration = try SecuredFiles.client()
    configuration.minimumTLSVersion = .tlsv1
    configuration.maximumTLSVersion = .tlsv11
    #expect(try SecureClient(port: server.port, configuration).receivesEnd())
  }

  @Test(arguments: [
    ("ECDHE-ECDSA-AES128-GCM-SHA256", true), ("ECDHE-ECDSA-AES256-GCM-SHA384", true),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", true), ("ECDHE-ECDSA-AES128-SHA", false),
    ("ECDHE-ECDSA-AES256-SHA", false),
  ])
  func `of TLS 1 2 only authenticated ciphers are spoken`(cipher: String, isSpoken: Bool) throws {
    let server = try server(SecuredFiles())
    defer { server.stop() }
    var configuration = try SecuredFiles.client()
    configuration.maximumTLSVersion = .tlsv12
    configuration.cipherSuites = cipher
    let client = try SecureClient(port: server.port, configuration)
    client.send(prediction)
    if isSpoken {
      #expect(try client.receive().status == 200)
    } else {
      #expect(try client.receivesEnd())
    }
  }

  @Test func `bytes that are no handshake end the connection`() throws {
    let server = try server(SecuredFiles())
    defer { server.stop() }
    let client = try server.connect()
    try client.send(prediction)
    _ = try client.receivesEnd()
    #expect(try SecureClient(port: server.port, SecuredFiles.client()).exchange(prediction).status == 200)
  }

  @Test func `a handshake that takes too long is given up`() throws {
    let server = try server(SecuredFiles()) { $0.handshake = .milliseconds(80) }
    defer { server.stop() }
    let first = try server.connect()
    let second = try server.connect()
    try second.send([22, 3, 1])
    #expect(try first.receivesEnd())
    #expect(try second.receivesEnd())
    try Patience.wait(until: { server.plane.connections.count == 0 })
  }

  @Test func `the oldest of too many handshakes is given up for the newest`() throws {
    let server = try server(SecuredFiles()) { $0.handshakes = 2 }
    defer { server.stop() }
    // Two loops, two each.
    let idle = try (0..<8).map { _ in try server.connect() }
    #expect(try idle[0].receivesEnd())
    #expect(try SecureClient(port: server.port, SecuredFiles.client()).exchange(prediction).status == 200)
  }

  // MARK: Callers' certificates

  @Test func `a caller with a certificate of the authority is served`() throws {
    let server = try server(SecuredFiles(), asksCallers: true)
    defer { server.stop() }
    let client = try SecureClient(port: server.port, SecuredFiles.client("caller"))
    #expect(try client.exchange(prediction).status == 200)
    #expect(try client.exchange(request("POST", "/predict", body: "{}")).status == 401)
  }

  @Test(arguments: [nil, "stranger"])
  func `a caller without one is not heard`(name: String?) throws {
    let server = try server(SecuredFiles(), asksCallers: true)
    defer { server.stop() }
    let client = try SecureClient(port: server.port, SecuredFiles.client(name))
    client.send(prediction)
    #expect(try client.receivesEnd())
    #expect(server.plane.requests == 0)
  }

  // MARK: Renewal

  @Test func `a new pair is taken up by new connections, and those that there are go on`() throws {
    let files = try SecuredFiles()
    let server = try server(files)
    defer { server.stop() }
    let before = try SecureClient(port: server.port, SecuredFiles.client())
    #expect(try before.exchange(prediction).status == 200)
    try files.use("renewed")
    let identity = try #require(server.plane.tls)
    #expect(identity.look(settling: false) == .renewed)
    #expect(identity.look(settling: false) == .unchanged)
    let after = try SecureClient(port: server.port, SecuredFiles.client())
    #expect(try after.exchange(prediction).status == 200)
    #expect(try after.certificate == certificate("renewed"))
    #expect(try before.exchange(prediction).status == 200)
    #expect(try before.certificate == certificate("server"))
  }

  @Test func `a pair that does not go together changes nothing but what is said of it`() throws {
    let files = try SecuredFiles()
    let server = try server(files)
    defer { server.stop() }
    let identity = try #require(server.plane.tls)
    let end = identity.end
    try files.put("renewed.pem", "certificate.pem")
    guard case .failed(let problem) = identity.look(settling: false) else {
      Issue.record("the pair was taken")
      return
    }
    #expect(problem.code == "tls.unusable")
    #expect(identity.isStale)
    #expect(identity.end == end)
    #expect(identity.certificate.end == Timestamp(milliseconds: Int64(end) * 1000))
    #expect(identity.certificate.begin.map { $0 < identity.certificate.end } == true)
    #expect(identity.certificate.failure == "tls.unusable")
    let client = try SecureClient(port: server.port, SecuredFiles.client())
    #expect(try client.exchange(prediction).status == 200)
    #expect(try client.certificate == certificate("server"))
    try files.use("renewed")
    #expect(identity.look(settling: false) == .renewed)
    #expect(!identity.isStale)
    #expect(identity.certificate.failure == nil)
  }

  @Test func `files that are being written are read once they stay as they are`() throws {
    let files = try SecuredFiles()
    let identity = try TLSIdentity(files.files())
    try files.put("renewed.pem", "certificate.pem")
    #expect(identity.look(settling: true) == .unchanged)
    try files.put("renewed.key", "key.pem")
    #expect(identity.look(settling: true) == .unchanged)
    #expect(identity.look(settling: true) == .renewed)
  }

  @Test func `a pair is found through links, and anew where a link changes`() throws {
    let files = try SecuredFiles()
    try files.put("renewed.pem", "next.pem")
    try files.put("renewed.key", "next.key")
    try files.link("certificate.pem", as: "tls.crt")
    try files.link("key.pem", as: "tls.key")
    let identity = try TLSIdentity(
      TLSFiles(certificate: files.path("tls.crt"), key: files.path("tls.key")))
    try files.link("next.pem", as: "tls.crt")
    try files.link("next.key", as: "tls.key")
    #expect(identity.look(settling: false) == .renewed)
  }

  @Test(arguments: [
    ("certificate.pem", "", "tls.no-certificate"), ("key.pem", "", "tls.no-key"),
    ("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "tls.no-key"),
    ("authority.pem", "nonsense", "tls.no-certificate"),
  ])
  func `a file that is not what it should be is named`(name: String, text: String, code: String) throws {
    let files = try SecuredFiles()
    try files.write(Array(text.utf8), name)
    let problem = #expect(throws: Problem.self) { try files.files(asksCallers: true).check() }
    #expect(problem?.code == code)
    #expect(problem?.subject == files.path(name))
  }

  @Test func `a key that everybody may read is refused, and a file that others may write`() throws {
    let files = try SecuredFiles()
    try files.write(Fixtures.bytes("tls/server.key"), "key.pem", mode: 0o644)
    #expect(throws: Problem.self) { try files.files().check() }
    try files.write(Fixtures.bytes("tls/server.key"), "key.pem", mode: 0o640)
    try files.files().check()
    try files.write(Fixtures.bytes("tls/server.pem"), "certificate.pem", mode: 0o666)
    #expect(throws: Problem.self) { try files.files().check() }
  }
}
