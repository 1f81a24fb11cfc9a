public import Domain
import Encoding
import Glibc
public import Inference
import NIOConcurrencyHelpers
import NIOCore
public import Provenance
import Synchronization

/// What a data plane is started with.
public struct PlaneConfiguration: Sendable {
  /// Where it learns what to serve.
  public enum Source: Sendable {
    /// From the control plane's snapshot, a file that `RunningPlane.apply` reads again.
    case state(path: String)
    /// From bundles named once and for all, sealed by one of `trusted`.
    case bundles(paths: [String], trusted: [SealVerificationKey], keys: [PlaneState.Key])

    fileprivate var trusted: [SealVerificationKey] {
      guard case .bundles(_, let trusted, _) = self else { return [] }
      return trusted
    }
  }

  /// A socket to accept connections on.
  public enum Listener: Sendable {
    /// Bound here, to `HOST:PORT`, and this process's alone.
    case address(String)
    /// Opened by a parent, and shared with the process that comes next.
    case inherited(ListeningSocket)
  }

  /// Where it learns what to serve.
  public let source: Source
  /// The bounds of what it takes on.
  public var limits = PlaneLimits()
  /// How many event loops there are, and as many threads for long predictions.
  public var threads: Int
  /// Whose tokens are taken by a plane of named bundles; a snapshot names its own.
  public var issuers: [TokenIssuer] = []
  /// What runs the models that need an engine; without one they are refused.
  public var engine: (any InferenceEngine)?
  /// Where records of requests go: a directory, and what happens where it is full; nil where none are kept.
  public var records: (directory: String, whenFull: RecordSpool.WhenFull)?
  /// Where metrics and health are asked for; nowhere where nil.
  public var admin: Listener?
  /// Whether what is under way can be asked for there.
  public var tellsRequests = true
  /// What connections are secured by; in the clear where nil.
  public var tls: TLSFiles?
  /// Where spans of requests go, and the share of the traces that begin here and are taken, from 0 to 1; nil where
  /// none are made.
  public var tracing: (collector: Collector, share: Double)?
  /// Where failures and slow requests are told; nil where nobody listens.
  public var log: RuntimeLog?
  /// From when on a request is slow enough to be told of.
  public var slow = Duration.seconds(1)
  /// Where a plane of named bundles learns what was revoked; a snapshot says so itself.
  public var revocations: RevocationFile?
  /// How often that file is looked at.
  public var revocationInterval = Duration.seconds(30)
  /// How often each version is asked a row of its bundle's check while it serves; never where nil.
  public var probeInterval: Duration?
  /// What the process has given up, for those who ask.
  public var confinement: PlaneConfinement?
  /// The undertaking that it is held for, accepting nothing until `RunningPlane.begin`; nil where it accepts at once.
  public var heldFor: String?
  /// The program that runs, for those who ask; nil where nobody can.
  public var program: RunningProgram?
  /// The version of the program, for those who ask.
  public var version: String

  /// States what a data plane is started with.
  public init(source: Source, threads: Int, version: String) {
    self.source = source
    self.threads = threads
    self.version = version
  }
}

/// A data plane that serves.
public final class RunningPlane: Sendable {
  /// What could not be brought up at the start.
  ///
  /// A plane of named bundles starts with all of them or not at all.
  public let failures: [PlaneApplication.Failure]
  /// The address it accepts connections on.
  public var address: String { socket.address }
  /// The address for metrics and health; nil where there is none.
  public var adminAddress: String? { admin.withLockedValue { $0?.address } ?? heldAdmin?.address }

