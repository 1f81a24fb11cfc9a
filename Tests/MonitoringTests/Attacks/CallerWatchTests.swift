import Domain
import TestKit
import Testing

@testable import Monitoring

/// A watch over callers of a model of customers, and what is sent to it.
private struct Scene {
  var draws: Draws
  let training: [[Double]]
  let model: Customers.Model
  var watch: CallerWatch

  init(
    seed: UInt64, model: Customers.Model = .logistic, rows: Int = 1_000, budget: CallerBudget = CallerBudget()
  )
    throws
  {
    draws = Draws(seed: seed)
    training = Customers.rows(rows, &draws)
    self.model = model
    watch = CallerWatch(try CallerBaseline(training: Customers.columns(training)), budget: budget)
  }

  /// Sends a row with its answer.
  mutating func send(_ row: [Double], from caller: UInt64) throws -> [CallerAlarm] {
    try watch.observe(
      caller: caller, rows: 1, numbers: row.span, labels: [model.label(row)], margins: [model.margin(row)])
  }

  /// Sends rows until something is told of.
  mutating func firstAlarm(_ rows: [[Double]], from caller: UInt64 = 1) throws -> CallerAlarm? {
    for row in rows {
      let alarms = try send(row, from: caller)
      if !alarms.isEmpty { return alarms[0] }
    }
    return nil
  }

  /// The rows that a search of the boundary asks about.
  mutating func search(_ count: Int = 300, backwards: Bool = false) throws -> [[Double]] {
    let low = try #require(training.first { model.label($0) == 0 })
    let high = try #require(training.first { model.label($0) == 1 })
    var search = EvasionSearch(of: model, training: training)
    return search.run(count, from: backwards ? high : low, to: backwards ? low : high, &draws)
  }
}

@Suite struct ExtractionTests {
  @Test(arguments: 1...3, Customers.Model.allCases)
  func `a copy that is trained on 5,000 answers is noticed before half of them are given`(
    seed: UInt64, model: Customers.Model
  ) throws {
    for way in Extraction.allCases {
      var scene = try Scene(seed: seed, model: model)
      let queries = way.queries(5_000, of: model, training: scene.training, &scene.draws)
      let found = try #require(try scene.firstAlarm(queries), "\(way)")
      #expect(found.rows < 2_500, "\(way)")
      #expect(found.attack == .extraction, "\(way)")
    }
  }

  @Test(arguments: Extraction.allCases) func `the answers that are watched do make a copy`(way: Extraction)
    throws
  {
    var scene = try Scene(seed: 4)
    let queries = way.queries(5_000, of: .logistic, training: scene.training, &scene.draws)
    var surrogate = Surrogate(like: queries)
    surrogate.fit(queries, queries.map(scene.model.label), passes: 5)
    let fresh = Customers.rows(1_000, &scene.draws)
    #expect(fresh.count { surrogate.label($0) == scene.model.label($0) } > 930)
  }

  @Test(arguments: 1...3) func `perturbations of one row after the other are noticed`(seed: UInt64) throws {
    var scene = try Scene(seed: seed)
    let deviations = Customers.deviations(scene.training)
    var queries: [[Double]] = []
    for row in scene.training.prefix(20) {
      for _ in 0..<50 {
        queries.append(zip(row, deviations).map { $0 + 0.1 * $1 * scene.draws.normal() })
      }
    }
    let found = try #require(try scene.firstAlarm(queries))
    #expect(found.rows < 100)
  }

