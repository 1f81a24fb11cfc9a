import Dispatch
import Domain
import Glibc

extension LocalDataPlane {
  /// The processes of an earlier control plane that still serve from this directory, the newest first.
  static func survivors(in directory: String) async throws(Problem) -> [Running] {
    let (first, second) = controlPaths(in: directory)
    guard second.utf8.count < 108 else {
      throw Problem(
        .usage, "plane.path-too-long",
        "expected a path of at most 107 bytes for the control socket (unix(7)), found \(second.utf8.count)",
        subject: second, hint: "use a data directory with a shorter path")
    }
    return try await blocking { () throws(Problem) in
      var found: [(running: Running, startedAt: Timestamp)] = []
      for path in [first, second] {
        guard let control = ControlSocket(connectingTo: path), let status = try? control.status() else {
          continue
        }
        let pid = pid_t(truncatingIfNeeded: status.process)
        found.append((Running(pid: pid, controlPath: path, control: control), status.startedAt))
      }
      return found.sorted { $0.startedAt > $1.startedAt }.map(\.running)
    }
  }

  /// The listening socket of a surviving process, where it is bound to the wanted address.
  static func inherit(from survivors: [Running], wanted: ListenAddress) async throws(Problem)
    -> ListeningSocket?
  {
    try await blocking { () throws(Problem) in
      for survivor in survivors {
        guard let address = try? ListenAddress(parsing: survivor.control.status().address),
          address.host == wanted.host, wanted.port == 0 || address.port == wanted.port
        else { continue }
        return ListeningSocket(descriptor: try survivor.control.receiveListener(), address: address)
      }
      return nil
    }
  }

  /// Asks a process to take no more connections, to answer what it has begun, and to end.
  ///
  /// One that does not answer is on its way out already.
  static func drain(_ control: ControlSocket) async {
    _ = try? await blocking { () throws(Problem) in try control.drain() }
  }

  /// Connects to a process that was just started, as soon as it answers.
  static func awaitReadiness(of pid: pid_t, _ launch: RuntimeLaunch) throws(Problem) -> ControlSocket {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      if let control = ControlSocket(connectingTo: launch.controlPath) {
        _ = try control.status()
        return control
      }
      var status: Int32 = 0
      guard unsafe waitpid(pid, &status, WNOHANG) == 0 else {
        throw Problem(
          .unavailable, "plane.start",
          "expected the data plane process to serve, found it ended with status \(status >> 8 & 255)",
          hint: "read \(launch.logPath)")
      }
      usleep(1000)
    }
    kill(pid, SIGKILL)
    throw Problem(
      .unavailable, "plane.start", "expected the data plane process to serve within 60 s, found it silent",
      hint: "read \(launch.logPath)")
  }

  /// The two names for control sockets.
  static func controlPaths(in directory: String) -> (String, String) {
    ("\(directory)/control-a.sock", "\(directory)/control-b.sock")
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
