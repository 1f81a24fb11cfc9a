import Alerting
import Domain
import Encoding
import Testing

/// Who is told of what, when, and in which form.
struct AlertDeliveryTests {
  private static let start = Timestamp(milliseconds: 1_700_000_000_000)

  private static func later(_ seconds: Int64) -> Timestamp {
    Timestamp(milliseconds: start.milliseconds + seconds * 1000)
  }

  private static func alert(
    _ severity: AlertSeverity = .page, ended: Timestamp? = nil,
    acknowledged: Bool = false, runbook: String? = "https://wiki.example/failures"
  ) -> AlertRecord {
    AlertRecord(
      id: "a1b2c3d4e5f6a1b2c3d4e5f6",
      source: AlertSource(.failures, of: try? ModelName(parsing: "iris"), "iris"), severity: severity,
      runbook: runbook, began: start, seen: start, ended: ended, figures: "6 % of 120 requests",
      acknowledgement: acknowledged
        ? .init(by: Principal(kind: .person, name: "ana"), at: later(60)) : nil)
  }

  private static func receiver(
    _ kind: ReceiverKind = .pagerduty, after: Int64 = 0, _ severities: Set<AlertSeverity> = [.page],
    deployments: NamePattern = .any
  ) throws -> AlertReceiver {
    try AlertReceiver(
      name: "on-call", kind: kind, host: "events.example", endpoint: Digest(words: 1, 2, 3, 4),
      severities: severities, deployments: deployments, after: after, since: start)
  }

  private static let none = AlertDelivery(receiver: "on-call", alert: "a1")

  private func next(
    _ delivery: AlertDelivery = Self.none, _ alert: AlertRecord = Self.alert(),
    _ receiver: AlertReceiver? = nil, silenced: Bool = false, at seconds: Int64 = 1
  ) throws -> AlertNews? {
    delivery.next(
      of: alert, to: try receiver ?? Self.receiver(), isSilenced: silenced, at: Self.later(seconds))
  }

  @Test func `a receiver is told that an alert began, that somebody has it, and that it ended, once each`()
    throws
  {
    var delivery = Self.none
    #expect(try next(delivery) == .began)
    delivery = delivery.after(.began, isTaken: true, "status 202", at: Self.later(1), chance: 0)
    #expect(try next(delivery, at: 500) == nil)
    let taken = Self.alert(acknowledged: true)
    #expect(try next(delivery, taken) == .acknowledged)
    delivery = delivery.after(.acknowledged, isTaken: true, "status 202", at: Self.later(70), chance: 0)
    #expect(try next(delivery, taken, at: 500) == nil)
    let over = Self.alert(ended: Self.later(600), acknowledged: true)
    #expect(try next(delivery, over, at: 601) == .ended)
    delivery = delivery.after(.ended, isTaken: true, "status 202", at: Self.later(601), chance: 0)
    #expect(try next(delivery, over, at: 900) == nil)
  }

  @Test
  func
    `an alert that nobody acknowledged in time goes to the next receiver, and one that somebody did does not`()
    throws
  {
    let second = try Self.receiver(after: 600_000)
    #expect(try next(Self.none, Self.alert(), second, at: 599) == nil)
    #expect(try next(Self.none, Self.alert(), second, at: 600) == .began)
    #expect(try next(Self.none, Self.alert(acknowledged: true), second, at: 9000) == nil)
  }

  @Test func `a silence keeps a beginning back and no end`() throws {
    #expect(try next(silenced: true) == nil)
    let told = Self.none.after(.began, isTaken: true, "status 202", at: Self.later(1), chance: 0)
    #expect(try next(told, Self.alert(ended: Self.later(9)), silenced: true, at: 10) == .ended)
  }

  @Test func `what ended before anybody was told pages nobody, and what was tried is ended all the same`()
    throws
  {
    let over = Self.alert(ended: Self.later(5))
    #expect(try next(Self.none, over, at: 6) == nil)
    let tried = Self.none.after(.began, isTaken: false, "no connection", at: Self.later(1), chance: 1)
    #expect(try next(tried, over, at: 7) == .ended)
  }

  @Test func `Alertmanager is told every minute that an alert stands`() throws {
    let alertmanager = try Self.receiver(.alertmanager)
    let told = Self.none.after(.began, isTaken: true, "status 200", at: Self.later(1), chance: 0)
    #expect(try next(told, Self.alert(acknowledged: true), alertmanager, at: 60) == nil)
    #expect(try next(told, Self.alert(acknowledged: true), alertmanager, at: 61) == .began)
  }

  @Test func `a beginning is tried at a growing pace for as long as the alert stands, an end twelve times`()
    throws
  {
    var delivery = Self.none
    var pauses: [Int64] = []
    for _ in 0..<30 {
      delivery = delivery.after(.began, isTaken: false, "status 500", at: Self.start, chance: 1)
      pauses.append((delivery.notBefore?.milliseconds ?? 0) - Self.start.milliseconds)
    }
    #expect(pauses.prefix(6) == [5000, 15_000, 45_000, 135_000, 405_000, 600_000])
    #expect(pauses.last == 600_000)
    #expect(delivery.told == nil)
    var ending = Self.none.after(.began, isTaken: true, "status 202", at: Self.start, chance: 0)
    for _ in 0..<12 { ending = ending.after(.ended, isTaken: false, "status 500", at: Self.start, chance: 1) }
    #expect(ending.told == .ended)
    #expect(ending.failure == "status 500")
  }

