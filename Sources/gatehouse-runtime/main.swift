import Domain
import Encoding
import Engines
import Glibc
import Serving

/// The data plane: serves sealed models until it is told to end.

let version = "0.1.0"

/// Writes a line for people; the log of a child process.
func report(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Milliseconds of a clock that nobody sets.
func milliseconds() -> Int {
  var time = timespec()
  _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}

/// How many connections the process may hold: as many files as it may open, but for those it needs itself.
///
/// An accept that fails for want of descriptors would be tried again without end.
func raiseDescriptorLimit() -> Int {
  var limit = rlimit()
  guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 512 }
  limit.rlim_cur = limit.rlim_max
  _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  return Int(clamping: limit.rlim_cur)
}

/// The signals that end the program, blocked in every thread: the main thread waits for them.
func blockSignals() -> sigset_t {
  var signals = sigset_t()
  unsafe sigemptyset(&signals)
  unsafe sigaddset(&signals, SIGTERM)
  unsafe sigaddset(&signals, SIGINT)
  _ = unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  _ = signal(SIGPIPE, SIG_IGN)
  return signals
}

func configuration(_ arguments: RuntimeArguments, _ log: RuntimeLog) throws(Problem) -> PlaneConfiguration {
  let source: PlaneConfiguration.Source
  if let state = arguments.state {
    source = .state(path: state)
  } else {
    let trusted = try StateFile.readTrustedKeys(paths: arguments.trusted)
    var keys: [PlaneState.Key] = []
    if let path = arguments.keys { keys = try StateFile.readKeys(path: path) }
    if keys.isEmpty, arguments.issuers == nil {
      log.write(.warning, "there are no keys (--keys), so every prediction is refused")
    }
    source = .bundles(paths: arguments.bundles, trusted: trusted, keys: keys)
  }
  let processors = max(1, sysconf(CInt(_SC_NPROCESSORS_ONLN)))
  var configuration = PlaneConfiguration(
    source: source, threads: arguments.threads ?? processors, version: version)
  if let path = arguments.issuers { configuration.issuers = try StateFile.readIssuers(path: path) }
  var engine = ONNXRuntimeEngine.installed(library: arguments.onnxRuntime)
  if arguments.confine != .off { try engine.startSpawner() }
  configuration.engine = engine
  configuration.records = arguments.spool.map { ($0, arguments.whenSpoolFull) }
  if arguments.spool == nil { log.write(.warning, "no records of requests are kept (--spool)") }
  switch arguments.admin {
  case nil: break
  case .address(let address): configuration.admin = .address(address)
  case .descriptor(let number): configuration.admin = .inherited(try ListeningSocket(inherited: number))
  }
  configuration.tellsRequests = arguments.tellsRequests
  configuration.revocations = arguments.revocations
  configuration.tls = arguments.tls
  if let address = arguments.collector {
    let collector = try Collector(
      address.resolved(), fieldsPath: arguments.collectorFields,
      authoritiesPath: arguments.collectorAuthorities)
    configuration.tracing = (collector, arguments.traceShare)
  }
  configuration.heldFor = arguments.hold
  configuration.program = RunningProgram()
  configuration.log = log
  if !arguments.isWatching { configuration.limits.watchShare = 0 }
  if arguments.probeSeconds > 0 { configuration.probeInterval = .seconds(arguments.probeSeconds) }
  configuration.slow = .milliseconds(arguments.slowMilliseconds)
  if let maximum = arguments.maximumBody { configuration.limits.bodyBytes = maximum }
  if let maximum = arguments.maximumRows { configuration.limits.rows = maximum }
  if let maximum = arguments.maximumQueued { configuration.limits.queuedPredictions = maximum }
  if let maximum = arguments.maximumConnections { configuration.limits.connections = maximum }
  let reserve = configuration.limits.refusedConnections + 64
  configuration.limits.connections = min(
    configuration.limits.connections, max(16, raiseDescriptorLimit() - reserve))
  return configuration
}

