import Dispatch
import Domain
import Glibc
import Lifecycle

extension LocalDataPlane {
  /// What an earlier control plane left: the listening socket, from whom, and who else serves.
  struct Inheritance: Sendable {
    let listener: ListeningSocket
    /// The process that gave the socket; nil where it was bound anew.
    let source: (running: Running, status: PlaneStatus)?
    let survivors: [Running]
    /// Who was made ready and never began.
    let held: [Running]
    /// Who was told to end, and has not yet.
    let draining: [Running]
    /// Who came to serve in an undertaking, by that.
    let repaved: [String: PlaneProcess]
    /// The socket for metrics and health; nil where they are not answered.
    var admin: ListeningSocket?
    /// Whether `source` answers on that socket, or is to answer on none.
    var keepsAdmin = true
  }

  /// Sees to it that there is a state to start from.
  ///
  /// At the first start of all it is that nothing is served. A file that no longer reads is replaced by that too:
  /// it is made from the registry, and recovery makes it again before anything else happens.
  static func prepare(
    _ store: any PlaneStateStore, _ reporting: AsyncStream<PlaneEvent>.Continuation
  ) throws(Problem) {
    do throws(Problem) {
      if try store.load() != nil { return }
    } catch {
      reporting.yield(
        PlaneEvent(kind: .broken, process: 0, detail: "the saved state is replaced: \(error.message)"))
    }
    try store.save(PlaneState(generation: 0, sealKeys: [], deployments: [], keys: []))
  }

  /// The sockets of processes that serve already at the wanted addresses, or new ones.
  static func inherit(_ settings: Settings) async throws(Problem) -> Inheritance {
    var inheritance = try await listener(settings)
    for survivor in inheritance.survivors where settings.admin != .none {
      guard let (socket, address) = await adminListener(of: survivor), settings.admin.covers(address) else {
        continue
      }
      inheritance.admin = ListeningSocket(descriptor: socket, address: address)
      inheritance.keepsAdmin = survivor.pid == inheritance.source?.running.pid
      return inheritance
    }
    inheritance.admin = try settings.admin.bind()
    inheritance.keepsAdmin = inheritance.admin == nil
    return inheritance
  }

  /// The socket by which a process answers for metrics and health; nil where it does not.
  private static func adminListener(of process: Running) async -> (OwnedDescriptor, ListenAddress)? {
    let found = try? await blocking { () throws(Problem) in
      (try process.control.status(), try process.control.receiveAdminListener())
    }
    guard let (status, socket) = found,
      let address = status.admin.flatMap({ try? ListenAddress(parsing: $0) })
    else { return nil }
    return (socket, address)
  }

