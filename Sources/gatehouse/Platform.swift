import ControlAPI
import Dispatch
import Domain
import Encoding
import Fleet
import Gates
import Glibc
import Lifecycle
import Logging
import Provenance
import Relay
import Storage

/// One running platform: every part put together.
struct Platform {
  let directory: DataDirectory
  let control: ListenAddress
  let plane: ListenAddress
  let tls: (certificates: String, privateKey: String)?
  let planeTLS: PlaneTLS?
  let runtime: String
  let whenSpoolFull: SpoolPolicy
  let admin: LocalDataPlane.AdminAddress
  let runtimeOptions: [String]
  let passphrase: Passphrase?
  /// Where the first key that seals comes from.
  let sealKey: SealKeySource
  let registry: RegistryAddress
  /// What it is there for; nil for what its ledger says.
  let environment: EnvironmentName?

  /// How a running platform is asked to end.
  private enum Ending {
    /// SIGINT: both planes.
    case both
    /// SIGTERM: the control plane alone.
    case controlPlane
  }

  /// Starts, serves until a signal, and ends in order.
  func run() async throws {
    let started = ContinuousClock.now
    let signals = SignalSources([SIGINT, SIGTERM, SIGHUP])
    // Some files are open to the group that the data plane is of; none is ever open to others.
    umask(0o027)
    // A data plane can have no directory any more that is not there when it starts (`docs/confinement.md`).
    for path in [directory.plane, directory.bundles, directory.spool] {
      try DataDirectory.make(path, mode: 0o700)
    }
    let lock = try DirectoryLock(path: directory.lock)
    defer { withExtendedLifetime(lock) {} }
    // What can be wrong with the command is found out before any process is started.
    let settings = try ControlServer.Settings(
      host: control.host, port: control.port, tls: tls.map { try ControlServer.tls($0, $1) },
      version: GatehouseCommand.version)
    try control.probe()

    // The data plane first: it needs nothing but the state that was saved, so predictions are answered while
    // the registry still opens.
    let store = FilePlaneStateStore(path: "\(directory.plane)/state.json")
    let plane = try await LocalDataPlane(
      .init(
        program: runtime, listen: plane, directory: directory.plane, spool: directory.spool,
        bundles: directory.bundles, goesOnWhenSpoolFull: whenSpoolFull == .goOn, admin: admin, tls: planeTLS,
        options: runtimeOptions), store: store)
    let ending: Ending
    let collection: RecordCollection
    do {
      let controlPlane = try await controlPlane(on: plane)
      collection = RecordCollection(controlPlane)
      let authenticator = controlPlane.authenticator()
      controlPlane.alerts.setCertificate(settings.tls.flatMap { ControlServer.certificate(of: $0) })
      let server = ControlServer(controlPlane, authenticator, settings, logger: Self.logger)
      let face = RegistryFace(registry, controlPlane, authenticator, tls: settings.tls, logger: Self.logger)
      ending = try await serve(
        controlPlane, authenticator, plane, server, face, collection, signals.received, started)
    } catch {
      // A platform that did not come up leaves nothing behind; one that took over a serving process leaves it.
      if await plane.hasStartedProcess { await plane.stop() }
      throw error
    }
    withExtendedLifetime(signals) {}
    unsafe unlink(directory.address)
    unsafe unlink(directory.registryAddress)
    if ending == .both { await plane.stop() }
    let former = await plane.formerProcesses.map(String.init).joined(separator: ", ")
    if !former.isEmpty { Console.prose("waiting for the end of process \(former), which gave way") }
    await plane.awaitFormer()
    // What the data plane closed at its end, or closes no more.
    await collection.collect()
  }

