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

/// Versions that share those who name none.
struct SharingTests {
  private static func plane(_ shares: [Int: Int], by affinity: Sharing.Affinity) throws -> DataPlane {
    let models = try [1, 2].map { try TestModels.line(version: $0, intercept: Double($0)) }
    let arms = try shares.sorted { $0.key > $1.key }.map { version, share in
      TrafficSplit.Arm(
        version: try #require(VersionNumber(version)), share: try BasisPoints(parsing: share))
    }
    let deployment = ServedDeployment(
      live: .model(models[0]), versions: [try #require(VersionNumber(2)): .model(models[1])],
      sharing: Sharing(try TrafficSplit(arms, salt: .init(1, 2)), by: affinity))
    return DataPlane(
      limits: PlaneLimits(), version: "1",
      table: RoutingTable(
        generation: 1, deployments: ["line": deployment],
        keys: KeyRing([try .record(of: "key", opening: "line")])))
  }

  private static func answer(
    _ plane: DataPlane, _ name: String = "line", affinity: String? = nil
  ) throws -> JSON? {
    let fields = affinity.map { ["Gatehouse-Affinity: \($0)"] } ?? []
    let asked = request(
      "POST", "/models/\(name)/predict", key: "key", body: #"{"data":[0,0]}"#, fields: fields)
    return try Transport.memory.exchange(asked, with: plane).json?["result"]
  }

  @Test func `a caller whom a field names stays with one version, and each has its callers`() throws {
    let plane = try Self.plane([1: 5_000, 2: 5_000], by: .header)
    var second = 0
    for caller in 0..<20 {
      let first = try Self.answer(plane, affinity: "caller-\(caller)")
      #expect(try Self.answer(plane, affinity: "caller-\(caller)") == first)
      if first == .number(2) { second += 1 }
    }
    #expect(1...19 ~= second)
  }

  @Test func `a key stays with one version whatever the field says`() throws {
    let plane = try Self.plane([1: 5_000, 2: 5_000], by: .key)
    let answers = Set(try (0..<20).map { try Self.answer(plane, affinity: "caller-\($0)") })
    #expect(answers.count == 1)
  }

  @Test func `by traces each request goes its own way`() throws {
    let plane = try Self.plane([1: 5_000, 2: 5_000], by: .trace)
    #expect(Set(try (0..<40).map { _ in try Self.answer(plane) }).count == 2)
  }

  @Test func `who names a version is answered by that`() throws {
    let plane = try Self.plane([1: 0, 2: 10_000], by: .trace)
    #expect(try Self.answer(plane) == .number(2))
    #expect(try Self.answer(plane, "line@1") == .number(1))
  }

  @Test func `where a version that has a share cannot be served the live one answers`() throws {
    let problem = Problem(.integrity, "seal.bad-signature", "secret reason")
    let split = try TrafficSplit(
      [.init(version: try #require(VersionNumber(2)), share: .whole)], salt: .init(1, 2))
    let deployment = ServedDeployment(
      live: .model(try TestModels.line(version: 1, intercept: 1)),
      versions: [try #require(VersionNumber(2)): .unavailable(problem)], sharing: Sharing(split))
    let plane = DataPlane(
      limits: PlaneLimits(), version: "1",
      table: RoutingTable(
        generation: 1, deployments: ["line": deployment],
        keys: KeyRing([try .record(of: "key", opening: "line")])))
    #expect(try Self.answer(plane) == .number(1))
  }
}
