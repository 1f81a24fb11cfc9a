import Dispatch
import Domain
import Encoding
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
      var found: [(running: Running, startedAt: Int64)] = []
      for path in [first, second] {
        guard let control = ControlSocket(connectingTo: path),
          let status = try? control.call("status")["status"], let pid = status["pid"]?.int
        else { continue }
        let running = Running(pid: pid_t(truncatingIfNeeded: pid), controlPath: path, control: control)
        found.append((running, status["startedAt"]?.integer ?? 0))
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
        guard let text = try survivor.control.call("status")["status"]?["listen"]?.string,
          let address = try? ListenAddress(parsing: text),
          address.host == wanted.host, wanted.port == 0 || address.port == wanted.port
        else { continue }
        return ListeningSocket(descriptor: try survivor.control.receiveListener(), address: address)
      }
      return nil
    }
  }

  /// Asks a process to take no more connections, to answer what it has begun, and to end. One that does not
  /// answer is on its way out already.
  static func drain(_ control: ControlSocket) async {
    _ = try? await blocking { () throws(Problem) in try control.call("drain") }
  }

  /// Connects to a process that was just started, as soon as it answers.
  static func awaitReadiness(of pid: pid_t, _ launch: RuntimeLaunch) throws(Problem) -> ControlSocket {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
      if let control = ControlSocket(connectingTo: launch.controlPath) {
        _ = try control.call("status")
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
