import Domain
import Encoding
import Inference
import ModelGraph
import Testing

@testable import Serving

/// Whether a version answers right while it serves, by its own rows and a clock that the test has.
struct ModelProbeTests {
  private static let interval = 1000
  private let plan: ExecutionPlan
  private let check: SelfCheck
  private let probe: ModelProbe

  init() throws {
    let graph = try ValidatedGraph(TestModels.lineGraph())
    plan = try ExecutionPlan(graph, engine: nil)
    check = SelfCheck(of: graph)
    probe = ModelProbe(check)
  }

  /// Asks, and has the question answered, right or by nobody; what changed.
  @discardableResult
  private func ask(at now: Int, right: Bool) -> ModelProbe.Change? {
    let (question, number, _) = probe.ask(plan, every: Self.interval, at: now)
    guard let question else { return nil }
    let result: Result<[PredictionMethod: [Tensor]], Problem>
    do throws(Problem) {
      result =
        right
        ? .success(try plan.run(question.methods, on: question.rows))
        : .failure(Problem(.internal, "test.wrong", "expected an answer, found none"))
    } catch { result = .failure(error) }
    return probe.take(result, to: number, of: plan, every: Self.interval, at: now)
  }

  @Test func `where nobody asks, it is ready`() {
    #expect(probe.isReady(at: .max))
  }

  @Test func `a right answer makes it ready for three intervals`() {
    ask(at: 10_000, right: true)
    #expect(probe.counts.right == 1)
    #expect(probe.isReady(at: 13_000) && !probe.isReady(at: 13_001))
    ask(at: 20_000, right: true)
    #expect(probe.isReady(at: 20_000))
  }

  @Test func `a wrong answer makes it unready, is told of once, and is over with a right one`() {
    guard case .failed(let problem) = ask(at: 10_000, right: false) else {
      Issue.record("expected to be told")
      return
    }
    #expect(problem.code == "bundle.self-check")
    #expect(!probe.isReady(at: 10_000))
    #expect(ask(at: 11_000, right: false) == nil)
    #expect(probe.counts.failing == 2)
    // However long it is since it was right: what is known of it is that it is wrong.
    #expect(!probe.isOverdue(at: .max))
    guard case .recovered = ask(at: 12_000, right: true) else {
      Issue.record("expected to be told that it is over")
      return
    }
    #expect(probe.isReady(at: 12_000))
    #expect(probe.counts.failing == 0 && probe.counts.wrong == 2 && probe.counts.right == 1)
  }

  @Test func `a row that was answered wrong is asked about until it is not`() {
    let first = probe.ask(plan, every: Self.interval, at: 0)
    let wrong = Problem(.internal, "test.wrong", "expected an answer, found none")
    _ = probe.take(.failure(wrong), to: first.number, of: plan, every: Self.interval, at: 0)
    let second = probe.ask(plan, every: Self.interval, at: 1000)
    #expect(second.question?.rows.numbers == first.question?.rows.numbers)
  }

  @Test func `what is not answered in time is overdue, told of once, and holds no other up`() throws {
    let open = probe.ask(plan, every: Self.interval, at: 10_000)
    #expect(open.question != nil)
    #expect(probe.ask(plan, every: Self.interval, at: 12_000).question == nil)
    #expect(probe.isReady(at: 12_000))
    let late = probe.ask(plan, every: Self.interval, at: 13_001)
    guard case .failed(let problem) = late.change else {
      Issue.record("expected to be told")
      return
    }
    #expect(problem.code == "probe.overdue")
    #expect(!probe.isReady(at: 13_001) && probe.counts.overdue == 1)
    #expect(probe.isOverdue(at: 13_001) && !probe.isOverdue(at: 12_000))
    #expect(probe.ask(plan, every: Self.interval, at: 14_001).change == nil)
    #expect(probe.counts.overdue == 1 && probe.counts.failing == 2)
    // It comes after all.
    let question = try #require(open.question)
    let answer = try plan.run(question.methods, on: question.rows)
    let change = probe.take(
      .success(answer), to: open.number, of: plan, every: Self.interval, at: 15_000)
    guard case .recovered = change else {
      Issue.record("expected to be told that it is over")
      return
    }
    #expect(probe.isReady(at: 15_000))
  }