/// Gives up what serving does not need, and says what holds.
///
/// After everything is open that takes more rights than are left then, and before there is a second thread.
func confine(_ arguments: RuntimeArguments, _ log: RuntimeLog) throws(Problem) -> PlaneConfinement {
  var confinement = arguments.confinement
  if geteuid() == 0, confinement.account == nil { confinement.account = .unprivileged }
  if let spool = arguments.spool {
    try RecordSpool.makeDirectory(spool, for: confinement.mode == .off ? nil : confinement.account)
  }
  let result = try confinement.enter()
  if !result.holds.isEmpty {
    log.write(.info, "confined", [("by", .string(result.holds.joined(separator: ", ")))])
  }
  for lack in result.lacks { log.write(.warning, "not confined", [("by", .string(lack))]) }
  return result
}

func serve(_ arguments: RuntimeArguments, _ log: RuntimeLog) throws(Problem) {
  let start = milliseconds()
  if let packed = arguments.packed {
    log.write(
      .info, "packed",
      [
        ("root", .string(packed)), ("callers", .string(arguments.keys ?? "none")),
        ("records", .string(arguments.spool ?? "none")),
        ("revocations", .string(arguments.revocations?.path ?? "none")),
      ])
  }
  var signals = blockSignals()
  var configuration = try configuration(arguments, log)
  let socket: ListeningSocket =
    switch arguments.listener ?? .address("127.0.0.1:8080") {
    case .address(let address): try ListeningSocket(address: address)
    case .descriptor(let descriptor): try ListeningSocket(inherited: descriptor)
    }
  let commands = try arguments.control.map { path throws(Problem) in try ControlSocket.Listener(path: path) }
  configuration.confinement = try confine(arguments, log)
  let plane = try RunningPlane(configuration, socket: socket)
  let control = try commands.map { listener throws(Problem) in
    try ControlSocket(listener, plane: plane) { _ = kill(getpid(), SIGTERM) }
  }
  for failure in plane.failures {
    log.write(
      .error, "a deployment cannot be served", failure.problem,
      [
        ("deployment", .string(failure.deployment.description)),
        ("version", .integer(Int64(failure.version.value))),
      ])
  }
  if let failure = plane.quotaFailure { log.write(.warning, "the quotas of this day begin anew", failure) }
  var fields: [RuntimeLog.Field] = [
    ("address", .string(plane.address)), ("milliseconds", .integer(Int64(milliseconds() - start))),
    ("models", .integer(Int64(plane.status.models.count))),
  ]
  if let admin = plane.adminAddress { fields.append(("admin", .string(admin))) }
  log.write(.info, arguments.hold == nil ? "ready" : "held", fields)

  var signal: CInt = 0
  while unsafe sigwait(&signals, &signal) != 0 {}
  if signal == SIGINT { exit(128 + SIGINT) }
  log.write(.info, "draining")
  let left = plane.drain()
  // The control socket stays until now: its end tells the control plane that this process is gone.
  control?.finish()
  log.write(.info, "drained", left == 0 ? [] : [("connectionsLeft", .integer(Int64(left)))])
}

do throws(Problem) {
  switch try RuntimeArguments.parse(Array(CommandLine.arguments.dropFirst())) {
  case .help: print(RuntimeArguments.help)
  case .version: print("gatehouse-runtime \(version)")
  case .probe(let address): try HealthProbe.ask(address)
  case .serve(let arguments):
    let log = RuntimeLog(arguments.log)
    do throws(Problem) { try serve(try arguments.unpacked(), log) } catch {
      log.write(.error, "the data plane cannot serve", error)
      exit(error.exitCode)
    }
  }
} catch {
  report("\(error)")
  if error.code.hasPrefix("usage.") { report(RuntimeArguments.usage) }
  exit(error.exitCode)
}
exit(0)
