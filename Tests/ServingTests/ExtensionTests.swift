import Domain
import Encoding
import Testing

@testable import Serving

/// The extensions of the Open Inference Protocol: the repository and the statistics.
struct ExtensionTests {
  private let plane: DataPlane

  init() throws {
    var deployments = try RoutingTable.serving(
      TestModels.line(), TestModels.sign(version: 7), broken: ["broken"]
    ).deployments
    deployments["other"] = ServedDeployment(try TestModels.line("other"))
    let keys = try ["line", "sign", "broken"].map { try PlaneState.Key.record(of: "key", opening: $0) }
    plane = DataPlane(
      limits: PlaneLimits(), version: "1",
      table: RoutingTable(generation: 1, deployments: deployments, keys: KeyRing(keys)))
  }

  private func exchange(_ method: String, _ path: String, body: String? = nil) throws -> Received {
    try Transport.memory.exchange(request(method, path, key: "key", body: body), with: plane)
  }

  @Test(arguments: ["/v2/repository/index", "/v2/repository/main/index"])
  func `the index names what the key opens and no more`(path: String) throws {
    let index = try exchange("POST", path, body: "").json?.array
    #expect(index?.map { $0["name"] } == ["broken", "line", "sign"])
    #expect(index?.map { $0["version"] } == ["1", "1", "7"])
    #expect(index?.map { $0["state"] } == ["UNAVAILABLE", "READY", "READY"])
    #expect(try exchange("POST", path).json?.array?.count == 3)
    #expect(try exchange("POST", path, body: #"{"ready":true}"#).json?.array?.count == 2)
    #expect(try exchange("POST", path, body: #"{"ready":1}"#).code == "repository.malformed")
    #expect(try exchange("POST", path, body: "{").code == "json.malformed")
  }

  @Test func `a longer body than the index has a use for is refused, whole or in parts`() throws {
    let blanks = String(repeating: " ", count: 20_000)
    let whole = try exchange("POST", "/v2/repository/index", body: blanks)
    #expect(whole.status == 413 && whole.code == "request.body-too-large")
    let parts =
      request("POST", "/v2/repository/index", key: "key", fields: ["Transfer-Encoding: chunked"])
      + "4e20\r\n\(blanks)\r\n0\r\n\r\n"
    #expect(try Transport.memory.exchange(parts, with: plane).status == 413)
  }

  @Test func `a model called stats is described where the statistics of all would be`() throws {
    let table = RoutingTable(
      generation: 1, deployments: ["stats": ServedDeployment(try TestModels.line("stats"))],
      keys: KeyRing([try .record(of: "key", opening: "stats")]))
    let plane = DataPlane(limits: PlaneLimits(), version: "1", table: table)
    let received = try Transport.memory.exchange(request("GET", "/v2/models/stats", key: "key"), with: plane)
    #expect(received.json?["name"] == "stats" && received.json?["inputs"] != nil)
  }

  @Test func `who shows no key is not told which version is served`() throws {
    let received = try Transport.memory.exchange(
      request("GET", "/v2/models/sign/versions/9/ready"), with: plane)
    #expect(received.status == 404)
    #expect(
      received.json?["error"]
        == "expected a model, and a version of it, that is served, found another")
  }

  @Test func `without a known key there is no index`() throws {
    for (key, code) in [(String?.none, "key.missing"), ("x", "key.unknown")] {
      let received = try Transport.memory.exchange(
        request("POST", "/v2/repository/index", key: key, body: ""), with: plane)
      #expect(received.status == 401)
      #expect(received.code == code)
    }
  }

  @Test(arguments: ["load", "unload"])
  func `models are not loaded by callers`(act: String) throws {
    let received = try exchange("POST", "/v2/repository/models/line/\(act)", body: #"{"parameters":{}}"#)
    #expect(received.status == 501)
    #expect(received.code == "repository.governed")
    #expect(try exchange("POST", "/v2/repository/models/other/\(act)").status == 403)
  }

  @Test func `requests are counted by model, answered and refused`() throws {
    for body in [#"{"data":[1,2]}"#, #"{"data":[[1,2],[3,4]]}"#, #"{"data":[1]}"#, "{"] {
      _ = try exchange("POST", "/models/line/predict", body: body)
    }
    let statistics = try #require(
      try exchange("GET", "/v2/models/line/stats").json?["model_stats"]?.array?.first)
    #expect(statistics["name"] == "line")
    #expect(statistics["version"] == "1")
    #expect(statistics["inference_count"] == 3)
    #expect(statistics["execution_count"] == 2)
    #expect(statistics["inference_stats"]?["success"]?["count"] == 2)
    #expect(statistics["inference_stats"]?["fail"]?["count"] == 2)
    #expect(try #require(statistics["inference_stats"]?["compute_infer"]?["ns"]?.int) > 0)
    #expect(try #require(statistics["last_inference"]?.int) > 1_600_000_000_000)
    let all = try exchange("GET", "/v2/models/stats").json?["model_stats"]?.array
    #expect(all?.map { $0["name"] } == ["line", "sign"])
    #expect(try exchange("GET", "/v2/models/line/versions/2/stats").status == 404)
    #expect(try exchange("GET", "/v2/models/other/stats").status == 403)
  }
}
