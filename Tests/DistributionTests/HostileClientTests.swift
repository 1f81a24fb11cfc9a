import Dispatch
import Domain
import Encoding
import Glibc
import Packaging
import Provenance
import TestKit
import Testing

@testable import Distribution

/// Clients that break off, announce what nobody wants, or say nothing; on real sockets.
struct HostileClientTests {
  @Test func `ten gigabytes that are announced are refused before they are sent`() async throws {
    let bench = try RegistryBench()
    try await bench.listen { port in
      for path in ["/v2/iris/blobs/uploads/?digest=\(Sample.digest(1))", "/v2/iris/blobs/uploads/"] {
        let connection = try await Connection(port)
        try await connection.send(Connection.head("POST", path, ["Content-Length": "10000000000"]))
        let answer = try await connection.answer()
        #expect(answer.hasPrefix("HTTP/1.1 413"))
        #expect(answer.contains("SIZE_INVALID"))
        #expect(answer.lowercased().contains("connection: close"))
      }
      let begun = try await Connection(port)
      try await begun.send(Connection.head("POST", "/v2/iris/blobs/uploads/", ["Content-Length": "0"]))
      let place = try #require(Connection.location(in: try await begun.answer()))
      try await begun.send(Connection.head("PATCH", place, ["Content-Length": "10000000000"]))
      #expect(try await begun.answer().hasPrefix("HTTP/1.1 413"))
      // The upload is as it was.
      let other = try await Connection(port)
      try await other.send(Connection.head("GET", place, [:]))
      #expect(try await other.answer().hasPrefix("HTTP/1.1 204"))
    }
  }

  @Test func `a length as large as a number can be is refused behind a byte that has come`() async throws {
    try await RegistryBench().listen { port in
      let begun = try await Connection(port)
      try await begun.send(Connection.head("POST", "/v2/iris/blobs/uploads/", ["Content-Length": "0"]))
      let place = try #require(Connection.location(in: try await begun.answer()))
      try await begun.send(Connection.head("PATCH", place, ["Content-Length": "1"]) + [1])
      #expect(try await begun.answer().hasPrefix("HTTP/1.1 202"))
      for method in ["PATCH", "PUT"] {
        let connection = try await Connection(port)
        try await connection.send(
          Connection.head(
            method, "\(place)?digest=\(Sample.digest(1))", ["Content-Length": "9223372036854775807"]))
        #expect(try await connection.answer().hasPrefix("HTTP/1.1 413"))
      }
    }
  }

  @Test func `a stranger that sends a body is not waited for`() async throws {
    try await RegistryBench().listen { port in
      let connection = try await Connection(port)
      try await connection.send(
        Array("POST /v2/iris/blobs/uploads/ HTTP/1.1\r\nHost: registry\r\nContent-Length: 10\r\n\r\n".utf8))
      let answer = try await connection.answer()
      #expect(answer.hasPrefix("HTTP/1.1 401"))
      // The end comes without the body.
      #expect(try await connection.answer().isEmpty)
    }
  }

  @Test func `a manifest of a hundred megabytes is refused without being read`() async throws {
    try await RegistryBench().listen { port in
      let connection = try await Connection(port)
      try await connection.send(
        Connection.head("PUT", "/v2/iris/manifests/v1", ["Content-Length": "104857600"]))
      let answer = try await connection.answer()
      #expect(answer.hasPrefix("HTTP/1.1 413"))
      #expect(answer.contains("manifest.too-large"))
    }
  }

  @Test func `a manifest that does not say how long it is is refused beyond its limit`() async throws {
    try await RegistryBench().listen { port in
      let connection = try await Connection(port)
      try await connection.send(
        Connection.head("PUT", "/v2/iris/manifests/v1", ["Transfer-Encoding": "chunked"]))
      let chunk = Array("100000\r\n".utf8) + [UInt8](repeating: 0x20, count: 1 << 20) + Array("\r\n".utf8)
      for _ in 0..<5 { try? await connection.send(chunk) }
      #expect(try await connection.answer().hasPrefix("HTTP/1.1 413"))
    }
  }