  private func controlPlane(on plane: LocalDataPlane) async throws(Problem) -> ControlPlane {
    let sealKeys = try PlatformKeys(directory, passphrase: passphrase)
    let keys = try await FirstKeys(directory, sealKeys, passphrase: passphrase, source: sealKey)
    let registry = try SQLiteRegistry(path: directory.registry, signingKey: keys.ledger)
    try DataDirectory.make(directory.rollouts, mode: 0o700)
    let relay = try SQLiteRelay(path: directory.relay)
    let controlPlane = ControlPlane(
      .init(
        registry: registry,
        blobs: try FileBlobStore(directory: directory.blobs, ingestDirectory: directory.ingest),
        bundles: try DirectoryBundleStore(directory: directory.bundles),
        records: try DirectoryRecordStore(spool: directory.spool, records: directory.records), plane: plane,
        time: SystemTime(), entropy: SystemEntropy(), people: try SQLitePeople(path: directory.people),
        keySets: HTTPKeySets(), advisor: HTTPAdvisor(), tester: ModelTestThread(),
        sealKeys: sealKeys, program: try ProgramFileSource(path: runtime), webhooks: relay,
        webhookSender: HTTPWebhookSender(),
        cosignatures: relay, witness: HTTPWitness(),
        rolloutEvidence: try RolloutEvidenceFiles(directory: directory.rollouts),
        windows: DirectoryWindowSource(spool: directory.spool),
        monitor: try SQLiteMonitor(path: directory.monitor), alerts: relay,
        feedback: try SQLiteFeedback(path: directory.feedback),
        rollBackNotes: RollBackNoteFiles(directory: directory.rollBacks),
        listenerProbe: HTTPListenerProbe(asksForCertificates: planeTLS?.clientAuthorities != nil)),
      .init(
        sealingKey: keys.sealing, checkpointKey: keys.ledger.verificationKey,
        tool: GatehouseCommand.tool, administrator: Digest(of: Array(try adminToken().utf8)),
        environment: environment))
    for act in try await controlPlane.start(tell: Self.tell) {
      Console.prose("put in order: \(act.act.rawValue) of \(act.subject) had been cut off")
    }
    if let backup = try Restored.document(in: directory) {
      try await controlPlane.noteRestored(from: backup.sums, details: backup.json.object ?? [:])
      // A crash before this has the next start find the entry.
      try Restored.forget(in: directory)
    }
    return controlPlane
  }

  /// Says what became of what was taken back while no control plane was there.
  private static func tell(_ taken: TakenInRollBack) {
    guard let problem = taken.problem else {
      guard let note = taken.note else { return }
      return Console.prose(
        "taken into the ledger: \(note.target) in the place of version \(note.from.version), by \(note.by.name) at \(note.at)"
      )
    }
    Console.prose("set aside in roll-backs/refused: \(taken.file)")
    Console.prose(problem.description)
  }

  /// Serves until a signal, then lets the acts that have begun or wait come to their end.
  private func serve(
    _ controlPlane: ControlPlane, _ authenticator: Authenticator, _ plane: LocalDataPlane,
    _ server: ControlServer,
    _ face: RegistryFace, _ collection: RecordCollection, _ signals: AsyncStream<Int32>,
    _ started: ContinuousClock.Instant
  ) async throws -> Ending {
    // Apart from the tasks that are cancelled below: an act that is cut off by a cancellation would have
    // had its effect and no entry.
    async let acts: Void = controlPlane.run()
    async let notes: Void = note(plane.events, controlPlane)
    async let records: Void = collection.run()
    let ending: Result<Ending, any Error>
    do {
      ending = .success(try await listen(controlPlane, authenticator, plane, server, face, signals, started))
    } catch {
      ending = .failure(error)
    }
    // Here and not in what was cancelled: a task that is cannot write to the registry.
    await controlPlane.refusals.flush()
    await authenticator.saveUses()
    await plane.endSupervision()
    await notes
    await collection.stop()
    await records
    controlPlane.stop()
    await acts
    return try ending.get()
  }