  /// The listening socket of a process that serves already at the wanted address, or a new one.
  ///
  /// Where the address is taken, a process that was being started when its control plane died may hold it and
  /// not answer yet: it is given a few seconds to.
  private static func listener(_ settings: Settings) async throws(Problem) -> Inheritance {
    let deadline = ContinuousClock.now + .seconds(3)
    while true {
      let (found, heldOnes, leaving) = try await survivors(in: settings.directory, .refused)
      let survivors = found.map(\.running)
      let held = heldOnes.map(\.running)
      let draining = leaving.map(\.running)
      let repaved = try await repaved(found)
      for survivor in found where settings.listen.covers(survivor.status.address) {
        let descriptor = try? await blocking { () throws(Problem) in
          try survivor.running.control.receiveListener()
        }
        guard let descriptor, let address = try? ListenAddress(parsing: survivor.status.address) else {
          continue
        }
        return Inheritance(
          listener: ListeningSocket(descriptor: descriptor, address: address), source: survivor,
          survivors: survivors, held: held, draining: draining, repaved: repaved)
      }
      do throws(Problem) {
        let listener = try ListeningSocket(binding: settings.listen)
        return Inheritance(
          listener: listener, source: nil, survivors: survivors, held: held, draining: draining,
          repaved: repaved)
      } catch  where ContinuousClock.now < deadline && hasControlSocket(in: settings.directory) {
        try? await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  private static func hasControlSocket(in directory: String) -> Bool {
    controlPaths(in: directory).contains { unsafe access($0, F_OK) == 0 }
  }

  /// A process of an earlier control plane, and what it said.
  typealias Survivor = (running: Running, status: PlaneStatus)

  /// The processes of an earlier control plane that still serve from this directory, the newest first, those that were
  /// made ready and never began, and those that drain.
  ///
  /// Of one that has said nothing for `patience` seconds it is not known what it does: it may answer callers, and be long at something
  /// else. Throws `plane.silent` where that is refused.
  static func survivors(
    in directory: String, _ silent: SilentProcesses = .passedOver, patience: Int = 60
  ) async throws(Problem) -> (serving: [Survivor], held: [Survivor], draining: [Survivor]) {
    let paths = controlPaths(in: directory)
    if let long = paths.first(where: { $0.utf8.count >= 108 }) {
      throw Problem(
        .usage, "plane.path-too-long",
        "expected a path of at most 107 bytes for the control socket (unix(7)), found \(long.utf8.count)",
        subject: long, hint: "use a data directory with a shorter path")
    }
    return try await blocking { () throws(Problem) in
      var found: [Survivor] = []
      for path in paths {
        guard let control = try connection(to: path, silent, patience),
          let life = try connection(to: path, silent, patience)
        else { continue }
        let status: PlaneStatus
        do throws(Problem) { status = try control.status() } catch {
          guard error.code == ControlSocket.silentCode else { continue }
          switch silent {
          case .passedOver: break
          case .refused: throw .silentProcess(life.process, patience)
          case .ended(let grace): try endSilent(life, grace)
          }
          continue
        }
        guard let pid = pid_t(exactly: status.process) else { continue }
        let running = Running(pid: pid, controlPath: path, control: control, life: life, status: status)
        found.append((running, status))
      }
      found.sort { $0.status.startedAt > $1.status.startedAt }
      let staying = found.filter { !$0.status.isDraining }
      return (
        staying.filter { !$0.status.isHeld }, staying.filter(\.status.isHeld),
        found.filter(\.status.isDraining)
      )
    }
  }

  /// A connection; nil where nobody listens.
  ///
  /// Where the queue of who listens is full nobody takes from it: without a connection it is not
  /// known who that is, so that nothing can be done about it but to say so.
  private static func connection(
    to path: String, _ silent: SilentProcesses, _ patience: Int
  ) throws(Problem) -> ControlSocket? {
    do throws(Problem) { return try ControlSocket(connecting: path, timeout: patience) } catch {
      if case .passedOver = silent { return nil }
      guard error.code == ControlSocket.silentCode else { return nil }
      var problem = error
      problem.subject = path
      problem.hint =
        "find who listens there with 'ss -lxp', and end it with 'kill -9' where it answers no callers"
      throw problem
    }
  }

  /// What becomes of processes that say nothing.
  enum SilentProcesses {
    /// Nothing.
    case passedOver
    /// Nothing is done without them.
    case refused
    /// They are told to end, and killed where they do not within so many seconds.
    case ended(grace: Int)
  }

  /// Ends a process that says nothing, and waits until its sockets are free.
  ///
  /// It may answer callers all the same, and finish what it has begun.
  private static func endSilent(_ life: ControlSocket, _ grace: Int) throws(Problem) {
    for (number, seconds) in [(SIGTERM, grace), (SIGKILL, 5)] {
      guard try life.signal(number) else { return }
      let deadline = ContinuousClock.now + .seconds(seconds)
      while ContinuousClock.now < deadline, try life.signal(0) { usleep(2000) }
    }
  }

  /// Those of them that came to serve in an undertaking, by that.
  private static func repaved(_ survivors: [Survivor]) async throws(Problem) -> [String: PlaneProcess] {
    try await blocking { () throws(Problem) in
      var repaved: [String: PlaneProcess] = [:]
      for (running, status) in survivors {
        guard let trace = status.heldFor else { continue }
        repaved[trace] = PlaneProcess(status, program: try? running.control.program())
      }
      return repaved
    }
  }

  /// Asks a process to take no more connections, to answer what it has begun, and to end.
  ///
  /// One that lives and cannot be reached is asked by a signal, which it takes for the same, and ended where it does not
  /// mind that either: it must not serve beside its successor.
  static func drain(_ process: Running) async {
    if await !isTold(process) { await endUntold(process, .answering) }
  }

  /// Ends a process that did not take it that it is to.
  static func endUntold(_ process: Running, _ standing: FormerProcess) async {
    guard (try? process.life.signal(SIGTERM)) == true else { return }
    // Of one that answers nobody there is no last answer to wait for.
    guard case .lost = standing else { return await waitForEnd(of: process) }
    await waitForEnd(of: process, patience: .seconds(5))
  }

  /// Asks the same, behind no other command; whether it has taken that within 5 s.
  static func isTold(_ process: Running) async -> Bool {
    let answer: Void? = try? await blocking { () throws(Problem) in
      try process.control.another(timeout: 5).drain()
    }
    return answer != nil
  }

  /// Waits until a process that drains is gone; its own bound for that is 30 s, and one that takes longer hangs and is killed.
  static func waitForEnd(of process: Running, patience: Duration = .seconds(35)) async {
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      await RuntimeLaunch.reap(process.pid, patience: .zero)
      guard kill(process.pid, 0) == 0 else { return }
      try? await Task.sleep(for: .milliseconds(10))
    }
    guard (try? process.life.signal(SIGKILL)) == true else { return }
    await RuntimeLaunch.reap(process.pid, patience: .seconds(5))
  }

  /// Starts a process and connects to it as soon as it answers.
  ///
  /// One that does not is ended: it must not serve unknown to us.
  static func start(
    _ launch: RuntimeLaunch, listener: ListeningSocket, admin: ListeningSocket?
  ) throws(Problem) -> Running {
    launch.boundLog()
    let pid = try launch.start(listener: listener, admin: admin)
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      if let control = ControlSocket(connectingTo: launch.controlPath),
        let life = ControlSocket(connectingTo: launch.controlPath), let status = try? control.status(),
        // Not a predecessor that still holds the name.
        status.process == Int(pid)
      {
        return Running(
          pid: pid, controlPath: launch.controlPath, control: control, life: life, status: status)
      }
      var status: Int32 = 0
      guard unsafe waitpid(pid, &status, WNOHANG) == 0 else {
        let how = status & 0x7F == 0 ? "with status \(status >> 8 & 0xFF)" : "by signal \(status & 0x7F)"
        throw Problem(
          .unavailable, "plane.start", "expected the data plane process to serve, found it ended \(how)",
          hint: "read \(launch.logPath)")
      }
      usleep(1000)
    }
    kill(pid, SIGKILL)
    _ = waitpid(pid, nil, 0)
    throw Problem(
      .unavailable, "plane.start", "expected the data plane process to serve within 60 s, found it silent",
      hint: "read \(launch.logPath)")
  }

  /// The names for control sockets: for the process that serves, for one that is made ready beside it, for one that has to be
  /// started meanwhile, and for those that still drain.
  static func controlPaths(in directory: String) -> [String] {
    ["a", "b", "c", "d", "e", "f"].map { "\(directory)/control-\($0).sock" }
  }

  /// Does blocking work on a thread that may block.
  static func blocking<Result: Sendable>(
    _ work: @escaping @Sendable () throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    let outcome: Swift.Result<Result, Problem> = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        do throws(Problem) {
          continuation.resume(returning: .success(try work()))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    return try outcome.get()
  }
}

extension LocalDataPlane.AdminAddress {
  /// Whether a socket bound to `address` is what was asked for.
  fileprivate func covers(_ address: ListenAddress) -> Bool {
    switch self {
    case .none: false
    case .at(let wanted): wanted.covers(address.description)
    case .near: true
    }
  }

  /// A new socket; nil where none is wanted.
  fileprivate func bind() throws(Problem) -> ListeningSocket? {
    switch self {
    case .none: return nil
    case .at(let address):
      do throws(Problem) { return try ListeningSocket(binding: address) } catch {
        var problem = error
        problem.hint = "stop what listens there, or choose another address with --admin"
        throw problem
      }
    case .near(let address):
      do throws(Problem) { return try ListeningSocket(binding: address) } catch {
        return try ListeningSocket(binding: address.withPort(0))
      }
    }
  }
}

extension ListenAddress {
  /// Whether a socket bound to `text` is what was asked for; port 0 asks for any.
  fileprivate func covers(_ text: String) -> Bool {
    guard let other = try? ListenAddress(parsing: text) else { return false }
    return other.host == host && (port == 0 || other.port == port)
  }
}

extension Problem {
  fileprivate static func silentProcess(_ process: some BinaryInteger, _ seconds: Int) -> Problem {
    Problem(
      .unavailable, ControlSocket.silentCode,
      "expected the data plane process \(process), which an earlier control plane left, to answer within \(seconds) s,"
        + " found that it does not",
      hint:
        "it may answer callers all the same: start again; where it answers nobody, end it with 'kill -9 \(process)' first"
    )
  }
}
