import Domain
import Encoding
import Packaging
import Provenance
import TestKit
import Testing

@testable import Lifecycle

/// What is collected, and what stays.
struct CollectBlobsTests {
  private let iris = Sample.repository("iris")
  private let other = Sample.repository("other")

  /// A wish that finds everything old: the clock of a bench goes on by milliseconds.
  static func collect(
    _ control: ControlPlane, untagged: Bool = false, isDryRun: Bool = false
  ) async throws -> CollectionReport {
    try await collect(control, after: .seconds(3600), untagged, isDryRun)
  }

  private static func collect(
    _ control: ControlPlane, after wait: Duration, _ untagged: Bool, _ isDryRun: Bool
  ) async throws -> CollectionReport {
    let asked = try CollectionWish(untagged: untagged, isDryRun: isDryRun, grace: .seconds(60))
    return try await control.perform(for: Sample.actor) { recorder async throws(Problem) in
      let late = LateTime(base: control.time, by: wait)
      let collect = CollectBlobs(
        registry: control.registry, blobs: control.blobs, repositories: control.repositories, time: late)
      return try await collect(asked, recorder: recorder)
    }
  }

  /// A clock that is ahead of another.
  private struct LateTime: TimeSource {
    let base: any TimeSource
    let by: Duration

    func now() -> Timestamp {
      Timestamp(milliseconds: base.now().milliseconds + Int64(by / .milliseconds(1)))
    }
    func uptime() -> Duration { base.uptime() }
  }

  private func orphan(_ bench: Bench, _ number: UInt8) async throws -> Digest {
    try await bench.blobs.keep([0xFF, number])
  }

