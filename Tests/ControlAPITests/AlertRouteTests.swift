import Access
import Alerting
import Domain
import Encoding
import Hummingbird
import Lifecycle
import TestKit
import Testing

@testable import ControlAPI

/// Alerts, silences and rules over HTTP.
struct AlertRouteTests {
  @Test func `rules, silences and what is the matter are read and set over HTTP`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let rules = try await call(.get, "/api/v1/alerts/rules")
      #expect(rules.json["rules"]?.array?.count == AlertRule.allCases.count)
      #expect(rules.json["digest"] == .null)
      #expect(try await call(.get, "/api/v1/alerts").json["alerts"] == [])

      let silence = try await call(
        .post, "/api/v1/alerts/silences", ["rule": "drift", "for": 60, "reason": "a backfill"])
      #expect(silence.status == 201)
      #expect(try await call(.get, "/api/v1/alerts/silences").json["silences"]?.array?.count == 1)
      let id = try #require(silence.json["id"]?.string)
      #expect(try await call(.delete, "/api/v1/alerts/silences/\(id)").status == 204)
      #expect(try await call(.delete, "/api/v1/alerts/silences/\(id)").code == "silence.unknown")

      #expect(try await call(.get, "/api/v1/alerts/000000000000000000000000").code == "alert.unknown")
      #expect(try await call(.get, "/api/v1/alerts?over=1001").code == "request.query")
      #expect(try await call(.get, "/api/v1/deployments/iris/diagnosis").code == "deployment.unknown")
      #expect(try await call(.get, "/api/v1/deployments/iris/diagnosis?span=5").code == "request.query")
    }
  }

  @Test func `what is wrong with a silence is told with the member`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let wishes: [JSON] = [
        ["for": 0, "reason": "a"], ["for": 2_592_001, "reason": "a"], ["for": 60, "reason": ""],
        ["for": 60, "reason": "a", "rule": "loud"], ["for": 60, "reason": "a", "until": 5], ["reason": "a"],
      ]
      for wish in wishes {
        let answer = try await call(.post, "/api/v1/alerts/silences", wish)
        #expect(answer.code == "silence.malformed")
      }
    }
  }

  @Test func `who may deploy one model may silence that one alone`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let key = try await bench.key(
        of: "team", .role(.operator), Scope(models: try NamePattern(parsing: "iris")))
      let wish: JSON = ["for": 60, "reason": "a test of load", "deployments": "iris"]
      #expect(try await call(.post, "/api/v1/alerts/silences", as: key, wish).status == 201)
      let other: JSON = ["for": 60, "reason": "a test of load", "deployments": "*"]
      #expect(try await call(.post, "/api/v1/alerts/silences", as: key, other).code == "access.denied")
    }
  }
}
