import Domain
import Encoding
import Testing

/// What a data plane says that it has counted.
struct PlaneCountsTests {
  private static func version(_ number: Int) throws -> PlaneCounts.Version {
    var version = PlaneCounts.Version(try VersionReference(parsing: "iris@\(number)"))
    version.answered = 5
    version.stages[.receive] = 3
    version.stages[.infer] = 8
    version.refusals.add("predict.malformed", of: "key-1")
    version.failures.add("plane.overloaded", of: nil)
    return version
  }

  @Test func `stages, causes and who was turned away come as they were counted`() throws {
    var counts = PlaneCounts(instance: "a", versions: [try Self.version(1), try Self.version(2)])
    counts.turnedAway[try ModelName(parsing: "iris")] = try Self.version(1).refusals
    #expect(PlaneCounts(json: counts.json) == counts)
  }

  @Test func `a process of an earlier release says nothing of them, and of the rest what it knows`() throws {
    var members = try #require(Self.version(1).json.object)
    for member in ["stages", "refusals", "failures", "progress", "ended"] { members[member] = nil }
    let read = try #require(PlaneCounts.Version(json: .object(members)))
    #expect(read.answered == 5 && read.progress == 5 && read.ended == 5)
    #expect(read.stages.total == 0 && read.refusals == CauseCounts() && read.failures == CauseCounts())
  }

  @Test(arguments: [
    ("stages", JSON.array([1, 2])), ("stages", .array([1, 2, 3, 4, 5, -1])),
    ("refusals", .object(["causes": .object(["a": -1]), "callers": .array([])])),
    ("refusals", .object(["causes": .object([:]), "callers": .array([1])])), ("failures", .null),
    ("answered", .integer(.max)), ("refused", .integer(1 << 49)), ("failed", .integer(.min)),
    ("progress", .integer(.max)), ("ended", .integer(-1)),
    ("failingProbes", .integer(.max)), ("compared", .integer(.max)),
    ("stages", .array([1, 2, 3, 4, 5, .integer(.max)])),
    ("failures", .object(["causes": .object(["a": .integer(.max)]), "callers": .array([])])),
  ])
  func `what is no count is none`(member: String, value: JSON) throws {
    var members = try #require(Self.version(1).json.object)
    members[member] = value
    #expect(PlaneCounts.Version(json: .object(members)) == nil)
  }

  @Test func `counts as great as they may be can be added up, of as many versions as there may be`() throws {
    var version = try Self.version(1)
    version.answered = 1 << 48
    let read = try #require(PlaneCounts.Version(json: version.json))
    #expect((0..<10_000).reduce(0) { (sum, _) in sum + read.answered } == 10_000 << 48)
    #expect(
      (0..<10_000).reduce(0) { (sum, _) in sum.plus(read.answered, atMost: .mostCounted) } == .mostCounted)
  }

  @Test(arguments: [
    ("end", JSON.integer(.max)), ("end", .integer(.min)), ("end", .integer(1 << 54)), ("end", .null),
  ])
  func `a certificate that ends at no moment is none`(member: String, value: JSON) throws {
    #expect(PlaneCertificate(json: ["begin": 0, "end": 1_700_000_000_000]) != nil)
    #expect(PlaneCertificate(json: .object(["begin": .null, member: value])) == nil)
  }

  @Test func `of a certificate whose beginning is no moment it is not known`() throws {
    let read = try #require(PlaneCertificate(json: ["begin": .integer(.min), "end": 1_700_000_000_000]))
    #expect(read.begin == nil)
  }

  @Test func `of as many versions as there may be all counts are one answer of the control socket`()
    throws
  {
    var full = CauseCounts()
    for place in 0..<1000 {
      for _ in 0..<3 { full.add("request.content-encoding-\(place)", of: "caller-\(place)") }
    }
    var counts: [PlaneCounts.Version] = []
    for number in 1...500 {
      var version = try Self.version(number)
      version.latency = version.latency.map { _ in 1_000_000_000 }
      for stage in RequestStage.allCases { version.stages[stage] = 1 << 60 }
      version.refusals = full
      version.failures = full
      counts.append(version)
    }
    var all = PlaneCounts(instance: "a", versions: counts)
    for number in 0..<PlaneCounts.turnedAwayLimit {
      all.turnedAway[try ModelName(parsing: "model-\(number)")] = full
    }
    // What the control plane takes of an answer (`Fleet.ControlSocket`).
    #expect(all.json.canonicalBytes.count < 4 << 20)
    #expect(PlaneCounts(json: all.json) == all)
  }

  @Test func `more causes than are told apart are one, and none of them is lost`() {
    var counts = CauseCounts()
    for place in 0..<100 { counts.add("code-\(place)", of: nil) }
    #expect(counts.causes.count == CauseCounts.causeLimit)
    #expect(counts.total == 100)
    #expect(counts.ranked.first?.code == CauseCounts.otherCauses)
    var others = CauseCounts()
    for place in 100..<200 { others.add("code-\(place)", of: nil) }
    #expect((counts + others).total == 200)
    #expect((counts + others).causes.count <= CauseCounts.causeLimit)
  }

  @Test func `callers are counted by place, the same one in every process, and who they are is not kept`() {
    var counts = CauseCounts()
    for _ in 0..<7 { counts.add("a", of: "loud") }
    counts.add("a", of: "quiet")
    #expect(counts.leastCallers == 2 && counts.mostOfOne == 7)
    var later = counts
    later.add("b", of: "loud")
    #expect((later - counts).causes == ["b": 1])
    #expect((later - counts).leastCallers == 1)
    #expect(!counts.json.canonicalText.hasPrefix("loud"))
    #expect((counts - counts) == CauseCounts())
  }
}
