import Encoding
import Testing

@testable import Serving

/// Answers that take room of the plane's memory until they are written.
struct LargeAnswerTests {
  private let index = request("GET", "/v2")

  /// Has room for one answer to `index`, and for nothing beside it.
  private func plane() throws -> DataPlane {
    var limits = PlaneLimits()
    let table = try RoutingTable.serving(TestModels.line())
    limits.unreadBytes = try Transport.live.exchange(
      index, with: DataPlane(limits: limits, version: "1", table: table)
    ).body.count
    limits.smallBodyBytes = 10
    return DataPlane(limits: limits, version: "1", table: table)
  }

  @Test(arguments: Transport.allCases)
  func `a large answer is what a small one would be, and its room is given back`(transport: Transport) throws
  {
    let plane = try plane()
    let received = try transport.exchange(index, with: plane)
    #expect(received.status == 200)
    #expect(received.json?["name"]?.string == "gatehouse")
    #expect(received.fields["content-length"] == String(plane.limits.unreadBytes))
    try Patience.wait(until: { plane.unreadBytes.count == 0 })
  }

  @Test func `HEAD has the length of a large answer and none of it`() throws {
    let server = try LiveServer(plane())
    defer { server.stop() }
    let client = try server.connect()
    try client.send(request("HEAD", "/v2"))
    let received = try client.receive(isHead: true)
    #expect(received.fields["content-length"] == String(server.plane.limits.unreadBytes))
    #expect(try client.exchange(index).status == 200)
    try Patience.wait(until: { server.plane.unreadBytes.count == 0 })
  }

  @Test(arguments: ["/v2", "/inference.GRPCInferenceService/ServerMetadata"])
  func `answers that nobody reads have a bound together, and room again once their callers are gone`(
    path: String
  )
    throws
  {
    let server = try LiveServer(plane())
    defer { server.stop() }
    var raw: RawHTTP2? = try RawHTTP2(port: server.port, settings: [(4, 0)])
    if path == "/v2" {
      try raw?.send(
        .headers(1, [(":method", "GET"), (":scheme", "http"), (":path", path), (":authority", "a")]))
    } else {
      let fields = GRPCFields(path).pairs
      try raw?.send(
        .headers(1, fields, endStream: false),
        RawFrame(kind: RawFrame.Kind.data, flags: RawFrame.endStream, stream: 1, payload: [0, 0, 0, 0, 0]))
    }
    try Patience.wait(until: { server.plane.unreadBytes.count > 0 })

    let refused = try server.connect().exchange(index)
    #expect(refused.status == 503)
    #expect(refused.code == "plane.overloaded")
    #expect(refused.fields["retry-after"] == "1")

    raw = nil
    try Patience.wait(until: { server.plane.unreadBytes.count == 0 })
    #expect(try server.connect().exchange(index).status == 200)
  }
}