  @Test func `an end is tried twelve times, however often other news were tried before`() throws {
    let over = Self.alert(ended: Self.later(9000), acknowledged: true)
    for (told, news) in [(AlertNews.began, AlertNews.acknowledged), (nil, .began)] {
      var delivery = AlertDelivery(receiver: "on-call", alert: "a1", told: told, toldAt: Self.start)
      for _ in 0..<20 {
        delivery = delivery.after(news, isTaken: false, "status 503", at: Self.start, chance: 1)
      }
      for attempt in 1...12 {
        let now = Self.later(9000 + Int64(attempt) * 600)
        #expect(
          delivery.next(of: over, to: try Self.receiver(), isSilenced: false, at: now) == .ended,
          "attempt \(attempt)")
        delivery = delivery.after(.ended, isTaken: false, "status 503", at: now, chance: 1)
      }
      #expect(delivery.told == .ended)
    }
  }

  @Test func `an end that was given up is failing for a day, or until something is taken`() {
    var given = AlertDelivery(receiver: "on-call", alert: "a1", told: .began, toldAt: Self.start)
    #expect([given].failing(at: Self.start).isEmpty)
    for _ in 0..<12 { given = given.after(.ended, isTaken: false, "status 503", at: Self.start, chance: 1) }
    let none = AlertDelivery(receiver: "on-call", alert: "a2", told: .began, toldAt: Self.later(-1))
    #expect([given, none].failing(at: Self.later(86_399)) == [given])
    #expect([given, none].failing(at: Self.later(86_400)).isEmpty)
    let taken = AlertDelivery(receiver: "on-call", alert: "a2", told: .began, toldAt: Self.later(1))
    #expect([given, taken].failing(at: Self.later(2)).isEmpty)
    // What is still tried is failing whatever else was taken.
    let tried = AlertDelivery(receiver: "on-call", alert: "a3", attempts: 2, failure: "status 503")
    #expect([given, taken, tried].failing(at: Self.later(2)) == [tried])
  }

  @Test func `a silence keeps a beginning back that was tried before, and not its end`() throws {
    let tried = Self.none.after(.began, isTaken: false, "status 503", at: Self.later(1), chance: 1)
    #expect(try next(tried, silenced: true, at: 20) == nil)
    #expect(try next(tried, at: 20) == .began)
    #expect(try next(tried, Self.alert(ended: Self.later(30)), silenced: true, at: 40) == .ended)
  }

  @Test func `a receiver hears of its severities and of its deployments`() throws {
    let receiver = try Self.receiver(deployments: NamePattern(parsing: "fraud*"))
    #expect(!receiver.isMeant(for: Self.alert()))
    #expect(try Self.receiver().isMeant(for: Self.alert()))
    #expect(try !Self.receiver().isMeant(for: Self.alert(.ticket)))
  }

  @Test func `a receiver and a silence read back as they were written`() throws {
    let receiver = try Self.receiver(after: 60_000)
    #expect(try AlertReceiver(json: receiver.json) == receiver)
    let silence = try Silence(
      id: "a1b2c3d4e5f6", rule: .latency, deployments: .any, until: Self.later(60),
      reason: "a known slow disk",
      by: Principal(kind: .person, name: "ana"), since: Self.start)
    #expect(try Silence(json: silence.json) == silence)
    #expect(throws: Problem.self) { try AlertReceiver.check(name: "On Call") }
  }

  @Test func `Alertmanager gets an alert as its API has it`() {
    let message = AlertMessage(
      Self.alert(ended: Self.later(60)), of: "gatehouse.example", page: "https://gate.example")
    #expect(
      message.alertmanager.canonicalText
        == #"[{"annotations":{"description":"6 % of 120 requests","id":"a1b2c3d4e5f6a1b2c3d4e5f6","#
        + #""runbook_url":"https://wiki.example/failures","summary":"iris: requests fail"},"#
        + #""endsAt":"2023-11-14T22:14:20.000Z","#
        + #""generatorURL":"https://gate.example/api/v1/alerts/a1b2c3d4e5f6a1b2c3d4e5f6","#
        + #""labels":{"alertname":"failures","deployment":"iris","platform":"gatehouse.example","severity":"page","#
        + #""subject":"iris"},"startsAt":"2023-11-14T22:13:20.000Z"}]"#)
  }

  @Test func `PagerDuty gets an event as its API has it`() {
    let message = AlertMessage(Self.alert(), of: "gatehouse.example")
    #expect(
      message.pagerduty(.began, routingKey: "R0").canonicalText
        == #"{"client":"gatehouse","dedup_key":"a1b2c3d4e5f6a1b2c3d4e5f6","event_action":"trigger","#
        + #""links":[{"href":"https://wiki.example/failures","text":"runbook"}],"#
        + #""payload":{"class":"failures","component":"iris","#
        + #""custom_details":{"deployment":"iris","figures":"6 % of 120 requests"},"severity":"critical","#
        + #""source":"gatehouse.example","summary":"iris: requests fail","#
        + #""timestamp":"2023-11-14T22:13:20.000Z"},"routing_key":"R0"}"#)
    #expect(
      message.pagerduty(.ended, routingKey: "R0").canonicalText
        == #"{"dedup_key":"a1b2c3d4e5f6a1b2c3d4e5f6","event_action":"resolve","routing_key":"R0"}"#)
  }
}
