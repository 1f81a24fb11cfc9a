import Domain
import Encoding
import Testing

@testable import Serving

/// Versions and aliases where a request names them.
struct VersionTests {
  /// `line` with the versions 2, which is live, 3 and 5; `next` names 3, `last` names 5, `lost` what is not there.
  private let plane: DataPlane

  init() throws {
    let models = try [2, 3, 5].map { try TestModels.line(version: $0, intercept: Double($0)) }
    let lost = ServedDeployment.Entry.unavailable(Problem(.integrity, "seal.bad-signature", "secret reason"))
    let deployment = ServedDeployment(
      live: .model(models[0]), versions: [try #require(VersionNumber(9)): lost],
      aliases: [
        try AliasName(parsing: "next"): .model(models[1]), try AliasName(parsing: "last"): .model(models[2]),
        try AliasName(parsing: "lost"): lost,
      ])
    plane = DataPlane(
      limits: PlaneLimits(), version: "1",
      table: RoutingTable(
        generation: 1,
        deployments: ["line": deployment, "other": ServedDeployment(try TestModels.line("other"))],
        keys: KeyRing([try .record(of: "key", opening: "line")])))
  }

  private func exchange(_ method: String, _ path: String, key: String? = "key", body: String? = nil) throws
    -> Received
  {
    try Transport.memory.exchange(request(method, path, key: key, body: body), with: plane)
  }

  @Test(arguments: [
    ("line", 2), ("line@2", 2), ("line@3", 3), ("line@next", 3), ("line@last", 5), ("line@5", 5),
  ])
  func `the plain routes take a version or an alias after the name`(name: String, version: Double) throws {
    let body = #"{"data":[0,0]}"#
    #expect(try exchange("POST", "/models/\(name)/predict", body: body).json?["result"] == .number(version))
    let invocations = try exchange("POST", "/models/\(name)/invocations", body: #"{"instances":[[0,0]]}"#)
    #expect(invocations.json?["predictions"] == [.number(version)])
  }

  @Test(arguments: [
    ("", 2), ("/versions/2", 2), ("/versions/3", 3), ("/versions/next", 3), ("/versions/last", 5),
  ])
  func `the protocol's routes take a version or an alias`(path: String, version: Int) throws {
    let body = #"{"inputs":[{"name":"input","datatype":"FP64","shape":[1,2],"data":[0,0]}]}"#
    let answer = try exchange("POST", "/v2/models/line\(path)/infer", body: body)
    #expect(answer.json?["model_version"]?.string == "\(version)")
    #expect(answer.json?["outputs"]?.array?.first?["data"] == [.number(Double(version))])
    #expect(try exchange("GET", "/v2/models/line\(path)/ready", key: nil).status == 200)
    #expect(try exchange("GET", "/v2/models/line\(path)").json?["versions"] == ["2", "3", "5"])
  }

  @Test(arguments: ["4", "02", "+2", "LAST", "", "%32", "nothing"])
  func `what names no version is not found, and what is served is told`(version: String) throws {
    let answer = try exchange("POST", "/models/line@\(version)/predict", body: #"{"data":[0,0]}"#)
    #expect(answer.status == 404 && answer.code == "model.no-such-version")
    #expect(
      answer.json?["error"]?.string?.hasPrefix(
        "expected a version of 'line' that is served (2, 3, 5, 9, last, lost, next), found '") == true)
  }

  @Test(arguments: ["9", "lost"])
  func `a version that should be there and is not is asked for again later`(version: String) throws {
    for path in ["/v2/models/line/versions/\(version)/ready", "/v2/models/line/versions/\(version)"] {
      let answer = try exchange("GET", path)
      #expect(answer.status == 503 && answer.code == "model.not-ready")
      #expect(answer.fields["retry-after"] == "1")
      #expect(!String(decoding: answer.body, as: UTF8.self).contains("secret"))
    }
    #expect(try exchange("GET", "/v2/health/ready").status == 503)
  }

  @Test func `a key opens no version of another deployment`() throws {
    let answer = try exchange("POST", "/models/other@1/predict", body: #"{"data":[0,0]}"#)
    #expect(answer.status == 403 && answer.code == "key.other-deployment")
  }

  @Test func `each version has statistics of its own and a line in the index`() throws {
    for name in ["line", "line@last", "line@last"] {
      _ = try exchange("POST", "/models/\(name)/predict", body: #"{"data":[0,0]}"#)
    }
    let all = try exchange("GET", "/v2/models/line/stats").json?["model_stats"]?.array
    #expect(all?.map { $0["version"] } == ["2", "3", "5"])
    #expect(all?.map { $0["execution_count"] } == [1, 0, 2])
    let one = try exchange("GET", "/v2/models/line/versions/last/stats").json?["model_stats"]?.array
    #expect(one?.map { $0["version"] } == ["5"])
    let index = try exchange("POST", "/v2/repository/index", body: "").json?.array
    #expect(index?.map { $0["version"] } == ["2", "3", "5", "9"])
    #expect(index?.last?["state"] == "UNAVAILABLE")
    let page = MetricsPage.write(plane)
    #expect(page.contains(#"gatehouse_rows_total{deployment="line",version="5"} 2"#))
  }
}
