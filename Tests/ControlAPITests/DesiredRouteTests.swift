import Access
import Domain
import Encoding
import Hummingbird
import HummingbirdTesting
import NIOCore
import TestKit
import Testing

@testable import ControlAPI

/// Files of deployments over HTTP.
struct DesiredRouteTests {
  private static let path = "/api/v1/deployments"

  @Test func `a file in JSON is applied, shown, and let go of`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let file: JSON = ["deployments": "gatehouse/v1", "alpha": ["version": 4], "iris": ["watch": "off"]]
      let difference = try await call(.put, "\(Self.path)?diff=true", file)
      #expect(difference.status == 200)
      #expect(difference.json["deployments"]?.array?.map { $0["name"] } == ["alpha", "iris"])
      #expect(try await call(.get, "\(Self.path)/alpha/desired").code == "deployments.not-applied")
      let applied = try await call(.put, Self.path, file)
      #expect(applied.status == 202)
      #expect(applied.json["deployments"]?.array?.map { $0["condition"] } == ["waiting", "waiting"])
      let shown = try await call(.get, "\(Self.path)/alpha/desired")
      #expect(shown.json["message"] == "no version of 'alpha' was pushed yet")
      #expect(shown.json["desired"] == ["version": 4] && shown.json["by"] == "person:admin")
      let waiting = try await call(.get, "/api/v1/waiting").json["deployments"]?.array ?? []
      #expect(waiting.map { $0["deployment"] } == ["alpha", "iris"])
      #expect(waiting.first?["message"] == "no version of 'alpha' was pushed yet")
      #expect(waiting.first?["ends"]?.array?.first == "a push of 'alpha'")
      #expect(waiting.first?["mayApprove"] == true && waiting.first?["approvers"] == [])
      let pruned = try await call(
        .put, "\(Self.path)?prune=true", ["deployments": "gatehouse/v1", "iris": ["watch": "off"]])
      #expect(pruned.json["pruned"] == ["alpha"])
      #expect(try await call(.get, "\(Self.path)/alpha/desired").status == 404)
      #expect(try await call(.get, "/api/v1/waiting").json["deployments"]?.array?.count == 1)
    }
    #expect(await bench.entries().count { $0.act == .apply } == 2)
  }

  @Test func `what is wrong with a file is told with its line`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let answer = try await call(
        .put, Self.path, ["deployments": "gatehouse/v1", "iris": ["verson": 4]])
      #expect(answer.status == 400 && answer.code == "deployments.unknown-member")
      #expect(answer.json["position"]?.string?.hasPrefix("deployments.yaml:1:") == true)
      let flag = try await call(.put, "\(Self.path)?prune=maybe", ["deployments": "gatehouse/v1"])
      #expect(flag.code == "request.query")
    }
  }

  @Test func `who may only look is told what would change, and changes nothing`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      let key = try await bench.key(of: "looker", .role(.viewer))
      let file: JSON = ["deployments": "gatehouse/v1", "iris": ["watch": "off"]]
      #expect(try await call(.put, "\(Self.path)?diff=true", as: key, file).status == 200)
      let refused = try await call(.put, Self.path, as: key, file)
      #expect(refused.status == 403 && refused.message?.contains("'deploy'") == true)
    }
    #expect(await bench.entries().allSatisfy { $0.act != .apply })
  }

  @Test func `shares of what is not served are refused`() async throws {
    let bench = try ControlBench()
    try await bench.serve { call in
      #expect(try await call(.get, "\(Self.path)/iris/shares").json == ["shares": .null])
      let answer = try await call(.put, "\(Self.path)/iris/shares", ["arms": [[1, 4000], [2, 6000]]])
      #expect(answer.code == "deployment.unknown")
      let broken = try await call(.put, "\(Self.path)/iris/shares", ["arms": [[1, 4000]]])
      #expect(broken.code == "split.malformed")
    }
  }
}
