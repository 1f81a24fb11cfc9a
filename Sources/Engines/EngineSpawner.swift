import CSpawn
import Domain
import Glibc
import Synchronization

/// A process that starts engines for this one, which may start none any more.
///
/// It was begun before this process gave up its rights and has kept its own: all that it can be asked for is the one
/// program with arguments that were given then, with three numbers, and the end of what it started. It ends, and what
/// it started with it, when this process does.
final class EngineSpawner: Sendable {
  /// The numbers that one start is told.
  struct Numbers {
    let threads: Int
    let memory: Int
    let deadline: Int

    /// The options that say them, in the order of `values`.
    static let options = ["--threads", "--memory", "--deadline"]
    var values: [UInt64] { [threads, memory, deadline].map { UInt64(clamping: $0) } }
  }

  /// The socket to it; one request at a time.
  private let socket: Mutex<CInt>

  /// Starts the process; call it while this one has one thread.
  init(program: String, fixed: [String]) throws(Problem) {
    var socket: CInt = -1
    let code = unsafe withCStrings(fixed) { fixed in
      unsafe withCStrings(Numbers.options) { options in
        var constant = unsafe (0...Numbers.options.count).map { unsafe UnsafePointer(options[$0]) }
        return unsafe gatehouse_start_spawner(program, fixed, &constant, &socket)
      }
    }
    guard code == 0 else {
      throw Problem(
        .unavailable, "engine.failed", "expected a process that starts engines, found that none starts",
        cause: unsafe String(cString: strerror(code)))
    }
    self.socket = Mutex(socket)
  }

  deinit { socket.withLock { _ = close($0) } }

  /// Starts the program; the error number where that fails.
  func start(_ numbers: Numbers, process: inout pid_t, channel: inout CInt) -> CInt {
    let values = numbers.values + Array(repeating: 0, count: 4 - numbers.values.count)
    return socket.withLock { socket in
      unsafe gatehouse_spawner_start(socket, values, &process, &channel)
    }
  }

  /// Ends a process that it started.
  func end(_ process: pid_t) { socket.withLock { _ = gatehouse_spawner_end($0, process) } }
}

/// Calls `body` with the texts as C has them, ended by nil.
func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let pointers = unsafe strings.map { unsafe strdup($0) }
  defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
  return unsafe body(pointers + [nil])
}