  private func listen(
    _ controlPlane: ControlPlane, _ authenticator: Authenticator, _ plane: LocalDataPlane,
    _ server: ControlServer,
    _ face: RegistryFace, _ signals: AsyncStream<Int32>,
    _ started: ContinuousClock.Instant
  ) async throws -> Ending {
    try await withThrowingTaskGroup(of: Ending?.self) { group in
      group.addTask {
        await plane.supervise()
        return nil
      }
      group.addTask {
        await controlPlane.packProgram()
        return nil
      }
      group.addTask {
        await controlPlane.webhooks.run { Console.prose($0.description) }
        return nil
      }
      group.addTask {
        await controlPlane.witnesses.run { Console.prose($0.description) }
        return nil
      }
      group.addTask {
        await RecurringWork(control: controlPlane, authenticator: authenticator).run()
        return nil
      }
      group.addTask {
        try await face.run()
        return nil
      }
      group.addTask {
        // Who reads that it is ready may use all of it.
        var server = server
        server.registry = await face.announce(in: directory)
        try await server.run { port in
          controlPlane.alerts.setPage(controlURL(port: port))
          announce(port: port, plane, since: started)
        }
        return nil
      }
      group.addTask {
        for await signal in signals {
          guard signal == SIGHUP else { return signal == SIGINT ? .both : .controlPlane }
          do throws(Problem) { try await plane.replace() } catch { Console.prose(error.description) }
        }
        return nil
      }
      while let ending = try await group.next() {
        guard let ending else { continue }
        await plane.endSupervision()
        group.cancelAll()
        return ending
      }
      return .controlPlane
    }
  }

  /// Shows what happens to the data plane's processes, and writes it into the ledger.
  private func note(_ events: AsyncStream<PlaneEvent>, _ controlPlane: ControlPlane) async {
    for await event in events {
      Console.prose("data plane: process \(event.process) \(event.kind.rawValue): \(event.detail)")
      while true {
        do throws(Problem) {
          try await controlPlane.note(event)
          break
        } catch  where error.code == "platform.busy" {
          try? await Task.sleep(for: .milliseconds(50))
        } catch {
          Console.prose(error.description)
          break
        }
      }
    }
  }

  /// The administrator's credential: made at the first start, in a file for its owner alone, never printed.
  private func adminToken() throws(Problem) -> String {
    if let token = try SecretFile.read(directory.adminToken) { return token.filter { !$0.isWhitespace } }
    let token = "gha_\(Hexadecimal.encode(SystemEntropy().bytes(32)))"
    try SecretFile.create(token + "\n", at: directory.adminToken)
    return token
  }

  private func controlURL(port: Int) -> String {
    "\(tls == nil ? "http" : "https")://\(control.host):\(port)"
  }

  private func announce(port: Int, _ plane: LocalDataPlane, since started: ContinuousClock.Instant) {
    let url = controlURL(port: port)
    try? DurableFile.write(Array("\(url)\n".utf8), to: directory.address)
    let elapsed = started.duration(to: .now) / .milliseconds(1)
    Console.prose("control plane on \(url)")
    Console.prose("predictions on  \(plane.baseURL)")
    if let admin = plane.adminURL { Console.prose("metrics on      \(admin)/metrics") }
    Console.prose("data in         \(directory.path) (credential: admin.token)")
    Console.prose("ready in \(readable(milliseconds: elapsed))")
  }

  /// Stops a data plane that serves without a control plane.
  static func stopPlane(of directory: DataDirectory) async throws(Problem) {
    try await LocalDataPlane.stopSurvivors(in: directory.plane)
  }

  private static var logger: Logger {
    var logger = Logger(label: "gatehouse") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    return logger
  }
}

/// Signals as a stream, for as long as this is held.
private final class SignalSources {
  /// The signals in the order they came.
  let received: AsyncStream<Int32>
  private let sources: [any DispatchSourceSignal]

  init(_ numbers: [Int32]) {
    let (stream, continuation) = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingOldest(4))
    received = stream
    sources = numbers.map { number in
      // Ignored as such, so that only the source sees it.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.resume()
      return source
    }
  }
}

/// The system's clocks.
struct SystemTime: TimeSource {
  func now() -> Timestamp {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  func uptime() -> Duration {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// The system's cryptographic random numbers.
struct SystemEntropy: Entropy {
  func bytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
  }
}
