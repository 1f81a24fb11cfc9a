import Access
import Documents
import Domain
import Encoding
import Gates
import Rollouts
import TestKit
import Testing

/// Files of deployments: what they say, and what is wrong with them.
struct DesiredDeploymentsReadingTests {
  private static func read(_ text: String) throws -> [ModelName: DesiredDeployment] {
    try DesiredDeploymentsReading.deployments(parsing: Array(text.utf8))
  }

  private static func version(_ number: Int) throws -> VersionNumber { try #require(VersionNumber(number)) }

  static let whole = """
    deployments: gatehouse/v1
    iris:
      version: 4
      shadows: [5]
      aliases: {stable: 3}
      owner: person:ana
      exposure: internal
      data-class: gold
      limits: {concurrency: 8, queue: 32, deadline: 200ms}
      records: {payloads: 1%, mask: [age, income], when-spool-full: go-on}
      watch: off
      roll-out: {steps: [0%, 10%, 100%], each: 1m, at-least: 500, disagreement: 5%, tolerance: 1%,
        yes-before: 100%, drift: undo, longest: 2h, late: pass, stay: trace}
    fraud:
      shares: {3: 90%, 4: 10%}
      keep-callers-by: header
      limits: none
      roll-out: at-once
    churn:
      version: newest
    """

  @Test func `a file says all that a deployment can be`() throws {
    let read = try Self.read(Self.whole)
    let iris = try #require(read[Sample.name()])
    #expect(iris.traffic == .version(try Self.version(4)))
    #expect(iris.shadows == [try Self.version(5)])
    #expect(iris.aliases == [try AliasName(parsing: "stable"): try Self.version(3)])
    #expect(
      iris.facts
        == ModelFacts(
          owner: Principal(kind: .person, name: "ana"), dataClass: .gold, exposure: .internal))
    #expect(iris.limits == (try DeploymentLimits(concurrency: 8, queue: 32, deadline: 200)))
    #expect(iris.records.payloadMillionths == 10_000)
    #expect(iris.records.masked == ["age", "income"])
    #expect(iris.records.whenSpoolFull == .goOn)
    #expect(iris.isWatched == false)
    guard case .by(let terms)? = iris.rollOut else {
      Issue.record("expected steps")
      return
    }
    #expect(terms.plan.steps.map(\.share.value) == [0, 1000, 10_000])
    #expect(terms.plan.steps.map(\.leastTime) == [60_000, 60_000, 60_000])
    #expect(terms.plan.steps.map(\.needsApproval) == [false, false, true])
    #expect(terms.plan.criteria.minimumRequests == 500 && terms.plan.criteria.drift == .undo)
    #expect(terms.plan.criteria.longest == 7_200_000 && terms.plan.criteria.lateness == .pass)
    #expect(terms.affinity == .trace)
    let fraud = try #require(read[try ModelName(parsing: "fraud")])
    guard case .shares(let shares)? = fraud.traffic else {
      Issue.record("expected shares")
      return
    }
    #expect(shares.arms.map(\.share.value) == [9000, 1000] && shares.affinity == .header)
    #expect(fraud.limits == DeploymentLimits.none && fraud.rollOut == .atOnce)
    #expect(read[try ModelName(parsing: "churn")]?.traffic == .newest)
  }

  @Test func `what a file says reads back from its bytes`() throws {
    for desired in try Self.read(Self.whole).values {
      let json = try JSON(parsing: desired.json.canonicalBytes)
      #expect(try DesiredDeployment(json: json) == desired)
      let record = DesiredRecord(
        desired, by: Principal(kind: .service, name: "ci"), roles: [.operator],
        at: Timestamp(milliseconds: 7), excused: [.first: Timestamp(milliseconds: 5)])
      #expect(try DesiredRecord(json: try JSON(parsing: record.json.canonicalBytes)) == record)
      let change = GovernanceChange.setDesired(record, of: Sample.name(), at: Timestamp(milliseconds: 7))
      #expect(GovernanceChange(json: try JSON(parsing: change.json.canonicalBytes)) == change)
    }
    let end = GovernanceChange.setDesired(nil, of: Sample.name(), at: Timestamp(milliseconds: 7))
    #expect(GovernanceChange(json: try JSON(parsing: end.json.canonicalBytes)) == end)
  }

