import Alerting
import Domain
import Testing

/// Network, code or data: what is likely to be the matter.
struct DiagnosisTests {
  private static let now = Timestamp(milliseconds: 1_700_000_000_000)
  private static let hour: Int64 = 3_600_000

  private static func version(_ number: Int) throws -> VersionReference {
    try VersionReference(parsing: "iris@\(number)")
  }

  private static func span(
    _ requests: Int, failing: Int = 0, refused: Int = 0, bucket: Int = 5, _ number: Int = 2
  ) throws -> DiagnosisEvidence.Span {
    var traffic = Traffic()
    traffic.answered = requests - failing - refused
    traffic.failed = failing
    traffic.refused = refused
    traffic.latency[bucket] = traffic.answered
    return DiagnosisEvidence.Span(versions: [try version(number): traffic], milliseconds: hour)
  }

  private static func evidence(
    _ change: (inout DiagnosisEvidence) throws -> Void = { _ in }
  ) throws -> DiagnosisEvidence {
    var evidence = DiagnosisEvidence(
      try ModelName(parsing: "iris"), live: try version(2),
      since: Timestamp(milliseconds: now.milliseconds - hour), now: now)
    evidence.processSince = Timestamp(milliseconds: now.milliseconds - 2 * hour)
    evidence.before = try span(6000)
    evidence.recent = try span(6000)
    try change(&evidence)
    return evidence
  }