  @Test(arguments: 1...3) func `a caller who was honest for long is noticed as one who was not`(seed: UInt64)
    throws
  {
    var scene = try Scene(seed: seed)
    for row in Customers.rows(5_000, &scene.draws) { #expect(try scene.send(row, from: 1) == []) }
    let queries = Extraction.uniform.queries(2_500, of: .tree, training: scene.training, &scene.draws)
    #expect(try scene.firstAlarm(queries) != nil)
  }

  @Test func `an alarm says what was seen and how sure it is`() throws {
    var scene = try Scene(seed: 3)
    let queries = Extraction.uniform.queries(100, of: .tree, training: scene.training, &scene.draws)
    let found = try #require(try scene.firstAlarm(queries))
    #expect(
      found.message
        == "extraction of the model? 16 of the last 30 rows have combinations of features that training hardly has"
        + " and that are new of this caller, at most 6.0 % are tolerated; found after 31 rows; e-value 8.4e9, needed"
        + " 6.0e9")
  }

  @Test func `who was told of is told of again after ten thousand rows and not before`() throws {
    var scene = try Scene(seed: 1)
    var (told, repeated) = ([Int](), [Int]())
    for (index, row) in Extraction.uniform.queries(25_000, of: .tree, training: scene.training, &scene.draws)
      .enumerated()
    {
      guard let alarm = try scene.send(row, from: 1).first(where: { $0.sign == .farApart }) else { continue }
      if alarm.isRepeated { repeated.append(index) } else { told.append(index) }
    }
    #expect(told.count >= 1)
    #expect(zip(told, told.dropFirst()).allSatisfy { $1 - $0 >= 10_000 })
    // The evidence is as good in between: whoever goes by it need not wait.
    #expect(repeated.count > told.count)
  }
}

@Suite struct EvasionTests {
  @Test(arguments: 1...3, Customers.Model.allCases)
  func `a search of 300 queries for the boundary is noticed before half of them`(
    seed: UInt64, model: Customers.Model
  ) throws {
    for backwards in [false, true] {
      var scene = try Scene(seed: seed, model: model)
      let found = try #require(try scene.firstAlarm(try scene.search(backwards: backwards)))
      #expect(found.rows < 150)
      #expect(found.attack == .evasion)
    }
  }

  @Test(arguments: 1...3) func `a search among two honest rows for each of its own is noticed`(seed: UInt64)
    throws
  {
    var scene = try Scene(seed: seed)
    var rows: [[Double]] = []
    for query in try scene.search(600) { rows += [query] + Customers.rows(2, &scene.draws) }
    #expect(try scene.firstAlarm(rows)?.attack == .evasion)
  }

  @Test(arguments: 1...3) func `a descent along the score is noticed though the label hardly changes`(
    seed: UInt64
  ) throws {
    var scene = try Scene(seed: seed)
    let deviations = Customers.deviations(scene.training)
    var place = try #require(scene.training.first { scene.model.probability($0) > 0.95 })
    var rows: [[Double]] = []
    for _ in 0..<150 {
      place = zip([-1, -0.3, 1, 0, -1, 1, 0, 0], zip(place, deviations)).map { $1.0 + 0.02 * $0 * $1.1 }
      rows.append(place.map { $0 + 1e-3 * scene.draws.normal() })
    }
    #expect(try scene.firstAlarm(rows) != nil)
  }
}

@Suite struct HonestCallerTests {
  @Test(arguments: 1...3)
  func `twenty callers with rows like training's raise nothing in 20,000 queries each`(seed: UInt64) throws {
    var scene = try Scene(seed: seed)
    // Each caller has 20,000 of them: what another asks is nothing to it.
    let rows = Customers.rows(58_000, &scene.draws)
    let (labels, margins) = (rows.map(scene.model.label), rows.map(scene.model.margin))
    let values = rows.flatMap { $0 }
    for caller in 0..<20 {
      let places = caller * 2_000..<caller * 2_000 + 20_000
      let own = Array(values[places.lowerBound * Customers.width..<places.upperBound * Customers.width])
      let alarms = try scene.watch.observe(
        caller: UInt64(caller), rows: places.count, numbers: own.span, labels: Array(labels[places]),
        margins: Array(margins[places]))
      #expect(alarms == [])
    }
  }

