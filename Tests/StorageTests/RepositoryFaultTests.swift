import Domain
import Encoding
import Lifecycle
import Packaging
import Provenance
import Synchronization
import TestKit
import Testing

@testable import Storage

/// A disk that stops at a step, or fails one, or has no room for a while, under uploads, manifests and collecting; then all
/// is opened again.
@Suite struct `Repositories on a disk` {
  private static let iris = Sample.repository("iris")
  private static let layers: [[UInt8]] = [
    [UInt8](repeating: 1, count: 5000), [UInt8](repeating: 2, count: 300_000),
  ]

  private static func manifest(_ layer: [UInt8]) -> [UInt8] {
    func descriptor(_ type: MediaType, _ bytes: [UInt8]) -> Descriptor {
      Descriptor(mediaType: type, digest: Digest(of: bytes), size: bytes.count)
    }
    return ImageManifest(
      configuration: descriptor(.configuration, Array("{}".utf8)), layers: [descriptor(.layer, layer)]
    ).json.canonicalBytes
  }

  private static func control(_ scratch: Scratch, _ disk: Disk = Disk()) throws(Problem) -> ControlPlane {
    ControlPlane(
      .init(
        registry: try scratch.registry(disk), blobs: try scratch.blobs(disk), bundles: InMemoryBundleStore(),
        records: InMemoryRecordStore(), plane: InMemoryDataPlane(), time: WallClock(),
        entropy: SeededEntropy(seed: .random(in: .min ... .max)), people: InMemoryPeople()),
      .init(sealingKey: SealingKey(), checkpointKey: Scratch.ledgerKey.verificationKey, tool: "test"))
  }

  /// As the times of files are.
  private struct WallClock: TimeSource {
    func now() -> Timestamp { Timestamp(milliseconds: Scratch.now) }
    func uptime() -> Duration { .milliseconds(Scratch.now) }
  }

  private static func upload(_ bytes: [UInt8], _ control: ControlPlane) async throws {
    let (digest, uploads) = (Digest(of: bytes), control.repositories.uploads)
    if (try? await control.repositories.size(of: digest, in: iris)) != nil { return }
    let id = try await uploads.begin(in: iris)
    _ = try await uploads.take(id, in: iris)
    try await uploads.write(Array(bytes.prefix(1000)), to: id)
    try await uploads.write(Array(bytes.dropFirst(1000)), to: id)
    try await uploads.finish(id, as: digest)
  }

  /// Pushes both images; says which were acknowledged.
  private static func push(_ control: ControlPlane) async -> Set<Digest> {
    var acknowledged: Set<Digest> = []
    for (number, layer) in layers.enumerated() {
      do {
        for blob in [Array("{}".utf8), layer] { try await upload(blob, control) }
        let manifest = try await control.putManifest(
          manifest(layer), as: .manifest, .tag(Sample.tag("v\(number)")), in: iris, by: Sample.actor)
        acknowledged.insert(manifest.digest)
      } catch {}
    }
    return acknowledged
  }

  /// Each manifest reads, and each blob that it names.
  private static func check(_ control: ControlPlane, has acknowledged: Set<Digest>, _ place: Comment)
    async throws
  {
    let manifests = try await control.registry.manifests(of: iris)
    #expect(Set(manifests.map(\.digest)).isSuperset(of: acknowledged), place)
    for stored in manifests {
      let bytes = try await control.repositories.bytes(of: stored)
      for blob in try ManifestDocument(parsing: bytes, as: stored.mediaType).blobs {
        let reader = try await control.repositories.open(blob.digest, in: iris)
        let bytes = try await reader.bytes(from: 0, count: blob.size)
        #expect(Digest(of: bytes) == blob.digest, place)
      }
    }
  }