  @Test func `nothing is wrong`() throws {
    let diagnosis = Diagnosis(try Self.evidence())
    #expect(diagnosis.isWell)
    #expect(
      diagnosis.same == [
        "traffic: 100 requests a minute, 100 before", "failures: 0 of 6000 requests failed",
        "latency: 99 of 100 answers within 0.5 ms", "nothing was changed here",
        "refusals: 0 of 6000 requests", "inputs: nothing is known to be unlike training",
      ])
  }

  @Test func `requests that do not arrive, where those that do are answered, are the network's`() throws {
    let diagnosis = Diagnosis(try Self.evidence { $0.recent = try Self.span(60) })
    #expect(diagnosis.findings.map(\.cause) == [.network])
    #expect(diagnosis.findings.first?.summary == "most requests do not arrive")
    #expect(diagnosis.findings.first?.evidence.first == "1 requests a minute, 100 before")
  }

  @Test func `a version that is worse than it was is the data's, more so where they are unlike training`()
    throws
  {
    let worse = try Self.evidence { $0.worse = [try Self.version(2): "accuracy 0.810 of 1204 labelled rows"] }
    let alone = Diagnosis(worse)
    #expect(alone.findings.map(\.cause) == [.data])
    #expect(
      alone.findings.first?.evidence == ["worse than it was, iris@2: accuracy 0.810 of 1204 labelled rows"])
    #expect(alone.findings.first?.commands.first == "gatehouse watch iris --span 35d")
    var both = worse
    both.drifting = [try Self.version(2): ["age"]]
    let weights = [alone, Diagnosis(both)].compactMap(\.findings.first?.weight)
    #expect(weights == [40, 57])
    let without = try Self.evidence()
    #expect(both != worse && worse != without)
  }

  @Test func `a data plane that does not answer comes before all else`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence {
        $0.processSince = nil
        $0.recent = try Self.span(6000, failing: 3000)
      })
    #expect(diagnosis.findings.first?.summary == "the data plane does not answer")
  }

  @Test func `failures after a roll-out are the code's, and a roll-back is what to do`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence {
        $0.recent = try Self.span(6000, failing: 600, bucket: 12)
        $0.changes = [
          .init(
            at: Timestamp(milliseconds: Self.now.milliseconds - 600_000), kind: .version,
            words: "roll-out of iris@2 by person:ana", entry: 41)
        ]
      })
    let finding = try #require(diagnosis.findings.first)
    #expect(finding.cause == .code)
    #expect(
      finding.summary
        == "it fails or is slow since something was changed, the last of it 10m ago: roll-out of iris@2 by person:ana"
    )
    #expect(
      finding.evidence == [
        "600 of 6000 requests failed; before, 0 of 6000 requests failed",
        "99 of 100 answers within 100 ms; before, within 0.5 ms",
        "2023-11-14T22:03:20.000Z roll-out of iris@2 by person:ana (entry 41)",
      ])
    #expect(finding.commands.first == "gatehouse roll-back iris")
  }

  @Test func `of two versions that answer beside each other the one that fails alone is named`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence {
        $0.isRollingOut = true
        $0.recent?.versions[try Self.version(3)] = try Self.span(500, failing: 400, 3).versions.values.first
      })
    let finding = try #require(diagnosis.findings.first)
    #expect(finding.evidence.contains("iris@3 fails, iris@2 does not"))
    #expect(finding.commands.first == "gatehouse roll-out undo iris")
  }

  @Test func `refused requests and columns that are unlike training are the data's`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence {
        $0.recent = try Self.span(6000, refused: 900)
        $0.drifting = [try Self.version(2): ["age", "income"]]
        $0.strange = (900, 500, 6000)
      })
    let finding = try #require(diagnosis.findings.first)
    #expect(finding.cause == .data)
    #expect(
      finding.evidence == [
        "unlike training, of iris@2: 'age', 'income'",
        "900 of 6000 requests were refused for what they were",
        "500 of 6000 rows were of values that training had no room for",
      ])
    #expect(finding.commands.first == "gatehouse watch iris")
    #expect(diagnosis.same.contains("failures: 0 of 5100 requests failed"))
  }

  /// An hour of 6000 answers, each of which took so many milliseconds in each stage.
  private static func staged(
    _ milliseconds: [RequestStage: Double], bucket: Int = 5
  ) throws -> DiagnosisEvidence.Span {
    var traffic = Traffic()
    traffic.answered = 6000
    traffic.latency[bucket] = 6000
    for (stage, each) in milliseconds { traffic.stages[stage] = Int(each * 1_000_000) * 6000 }
    return DiagnosisEvidence.Span(versions: [try version(2): traffic], milliseconds: hour)
  }

  private static let usual: [RequestStage: Double] = [
    .receive: 1, .queue: 0.5, .decode: 0.5, .infer: 2, .encode: 0.5,
  ]

  private static func slow(_ change: [RequestStage: Double]) throws -> Diagnosis {
    Diagnosis(
      try evidence {
        $0.before = try staged(usual)
        $0.recent = try staged(usual.merging(change) { $1 }, bucket: 12)
        $0.slowSince = Timestamp(milliseconds: now.milliseconds - 600_000)
        $0.runbooks = [.latency: "https://wiki.example/latency"]
      })
  }

  @Test func `answers that wait for their bodies are the network's, by stage and since when`() throws {
    let finding = try #require(try Self.slow([.receive: 40]).findings.first)
    #expect(finding.cause == .network)
    #expect(finding.summary == "bodies of requests take long to arrive")
    #expect(
      finding.evidence == [
        "99 of 100 answers within 100 ms; before, within 0.5 ms; since 2023-11-14T22:03:20.000Z",
        "by stage: receive 40 ms, before 1 ms", "what arrived is answered as before",
      ])
    #expect(finding.runbooks == ["https://wiki.example/latency"])
  }

  @Test(arguments: [
    ([RequestStage.infer: 60], Diagnosis.Cause.code), ([.queue: 60], .host), ([.rest: 60], .host),
    ([.decode: 3, .infer: 12, .encode: 3], .host), ([.decode: 0.6, .infer: 60, .encode: 3], .code),
  ])
  func `the stage that grew says where it lies`(grown: [RequestStage: Double], cause: Diagnosis.Cause) throws
  {
    let diagnosis = try Self.slow(grown)
    #expect(diagnosis.findings.map(\.cause) == [cause])
  }

  @Test func `requests that fail for want of room are the machine's, and by what code is said`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence {
        var traffic = try #require(try Self.span(6000, failing: 900).versions.values.first)
        for _ in 0..<900 { traffic.failures.add("plane.overloaded", of: nil) }
        $0.recent?.versions = [try Self.version(2): traffic]
      })
    let finding = try #require(diagnosis.findings.first)
    #expect(finding.cause == .host)
    #expect(finding.summary == "more comes at a time than there is room for")
    #expect(finding.evidence.contains("failed with plane.overloaded (900)"))
  }

  @Test func `refusals are told by cause and by how many callers, without a name`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence {
        var traffic = try #require(try Self.span(6000, refused: 900).versions.values.first)
        for place in 0..<900 {
          traffic.refusals.add(place < 800 ? "predict.malformed" : "infer.element", of: "key-\(place % 3)")
        }
        $0.recent?.versions = [try Self.version(2): traffic]
      })
    let finding = try #require(diagnosis.findings.first)
    #expect(finding.cause == .data)
    #expect(finding.evidence.contains("refused with predict.malformed (800), infer.element (100)"))
    #expect(
      finding.evidence.contains { $0.hasPrefix("of at least ") && $0.hasSuffix(" requests of one of them") })
    #expect(!finding.evidence.contains { $0.contains("key-") })
  }

  @Test(arguments: [
    ("key.unknown", "callers come without a key that is in force"),
    ("key.rate-exceeded", "callers ask more often than their keys allow"),
    ("caller.held", "callers are held back for an alarm about them"),
  ])
  func `callers who come to no version are told of apart, with why`(code: String, summary: String) throws {
    let diagnosis = Diagnosis(
      try Self.evidence { evidence in
        for _ in 0..<2000 { evidence.recent?.turnedAway.add(code, of: nil) }
      })
    #expect(diagnosis.findings.map(\.cause) == [.access])
    #expect(diagnosis.findings.first?.summary == summary)
    #expect(diagnosis.findings.first?.evidence.contains("refused with \(code) (2000)") == true)
  }

  @Test func `callers for whom there is no room are the machine's matter and not theirs`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence { evidence in
        for _ in 0..<2000 { evidence.recent?.turnedAway.add("plane.too-many-connections", of: nil) }
        for _ in 0..<500 { evidence.recent?.turnedAway.add("key.unknown", of: nil) }
      })
    #expect(diagnosis.findings.map(\.cause) == [.host])
    #expect(diagnosis.findings.first?.summary == "more comes at a time than there is room for")
    #expect(
      diagnosis.findings.first?.evidence.prefix(2) == [
        "2500 requests came to no version",
        "refused with plane.too-many-connections (2000), key.unknown (500)",
      ])
  }

  @Test func `as many callers without a key as ever are no news`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence { evidence in
        for _ in 0..<2000 {
          evidence.before?.turnedAway.add("key.unknown", of: nil)
          evidence.recent?.turnedAway.add("key.unknown", of: nil)
        }
      })
    #expect(diagnosis.isWell)
    #expect(diagnosis.same.contains("turned away: 2000 requests came to no version"))
  }

  @Test func `too few requests accuse nobody`() throws {
    let diagnosis = Diagnosis(
      try Self.evidence {
        $0.before = try Self.span(5)
        $0.recent = try Self.span(4, failing: 4)
      })
    #expect(diagnosis.isWell)
  }
}
