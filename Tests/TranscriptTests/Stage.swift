import Foundation
import Glibc
import TestKit

/// A directory of its own for one session, with the programs on the PATH and the fixtures beside them.
///
/// With the value goes all that the session started and nothing stopped: platforms, receivers, loops.
final class Stage {
  /// How a command ended.
  struct Result {
    let status: Int32
    let output: String
    let errors: String

    var outputLines: [String] { Self.lines(output) }
    var errorLines: [String] { Self.lines(errors) }

    private static func lines(_ text: String) -> [String] {
      var lines = text.components(separatedBy: "\n")
      if lines.last == "" { lines.removeLast() }
      return lines
    }
  }

  private let place: TestFolder
  private let folder: URL
  /// Where the programs make what they need for a while.
  private let temporary: URL
  private var variables: [String: String] = [:]

  init() throws {
    place = try TestFolder("session")
    folder = URL(filePath: place.path)
    temporary = folder.appending(path: "tmp")
    try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
    let fixtures = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "fixtures"), withDestinationURL: fixtures)
  }

  /// Plays one step.
  func run(_ step: Transcript.Step) throws -> Result {
    let result = step.isServe ? try serve(step.command) : try shell(step.command)
    if let variable = step.variable {
      variables[variable] = result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    return result
  }

  /// Stops the platform, as whoever is done with it does, and answers with what its programs have left of what they needed for
  /// a while.
  func stop() throws -> [String] {
    _ = try shell("gatehouse stop")
    return try FileManager.default.contentsOfDirectory(atPath: temporary.path)
  }

  /// Starts a platform and returns when it answers.
  private func serve(_ command: String) throws -> Result {
    let waiting = """
      gatehouse \(command) --listen 127.0.0.1:0 --plane-listen 127.0.0.1:0 >>serve.out 2>>serve.err &
      for i in $(seq 600); do
        gatehouse doctor >/dev/null 2>&1 && exit 0
        sleep 0.05
      done
      cat serve.err >&2
      exit 1
      """
    return try shell(waiting)
  }

  /// Runs a command in the session's directory and waits for it alone: not for what it leaves running behind,
  /// which Foundation's `Process` would wait for because a descriptor of its own is inherited.
  private func shell(_ command: String) throws -> Result {
    let output = folder.appending(path: "step.out").path
    let errors = folder.appending(path: "step.err").path
    var environment = ["HOME": folder.path, "GATEHOUSE_DATA": folder.appending(path: "data").path]
    environment["TMPDIR"] = temporary.path
    environment["PATH"] = "\(Self.programs):/usr/local/bin:/usr/bin:/bin"
    environment["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
    let variables = environment.merging(variables) { $1 }.map { "\($0.key)=\($0.value)" }

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, errors, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    // The threads that tests run on block signals: who inherited that would be ended by none, such as that of timeout(1).
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var (all, none) = (sigset_t(), sigset_t())
    unsafe sigfillset(&all)
    unsafe sigemptyset(&none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &all)
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    var pid = pid_t()
    let line = "cd '\(folder.path)' || exit 1\n\(command)"
    let code = unsafe withCStrings(["sh", "-c", line]) { arguments in
      unsafe withCStrings(variables) {
        unsafe posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments, $0)
      }
    }
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return Result(
      status: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F,
      output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }

  private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
  ) -> Value {
    let pointers = unsafe strings.map { unsafe strdup($0) }
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    return unsafe body(pointers + [nil])
  }

  /// Where the programs under test were built: beside the tests themselves.
  static let programs: String = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: bundle).resolvingSymlinksInPath().deletingLastPathComponent().path
  }()
}
