import Domain
import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Serving

struct ModelGateTests {
  private static func gate(_ concurrency: Int?, _ queue: Int? = nil) throws -> ModelGate {
    ModelGate(try DeploymentLimits(concurrency: concurrency, queue: queue))
  }

  /// What had its turn, in order.
  private final class Turns: Sendable {
    private let taken = NIOLockedValueBox<[Int]>([])
    var all: [Int] { taken.withLockedValue { $0 } }
    func take(_ number: Int) -> @Sendable () -> Void {
      { self.taken.withLockedValue { $0.append(number) } }
    }
  }

  @Test func `so many enter, so many wait, and the next is refused`() throws {
    let (gate, turns) = (try Self.gate(2, 3), Turns())
    #expect([gate.enter(), gate.enter(), gate.enter()] == [true, true, false])
    #expect((0..<4).map { gate.wait(turns.take($0)) } == [true, true, true, false])
    #expect(turns.all.isEmpty)
  }

  @Test func `who leaves begins the one that has waited longest`() throws {
    let (gate, turns) = (try Self.gate(1, 3), Turns())
    #expect(gate.enter())
    for number in 0..<3 { #expect(gate.wait(turns.take(number))) }
    for count in 1...3 {
      gate.leave()
      #expect(turns.all == Array(0..<count))
      #expect(!gate.enter())
    }
    gate.leave()
    #expect(gate.enter())
  }

  @Test func `whoever would wait where there is room begins at once`() throws {
    let (gate, turns) = (try Self.gate(1, 0), Turns())
    #expect(gate.wait(turns.take(7)))
    #expect(turns.all == [7])
    #expect(!gate.wait(turns.take(8)))
  }

  @Test func `a place that was abandoned never has its turn, and the others keep their order`() throws {
    let (gate, turns) = (try Self.gate(1, 3), Turns())
    let places = (0..<3).map { _ in ModelGate.Place() }
    #expect(gate.enter())
    for (number, place) in places.enumerated() { #expect(gate.wait(at: place, turns.take(number))) }
    #expect(gate.abandon(places[1]))
    #expect(!gate.abandon(places[1]))
    gate.leave()
    #expect(!gate.abandon(places[0]))
    gate.leave()
    #expect(turns.all == [0, 2])
  }

  @Test func `other bounds hold for those who wait already`() throws {
    let (gate, turns) = (try Self.gate(2, 5), Turns())
    #expect(gate.enter() && gate.enter())
    for number in 0..<3 { #expect(gate.wait(turns.take(number))) }
    gate.bound(by: try DeploymentLimits(concurrency: 1))
    gate.leave()
    #expect(turns.all.isEmpty)
    gate.bound(by: .none)
    #expect(turns.all == [0, 1, 2])
  }

  @Test func `whoever comes while others wait overtakes none of them`() throws {
    let (gate, turns) = (try Self.gate(1, 5), Turns())
    #expect(gate.enter())
    for number in 0..<2 { #expect(gate.wait(turns.take(number))) }
    gate.bound(by: try DeploymentLimits(concurrency: 2, queue: 5))
    #expect(turns.all == [0])
    #expect(!gate.enter())
    #expect(gate.wait(turns.take(2)))
    gate.leave()
    gate.leave()
    #expect(turns.all == [0, 1, 2])
  }

  @Test func `what is declared abandoned has its action called once, and none that was taken back`() {
    let (abandonment, turns) = (Abandonment(), Turns())
    abandonment.onDeclaration(turns.take(1))
    abandonment.onDeclaration(turns.take(2))
    abandonment.declare()
    abandonment.declare()
    #expect(turns.all == [2])
    #expect(abandonment.isCertain)
    let other = Abandonment()
    other.onDeclaration(turns.take(3))
    other.onDeclaration(nil)
    other.declare()
    #expect(turns.all == [2])
  }

  @Test func `threads that come and go never run more than the bound, and all have their turn`() async throws
  {
    let gate = try Self.gate(3, 1000)
    let counts = NIOLockedValueBox((running: 0, most: 0, done: 0))
    @Sendable func run() {
      counts.withLockedValue { counts in
        counts.running += 1
        counts.most = max(counts.most, counts.running)
      }
      counts.withLockedValue { counts in
        counts.running -= 1
        counts.done += 1
      }
      gate.leave()
    }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask { for _ in 0..<200 { if gate.enter() { run() } else { #expect(gate.wait(run)) } } }
      }
    }
    #expect(counts.withLockedValue { $0.done } == 800)
    #expect(counts.withLockedValue { $0.most } <= 3)
    #expect(gate.enter())
  }
}

/// Concurrency, deadlines and rows as callers meet them.
struct DeploymentLimitTests {
  private func plane(
    _ limits: DeploymentLimits, gate: ModelGate? = nil, rows: Int? = nil, smallBodyBytes: Int? = nil
  ) throws -> DataPlane {
    var bounds = PlaneLimits()
    if let rows { bounds.rows = rows }
    if let smallBodyBytes { bounds.smallBodyBytes = smallBodyBytes }
    return DataPlane(limits: bounds, version: "1", table: try .gated(limits, gate))
  }

  private func prediction(_ rows: String = "[1,2]", fields: [String] = []) -> String {
    request("POST", "/models/line/predict", key: "key", body: #"{"data":\#(rows)}"#, fields: fields)
  }

  @Test(arguments: Transport.allCases)
  func `beyond concurrency and queue the answer is 503 with a time to come again`(
    transport: Transport
  ) throws {
    let limits = try DeploymentLimits(concurrency: 1, queue: 0)
    let gate = ModelGate(limits)
    let plane = try plane(limits, gate: gate)
    #expect(try transport.exchange(prediction(), with: plane).status == 200)
    #expect(gate.enter())
    let refused = try transport.exchange(prediction(), with: plane)
    #expect(refused.status == 503)
    #expect(refused.code == "model.overloaded")
    #expect(refused.fields["retry-after"] == "1")
    gate.leave()
    #expect(try transport.exchange(prediction(), with: plane).status == 200)
    #expect(plane.queuedPredictions.count == 0)
  }

  @Test func `what waits is answered when it has its turn, in order on its connection`() throws {
    let limits = try DeploymentLimits(concurrency: 1, queue: 4)
    let gate = ModelGate(limits)
    let server = try LiveServer(try plane(limits, gate: gate))
    defer { server.stop() }
    #expect(gate.enter())
    let client = try server.connect()
    try client.send(prediction() + prediction("[3,4]"))
    let other = try server.connect()
    #expect(try other.exchange(request("GET", "/v2/health/live")).status == 200)
    gate.leave()
    #expect(try client.receive().body == Array(#"{"result":5.0}"#.utf8))
    #expect(try client.receive().body == Array(#"{"result":11.0}"#.utf8))
    #expect(server.plane.queuedPredictions.count == 0)
  }

  @Test func `what waits is told when its time is over, and its place is free`() throws {
    let limits = try DeploymentLimits(concurrency: 1, queue: 1)
    let gate = ModelGate(limits)
    let server = try LiveServer(try plane(limits, gate: gate))
    defer { server.stop() }
    #expect(gate.enter())
    let late = try server.connect()
    let answer = try late.exchange(prediction(fields: ["Gatehouse-Timeout-Ms: 1"]))
    #expect(answer.status == 504)
    #expect(answer.code == "request.deadline")
    #expect(server.plane.queuedPredictions.count == 0)
    let next = try server.connect()
    try next.send(prediction("[3,4]"))
    try Patience.wait(until: { server.plane.queuedPredictions.count > 0 })
    gate.leave()
    #expect(try next.receive().body == Array(#"{"result":11.0}"#.utf8))
  }

  @Test func `a caller whose connection is reset leaves its place and its room, and a record`() throws {
    let limits = try DeploymentLimits(concurrency: 1, queue: 1)
    let gate = ModelGate(limits)
    let server = try LiveServer(try plane(limits, gate: gate, smallBodyBytes: 10))
    defer { server.stop() }
    let plane = server.plane
    #expect(gate.enter())
    let client = try server.connect()
    try client.send(prediction("[3,4]"))
    try Patience.wait(until: { plane.queuedPredictions.count > 0 })
    #expect(plane.bufferedBytes.count > 0)
    client.reset()
    let found = try Patience.wait { plane.recent.lists.failed.first }
    #expect(found.record.status == 499)
    #expect(found.record.code == "request.abandoned")
    #expect(plane.bufferedBytes.count == 0)
    #expect(plane.queuedPredictions.count == 0)
    let next = try server.connect()
    try next.send(prediction("[5,6]"))
    try Patience.wait(until: { plane.queuedPredictions.count > 0 })
    gate.leave()
    #expect(try next.receive().body == Array(#"{"result":17.0}"#.utf8))
  }

  @Test func `a prediction whose time is over is not begun`() throws {
    let model = try TestModels.line()
    var operation = ModelOperation(kind: .predict, model: model)
    operation.turn = Turn(deadline: Deadline(nanoseconds: Clock.monotonic()))
    let problem = #expect(throws: Problem.self) {
      try operation.decode(.init(string: #"{"data":[1,2]}"#), limits: PlaneLimits())
    }
    #expect(problem?.code == "request.deadline")
    #expect(problem?.httpStatus == 504)
    operation.turn.deadline.nanoseconds = Clock.monotonic() + 60_000_000_000
    var prediction = try operation.decode(.init(string: #"{"data":[1,2]}"#), limits: PlaneLimits())
    #expect(prediction.run(answerLimit: 100).status == 200)
    prediction.deadline.nanoseconds = 0
    #expect(prediction.run(answerLimit: 100).code == "request.deadline")
  }

  @Test func `the earlier of the caller's time and the deployment's counts, from the head on`() throws {
    let arrival = Arrival(nanoseconds: 1000, time: Timestamp(milliseconds: 0))
    let model = try TestModels.line()
    func deadline(_ own: Int?, _ timeout: Int?) throws -> Int? {
      let policy = DeploymentPolicy(limits: try DeploymentLimits(concurrency: nil, deadline: own))
      return ServedDeployment(live: .model(model), versions: [:], policy: policy)
        .turn(timeout: timeout, from: arrival).deadline.nanoseconds
    }
    #expect(try deadline(nil, nil) == nil)
    #expect(try deadline(5, nil) == 5_001_000)
    #expect(try deadline(nil, 7_000_000) == 7_001_000)
    #expect(try deadline(5, 7_000_000) == 5_001_000)
    #expect(try deadline(9, 7_000_000) == 7_001_000)
  }

  @Test func `a route without a name says of several models which it could mean, to whoever has a key`()
    throws
  {
    let plane = DataPlane(
      limits: PlaneLimits(), version: "1", table: try .serving(TestModels.line(), TestModels.sign()))
    var head = RequestHead(method: "POST", target: "/predict")
    head.authorization = "Bearer sign-key"
    var draft = AccessDraft(trace: "")
    guard case .answer(let answer) = plane.decide(head, &draft) else {
      Issue.record("one of several models was taken")
      return
    }
    #expect(answer.code == "request.model-not-named")
    #expect(draft.record.deployment == nil)
    #expect(draft.record.key != nil)
    head.authorization = "Bearer nobody's"
    draft = AccessDraft(trace: "")
    guard case .answer(let refused) = plane.decide(head, &draft) else { return }
    #expect(refused.status == 401)
  }

  @Test(arguments: ["0", "", "-1", "1.5", "3600001", "1e3", "99999999999999999999", "٣"])
  func `a time that is none is refused`(text: String) throws {
    let answer = try Transport.memory.exchange(
      prediction(fields: ["Gatehouse-Timeout-Ms: \(text)"]), with: plane(.none))
    #expect(answer.status == 400)
    #expect(answer.code == "request.timeout")
  }

  @Test func `a time that is long enough changes nothing, and a second one is refused`() throws {
    let plane = try plane(.none)
    let field = "Gatehouse-Timeout-Ms: 3600000"
    #expect(try Transport.memory.exchange(prediction(fields: [field]), with: plane).status == 200)
    #expect(
      try Transport.memory.exchange(prediction(fields: [field, field]), with: plane).code
        == "request.timeout")
  }

  @Test func `more rows than the bound are refused`() throws {
    let plane = try plane(.none, rows: 2)
    #expect(try Transport.memory.exchange(prediction("[[1,2],[3,4]]"), with: plane).status == 200)
    let refused = try Transport.memory.exchange(prediction("[[1,2],[3,4],[5,6]]"), with: plane)
    #expect(refused.status == 413)
    #expect(refused.code == "predict.too-many-rows")
  }
}
