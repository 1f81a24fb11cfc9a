import Access
import Domain
import Encoding
import Hummingbird
import Lifecycle
import TestKit
import Testing

@testable import ControlAPI

/// Labels over HTTP: what is wrong with them, and who may send them.
struct FeedbackRouteTests {
  private static let label: JSON = ["deployment": "iris", "key": "order-7", "label": 1]

  @Test func `labels that are none are refused with their place`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let path = "/api/v1/feedback"
      let broken = try await call(.post, path, [Self.label, ["deployment": "iris", "label": 1]])
      #expect((broken.status, broken.code, broken.json["position"]) == (400, "feedback.malformed", "/1"))
      #expect(try await call(.post, path, []).code == "feedback.malformed")
      #expect(try await call(.post, path, [Self.label]).code == "deployment.unknown")
      #expect(
        try await call(.post, path, .array(Array(repeating: Self.label, count: 10_001))).code
          == "feedback.too-large")
      let spread = (0..<17).map { place -> JSON in
        ["deployment": .string("iris-\(place)"), "key": "order-7", "label": 1]
      }
      #expect(try await call(.post, path, .array(spread)).code == "feedback.too-many-deployments")
    }
  }

  @Test func `the right to give labels is on the model that they are for`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let mine = Scope(models: try NamePattern(parsing: "mine*"))
      let key = try await bench.key(of: "truth", .rights([.giveFeedback]), mine)
      let refused = try await call(.post, "/api/v1/feedback", as: key, [Self.label])
      #expect((refused.status, refused.code) == (403, "access.denied"))
      let own: JSON = [["deployment": "mine-1", "key": "order-7", "label": 1]]
      #expect(try await call(.post, "/api/v1/feedback", as: key, own).code == "deployment.unknown")
      #expect(try await call(.get, "/api/v1/deployments/mine-1/feedback", as: key).status == 403)
    }
  }

  @Test func `shares and spans have bounds`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let path = "/api/v1/deployments/iris/feedback"
      let beyond = try await call(.put, path, ["millionths": 1_000_001])
      #expect((beyond.status, beyond.code) == (400, "policy.malformed"))
      #expect(try await call(.put, path, ["millionths": 1, "share": 1]).code == "request.unknown-member")
      #expect(try await call(.put, path, ["millionths": 1]).code == "deployment.unknown")
      #expect(try await call(.get, "\(path)?span=59").code == "request.query")
      #expect(try await call(.get, path).code == "model.unknown")
    }
  }
}
