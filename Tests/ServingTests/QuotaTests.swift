import Domain
import Foundation
import Testing

@testable import Serving

/// What callers used of their quotas, between processes and over a crash.
struct QuotaTests {
  /// A directory of its own.
  private final class Directory {
    let path = FileManager.default.temporaryDirectory.appending(path: "quotas-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var file: QuotaFile { QuotaFile(path: "\(path)/quotas") }

    func write(_ bytes: [UInt8], to name: String = "quotas") throws {
      let path = "\(path)/\(name)"
      _ = FileManager.default.createFile(
        atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
    }

    /// Brings a process's accounts and the file together.
    func exchange(_ accounts: CallerAccounts, day: Int = 9) throws {
      try file.exchange { accounts.exchange(with: $0, on: day) }
    }
  }

  private func count(_ accounts: CallerAccounts, _ times: Int, day: Int = 9, limit: Int = 1000) -> Int {
    let account = accounts.account(of: "k")
    return (0..<times).count { _ in account.count(on: day, limit: limit) }
  }

  @Test func `counts read back from their bytes, and no byte can change`() {
    let counts = QuotaCounts(day: 20_778, counts: ["a": 1, "b": DayCount.most])
    let bytes = counts.encoded
    #expect(QuotaCounts(parsing: bytes) == counts)
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      #expect(QuotaCounts(parsing: changed) == nil, "byte \(index)")
      #expect(QuotaCounts(parsing: Array(bytes[..<index])) == nil)
    }
  }

  @Test func `a process that comes later goes on with the day`() throws {
    let directory = try Directory()
    let first = CallerAccounts()
    #expect(count(first, 7) == 7)
    try directory.exchange(first)
    let second = CallerAccounts()
    _ = second.exchange(with: try directory.file.read(), on: 9)
    #expect(count(second, 10, limit: 10) == 3)
  }

  @Test func `two processes at once count to one sum`() throws {
    let directory = try Directory()
    let (first, second) = (CallerAccounts(), CallerAccounts())
    _ = count(first, 3)
    _ = count(second, 4)
    try directory.exchange(first)
    try directory.exchange(second)
    #expect(second.account(of: "k").counted.count == 7)
    _ = count(first, 1)
    _ = count(second, 1)
    try directory.exchange(second)
    try directory.exchange(first)
    #expect(first.account(of: "k").counted.count == 9)
    try directory.exchange(second)
    #expect(try directory.file.read().counts == ["k": 9])
    #expect(second.account(of: "k").counted.count == 9)
  }

  @Test func `what is exchanged again is not counted again`() throws {
    let directory = try Directory()
    let accounts = CallerAccounts()
    _ = count(accounts, 5)
    for _ in 0..<4 { try directory.exchange(accounts) }
    #expect(try directory.file.read().counts == ["k": 5])
  }

  @Test func `a new day begins with nothing`() throws {
    let directory = try Directory()
    let accounts = CallerAccounts()
    _ = count(accounts, 5)
    try directory.exchange(accounts)
    try directory.exchange(accounts, day: 10)
    #expect(try directory.file.read() == QuotaCounts(day: 10))
    #expect(count(accounts, 2, day: 10, limit: 1) == 1)
    try directory.exchange(accounts, day: 10)
    #expect(try directory.file.read().counts == ["k": 1])
  }

  @Test func `a write that was cut off leaves the former counts`() throws {
    let directory = try Directory()
    let accounts = CallerAccounts()
    _ = count(accounts, 5)
    try directory.exchange(accounts)
    let next = QuotaCounts(day: 9, counts: ["k": 6]).encoded
    for length in 0...next.count {
      try directory.write(Array(next[..<length]), to: "quotas.part")
      #expect(try directory.file.read().counts == ["k": 5])
    }
    _ = count(accounts, 1)
    try directory.exchange(accounts)
    #expect(try directory.file.read().counts == ["k": 6])
  }

  @Test func `a file that is lost or damaged is written anew with what the process knows`() throws {
    let directory = try Directory()
    let accounts = CallerAccounts()
    _ = count(accounts, 5)
    try directory.exchange(accounts)
    for bytes in [nil, [], Array("{}".utf8), QuotaCounts(day: 9, counts: ["k": 2]).encoded] as [[UInt8]?] {
      if let bytes {
        try directory.write(bytes)
      } else {
        try FileManager.default.removeItem(atPath: "\(directory.path)/quotas")
      }
      try directory.exchange(accounts)
      #expect(try directory.file.read().counts == ["k": 5])
    }
  }