  @Test func `one that takes long is asked seldom`() throws {
    let open = probe.ask(plan, every: Self.interval, at: 0)
    let question = try #require(open.question)
    let answer = try plan.run(question.methods, on: question.rows)
    _ = probe.take(.success(answer), to: open.number, of: plan, every: Self.interval, at: 400)
    #expect(probe.ask(plan, every: Self.interval, at: 10_000).question == nil)
    #expect(probe.isReady(at: 50_000))
    #expect(probe.ask(plan, every: Self.interval, at: 20_000).question != nil)
  }

  @Test func `a bundle without rows is asked one of zeros`() {
    let probe = ModelProbe(nil)
    let (question, _, _) = probe.ask(plan, every: Self.interval, at: 0)
    #expect(question?.rows.numbers == [0, 0])
  }
}

extension ModelProbe.Change: Equatable {
  static func == (left: ModelProbe.Change, right: ModelProbe.Change) -> Bool {
    switch (left, right) {
    case (.recovered, .recovered): true
    case (.failed(let one), .failed(let other)): one == other
    default: false
    }
  }
}

/// What those who ask a plane are told of a version that answers wrong.
struct ProbeTests {
  private static func asked(_ model: ServedModel) throws -> (GRPCServer, AdminServer) {
    let server = try GRPCServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: try .serving(model)))
    let admin = try AdminServer(plane: server.plane, socket: ListeningSocket(address: "127.0.0.1:0"))
    let keeper = ProbeKeeper(server.plane, server.server.server, every: .seconds(3600), log: nil)
    keeper.ask()
    try Patience.wait(until: { model.probe.counts.right + model.probe.counts.wrong > 0 })
    return (server, admin)
  }

  private static func get(_ port: Int, _ path: String) throws -> Received {
    try Client(port: port).exchange(request("GET", path))
  }

  @Test(arguments: [true, false])
  func `readiness is that the last row was answered right, by each protocol`(right: Bool) throws {
    let model = right ? try TestModels.line() : try TestModels.brokenLine()
    let (server, admin) = try Self.asked(model)
    defer { admin.stop() }
    let adminPort = try #require(admin.address.split(separator: ":").last.flatMap { Int($0) })
    let status = right ? 200 : 503
    #expect(try Self.get(adminPort, "/health/ready").status == status)
    #expect(try Self.get(adminPort, "/health/live").status == 200)
    #expect(try Self.get(server.port, "/v2/health/ready").status == status)
    #expect(try Self.get(server.port, "/v2/models/line/ready").status == status)
    let name: [UInt8] = [10, 4] + Array("line".utf8)
    let ready: [UInt8] = right ? [8, 1] : []
    #expect(try server.call(.inference("ServerReady")).whole() == ready)
    #expect(try server.call(.inference("ModelReady"), name).whole() == ready)
    #expect(
      try server.call(GRPCFields("/grpc.health.v1.Health/Check")).whole() == [8, right ? 1 : 2])
    // Callers are answered all the same.
    let body = #"{"data":[1,2]}"#
    let asked = request("POST", "/models/line/predict", key: "line-key", body: body)
    #expect(try Client(port: server.port).exchange(asked).status == 200)
  }

  @Test func `what it is asked is in metrics of its own and in no caller's`() throws {
    let model = try TestModels.brokenLine()
    let (server, admin) = try Self.asked(model)
    defer { admin.stop() }
    let page = MetricsPage.write(server.plane)
    let line = #"deployment="line",version="1""#
    #expect(page.contains("gatehouse_probes_total{\(line),outcome=\"wrong\"} 1\n"))
    #expect(page.contains("gatehouse_probes_total{\(line),outcome=\"right\"} 0\n"))
    #expect(page.contains("gatehouse_model_ready{\(line)} 0\n"))
    #expect(page.contains("gatehouse_ready 0\n"))
    #expect(server.plane.requests == 0)
    #expect(model.metrics.counts.requests.isEmpty)
    #expect(model.reservoir.kept.isEmpty)
    let counted = server.plane.counts(instance: "a")
    #expect(
      counted.versions.map(\.failingProbes) == [1] && !counted.versions.contains(where: \.isProbeOverdue))
    #expect(PlaneCounts(json: counted.json) == counted)
  }
}
