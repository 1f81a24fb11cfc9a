import Domain
import Glibc

/// How to start a data plane process.
struct RuntimeLaunch: Sendable {
  /// The `gatehouse-runtime` program.
  let program: String
  /// The file that holds the state to serve.
  let statePath: String
  /// The Unix domain socket that it is to be controlled by.
  let controlPath: String
  /// The file that its output is appended to.
  let logPath: String

  /// Starts the process with `listener` as its descriptor 3 and nothing else of ours.
  ///
  /// It leads a session of its own: neither a terminal's interrupt nor our death reaches it, so that it
  /// serves on until it is told otherwise.
  func start(listener: ListeningSocket) throws(Problem) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&actions)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&actions)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, logPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
    unsafe posix_spawn_file_actions_adddup2(&actions, listener.descriptor.number, 3)
    unsafe posix_spawn_file_actions_addclosefrom_np(&actions, 4)
    // The defaults for every signal: what we ignore or block must not stay so in the child.
    var all = sigset_t()
    var none = sigset_t()
    unsafe sigfillset(&all)
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    let flags = Int32(POSIX_SPAWN_SETSID) | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

    let arguments = [
      program, "--state", statePath, "--listen-fd", "3", "--control", controlPath,
    ]
    var pointers = unsafe arguments.map { unsafe strdup($0) }
    unsafe pointers.append(nil)
    defer { for pointer in unsafe pointers { unsafe free(pointer) } }
    // An empty environment: a data plane takes its orders from its arguments alone.
    var environment: [UnsafeMutablePointer<CChar>?] = unsafe [nil]
    var pid = pid_t()
    let code = unsafe posix_spawn(&pid, program, &actions, &attributes, &pointers, &environment)
    guard code == 0 else {
      var problem = Problem.systemCall("posix_spawn", "start \(program)", errno: code)
      problem.hint = "build it with scripts/build, or name it with --runtime"
      throw problem
    }
    return pid
  }

  /// Whether the running process `pid` was started from the file that `program` is now.
  func isProgram(of pid: pid_t) -> Bool {
    var running = stat()
    var present = stat()
    guard unsafe stat("/proc/\(pid)/exe", &running) == 0, unsafe stat(program, &present) == 0 else {
      return false
    }
    return running.st_dev == present.st_dev && running.st_ino == present.st_ino
  }

  /// Lets the kernel forget a child that has ended; nothing for one that runs or is not ours.
  static func reap(_ pid: pid_t) {
    var status: Int32 = 0
    _ = unsafe waitpid(pid, &status, WNOHANG)
  }
}