  @Test func `a damaged file is told of, and its day begins anew`() throws {
    let directory = try Directory()
    try directory.write(Array("{".utf8))
    let keeper = QuotaKeeper(directory: directory.path, accounts: CallerAccounts())
    #expect(keeper.failure?.code == "quota.malformed")
  }

  @Test func `a plane that ends has written what it counted`() throws {
    let directory = try Directory()
    let accounts = CallerAccounts()
    let keeper = QuotaKeeper(directory: directory.path, accounts: accounts)
    keeper.start()
    let today = Arrival(nanoseconds: 0, time: Clock.now()).day
    _ = count(accounts, 3, day: today)
    keeper.stop()
    #expect(keeper.failure == nil)
    // At midnight the next day has begun.
    let written = try directory.file.read()
    #expect(written.counts == ["k": 3] || written.day > today)
  }

  @Test func `a lock that is never let go of stops nobody`() throws {
    let directory = try Directory()
    let held = unsafe open("\(directory.path)/quotas.lock", O_WRONLY | O_CREAT, 0o600)
    #expect(flock(held, LOCK_EX) == 0)
    defer { close(held) }
    let problem = #expect(throws: Problem.self) { try directory.exchange(CallerAccounts()) }
    #expect(problem?.code == "quota.failed")
  }

  @Test func `a caller keeps its account over snapshots, until it is gone`() {
    let accounts = CallerAccounts()
    let account = accounts.account(of: "k")
    #expect(accounts.account(of: "k") === account)
    accounts.keep(["k"])
    #expect(accounts.account(of: "k") === account)
    accounts.keep([])
    #expect(accounts.account(of: "k") !== account)
  }
}

/// Limits as callers meet them.
struct AdmissionTests {
  private func plane(_ terms: KeyTerms) throws -> DataPlane {
    let name = try ModelName(parsing: "line")
    let key = try PlaneState.Key.record(of: "key", opening: "line")
    let bound = PlaneState.Key(id: key.id, hash: key.hash, deployment: name, terms: terms)
    return DataPlane(
      limits: PlaneLimits(), version: "1",
      table: RoutingTable(
        generation: 1, deployments: ["line": ServedDeployment(try TestModels.line())], keys: KeyRing([bound]))
    )
  }

  private static let prediction = request(
    "POST", "/models/line/predict", key: "key", body: #"{"data":[1,2]}"#)

  // Those that take no handshake for each request: a second gives another request.
  @Test(arguments: [Transport.memory, .live])
  func `a request beyond the rate is answered 429 with a time to come again`(transport: Transport) throws {
    let plane = try plane(KeyTerms(limits: CallerLimits(rate: 1, burst: 2, daily: 100)))
    let statuses = try (0..<3).map { _ in try transport.exchange(Self.prediction, with: plane) }
    #expect(statuses.map(\.status) == [200, 200, 429])
    #expect(statuses[2].code == "key.rate-exceeded")
    #expect(statuses[2].fields["retry-after"] == "1")
    #expect(statuses[2].fields["www-authenticate"] == nil)
  }

  @Test(arguments: Transport.allCases)
  func `a request beyond the quota is answered 429`(transport: Transport) throws {
    let plane = try plane(KeyTerms(limits: CallerLimits(rate: nil, daily: 2)))
    let answers = try (0..<3).map { _ in try transport.exchange(Self.prediction, with: plane) }
    #expect(answers.map(\.code) == [nil, nil, "key.quota-exceeded"])
    let wait = try #require(answers[2].fields["retry-after"].flatMap { Int($0) })
    #expect(1...86_400 ~= wait)
  }

  @Test(arguments: ["/models/line/predict", "/v2/models/line/infer", "/models/other/predict"])
  func `every route that asks for a key counts, one that it does not open too`(path: String) throws {
    let plane = try plane(KeyTerms(limits: CallerLimits(rate: 1, burst: 1)))
    let text = request("POST", path, key: "key", body: "{}")
    _ = try Transport.memory.exchange(text, with: plane)
    #expect(try Transport.memory.exchange(text, with: plane).code == "key.rate-exceeded")
  }

  @Test func `an expired key is answered 401 and named in the challenge`() throws {
    let plane = try plane(KeyTerms(expiresAt: Timestamp(milliseconds: 1)))
    let answer = try Transport.memory.exchange(Self.prediction, with: plane)
    #expect(answer.status == 401)
    #expect(answer.code == "key.expired")
    #expect(answer.fields["www-authenticate"] == "Bearer realm=\"gatehouse\", error=\"invalid_token\"")
  }
}
