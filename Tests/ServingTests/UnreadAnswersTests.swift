import Glibc
import Testing

@testable import Serving

/// What a caller that never reads its answers can have computed and kept for it.
struct UnreadAnswersTests {
  @Test func `the kernel keeps little for a caller that does not read`() throws {
    let socket = try ListeningSocket(address: "127.0.0.1:0")
    defer { socket.close() }
    let client = try Client(port: try #require(socket.address.split(separator: ":").last.flatMap { Int($0) }))
    let accepted = accept(socket.descriptor, nil, nil)
    defer { _ = close(accepted) }
    var bytes: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    #expect(unsafe getsockopt(accepted, CInt(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &bytes, &size) == 0)
    #expect(bytes == ListeningSocket.unsentBytes)
    _ = client
  }

  /// A server that gives callers little time to read.
  private func server(patience: Duration = .milliseconds(500)) throws -> LiveServer {
    var limits = PlaneLimits()
    limits.unread = patience
    return try LiveServer(DataPlane(limits: limits, version: "1", table: try .serving(TestModels.line())))
  }

  @Test func `who pipelines and never reads has few requests answered`() throws {
    let server = try server()
    defer { server.stop() }
    let client = try Client(port: server.port, receiveBuffer: 4096)
    let prediction = request("POST", "/predict", key: "line-key", body: #"{"data":[1,2]}"#)
    // Ends with the connection, which is closed because its answers lie unread.
    #expect(try !client.send(String(repeating: prediction, count: 400_000)))
    try Patience.wait(until: { server.plane.connections.count == 0 })
    #expect(1...5000 ~= server.plane.requests)
  }

  @Test func `who calls on and never reads has few calls answered`() throws {
    let server = try server()
    defer { server.stop() }
    let raw = try RawHTTP2(port: server.port, receiveBuffer: 4096)
    // Refused without a key, in fields alone, which wait for room in no window.
    let fields = GRPCFields.inference("ModelInfer").pairs
    let call = try RawFrame.headers(1, fields)
    for number: UInt32 in 0..<400_000 {
      var call = call
      call.stream = 2 * number + 1
      guard try raw.send(call.bytes) else { break }
    }
    try Patience.wait(until: { server.plane.connections.count == 0 })
    #expect(1...5000 ~= server.plane.requests)
  }

  @Test func `who reads a large answer slowly but steadily gets all of it`() throws {
    let patience = Duration.seconds(1)
    let server = try server(patience: patience)
    defer { server.stop() }
    let client = try Client(port: server.port, receiveBuffer: 4096)
    let rows = Array(repeating: "[1,2]", count: 500_000).joined(separator: ",")
    try client.send(
      request(
        "POST", "/predict", key: "line-key", body: #"{"data":["# + rows + "]}", fields: ["Connection: close"])
    )
    var received = 0
    let begun = ContinuousClock.now
    while let some = try client.receiveSome() {
      received += some.count
      // For three times as long as it may lie unread; more than 64 KiB are read in each such time, also where others
      // take the processor.
      if ContinuousClock.now - begun < patience * 3 { usleep(2000) }
    }
    #expect(received > 2_000_000)
  }
}