  private let source: PlaneConfiguration.Source
  private let engine: (any InferenceEngine)?
  private let plane: DataPlane
  private let socket: ListeningSocket
  private let server: PlaneServer
  private let instance: String
  private let spool: RecordSpool?
  /// None while the plane is held.
  private let admin = NIOLockedValueBox<AdminServer?>(nil)
  /// What the admin listener is to be; nil where there is to be none.
  private let adminListener: PlaneConfiguration.Listener?
  private let tellsRequests: Bool
  /// Whether it accepts nothing yet.
  ///
  /// Held while it begins, so that it does so once.
  private let holding: Mutex<Bool>
  private let heldFor: String?
  private let program: RunningProgram?
  private let accounts = CallerAccounts()
  private let log: RuntimeLog?
  /// What the digests begin with that stand for the subjects of tokens.
  private let salt: [UInt8]
  /// Keeps what callers have used of their quotas; nil where there is no spool to keep it beside.
  private let quotas: QuotaKeeper?
  /// Whether the next process has the admin listener's socket already.
  private let sharesAdmin: Bool
  private let exporter: SpanExporter?
  /// Takes what is seen of models.
  private let keeper: WatchKeeper
  private let confinement: PlaneConfinement?
  private let revocations: RevocationWatch?
  /// Asks every version whether it answers right; nil where nobody does.
  let probes: ProbeKeeper?
  /// Held while a snapshot is applied, so that a later one cannot be overtaken by an earlier.
  private let applying = NIOLock()

  /// Loads everything, and only then accepts connections on `socket`, which it takes over; where it is held, when it is told
  /// to.
  public init(_ configuration: PlaneConfiguration, socket: ListeningSocket) throws(Problem) {
    source = configuration.source
    engine = configuration.engine
    log = configuration.log
    confinement = configuration.confinement
    heldFor = configuration.heldFor
    holding = Mutex(configuration.heldFor != nil)
    program = configuration.program
    adminListener = configuration.admin
    tellsRequests = configuration.tellsRequests
    if case .inherited = configuration.admin { sharesAdmin = true } else { sharesAdmin = false }
    self.socket = socket
    // First, so that every account begins with what is known of it.
    let accounts = accounts
    quotas = configuration.records.map { QuotaKeeper(directory: $0.directory, accounts: accounts) }
    // The spool's, so that a subject is known by the same digest after a restart; without records it is never seen.
    salt =
      if let records = configuration.records { try SpoolDirectory(records.directory).salt() } else {
        Array(Self.randomName().utf8)
      }
    let revoked = try configuration.revocations?.first(trusting: configuration.source.trusted) ?? .none
    let (table, failures) = try Self.load(configuration, accounts, salt, revoked)
    self.failures = failures
    instance = Self.randomName()
    let name = instance
    spool = try configuration.records.map { records throws(Problem) in
      try RecordSpool(directory: records.directory, instance: name, whenFull: records.whenFull)
    }
    let resource = SpanBatch.Resource(
      name: "gatehouse", version: configuration.version, instance: instance)
    let tracing = configuration.tracing.map { tracing in
      Tracing(
        sampling: TraceSampling(share: tracing.share),
        exporter: SpanExporter(to: tracing.collector, of: resource, log: configuration.log))
    }
    exporter = tracing?.exporter
    let log = configuration.log
    let tls = try configuration.tls.map { files throws(Problem) in
      try TLSIdentity(files) { Self.tell($0, log) }
    }
    plane = DataPlane(
      limits: configuration.limits, version: configuration.version, table: table, instance: instance,
      spool: spool, tls: tls, tracing: tracing,
      log: log.map { RequestLog(log: $0, slow: configuration.slow.nanoseconds) })
    let served = plane
    revocations = configuration.revocations.map { file in
      RevocationWatch(
        file, trusting: configuration.source.trusted, known: revoked, plane: served, log: configuration.log,
        interval: configuration.revocationInterval)
    }
    // What came while bundles were loaded, which can take minutes, and before anybody is answered.
    revocations?.look()
    let windows = try configuration.records.map { records throws(Problem) in
      WindowSpool(try SpoolDirectory(records.directory), instance: name)
    }
    keeper = WatchKeeper(plane, spool: windows)
    server = try PlaneServer(
      plane: plane, socket: socket, threads: configuration.threads, isHeld: configuration.heldFor != nil)
    let server = server
    probes = configuration.probeInterval.map { ProbeKeeper(served, server, every: $0, log: log) }
    revocations?.start()
    keeper.start()
    probes?.start()
    if configuration.heldFor == nil { try answer() }
  }

