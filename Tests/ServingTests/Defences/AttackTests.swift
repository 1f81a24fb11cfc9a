import Domain
import Encoding
import Foundation
import Monitoring
import TestKit
import Testing

@testable import Serving

/// What is noticed of attackers, and not of others, on the way that requests really take.
@Suite struct AttackTests {
  @Test(arguments: Extraction.allCases)
  func `a copy that is trained on 5,000 answers is noticed before half of them are given`(way: Extraction)
    throws
  {
    var customers = try DefendedCustomers(seed: 1)
    let queries = way.queries(
      5_000, of: .logistic, training: customers.training, &customers.draws)
    let server = try LiveServer(try customers.plane(DefencePolicy(callers: .tell)))
    defer { server.stop() }
    let statuses = try DefendedCustomers.ask(server, Array(queries.prefix(2_499)), inRequestsOf: 51)
    #expect(statuses.allSatisfy { $0 == 200 })
    server.server.handOverWindows()
    let found = try #require(customers.model.watch.takeFindings().first, "\(way)")
    #expect(found.caller == "k-key-0" && found.attack == .extraction && found.rows < 2_500)
  }

  @Test(arguments: [false, true])
  func `a search for the boundary of 300 queries is noticed before half of them`(backwards: Bool) throws {
    var customers = try DefendedCustomers(seed: 2)
    let low = try #require(customers.training.first { Customers.Model.logistic.label($0) == 0 })
    let high = try #require(customers.training.first { Customers.Model.logistic.label($0) == 1 })
    var search = EvasionSearch(of: .logistic, training: customers.training)
    let queries = search.run(
      300, from: backwards ? high : low, to: backwards ? low : high, &customers.draws)
    let server = try LiveServer(try customers.plane(DefencePolicy(callers: .tell)))
    defer { server.stop() }
    _ = try DefendedCustomers.ask(server, Array(queries.prefix(149)))
    server.server.handOverWindows()
    let found = try #require(customers.model.watch.takeFindings().first)
    #expect(found.attack == .evasion && found.rows < 150)
  }

  @Test func `20 callers who ask about rows like training's raise nothing`() throws {
    var customers = try DefendedCustomers(seed: 3)
    let server = try LiveServer(try customers.plane(DefencePolicy(callers: .refuse), callers: 20))
    defer { server.stop() }
    for caller in 0..<20 {
      let rows = Customers.rows(1_000, &customers.draws)
      let statuses = try DefendedCustomers.ask(server, rows, by: caller, inRequestsOf: 50)
      #expect(statuses.allSatisfy { $0 == 200 })
    }
    server.server.handOverWindows()
    #expect(customers.model.watch.takeFindings() == [])
    #expect(customers.model.watch.callers.alarms.isEmpty)
  }

  @Test func `a caller about whom there is an alarm is answered no more, and others are`() throws {
    var customers = try DefendedCustomers(seed: 4)
    let queries = Extraction.uniform.queries(
      400, of: .logistic, training: customers.training, &customers.draws)
    let plane = try customers.plane(DefencePolicy(callers: .refuse), callers: 2)
    let server = try LiveServer(plane)
    defer { server.stop() }
    _ = try DefendedCustomers.ask(server, queries)
    server.server.handOverWindows()
    let client = try server.connect()
    let row = JSON.array(customers.training[0].map { .number($0) }).canonicalText
    func ask(_ key: String) throws -> Received {
      try client.send(request("POST", "/models/customers/predict", key: key, body: "{\"data\":\(row)}"))
      return try client.receive()
    }
    let refused = try ask("key-0")
    #expect(refused.status == 429 && refused.code == "caller.held")
    let seconds = try #require(refused.fields["retry-after"].flatMap { Int($0) })
    #expect((3_500...3_600).contains(seconds))
    #expect(try ask("key-1").status == 200)
    // Another version, or another policy that refuses, keeps it held back; one that tells lets it go.
    let held = try #require(plane.table.deployments["customers"]).held
    plane.publish(try customers.table(DefencePolicy(disclosure: .digits(3), callers: .refuse), 2, held: held))
    #expect(try ask("key-0").status == 429)
    plane.publish(try customers.table(DefencePolicy(callers: .tell), 2, held: held))
    #expect(try ask("key-0").status == 200)
    #expect(customers.model.watch.losses.heldRequests >= 2)
    // What is said to one caller is nothing that the version did to others.
    let shared = customers.model.metrics.counts.shared
    #expect(shared.refused == 0 && shared.answered >= 2)
  }