  @Test func `the same words in JSON are the same, in whatever order`() throws {
    let yaml = try Self.read("deployments: gatehouse/v1\niris: {version: 4, shadows: [5]}\n")
    let json = try Self.read(
      #"{"alpha": {}, "deployments": "gatehouse/v1", "iris": {"version": 4, "shadows": [5]}}"#)
    #expect(json[Sample.name()] == yaml[Sample.name()])
    #expect(json.count == 2)
  }

  @Test(
    arguments: [
      ("iris: {}", "deployments.language", "1:1", "begin with 'deployments: gatehouse/v1'"),
      ("deployments: gatehouse/v2", "deployments.language", "1:14", nil),
      ("deployments: [", "deployments.not-yaml", "1:15", nil),
      ("deployments: gatehouse/v1\nIris!: {}", "deployments.name", "2:1", nil),
      ("deployments: gatehouse/v1\niris: 4", "deployments.type", "2:7", nil),
      (
        "deployments: gatehouse/v1\niris:\n  verson: 4", "deployments.unknown-member", "3:3", "use 'version'"
      ),
      ("deployments: gatehouse/v1\niris: {version: latest}", "deployments.version", "2:17", nil),
      ("deployments: gatehouse/v1\niris: {version: 0}", "deployments.version", "2:17", nil),
      (
        "deployments: gatehouse/v1\niris: {version: 4, shares: {3: 50%, 4: 50%}}", "deployments.shares",
        "2:20",
        "leave one of them out"
      ),
      ("deployments: gatehouse/v1\niris: {shares: {3: 90%, 4: 20%}}", "deployments.shares", "2:16", nil),
      ("deployments: gatehouse/v1\niris: {shares: {3: 100%}}", "deployments.shares", "2:16", nil),
      ("deployments: gatehouse/v1\niris: {shares: {3: 100%, 4: 0%}}", "deployments.shares", "2:16", nil),
      ("deployments: gatehouse/v1\niris: {shares: {3: 0.9, 4: 10%}}", "deployments.share", "2:20", nil),
      ("deployments: gatehouse/v1\niris: {shares: {x: 90%, 4: 10%}}", "deployments.version", "2:17", nil),
      ("deployments: gatehouse/v1\niris: {shares: [3, 4]}", "deployments.type", "2:16", nil),
      (
        "deployments: gatehouse/v1\niris: {version: 4, keep-callers-by: key}", "deployments.keep-callers-by",
        "2:20", nil
      ),
      ("deployments: gatehouse/v1\niris: {version: 4, shadows: [4]}", "deployments.shadows", "2:30", nil),
      ("deployments: gatehouse/v1\niris: {shadows: [1, 2, 3, 4, 5]}", "deployments.shadows", "2:17", nil),
      ("deployments: gatehouse/v1\niris: {aliases: {7: 3}}", "deployments.alias", "2:18", nil),
      ("deployments: gatehouse/v1\niris: {exposure: outside}", "deployments.unknown-word", "2:18", nil),
      ("deployments: gatehouse/v1\niris: {limits: {queue: 3}}", "deployments.limits", "2:16", nil),
      ("deployments: gatehouse/v1\niris: {limits: {deadline: 200}}", "deployments.span", "2:27", nil),
      ("deployments: gatehouse/v1\niris: {records: {payloads: 101%}}", "deployments.share", "2:28", nil),
      ("deployments: gatehouse/v1\niris: {watch: yes}", "deployments.unknown-word", "2:15", nil),
      ("deployments: gatehouse/v1\niris: {roll-out: slowly}", "deployments.unknown-word", "2:18", nil),
      ("deployments: gatehouse/v1\niris: {roll-out: {each: 1m}}", "deployments.missing-member", "2:18", nil),
      (
        "deployments: gatehouse/v1\niris: {roll-out: {steps: [30%, 20%]}}", "deployments.roll-out", "2:18",
        nil
      ),
      (
        "deployments: gatehouse/v1\niris: {roll-out: {steps: [100%], yes-before: 10%}}", "deployments.type",
        "2:46",
        nil
      ),
    ] as [(String, String, String, String?)])
  func `what is wrong is told with its place`(text: String, code: String, place: String, hint: String?) throws
  {
    let reading = DesiredDeploymentsReading(Array(text.utf8))
    #expect(reading.deployments == nil)
    let fault = try #require(reading.faults.first)
    #expect(fault.code == code, "\(reading.faults)")
    #expect("\(fault.place)" == place, "\(fault)")
    if let hint { #expect(fault.hint == hint) }
    let problem = #expect(throws: Problem.self) { try Self.read(text) }
    #expect(problem?.position == "deployments.yaml:\(place)")
  }

  @Test func `a file beyond its bound is refused before it is read`() {
    let bytes = [UInt8](repeating: UInt8(ascii: "#"), count: DesiredDeploymentsReading.sizeLimit + 1)
    #expect(DesiredDeploymentsReading(bytes).faults.map(\.code) == ["deployments.too-large"])
  }

  @Test func `shares read back, and keep to their bounds`() throws {
    let arms = [(4, 1000), (3, 9000)].map {
      TrafficSplit.Arm(version: VersionNumber($0) ?? .first, share: BasisPoints($1) ?? .none)
    }
    let shares = try StandingShares(arms, by: .trace, shadows: [try Self.version(7), try Self.version(5)])
    #expect(shares.arms.map(\.version.value) == [3, 4] && shares.shadows.map(\.value) == [5, 7])
    #expect(try StandingShares(json: try JSON(parsing: shares.json.canonicalBytes)) == shares)
    #expect(shares.live(beside: nil).value == 3)
    #expect(shares.words == "version 3 90 %, version 4 10 %, in the shadow 5, 7")
    let digest = Digest(words: 1, 2, 3, 4)
    let record = try SharingRecord(
      shares, bundles: Dictionary(uniqueKeysWithValues: shares.versions.map { ($0, digest) }),
      salt: TrafficSplit.Salt(.max, 1), liveSince: Timestamp(milliseconds: 5))
    #expect(try SharingRecord(json: try JSON(parsing: record.json.canonicalBytes)) == record)
    let change = GovernanceChange.setShares(record, of: Sample.name(), at: Timestamp(milliseconds: 6))
    #expect(GovernanceChange(json: try JSON(parsing: change.json.canonicalBytes)) == change)
    // What must not answer leaves its share to the live one.
    let left = try record.sharing(live: try Self.version(3), without: [try Self.version(4)])
    #expect(left == nil)
    #expect(try record.shadowing(without: [try Self.version(5)])?.versions.map(\.value) == [7])
    let problem = #expect(throws: Problem.self) {
      try StandingShares(arms, shadows: [try Self.version(4)])
    }
    #expect(problem?.code == "shares.malformed")
  }

  @Test func `a tie leaves the live version where it is`() throws {
    let halves = try StandingShares(
      [3, 4].map { TrafficSplit.Arm(version: VersionNumber($0) ?? .first, share: BasisPoints(5000) ?? .none) }
    )
    #expect(halves.live(beside: try Self.version(4)).value == 4)
    #expect(halves.live(beside: try Self.version(9)).value == 3)
  }
}
