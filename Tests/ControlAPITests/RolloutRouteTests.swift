import Encoding
import Hummingbird
import HummingbirdTesting
import Lifecycle
import Testing

/// What is said of roll-outs over HTTP.
struct RolloutRouteTests {
  @Test(arguments: ["approve", "undo", "finish"])
  func `which roll-out is meant is said in numbers, or not at all`(turn: String) async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let path = "/api/v1/deployments/iris/roll-outs/\(turn)"
      let wrong = try await call(.post, path, ["version": "three"])
      #expect(wrong.status == 400 && wrong.code == "request.member")
      let beyond = try await call(.post, path, ["version": 3, "step": 16])
      #expect(beyond.status == 400 && beyond.code == "request.member")
      #expect(try await call(.post, path, ["versions": 3]).status == 400)
      let none = try await call(.post, path, ["version": 3, "began": 5, "step": 0])
      #expect(none.status == 404 && none.code == "rollout.none")
      #expect(try await call(.post, path).code == "rollout.none")
    }
  }
}
