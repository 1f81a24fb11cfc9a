public import Domain
import Glibc
public import Lifecycle

/// Data plane processes on this machine: started, adopted, replaced and watched.
///
/// One process serves at a time; for a moment two, while one gives way to the next. All of them accept from
/// one listening socket, which the control plane holds too: it is never closed between them.
public actor LocalDataPlane: DataPlane {
  /// Where and what to run.
  public struct Settings: Sendable {
    /// The `gatehouse-runtime` program.
    public var program: String
    /// The address that callers reach it under.
    public var listen: ListenAddress
    /// The directory for control sockets and the log.
    public var directory: String
    /// The directory that access records are written to; nil where none are.
    public var spool: String?
    /// The directory that has the bundles in it; nil where they are beside the state.
    public var bundles: String?
    /// Whether predictions go out without a record where the spool is full; else they are refused.
    public var goesOnWhenSpoolFull: Bool
    /// Where metrics and health are answered.
    public var admin: AdminAddress
    /// Further options of the program.
    public var options: [String]
    /// What connections are secured by; in the clear where nil.
    public var tls: PlaneTLS?

    /// States where and what to run.
    public init(
      program: String, listen: ListenAddress, directory: String, spool: String? = nil,
      bundles: String? = nil, goesOnWhenSpoolFull: Bool = false, admin: AdminAddress = .none,
      tls: PlaneTLS? = nil,
      options: [String] = []
    ) {
      self.admin = admin
      self.options = options
      self.program = program
      self.listen = listen
      self.directory = directory
      self.spool = spool
      self.bundles = bundles
      self.goesOnWhenSpoolFull = goesOnWhenSpoolFull
      self.tls = tls
    }
  }

  /// Where metrics and health are answered, without a key.
  public enum AdminAddress: Equatable, Sendable {
    /// Nowhere.
    case none
    /// At this address, or the data plane does not start.
    case at(ListenAddress)
    /// At this address, or at another port where that is taken; a process that serves already keeps its own.
    case near(ListenAddress)
  }

  /// A process that serves, and two connections to it: one for commands, one whose end tells of its death.
  struct Running: Sendable {
    let pid: pid_t
    let controlPath: String
    let control: ControlSocket
    let life: ControlSocket
    /// What it said when it was started or taken over.
    let status: PlaneStatus
    let since = ContinuousClock.now
  }

  /// The address that callers reach the data plane under, `http://127.0.0.1:8080`.
  public nonisolated let baseURL: String
  /// The address that metrics and health are answered under, `http://127.0.0.1:8081`; nil where they are not.
  public nonisolated let adminURL: String?
  /// What happens to the processes, as it happens.
  public nonisolated let events: AsyncStream<PlaneEvent>

  nonisolated let reporting: AsyncStream<PlaneEvent>.Continuation
  private nonisolated let endings: AsyncStream<pid_t>
  private nonisolated let ending: AsyncStream<pid_t>.Continuation
  private let settings: Settings
  let store: any PlaneStateStore
  /// Whom the processes become; nil for whom we are.
  private let account: PlaneAccount?
  private let listener: ListeningSocket
  private let admin: ListeningSocket?
  var running: Running? {
    // What was seen of the one before says nothing of it, and it begins from what is saved.
    didSet {
      guard running?.pid != oldValue?.pid else { return }
      (heardAt, silentSince, examiner, owesState) = (.now, nil, nil, false)
    }
  }
  /// The process that was made ready to take the place of the one that serves.
  var successor: Successor?
  /// The process that gave way to the one that serves, until it is asked to end.
  var former: Running?
  /// How that one stood.
  var formerStanding = FormerProcess.answering
  /// When the process that serves was heard last.
  var heardAt = ContinuousClock.now
  /// Since when it was looked at without an answer; nil where it was heard last.
  var silentSince: ContinuousClock.Instant?
  /// Whether the process is to read what is saved, and could not be told.
  var owesState = false
  /// The connection that the process is looked at by.
  var examiner: ControlSocket?
  /// The processes that are to end.
  var leaving: [pid_t: Leaving] = [:]
  /// How many states were applied, or tried to be.
  var applications = 0
  /// The names of control sockets that processes are being started under.
  private var reserved: Set<String> = []
  /// The processes that came to serve in undertakings, by those.
  var repaved: [String: PlaneProcess] = [:]
  private var isStopping = false
  /// Whether the serving process was started here and not taken over.
  public internal(set) var hasStartedProcess = false
  /// Whether a start, a replacement or an application is under way; those who wait come after it, in order.
  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  /// Takes over the process that serves already, or starts one.
  public init(_ settings: Settings, store: any PlaneStateStore) async throws(Problem) {
    self.settings = settings
    self.store = store
    // At most a few events a second; the bound only keeps a reader that has gone away from costing memory.
    (events, reporting) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(256))
    (endings, ending) = AsyncStream.makeStream()
    account = Self.account(settings, reporting)
    try Self.prepare(store, reporting)
    let inheritance = try await Self.inherit(settings)
    listener = inheritance.listener
    admin = inheritance.admin
    adminURL = inheritance.admin.map { "http://\($0.address)" }
    baseURL = "\(settings.tls == nil ? "http" : "https")://\(listener.address)"
    try await settle(inheritance)
  }

  /// What the process that serves says that it has given up.
  ///
  /// It is not asked for that: who wants to know would wait behind a command that takes long.
  public func confinement() -> PlaneConfinement? { running?.status.confinement }

  /// Starts a new process wherever one ends that was not asked to, until `endSupervision` or a cancellation.
  ///
  /// A process that had served for a while is started again at once; one that ends soon after its start, or
  /// does not start, after a pause that doubles, to 5 s at most.
  public func supervise() async {
    var pause = Duration.zero
    for await pid in endings {
      await RuntimeLaunch.reap(pid)
      guard let current = running, current.pid == pid, !isStopping else { continue }
      running = nil
      reporting.yield(
        PlaneEvent(kind: .died, process: Int(pid), detail: "ended without being asked to; see runtime.log"))
      pause = current.since.duration(to: .now) > .seconds(10) ? .zero : Self.longer(pause)
      while running == nil, !isStopping {
        do { try await Task.sleep(for: pause) } catch { return }
        do throws(Problem) {
          // An act may have needed a process and started it meanwhile.
          try await exclusively { () async throws(Problem) in
            if running == nil, !isStopping { try await start(.started) }
          }
        } catch {
          reporting.yield(PlaneEvent(kind: .failedToStart, process: 0, detail: error.message))
          pause = Self.longer(pause)
        }
      }
    }
  }

  private static func longer(_ pause: Duration) -> Duration {
    min(max(pause * 2, .milliseconds(50)), .seconds(5))
  }

  /// Puts a new process in the place of the one that serves; no request is lost.
  public func replace() async throws(Problem) {
    try await exclusively { () async throws(Problem) in
      await endSuccessor()
      let old = running
      try await start(old == nil ? .started : .replaced)
      if let old { await Self.drain(old) }
    }
  }

  /// Watches over the serving process no longer; it serves on.
  public func endSupervision() {
    isStopping = true
    ending.finish()
    reporting.finish()
  }

  /// Asks the serving process to finish what it has begun, and waits for its end.
  public func stop() async {
    endSupervision()
    await endSuccessor()
    await retireFormer()
    if let running {
      self.running = nil
      await dismiss(running)
    }
    await awaitFormer()
  }

  /// The processes that gave way and have not ended.
  public var formerProcesses: [Int] { leaving.keys.map(Int.init).sorted() }

  /// Waits for the end of processes that gave way: one that hangs is nobody's to signal without whoever does so here.
  public func awaitFormer() async {
    for process in leaving.values { await process.end.value }
  }

  /// Stops the processes that serve from a directory whose control plane is gone; one that says nothing for so many seconds
  /// is told by signals.
  public static func stopSurvivors(
    in directory: String, patience: Int = 60, grace: Int = 35
  ) async throws(Problem) {
    let found = try await survivors(in: directory, .ended(grace: grace), patience: patience)
    for survivor in found.serving + found.held { await drain(survivor.running) }
    for survivor in found.serving + found.held + found.draining { await waitForEnd(of: survivor.running) }
  }

  /// Has the processes that serve from a directory whose control plane is gone read the saved state, which is of that generation;
  /// nil where none answers.
  ///
  /// For whoever holds the directory's lock.
  static func tellSurvivors(
    in directory: String, _ generation: Int
  ) async throws(Problem) -> PlaneApplication? {
    var told: PlaneApplication?
    for survivor in try await survivors(in: directory).serving {
      let application: PlaneApplication
      do throws(Problem) {
        application = try await blocking { () throws(Problem) in
          try survivor.running.control.apply(generation)
        }
      } catch  where error.code == ControlSocket.goneCode {
        // It has ended since it answered: the state is what the next one starts from.
        continue
      }
      // Where one gives way to another, both answer callers: what either cannot serve is not served.
      told = PlaneApplication(
        generation: generation, failures: (told?.failures ?? []) + application.failures)
    }
    return told
  }

  /// Lets one undertaking at a time touch the processes: an actor alone would let another begin wherever one
  /// waits.
  func exclusively<Result>(_ body: () async throws(Problem) -> Result) async throws(Problem)
    -> Result
  {
    while isTaken { await withCheckedContinuation { waiting.append($0) } }
    isTaken = true
    defer {
      isTaken = false
      if !waiting.isEmpty { waiting.removeFirst().resume() }
    }
    return try await body()
  }

  /// Tells of a process that took the place of another.
  func report(_ kind: PlaneEvent.Kind, _ process: Running) {
    reporting.yield(
      PlaneEvent(kind: kind, process: Int(process.pid), detail: "serves on \(listener.address)"))
  }

  /// Starts a process that is held for an undertaking and waits until it has loaded everything.
  func startHeld(under trace: String) async throws(Problem) -> Running {
    let path = try await reservedControlPath()
    defer { reserved.remove(path) }
    let launch = launch(controlPath: path, heldFor: trace)
    let (listener, admin) = (listener, admin)
    return try await Self.blocking { () throws(Problem) in
      try Self.start(launch, listener: listener, admin: admin)
    }
  }

  /// A name for a control socket that no process has, kept for one that is being started until it is given back: while one gives
  /// way to the next, each has a socket of its own.
  ///
  /// One that drains has its own until it ends, which can take 30 s: where all have been taken by such, one of them is waited for.
  private func reservedControlPath() async throws(Problem) -> String {
    let deadline = ContinuousClock.now + .seconds(35)
    while ContinuousClock.now < deadline {
      let paths = Self.controlPaths(in: settings.directory).filter(isFree)
      let found: String? = try await Self.blocking { () throws(Problem) -> String? in
        for path in paths where try ControlSocket.isFree(path) { return path }
        return nil
      }
      // Another may have been given it meanwhile.
      if let found, isFree(found) {
        reserved.insert(found)
        return found
      }
      try? await Task.sleep(for: .milliseconds(50))
    }
    throw Problem(
      .unavailable, "plane.start", "expected a control socket that no process has, found all of them in use",
      hint: "wait for the processes that drain to end")
  }

  private func isFree(_ path: String) -> Bool {
    !reserved.contains(path) && ![running, successor?.running, former].contains { $0?.controlPath == path }
      && !leaving.values.contains { $0.controlPath == path }
  }

  /// Adopts what serves already and is the program that we would start, as we would; replaces it where it is another.
  private func settle(_ inheritance: Inheritance) async throws(Problem) {
    // What nobody lets begin any more: its undertaking ended with the control plane that began it.
    for held in inheritance.held { await Self.drain(held) }
    for leaving in inheritance.draining { seeOff(leaving) }
    for (trace, process) in inheritance.repaved { repaved[trace] = process }
    let launch = launch(controlPath: "")
    if let kept = inheritance.source, inheritance.keepsAdmin, launch.isProgram(of: kept.status),
      launch.hasStarted(kept.running.pid)
    {
      watch(kept.running)
      running = kept.running
      reporting.yield(
        PlaneEvent(
          kind: .adopted, process: Int(kept.running.pid), detail: "served on while no control plane ran"))
    } else {
      // Under another name than the socket of the one that serves still.
      running = inheritance.survivors.first
      try await start(inheritance.survivors.isEmpty ? .started : .replaced)
    }
    for other in inheritance.survivors where other.pid != running?.pid { await Self.drain(other) }
  }

  /// Starts a process and waits until it serves the saved state.
  func start(_ kind: PlaneEvent.Kind) async throws(Problem) {
    let path = try await reservedControlPath()
    defer { reserved.remove(path) }
    let launch = launch(controlPath: path)
    let (listener, admin) = (listener, admin)
    let started = try await Self.blocking { () throws(Problem) in
      try Self.start(launch, listener: listener, admin: admin)
    }
    watch(started)
    running = started
    hasStartedProcess = true
    report(kind, started)
  }

  private func launch(controlPath: String, heldFor trace: String? = nil) -> RuntimeLaunch {
    RuntimeLaunch(
      program: settings.program, statePath: store.path, controlPath: controlPath,
      logPath: "\(settings.directory)/runtime.log", spoolPath: settings.spool,
      goesOnWhenSpoolFull: settings.goesOnWhenSpoolFull, hasAdmin: admin != nil, tls: settings.tls,
      bundles: settings.bundles, account: account, options: settings.options, heldFor: trace)
  }

  /// Notices the end of a process by that of a connection kept open to it.
  func watch(_ process: Running) {
    let (pid, ending) = (process.pid, ending)
    process.life.whenEnded { ending.yield(pid) }
  }
}
