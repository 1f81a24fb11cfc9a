import Encoding
import Glibc
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Testing

@testable import Serving

/// An answer as it came over the wire.
struct Received: Equatable {
  var status: Int
  var fields: [String: String]
  var body: [UInt8]

  var json: JSON? { try? JSON(parsing: body) }
  var code: String? { json?["code"]?.string }

  /// Takes the first whole answer off `bytes`; nil where there is none yet.
  static func take(from bytes: inout [UInt8], isHead: Bool = false) -> Received? {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let head = text[..<end.lowerBound].split(separator: "\r\n", omittingEmptySubsequences: false)
    guard let status = head.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      return nil
    }
    var fields: [String: String] = [:]
    for line in head.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      fields[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    let start = text[..<end.upperBound].utf8.count
    let length = isHead || status == 100 ? 0 : fields["content-length"].flatMap { Int($0) } ?? 0
    guard bytes.count >= start + length else { return nil }
    let body = Array(bytes[start..<(start + length)])
    bytes.removeFirst(start + length)
    return Received(status: status, fields: fields, body: body)
  }
}

extension String {
  /// The first place of a text; the standard library's own needs Foundation or a regex.
  fileprivate func range(of text: String) -> Range<String.Index>? { ranges(of: text).first }
}

/// A request as text.
func request(
  _ method: String = "POST", _ path: String, key: String? = nil, body: String? = nil, fields: [String] = []
) -> String {
  var text = "\(method) \(path) HTTP/1.1\r\nHost: test\r\n"
  if let key { text += "Authorization: Bearer \(key)\r\n" }
  for field in fields { text += field + "\r\n" }
  if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
  return text + "\r\n" + (body ?? "")
}

/// How a request reaches the code under test.
enum Transport: CaseIterable {
  /// Through the channel's handlers alone.
  case memory
  /// Over a socket.
  case live
  /// Over a socket and TLS.
  case secure
  /// As a stream of HTTP/2, by a client that knows that it is spoken.
  case http2
  /// As a stream of HTTP/2 that TLS has agreed on.
  case secureHTTP2

  /// Sends bytes on a connection of their own and answers with all that came back.
  func exchange(_ bytes: [UInt8], with plane: DataPlane, answers: Int = 1) throws -> [Received] {
    switch self {
    case .memory:
      let channel = EmbeddedChannel()
      try channel.pipeline.syncOperations.addHandlers(
        ByteToMessageHandler(plane.limits),
        ConnectionHandler(
          PlaneLoop(plane, on: channel), ReadPace(), isRefused: false))
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
      _ = try? channel.writeInbound(ByteBuffer(bytes: bytes))
      var output: [UInt8] = []
      while let part = try channel.readOutbound(as: ByteBuffer.self) { output += part.readableBytesView }
      _ = try? channel.finish()
      var received: [Received] = []
      while let answer = Received.take(from: &output) { received.append(answer) }
      return received
    case .live:
      let server = try LiveServer(plane)
      defer { server.stop() }
      let client = try server.connect()
      try client.send(bytes)
      return try (0..<answers).map { _ in try client.receive() }
    case .secure, .http2, .secureHTTP2:
      let files = try SecuredFiles()
      let identity = self == .http2 ? nil : try TLSIdentity(files.files())
      let server = try LiveServer(plane.secured(by: identity))
      defer { server.stop() }
      if self == .secure {
        let client = try SecureClient(port: server.port, SecuredFiles.client())
        client.send(bytes)
        return try (0..<answers).map { _ in try client.receive() }
      }
      let tls = identity == nil ? nil : try SecuredFiles.client(protocols: ["h2"])
      return [try HTTP2Client(port: server.port, tls).exchange(bytes)]
    }
  }

  func exchange(_ text: String, with plane: DataPlane) throws -> Received {
    try #require(exchange(Array(text.utf8), with: plane).first)
  }
}

extension DataPlane {
  /// The same plane behind TLS.
  func secured(by identity: TLSIdentity?) -> DataPlane {
    DataPlane(limits: limits, version: version, table: table, tls: identity)
  }
}

/// A server on a free port of the loopback.
struct LiveServer {
  let plane: DataPlane
  let server: PlaneServer
  let port: Int

  init(_ plane: DataPlane) throws {
    self.plane = plane
    let socket = try ListeningSocket(address: "127.0.0.1:0")
    port = try #require(socket.address.split(separator: ":").last.flatMap { Int($0) })
    server = try PlaneServer(plane: plane, socket: socket, threads: 2)
  }

  func connect() throws -> Client { try Client(port: port) }
  func stop() { server.stop() }
}

/// A client without any library's opinion of what a request is.
final class Client {
  private var descriptor: CInt
  private var buffered: [UInt8] = []

  /// `receiveBuffer` is how many bytes the system keeps at most that were not read, about; nil for its own choice.
  init(port: Int, receiveBuffer: CInt? = nil) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    if var receiveBuffer {
      // Before the connection is made: it says what is offered to the other end.
      _ = unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<CInt>.size))
    }
    let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
    let connected = unsafe address.withSockAddr { [descriptor] address, size in
      unsafe Glibc.connect(descriptor, address, socklen_t(size))
    }
    try #require(connected == 0)
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { _ = close(descriptor) }

  /// Sends everything; says whether the other end took it.
  @discardableResult
  func send(_ bytes: [UInt8]) throws -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.send(
          descriptor, buffer.baseAddress.map { unsafe $0 + sent }, bytes.count - sent, CInt(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) throws -> Bool { try send(Array(text.utf8)) }

  /// Sends a request and waits for its answer.
  func exchange(_ text: String) throws -> Received {
    try send(text)
    return try receive()
  }

  /// Has the connection end with a reset, at once.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    _ = unsafe setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
    _ = close(descriptor)
    descriptor = -1
  }

  func endOutput() { _ = shutdown(descriptor, CInt(SHUT_WR)) }

  /// Waits for the next answer.
  func receive(isHead: Bool = false) throws -> Received {
    while true {
      if let answer = Received.take(from: &buffered, isHead: isHead) { return answer }
      try #require(try fill(), "the connection ended before an answer was whole")
    }
  }

  /// Waits for the end of the connection; says whether nothing came before it.
  func receivesEnd() throws -> Bool {
    while try fill() {}
    return buffered.isEmpty
  }

  private func fill() throws -> Bool {
    guard let more = try receiveSome() else { return false }
    buffered += more
    return true
  }

  /// Waits for bytes, whatever they are; nil at the end of the connection.
  func receiveSome() throws -> [UInt8]? {
    var chunk = [UInt8](repeating: 0, count: 65_536)
    let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
    try #require(count >= 0 || errno == ECONNRESET, "no byte came within ten seconds")
    return count > 0 ? Array(chunk.prefix(count)) : nil
  }
}