  @Test func `a caller who comes back and goes on is held back each time, and told of once for a sign`()
    throws
  {
    var customers = try DefendedCustomers(seed: 4)
    let queries = Extraction.uniform.queries(
      800, of: .logistic, training: customers.training, &customers.draws)
    let plane = try customers.plane(DefencePolicy(callers: .refuse))
    let server = try LiveServer(plane)
    defer { server.stop() }
    // More hours than there are signs.
    for hour in 0..<8 {
      let statuses = try DefendedCustomers.ask(server, Array(queries[hour * 100..<hour * 100 + 100]))
      #expect(statuses.first == 200 && statuses.last == 429)
      server.server.handOverWindows()
      // As after an hour: nobody is held back any more, and what was seen of callers is still there.
      plane.publish(try customers.table(DefencePolicy(callers: .refuse)))
    }
    let told = customers.model.watch.takeFindings().map(\.sign)
    #expect(!told.isEmpty && Set(told).count == told.count)
  }

  @Test func `what is still looked at when holding back is lifted holds nobody back later`() throws {
    let (held, model) = (HeldCallers(), try DefendedCustomers().model)
    func refusing() throws -> ModelDefences {
      try #require(ModelDefences(DefencePolicy(callers: .refuse), for: model, holding: held))
    }
    let former = try refusing()
    held.release()
    let present = try refusing()
    former.hold("key")
    #expect(held.seconds("key", at: Clock.monotonic()) == nil)
    present.hold("key")
    #expect(held.seconds("key", at: Clock.monotonic()) != nil)
    // Settings that come into force again hold back by themselves.
    held.release()
    present.comeIntoForce()
    present.hold("key")
    #expect(held.seconds("key", at: Clock.monotonic()) != nil)
  }

  @Test
  func
    `what is found of a caller comes with a window, without any row, and with no other where nothing is watched`()
    throws
  {
    var customers = try DefendedCustomers(seed: 5)
    let queries = Extraction.uniform.queries(
      300, of: .logistic, training: customers.training, &customers.draws)
    let directory = try TemporaryDirectory()
    let plane = try customers.plane(DefencePolicy(callers: .tell), isWatched: false)
    let server = try LiveServer(plane)
    let spool = WindowSpool(try SpoolDirectory(directory.path), instance: "0123456789abcdef")
    let keeper = WatchKeeper(plane, spool: spool)
    _ = try DefendedCustomers.ask(server, queries)
    server.server.handOverWindows()
    keeper.stop()
    server.stop()
    let windows = try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map { name in
      try WatchedWindow(bytes: Array(try Data(contentsOf: URL(filePath: "\(directory.path)/\(name)"))))
    }
    #expect(windows.map(\.window.profile.rows) == [0])
    let found = try #require(windows.first?.callers.first)
    #expect(
      found.caller == "k-key-0" && found.message.hasPrefix("caller 'k-key-0': extraction of the model? "))
    #expect(customers.model.watch.takeFindings() == [])
  }

  @Test func `callers who are held back have a bound, at which the one goes whose time is over first`() {
    let held = HeldCallers()
    #expect(held.seconds("a", at: 0) == nil)
    for caller in 0...HeldCallers.limit { held.hold("\(caller)", at: caller, since: 0) }
    #expect(held.seconds("0", at: 1_000) == nil && held.seconds("1", at: 1_000) == 3_600)
    #expect(held.seconds("1", at: HeldCallers.length + 1) == nil)
  }
}
