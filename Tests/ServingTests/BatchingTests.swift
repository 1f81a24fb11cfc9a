import CConfinement
import Domain
import Encoding
import Glibc
import Inference
import ModelGraph
import NIOConcurrencyHelpers
import NIOCore
import NIOPosix
import Testing

@testable import Serving

/// Requests that are answered together, and those that several threads share.
@Suite struct BatchingTests {
  private static func measured(alone: Int, batched: Int) -> BatchGain {
    let gain = BatchGain(isPossible: true)
    for _ in 0..<BatchGain.samples { gain.noteAlone(rows: 1, nanoseconds: alone) }
    for _ in 0..<BatchGain.samples { gain.noteBatch(requests: 8, rows: 8, nanoseconds: batched * 8) }
    return gain
  }

  @Test func `a model that answers in two microseconds is left alone`() {
    let gain = BatchGain(isPossible: true)
    #expect(gain.advice == .measure)
    for _ in 0..<BatchGain.samples { gain.noteAlone(rows: 1, nanoseconds: 2_000) }
    #expect(gain.advice == .leave)
  }

  @Test func `requests are gathered where a row among others takes clearly less`() {
    #expect(Self.measured(alone: 80_000, batched: 10_000).advice == .gather)
    #expect(Self.measured(alone: 80_000, batched: 70_000).advice == .leave)
  }

  @Test func `what disturbed some of the measurements decides nothing`() {
    let gain = BatchGain(isPossible: true)
    for sample in 0..<BatchGain.samples {
      gain.noteAlone(rows: 1, nanoseconds: sample == 5 ? 20_000 : 900_000)
    }
    #expect(gain.advice == .attempt)
    for sample in 0..<BatchGain.samples {
      gain.noteBatch(requests: 4, rows: 4, nanoseconds: sample == 7 ? 20_000 : 9_000_000)
    }
    #expect(gain.advice == .gather)
  }

  @Test func `few at once are no measure of many`() {
    let gain = BatchGain(isPossible: true)
    for _ in 0..<BatchGain.samples { gain.noteAlone(rows: 1, nanoseconds: 80_000) }
    for _ in 0..<1000 { gain.noteBatch(requests: 2, rows: 2, nanoseconds: 160_000) }
    #expect(gain.advice == .attempt)
  }

  @Test func `a model of an engine is never asked about the rows of several requests`() {
    let gain = BatchGain(isPossible: false)
    for _ in 0..<BatchGain.samples { gain.noteAlone(rows: 1, nanoseconds: 80_000) }
    #expect(gain.advice == .leave)
  }

  /// A model whose requests are gathered.
  private static func gathered() throws -> ServedModel {
    let model = try TestModels.line()
    for _ in 0..<BatchGain.samples { model.batchGain.noteAlone(rows: 1, nanoseconds: 80_000) }
    for _ in 0..<BatchGain.samples {
      model.batchGain.noteBatch(requests: 8, rows: 8, nanoseconds: 80_000)
    }
    try #require(model.batchGain.advice == .gather)
    return model
  }

  private static func prediction(_ model: ServedModel, _ rows: [[Double]]) -> Prediction {
    Prediction(
      model: model, rows: Rows(values: Array(rows.joined()), rowCount: rows.count, featureCount: 2),
      methods: [.predict], form: .rows(member: "result", isSingleRow: false))
  }

  @Test func `requests that are answered together get what each would get alone`() throws {
    let model = try Self.gathered()
    let predictions = [[[1.0, 2]], [[3, 4], [5, 6]], [[7, 8]]].map { Self.prediction(model, $0) }
    var batch = BatchedPredictions()
    for prediction in predictions { batch.append(prediction, steps: 1) }
    let answers = batch.run(answerLimit: 1 << 20)
    #expect(answers.map(\.body) == predictions.map { $0.run(answerLimit: 1 << 20).body })
    #expect(answers.map(\.rows) == [1, 2, 1])
  }