  @Test func `a chunk that breaks off stays as far as it came, and the upload goes on from there`()
    async throws
  {
    let bench = try RegistryBench()
    try await bench.listen { port in
      let bytes = [UInt8](repeating: 3, count: 400_000)
      var connection = try await Connection(port)
      try await connection.send(Connection.head("POST", "/v2/iris/blobs/uploads/", ["Content-Length": "0"]))
      let place = try #require(Connection.location(in: try await connection.answer()))
      try await connection.send(
        Connection.head("PATCH", place, ["Content-Length": "400000", "Content-Range": "0-399999"])
          + bytes[..<300_000])
      await connection.end()
      // Until the registry has noticed; then it says how far it came.
      var offset = 0
      for _ in 0..<200 where offset == 0 {
        connection = try await Connection(port)
        try await connection.send(Connection.head("GET", place, [:]))
        let range = Connection.field("range", in: try await connection.answer())
        offset = range.flatMap { Int($0.dropFirst(2)) }.map { $0 == 0 ? 0 : $0 + 1 } ?? 0
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect((1...300_000).contains(offset))
      var answer = ""
      for _ in 0..<200 {
        connection = try await Connection(port)
        try await connection.send(Connection.head("GET", place, [:]))
        let range = Connection.field("range", in: try await connection.answer())
        offset = range.flatMap { Int($0.dropFirst(2)) }.map { $0 + 1 } ?? 0
        try await connection.send(
          Connection.head(
            "PUT", "\(place)?digest=\(Digest(of: bytes))",
            ["Content-Length": "\(400_000 - offset)", "Content-Range": "\(offset)-399999"])
            + bytes[offset...])
        answer = try await connection.answer()
        // The one that broke off may be at it still.
        guard answer.hasPrefix("HTTP/1.1 409") || answer.hasPrefix("HTTP/1.1 416") else { break }
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(answer.hasPrefix("HTTP/1.1 201"))
      #expect(await bench.blobs.digests() == [Digest(of: bytes)])
    }
  }

  @Test func `an upload in one request that breaks off leaves nothing`() async throws {
    let bench = try RegistryBench()
    try await bench.listen { port in
      let digest = Digest(of: [UInt8](repeating: 3, count: 5000))
      let connection = try await Connection(port)
      try await connection.send(
        Connection.head("POST", "/v2/iris/blobs/uploads/?digest=\(digest)", ["Content-Length": "5000"])
          + [UInt8](repeating: 3, count: 4999))
      await connection.end()
      try #require(await Self.hasAbandonedSession(bench.blobs))
      #expect(await bench.blobs.digests().isEmpty)
      let other = try await Connection(port)
      try await other.send(Connection.head("HEAD", "/v2/iris/blobs/\(digest)", [:]))
      #expect(try await other.answer(hasBody: false).hasPrefix("HTTP/1.1 404"))
    }
  }

  /// Waits until an ingest session was abandoned; false where none is within 30 s.
  private static func hasAbandonedSession(_ blobs: InMemoryBlobStore) async -> Bool {
    let (outcomes, outcome) = AsyncStream<Bool>.makeStream()
    // Not as children: who waits for it cannot be made to stop.
    Task {
      await blobs.waitForAbandonedSession()
      outcome.yield(true)
    }
    let patience = Task {
      try await Task.sleep(for: .seconds(30))
      outcome.yield(false)
    }
    defer { patience.cancel() }
    for await isAbandoned in outcomes { return isAbandoned }
    return false
  }

  @Test func `more uploads than there may be at a time are told to wait`() async throws {
    try await RegistryBench().serve { call in
      for _ in 0..<64 { #expect(try await call("POST", "/v2/iris/blobs/uploads/").status == 202) }
      let refused = try await call("POST", "/v2/iris/blobs/uploads/")
      #expect(refused.status == 429)
      #expect(refused.error == "TOOMANYREQUESTS")
      #expect(refused.fields["retry-after"] == "10")
    }
  }
}

/// A connection that says what it is told to, byte for byte.
///
/// It waits on a thread of its own: the tests and the registry share what threads there are.
private actor Connection {
  /// A thread that may block.
  private final class Executor: SerialExecutor {
    private let queue = DispatchQueue(label: "connection")

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
  }

  private let executor = Executor()
  private let descriptor: Int32

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

  struct Failure: Error {
    let code: Int32
  }

  init(_ port: Int) async throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    _ = unsafe inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Failure(code: errno) }
  }

  deinit { close(descriptor) }

  static func head(_ method: String, _ path: String, _ fields: [String: String]) -> [UInt8] {
    var text =
      "\(method) \(path) HTTP/1.1\r\nHost: registry\r\nAuthorization: Bearer \(RegistryBench.token)\r\n"
    for (name, value) in fields { text += "\(name): \(value)\r\n" }
    return Array("\(text)\r\n".utf8)
  }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let sent = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { throw Failure(code: errno) }
      rest = rest.dropFirst(sent)
    }
  }

  /// Sends nothing any more.
  func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// One answer: its head, and as much of its body as it says it has.
  func answer(hasBody: Bool = true) throws -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      guard count >= 0 else { throw Failure(code: errno) }
      bytes += buffer[..<count]
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.firstRange(of: "\r\n\r\n") else {
        guard count > 0 else { return text }
        continue
      }
      let length = Self.field("content-length", in: text).flatMap { Int($0) } ?? 0
      if count == 0 || !hasBody || text[end.upperBound...].utf8.count >= length { return text }
    }
  }

  static func field(_ name: String, in answer: String) -> String? {
    for line in answer.split(separator: "\r\n") where line.lowercased().hasPrefix("\(name):") {
      return line.dropFirst(name.count + 1).filter { $0 != " " }
    }
    return nil
  }

  static func location(in answer: String) -> String? { field("location", in: answer) }
}
