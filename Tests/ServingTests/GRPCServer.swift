import Testing

@testable import Serving

/// Serves calls on a free port of the loopback.
final class GRPCServer {
  let server: LiveServer
  var plane: DataPlane { server.plane }
  var port: Int { server.port }

  init(_ plane: DataPlane) throws { server = try LiveServer(plane) }

  deinit { server.stop() }

  func client() throws -> GRPCClient { try GRPCClient(port: port, of: self) }

  /// Makes one call on a connection of its own.
  func call(_ fields: GRPCFields, _ message: [UInt8] = []) throws -> GRPCAnswer {
    try client().call(fields, message)
  }

  static func standard(_ limits: PlaneLimits = PlaneLimits(), broken: [String] = []) throws -> GRPCServer {
    try GRPCServer(
      DataPlane(
        limits: limits, version: "1",
        table: try .serving(TestModels.line(), TestModels.sign(), broken: broken)))
  }
}