  @Test func `a row that is refused refuses its own request alone`() throws {
    let model = try Self.gathered()
    var batch = BatchedPredictions()
    for rows in [[[1.0, 2]], [[.nan, 4]], [[7, 8]]] {
      batch.append(Self.prediction(model, rows), steps: 1)
    }
    #expect(batch.run(answerLimit: 1 << 20).map(\.status) == [200, 400, 200])
  }

  @Test func `a request whose time is over is refused among others as it is alone`() throws {
    let model = try Self.gathered()
    var batch = BatchedPredictions()
    for (place, rows) in [[[1.0, 2]], [[3, 4]], [[7, 8]]].enumerated() {
      var prediction = Self.prediction(model, rows)
      if place == 1 { prediction.deadline.nanoseconds = 0 }
      batch.append(prediction, steps: 1)
    }
    #expect(batch.run(answerLimit: 1 << 20).map(\.status) == [200, 504, 200])
  }

  @Test func `a batch is one execution of as many inferences as it has rows`() throws {
    let model = try Self.gathered()
    var batch = BatchedPredictions()
    for row in 0..<5 { batch.append(Self.prediction(model, [[Double(row), 1]]), steps: 1) }
    _ = batch.run(answerLimit: 1 << 20)
    #expect(model.statistics.members["execution_count"]?.int == 1)
    #expect(model.statistics.members["inference_count"]?.int == 5)
  }

  @Test(arguments: [200_000, 0])
  func `callers of a model whose requests are gathered get their own answers`(inlineSteps: Int) throws {
    var limits = PlaneLimits()
    limits.inlineSteps = inlineSteps
    let server = try LiveServer(
      DataPlane(limits: limits, version: "1", table: .serving(Self.gathered())))
    defer { server.stop() }
    let clients = try (0..<16).map { _ in try server.connect() }
    for round in 0..<8 {
      for (place, client) in clients.enumerated() {
        try client.send(
          request(
            "POST", "/models/line/predict", key: "line-key", body: #"{"data":[\#(place),\#(round)]}"#))
      }
      for (place, client) in clients.enumerated() {
        #expect(try client.receive().json?["result"]?.double == Double(place + 2 * round))
      }
    }
    #expect(server.plane.queuedPredictions.count == 0)
  }

  @Test func `many requests on one connection are answered in their order`() throws {
    let server = try LiveServer(
      DataPlane(limits: PlaneLimits(), version: "1", table: .serving(Self.gathered())))
    defer { server.stop() }
    let client = try server.connect()
    let requests = (0..<500).map {
      request("POST", "/models/line/predict", key: "line-key", body: #"{"data":[\#($0),0]}"#)
    }
    try client.send(requests.joined())
    for place in 0..<500 { #expect(try client.receive().json?["result"]?.double == Double(place)) }
  }

  @Test(arguments: [1, 3])
  func `threads that share a prediction come to what one comes to`(threads: Int) throws {
    let model = try TestModels.line()
    let count = 20_000
    let rows = Rows(
      values: (0..<(2 * count)).map { Double($0) / 7 }, rowCount: count, featureCount: 2)
    let pool = NIOThreadPool(numberOfThreads: threads)
    pool.start()
    defer { try? pool.syncShutdownGracefully() }
    let result = NIOLockedValueBox<Result<[PredictionMethod: [Tensor]], Problem>?>(nil)
    let done = ConditionLock(value: false)
    pool.submit { _ in
      PooledPrediction.run(model.plan, [.predict], on: rows, pool, threads: threads, partSteps: 1000) {
        outcome in
        result.withLockedValue { $0 = outcome }
        done.lock()
        done.unlock(withValue: true)
      }
    }
    done.lock(whenValue: true)
    done.unlock()
    let found = try #require(result.withLockedValue { $0 }).get()
    #expect(found == (try model.plan.run([.predict], on: rows)))
  }

  @Test func `a thread that gives way does so for good, and alone`() throws {
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    defer { try? pool.syncShutdownGracefully() }
    let before = getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    for _ in 0..<2 {
      let priority = try pool.runIfActive(eventLoop: MultiThreadedEventLoopGroup.singleton.any()) {
        gatehouse_give_way()
        return getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
      }.wait()
      #expect(priority == 10)
    }
    #expect(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) == before)
  }
}