  private static func matrix(isCut: Bool, _ fault: FaultPlan.Fault) async throws -> Int {
    var step = 0
    while true {
      step += 1
      var faults = [step: fault]
      if isCut { for later in 1...500 { faults[step + later] = .notPersisted } }
      let plan = FaultPlan(faults)
      let disk = Disk { _, moment, _ throws(Problem) in try plan.strike(isBefore: moment == .before) }
      let scratch = try Scratch()
      var acknowledged: Set<Digest> = []
      if let control = try? control(scratch, disk) {
        try? await control.working {
          _ = try await control.start()
          acknowledged = await push(control)
        }
      }
      let control = try control(scratch)
      try await control.working {
        _ = try await control.start()
        let place: Comment = "step \(step)"
        #expect(try DirectoryListing.entries(of: "\(scratch.path)/ingest").isEmpty, place)
        #expect(await scratch.audit() == [], place)
        try await check(control, has: acknowledged, place)
        #expect(await push(control).count == layers.count, place)
        try await check(control, has: acknowledged, place)
      }
      if plan.writes < step { return step }
      try #require(step < 500)
    }
  }

  @Test(arguments: FaultPlan.Fault.allCases, [true, false])
  func `whichever step fails or is the last, what was acknowledged is there and the rest can be pushed`(
    fault: FaultPlan.Fault, isCut: Bool
  ) async throws {
    #expect(try await Self.matrix(isCut: isCut, fault) > 40)
  }

  @Test(arguments: FaultPlan.Fault.allCases, [true, false])
  func `whichever removal fails or is the last, all that is needed stays, and the next time completes it`(
    fault: FaultPlan.Fault, isCut: Bool
  ) async throws {
    for step in 1...20 {
      let scratch = try Scratch()
      let good = try Self.control(scratch)
      var needed: [Digest] = []
      try await good.working {
        _ = try await good.start()
        _ = await Self.push(good)
        let blobs = try scratch.blobs()
        needed = try await blobs.digests()
        for number in 0..<6 {
          let digest = try await Self.keep([9, UInt8(number)], in: blobs)
          Scratch.age("\(scratch.path)/blobs/sha256/\(digest.hexadecimal.prefix(2))/\(digest.hexadecimal)")
        }
      }
      var faults = [step: fault]
      if isCut { for later in 1...100 { faults[step + later] = .notPersisted } }
      let plan = FaultPlan(faults)
      let disk = Disk { kind, moment, _ throws(Problem) in
        if kind == .remove || kind == .commit { try plan.strike(isBefore: moment == .before) }
      }
      let wish = try CollectionWish(grace: .seconds(60))
      if let control = try? Self.control(scratch, disk) {
        try? await control.working {
          _ = try? await control.start()
          _ = try await control.collectBlobs(wish, by: Sample.actor)
        }
      }
      let control = try Self.control(scratch)
      try await control.working {
        _ = try await control.start()
        #expect(Set(try await scratch.blobs().digests()).isSuperset(of: needed))
        _ = try await control.collectBlobs(wish, by: Sample.actor)
        #expect(try await scratch.blobs().digests() == needed)
        try await Self.check(control, has: [], "step \(step)")
        #expect(await scratch.audit() == [])
      }
      if plan.writes < step { break }
    }
  }

  private static func keep(_ bytes: [UInt8], in blobs: FileBlobStore) async throws(Problem) -> Digest {
    let session = try await blobs.beginIngest()
    try await session.write(bytes)
    return try await session.finish()
  }

  @Test func `a full disk is told as such, leaves nothing, and is no end`() async throws {
    let isFull = Mutex(false)
    let disk = Disk { step, moment, path throws(Problem) in
      guard step == .write, moment == .before, isFull.withLock({ $0 }) else { return }
      throw Problem.storage("write to the file", path, errno: 28)
    }
    let scratch = try Scratch()
    let control = try Self.control(scratch, disk)
    try await control.working {
      _ = try await control.start()
      let uploads = control.repositories.uploads
      let id = try await uploads.begin(in: Self.iris)
      _ = try await uploads.take(id, in: Self.iris)
      try await uploads.write([1], to: id)
      isFull.withLock { $0 = true }
      let problem = await #expect(throws: Problem.self) { try await uploads.write([2], to: id) }
      #expect(problem?.code == "storage.full")
      // Nobody knows how much of it was written.
      let gone = await #expect(throws: Problem.self) { try await uploads.offset(of: id, in: Self.iris) }
      #expect(gone?.code == "upload.unknown")
      #expect(try DirectoryListing.entries(of: "\(scratch.path)/ingest").isEmpty)
      #expect(await Self.push(control).isEmpty)
      #expect(try await scratch.blobs().digests().isEmpty)
      isFull.withLock { $0 = false }
      #expect(await Self.push(control).count == 2)
    }
  }
}