  /// Accepts connections from now on, where it was held; nothing where it does already.
  ///
  /// Throws `listen.failed` and `plane.draining`; then it is held still.
  public func begin() throws(Problem) {
    try holding.withLock { (isHeld) throws(Problem) in
      guard isHeld else { return }
      // What callers used of their quotas while it was held: so near before it counts itself that little is given twice.
      quotas?.takeIn()
      try server.accept()
      isHeld = false
      do throws(Problem) { try answer() } catch { log?.write(.error, "metrics are not answered", error) }
    }
  }

  /// Whether it accepts nothing until it is told to begin.
  var isHeld: Bool { holding.withLock { $0 } }

  /// The socket that a held plane is to answer metrics on.
  private var heldAdmin: ListeningSocket? {
    guard case .inherited(let socket) = adminListener else { return nil }
    return socket
  }

  /// What a plane does that answers callers.
  private func answer() throws(Problem) {
    quotas?.start()
    // Bound last: whoever asks for health finds a plane that serves.
    let socket: ListeningSocket
    switch adminListener {
    case nil: return
    case .address(let address): socket = try ListeningSocket(address: address)
    case .inherited(let inherited): socket = inherited
    }
    let server = try AdminServer(plane: plane, socket: socket, tellsRequests: tellsRequests)
    admin.withLockedValue { $0 = server }
  }

  /// Reads the snapshot again and serves what it says.
  ///
  /// Its keys, what it serves no more and what it revokes take effect before anything is loaded, which may take minutes: a
  /// key that was revoked opens nothing meanwhile.
  ///
  /// What could be loaded is live when this returns; a deployment that could not keeps what it had. Requests
  /// under way keep the model that they started with. Throws where nothing of the snapshot can be used; then
  /// all is as before.
  public func apply() throws(Problem) -> PlaneApplication {
    guard case .state(let path) = source else {
      throw Problem(.conflict, "plane.no-state", "expected a data plane with a state file, found one without")
    }
    applying.lock()
    defer { applying.unlock() }
    plane.tls?.look(settling: false)
    let (state, loader): (PlaneState, BundleLoader)
    do throws(Problem) {
      state = try StateFile.read(path: path)
      loader = try Self.loader(for: state, engine)
    } catch {
      plane.applications.countFailure()
      throw error
    }
    let callers = Callers(state.keys, state.issuers, accounts, salt: salt)
    callers.tell(log)
    let former = plane.table
    plane.publish(former.narrowed(to: state, callers: callers, by: loader))
    let (table, failures) = TableLoader.load(state, loader, callers, replacing: former)
    plane.publish(table)
    Self.tell(withdrawn: table, before: former, log)
    accounts.keep(Set(state.keys.map(\.id)))
    table.forgetUnkeptRows()
    let before = Set(former.models.map(\.bundle))
    plane.applications.countApplication(
      swaps: table.models.count { !before.contains($0.bundle) }, isWhole: failures.isEmpty)
    return PlaneApplication(generation: table.generation, failures: failures)
  }

  /// Why what callers used of their quotas could not be read or written last; nil where it could.
  public var quotaFailure: Problem? { quotas?.failure }

  /// How it stands.
  public var status: PlaneStatus {
    let table = plane.table
    var status = PlaneStatus(
      process: Int(getpid()), instance: instance, generation: table.generation, address: socket.address,
      admin: adminAddress,
      version: plane.version, startedAt: plane.startedAt, requests: plane.requests,
      isDraining: plane.isDraining,
      models: table.models.map { model in
        PlaneStatus.Model(
          name: model.reference.name, version: model.reference.version, bundle: model.bundle)
      })
    status.confinement = confinement
    status.program = .own
    status.isHeld = isHeld
    status.heldFor = heldFor
    status.certificate = plane.tls?.certificate
    return status
  }

  /// What it has counted of every version.
  var counts: PlaneCounts { plane.counts(instance: instance) }
  /// What it serves.
  var table: RoutingTable { plane.table }

  /// The digest of the program that runs; throws `program.unreadable`.
  func programDigest() throws(Problem) -> Digest {
    guard let program else {
      throw Problem(.unavailable, "program.unreadable", "expected a plane that knows its program, found none")
    }
    return try program.digest()
  }

  /// Calls `body` with the descriptor of the listening socket; throws `plane.draining` where it is given up.
  func withListener<Value>(_ body: (CInt) -> Value) throws(Problem) -> Value {
    try server.withListener(body)
  }