  @Test(arguments: 1...3, [1, 5, 40, 100, 400])
  func `a list that is asked about over and over raises nothing`(seed: UInt64, size: Int) throws {
    var scene = try Scene(seed: seed)
    let list = Customers.rows(size, &scene.draws)
    for _ in 0..<(4_000 / size) { #expect(try scene.firstAlarm(list) == nil) }
  }

  @Test(arguments: 1...3, Customers.Model.allCases)
  func `twenty variants of each customer with one feature changed raise nothing`(
    seed: UInt64, model: Customers.Model
  ) throws {
    var scene = try Scene(seed: seed, model: model)
    let ranges = Customers.ranges(scene.training)
    for customer in 0..<100 {
      let row = Customers.row(&scene.draws)
      let feature = customer % Customers.width
      let width = ranges[feature].upperBound - ranges[feature].lowerBound
      for variant in 0..<20 {
        var (anywhere, inOrder) = (row, row)
        anywhere[feature] = ranges[feature].lowerBound + scene.draws.uniform() * width
        inOrder[feature] += Double(variant - 10) * 0.02 * width
        #expect(try scene.send(anywhere, from: 1) == [])
        #expect(try scene.send(inOrder, from: 2) == [])
      }
    }
  }

  @Test func `callers of one part of the customers raise nothing`() throws {
    var scene = try Scene(seed: 1)
    let parts: [([Double]) -> Bool] = [{ $0[1] > 2_000 }, { $0[2] < 28 }, { $0[0] > 58 && $0[4] > 0.8 }]
    for (caller, part) in parts.enumerated() {
      var sent = 0
      while sent < 1_000 {
        let row = Customers.row(&scene.draws)
        guard part(row) else { continue }
        sent += 1
        #expect(try scene.send(row, from: UInt64(caller)) == [])
      }
    }
  }

  @Test
  func `a thousand callers take a mebibyte, and one more takes the place of the one not seen for longest`()
    throws
  {
    var scene = try Scene(seed: 1)
    let row = scene.training[0]
    for caller in 0..<1_000 as Range<UInt64> { #expect(try scene.send(row, from: caller) == []) }
    #expect(scene.watch.memoryBytes <= 1 << 20)
    #expect(try scene.send(row, from: 0) == [])
    #expect(try scene.send(row, from: 1_000) == [])
    #expect((scene.watch.callerCount, scene.watch.forgotten) == (1_000, 1))
    #expect(scene.watch.isWatching(0))
    #expect(!scene.watch.isWatching(1))
    #expect(scene.watch.memoryBytes <= 1 << 20)
  }

  @Test func `what is forgotten of a caller is no evidence against the next one`() throws {
    var scene = try Scene(seed: 1, budget: CallerBudget(callerLimit: 1))
    let queries = Extraction.uniform.queries(2_000, of: .tree, training: scene.training, &scene.draws)
    for (index, row) in queries.enumerated() {
      #expect(try scene.send(row, from: UInt64(index / 10)) == [])
    }
  }

  @Test func `rows of another width are refused and change nothing`() throws {
    var scene = try Scene(seed: 1)
    let row: [Double] = [1, 2, 3]
    do throws(Problem) {
      _ = try scene.watch.observe(caller: 1, rows: 2, numbers: row.span)
      Issue.record("expected a refusal")
    } catch {
      #expect(error.code == "monitoring.unlike-rows")
      #expect(
        error.message
          == "expected 8 numbers, 0 categories and one answer or none for each of 2 rows, found 3, 0, 0 and 0 in all"
      )
    }
    #expect(scene.watch.callerCount == 0)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, .greatestFiniteMagnitude, 0])
  func `any number is taken`(
    value: Double
  ) throws {
    var scene = try Scene(seed: 1)
    let row = [Double](repeating: value, count: Customers.width)
    for _ in 0..<3 {
      #expect(
        try scene.watch.observe(caller: 1, rows: 1, numbers: row.span, labels: [.max], margins: [value]) == []
      )
    }
  }
}