  @Test func `what nothing needs goes, and what was pushed, named or quarantined stays`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      _ = try await Bench.push(Fixture.tree, to: control)
      _ = try await Bench.push(Fixture.systemCall, as: "bad", to: control)
      try await SampleImage(1, layers: [1, 2]).push("v1", to: iris, control)
      let needed = await bench.blobs.digests()
      let orphans = [try await orphan(bench, 1), try await orphan(bench, 2)]
      let dry = try await Self.collect(control, isDryRun: true)
      #expect(dry == CollectionReport(manifests: 0, blobs: 2, bytes: 4, kept: needed.count))
      #expect(await bench.blobs.contains(orphans[0]))
      #expect(try await Self.collect(control).blobs == 2)
      #expect(await bench.blobs.digests() == needed)
      #expect(try await Self.collect(control).blobs == 0)
      #expect(await bench.audit().problems == [])
      let entry = try #require(try await bench.entries().last { $0.act == .collect && $0.phase == .done })
      #expect(entry.details["kept"] == JSON(needed.count))
    }
  }

  @Test func `the files of a pushed directory stay`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      _ = try await control.start()
      var files: [PushedFile] = []
      for (path, bytes) in [
        ("model.joblib", try Fixture.bytes(Fixture.tree)), ("a/README.md", Array("x".utf8)),
      ] {
        files.append(PushedFile(path: path, blob: try await bench.blobs.keep(bytes)))
      }
      let request = PushRequest(name: Sample.name(), files: files, actor: Sample.actor)
      _ = try await control.push(request) { _ in }
      #expect(try await control.registry.quarantined().count + control.registry.modelNames().count == 1)
      _ = try await orphan(bench, 1)
      #expect(try await Self.collect(control).blobs == 1)
      for file in files { #expect(await bench.blobs.contains(file.blob)) }
    }
  }

  @Test func `what is young stays, and what comes again is young`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let old = try await orphan(bench, 1)
      func collect() async throws -> Int {
        let wish = try CollectionWish(grace: .seconds(60))
        return try await control.collectBlobs(wish, by: Sample.actor).blobs
      }
      #expect(try await collect() == 0)
      #expect(await bench.blobs.contains(old))
      #expect(try await control.hasBlob(old))
      #expect(try await Self.collect(control).blobs == 1)
      #expect(try await control.hasBlob(old) == false)
    }
    for seconds in [0, 59] {
      let problem = #expect(throws: Problem.self) { try CollectionWish(grace: .seconds(seconds)) }
      #expect(problem?.code == "collect.grace")
    }
  }

  @Test func `what waits for its manifest stays`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let image = SampleImage(1)
      for blob in image.blobs { try await SampleImage.upload(blob, to: iris, control) }
      #expect(try await Self.collect(control).blobs == 0)
      try await image.put("v1", to: iris, control)
      try await control.removeManifest(.digest(image.digest), of: iris, by: Sample.actor)
      #expect(try await Self.collect(control).blobs == image.all.count)
      #expect(await bench.blobs.digests().isEmpty)
    }
  }

  @Test func `a layer that two repositories share stays for the one that has it still`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let (first, second) = (SampleImage(1, layers: [7]), SampleImage(2, layers: [7]))
      try await first.push("v1", to: iris, control)
      try await second.push("v1", to: other, control)
      try await control.removeManifest(.digest(first.digest), of: iris, by: Sample.actor)
      #expect(try await Self.collect(control).blobs == 2)
      #expect(Set(await bench.blobs.digests()) == second.all)
      #expect(await bench.audit().problems == [])
    }
  }

  @Test func `untagged manifests go where that is asked for, but for what the tagged need`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let (tagged, replaced) = (SampleImage(1, layers: [1]), SampleImage(2, layers: [2]))
      let members = [SampleImage(3, layers: [3]), SampleImage(4, layers: [4])]
      let index = SampleImage.index(members)
      let about = SampleImage(5, layers: [5], about: tagged.descriptor, kind: "a/x")
      let aboutThat = SampleImage(6, layers: [6], about: about.descriptor, kind: "a/x")
      let aboutReplaced = SampleImage(7, layers: [7], about: replaced.descriptor, kind: "a/x")
      try await replaced.push("latest", to: iris, control)
      try await tagged.push("latest", to: iris, control)
      for image in members + [about, aboutThat, aboutReplaced] {
        try await image.push(image.digest.description, to: iris, control)
      }
      _ = try await control.putManifest(
        index, as: .index, .tag(Sample.tag("all")), in: iris, by: Sample.actor)
      let before = await bench.blobs.digests()
      #expect(try await Self.collect(control).blobs == 0)
      let dry = try await Self.collect(control, untagged: true, isDryRun: true)
      #expect(dry.manifests == 2)
      #expect(dry.blobs == 6)
      #expect(await bench.blobs.digests() == before)
      #expect(try await Self.collect(control, untagged: true) == dry)
      var kept: Set<Digest> = [Digest(of: index)]
      for image in members + [tagged, about, aboutThat] { kept.formUnion(image.all) }
      #expect(Set(await bench.blobs.digests()) == kept)
      #expect(try await control.registry.manifests(of: iris).count == 6)
      #expect(try await Self.collect(control, untagged: true).manifests == 0)
      #expect(await bench.audit().problems == [])
    }
  }

  @Test func `more manifests than an entry has room for go in several`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      for number in 0..<150 { try await SampleImage(number).push("latest", to: iris, control) }
      #expect(try await Self.collect(control, untagged: true).manifests == 149)
      #expect(try await control.registry.manifests(of: iris).count == 1)
      #expect(try await bench.entries().count { $0.act == .removeManifest && $0.phase == .done } == 3)
    }
  }

  @Test func `nothing goes while anything that names blobs does not read`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      let image = SampleImage(1)
      try await image.push("v1", to: iris, control)
      _ = try await orphan(bench, 1)
      let before = await bench.blobs.digests()
      await bench.blobs.corrupt(image.digest, to: [1])
      // What has read it once need not read it again.
      let anew = bench.reopened()
      try await Bench.run(anew) { control in
        let problem = await #expect(throws: Problem.self) { try await Self.collect(control) }
        #expect(problem?.code == "collect.unreadable")
      }
      #expect(await bench.blobs.digests() == before)
    }
  }

  @Test func `collecting beside pushes and removals takes nothing that was acknowledged`() async throws {
    let bench = try Bench()
    try await bench.run { control in
      // All blobs are old to it, so that nothing but what is needed protects them.
      let acknowledged = try await withThrowingTaskGroup(of: [Digest].self) { group in
        for worker in 0..<4 {
          group.addTask {
            var digests: [Digest] = []
            let repository = Sample.repository("r\(worker)")
            for number in 0..<25 {
              let image = SampleImage(worker * 100 + number, layers: [1, 2 + number % 3])
              // A collection between the end of an upload and its link may take the blob: then it is sent again.
              var tries = 0
              while !digests.contains(image.digest), tries < 50 {
                tries += 1
                let pushed: Void? = try? await image.push(image.digest.description, to: repository, control)
                if pushed != nil { digests.append(image.digest) }
              }
              guard number % 5 == 4 else { continue }
              let gone = digests.removeFirst()
              try await control.removeManifest(.digest(gone), of: repository, by: Sample.actor)
            }
            return digests
          }
        }
        group.addTask {
          for _ in 0..<40 { _ = try? await Self.collect(control) }
          return []
        }
        return try await group.reduce(into: [Digest]()) { $0 += $1 }
      }
      #expect(acknowledged.count == 80)
      #expect(await bench.audit().problems == [])
      _ = try await Self.collect(control)
      #expect(await bench.audit().problems == [])
      var manifests = 0
      for worker in 0..<4 {
        manifests += try await control.registry.manifests(of: Sample.repository("r\(worker)")).count
      }
      #expect(manifests == 80)
    }
  }

  /// Uploads, puts, moves a tag, removes and collects; each step that fails is left.
  private static func scenario(_ control: ControlPlane) async -> Bool {
    let (iris, images) = (Sample.repository("iris"), [1, 2, 3].map { SampleImage($0, layers: [1, $0 + 1]) })
    var isWhole = true
    func attempt(_ step: () async throws -> Void) async {
      do { try await step() } catch { isWhole = false }
    }
    for image in images { await attempt { try await image.push("latest", to: iris, control) } }
    await attempt {
      try await control.removeManifest(.digest(images[0].digest), of: iris, by: Sample.actor)
    }
    await attempt { _ = try await collect(control, untagged: true) }
    return isWhole
  }

  enum Port: String, CaseIterable, Sendable {
    case registry, blobs
  }

  /// How a write fails: alone, or as the last that the platform came to.
  enum Ending: CaseIterable, Sendable {
    case one, cut
  }

  @Test(arguments: Port.allCases, Ending.allCases)
  func `whichever write fails or is the last, nothing half-present is shown and a retry completes`(
    port: Port, ending: Ending
  ) async throws {
    for fault in FaultPlan.Fault.allCases { try await matrix(port, fault, isCut: ending == .cut) }
  }

  private func matrix(_ port: Port, _ fault: FaultPlan.Fault, isCut: Bool) async throws {
    func bench(_ plan: FaultPlan) throws -> Bench {
      try Bench(port == .registry ? .init(registry: plan) : .init(blobs: plan))
    }
    let counted = FaultPlan()
    let counter = try bench(counted)
    try await counter.run { control in
      _ = try await control.start()
      #expect(await Self.scenario(control))
    }
    #expect(counted.writes > 10)
    for number in 1...counted.writes {
      // Cut: the first fails in its own way, and nothing after it happens.
      var faults: [Int: FaultPlan.Fault] = [number: fault]
      if isCut { for later in 1...200 { faults[number + later] = .notPersisted } }
      let plan = FaultPlan(faults)
      let bench = try bench(plan)
      try? await bench.run { control in
        _ = try await control.start()
        _ = await Self.scenario(control)
      }
      if isCut { plan.mend() }
      try await Bench.run(bench.reopened()) { control in
        _ = try await control.start()
        let place: Comment = "\(port) write \(number)"
        #expect(await bench.audit().problems == [], place)
        for manifest in try await control.registry.manifests(of: Sample.repository("iris")) {
          _ = try await control.repositories.bytes(of: manifest)
        }
        // The first image may be there still, or be gone: then its removal has nothing to do.
        _ = await Self.scenario(control)
        #expect(await bench.audit().problems == [], place)
        let latest = SampleImage(3, layers: [1, 4])
        let tag = try await control.registry.tag(Sample.tag("latest"), of: Sample.repository("iris"))
        #expect(tag?.manifest == latest.digest, place)
        #expect(try await Self.collect(control, untagged: true).blobs == 0, place)
        #expect(Set(await bench.blobs.digests()) == latest.all, place)
        #expect(await bench.registry.unfinished().isEmpty, place)
      }
    }
  }
}