  /// Calls `body` with the descriptor of the admin listener's socket; throws `plane.no-admin` where there is none.
  func withAdminListener<Value>(_ body: (CInt) -> Value) throws(Problem) -> Value {
    let server = admin.withLockedValue { $0 }
    guard let value = server?.withListener(body) else {
      throw Problem(.conflict, "plane.no-admin", "expected a plane with an admin listener, found one without")
    }
    return value
  }

  /// Accepts nothing any more, waits until every connection has ended or `PlaneLimits.drain` is over, and
  /// answers with the number of connections that were left.
  ///
  /// All that was recorded, counted and traced is where it belongs then. The threads are left: a process that drains ends.
  /// Blocks; never call it on an event loop.
  @discardableResult
  public func drain() -> Int {
    // The next process answers there: were this one to answer too, counts would go back and forth between the two.
    let admin = admin.withLockedValue { $0 }
    if sharesAdmin { admin?.finish() }
    let left = server.drain()
    probes?.finish()
    server.handOverWindows()
    keeper.finish()
    admin?.finish()
    quotas?.finish()
    revocations?.finish()
    exporter?.finish()
    spool?.finish()
    return left
  }

  /// Closes everything and ends the threads.
  ///
  /// Blocks; never call it on an event loop.
  public func stop() {
    probes?.stop()
    server.handOverWindows()
    server.stop()
    keeper.stop()
    admin.withLockedValue { $0 }?.stop()
    quotas?.stop()
    revocations?.stop()
    exporter?.stop()
    spool?.stop()
  }

  /// Tells the operator what became of a certificate that is new.
  private static func tell(_ outcome: TLSIdentity.Outcome, _ log: RuntimeLog?) {
    switch outcome {
    case .unchanged: break
    case .renewed: log?.write(.info, "new connections take the new certificate")
    case .failed(let problem):
      log?.write(.error, "the certificate in use stays: the new files cannot be used", problem)
    }
  }

  // MARK: Loading

  private static func load(
    _ configuration: PlaneConfiguration, _ accounts: CallerAccounts, _ salt: [UInt8], _ revoked: Revocations
  ) throws(Problem) -> (RoutingTable, [PlaneApplication.Failure]) {
    let engine = configuration.engine
    switch configuration.source {
    case .state(let path):
      let state = try StateFile.read(path: path)
      let callers = Callers(state.keys, state.issuers, accounts, salt: salt)
      callers.tell(configuration.log)
      let loaded = TableLoader.load(state, try loader(for: state, engine), callers, replacing: nil)
      tell(withdrawn: loaded.0, before: nil, configuration.log)
      return loaded
    case .bundles(let paths, let trusted, let keys):
      let loader = BundleLoader(trusting: trusted, revoked: revoked, engine: engine)
      let deployments = try NamedBundles(loader, configuration.log).deployments(of: paths)
      let callers = Callers(keys, configuration.issuers, accounts, salt: salt)
      if let problem = callers.unusable.first { throw problem }
      let table = RoutingTable(
        generation: 0, deployments: deployments, keys: callers.keys, issuers: callers.issuers)
      return (table, [])
    }
  }

  private static func loader(
    for state: PlaneState, _ engine: (any InferenceEngine)?
  ) throws(Problem) -> BundleLoader {
    var trusted: [SealVerificationKey] = []
    for pem in state.sealKeys { trusted.append(try SealVerificationKey(pem: pem)) }
    return BundleLoader(trusting: trusted, revoked: state.revocations, engine: engine)
  }

  /// Tells the operator what is withdrawn that was not before.
  static func tell(withdrawn table: RoutingTable, before former: RoutingTable?, _ log: RuntimeLog?) {
    guard let log else { return }
    let known = Set((former?.withdrawn ?? []).map { "\($0.name)@\($0.number)" })
    for (name, number, problem) in table.withdrawn where !known.contains("\(name)@\(number)") {
      log.write(
        .error, "a version is withdrawn", problem,
        [("deployment", .string(name)), ("version", .integer(Int64(number.value)))])
    }
  }

  private static func randomName() -> String {
    var generator = SystemRandomNumberGenerator()
    return Hexadecimal.encode((0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }
}
