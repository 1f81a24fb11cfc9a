import CSpawn
import Domain
import Glibc
import Provenance
import Synchronization

/// One run of a program that signs: a line in, a line out.
enum SignerProcess {
  /// Starts the program, tells it `line`, and answers with what it says until it ends its output.
  ///
  /// Blocks, for the program's time and a moment more. Throws `signer.not-started`, `signer.timeout`, `signer.too-long` and
  /// `signer.failed`. `end` kills a session, and is told its number.
  static func run(
    _ settings: SignerSettings, telling line: [UInt8], ending end: (pid_t) -> Void = { kill(-$0, SIGKILL) }
  ) throws(Problem) -> [UInt8] {
    try Unended.shared.requireRoom()
    let deadline = now() + settings.timeoutSeconds * 1000
    let input = try Pipe()
    let output = try Pipe()
    var pid = pid_t()
    let environment = settings.environment.merging(["PATH": "/usr/bin:/bin"]) { given, _ in given }
    let code = unsafe withCStrings([settings.program] + settings.arguments) { arguments in
      unsafe withCStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) {
        variables in
        unsafe gatehouse_spawn_filter(
          settings.program, arguments, variables, input.reading, output.writing, &pid)
      }
    }
    guard code == 0 else {
      throw Problem(
        .unavailable, "signer.not-started", "expected to start the signer, found that the system refuses",
        cause: unsafe String(cString: strerror(code)))
    }
    input.closeReading()
    input.writeWithoutWaiting()
    output.closeWriting()
    var isReaped = false
    defer {
      if !isReaped {
        end(pid)
        reapSoon(pid)
      }
    }
    let answer = try withoutPipeSignals { () throws(Problem) in try exchange(line, input, output, deadline) }
    while !hasEnded(pid) {
      guard now() < deadline else { throw timeout }
      _ = poll(nil, 0, 5)
    }
    // What it left running goes with it; only once it is reaped may its number be another's.
    end(pid)
    let status = reap(pid)
    isReaped = true
    guard status == 0 else {
      // It may have said why before it failed.
      if let said = String(validating: answer, as: UTF8.self), said.contains("\"error\"") { return answer }
      let cause = status & 0x7F == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
      throw Problem(
        .unavailable, "signer.failed", "expected the signer to end well, found a failure", cause: cause)
    }
    return answer
  }

  /// Writes and reads in turns: a program may answer before it has read all, and neither may wait for the other.
  private static func exchange(
    _ line: [UInt8], _ input: Pipe, _ output: Pipe, _ deadline: Int
  ) throws(Problem) -> [UInt8] {
    var sent = 0
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let left = deadline - now()
      guard left > 0 else { throw timeout }
      var waits = [pollfd(fd: output.reading, events: Int16(POLLIN), revents: 0)]
      if sent < line.count { waits.append(pollfd(fd: input.writing, events: Int16(POLLOUT), revents: 0)) }
      guard unsafe poll(&waits, nfds_t(waits.count), CInt(clamping: left)) > 0 else { continue }
      if waits.count > 1, waits[1].revents != 0 {
        let count = unsafe line[sent...].withUnsafeBytes {
          unsafe write(input.writing, $0.baseAddress, $0.count)
        }
        // One that does not read on may still answer.
        if count > 0 { sent += count } else if errno != EAGAIN, errno != EINTR { sent = line.count }
        if sent == line.count { input.closeWriting() }
      }
      guard waits[0].revents != 0 else { continue }
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe read(output.reading, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count > 0 else { return answer }
      answer += buffer[..<count]
      guard answer.count <= SignerMessage.answerLimit else {
        throw Problem(
          .unavailable, "signer.too-long",
          "expected an answer of at most \(SignerMessage.answerLimit) bytes, found more")
      }
    }
  }

  /// Reaps a program that was killed; one that has not ended within a moment is left, to be reaped later.
  ///
  /// A program of another user's (setuid) is not killed by us, and one that waits for a device ends when the device answers:
  /// who waited for their ends would hold up every act of the platform.
  private static func reapSoon(_ pid: pid_t) {
    let deadline = now() + patience
    while !hasEnded(pid) {
      guard now() < deadline else { return Unended.shared.add(pid) }
      _ = poll(nil, 0, 5)
    }
    reap(pid)
  }

  /// How many milliseconds a program has to end once it was killed.
  private static let patience = 1000

  private static func hasEnded(_ pid: pid_t) -> Bool {
    var information = unsafe siginfo_t()
    // Left to be reaped, so that its number, and its session's, stays its own until that is killed.
    let code = unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
    return unsafe code != 0 || information.si_signo != 0
  }

  @discardableResult
  private static func reap(_ pid: pid_t) -> CInt {
    var status: CInt = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    return status
  }

  /// The code of the problem that a program does not answer in its time.
  static let timeoutCode = "signer.timeout"

  private static let timeout = Problem(
    .unavailable, timeoutCode, "expected an answer of the signer in time, found none",
    hint: "see to the service behind it, or give it more time in keys/signers.json")

  /// Lets `body` write to a program that is gone without being ended by a signal.
  private static func withoutPipeSignals<Value>(_ body: () throws(Problem) -> Value) throws(Problem) -> Value
  {
    var pipe = sigset_t()
    var former = sigset_t()
    unsafe sigemptyset(&pipe)
    unsafe sigaddset(&pipe, SIGPIPE)
    _ = unsafe pthread_sigmask(SIG_BLOCK, &pipe, &former)
    defer {
      var none = timespec()
      while unsafe sigtimedwait(&pipe, nil, &none) > 0 {}
      _ = unsafe pthread_sigmask(SIG_SETMASK, &former, nil)
    }
    return try body()
  }

  private static func now() -> Int {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let pointers = unsafe strings.map { unsafe strdup($0) }
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    return unsafe body(pointers + [nil])
  }
}

/// The programs that were killed and have not ended.
///
/// Each is reaped as soon as it has ended and another is started; until then its number stays its own.
final class Unended: Sendable {
  /// Those of this process: whoever starts a program waits for its end, here or later.
  static let shared = Unended()
  /// How many there are at most; then no more are started.
  static let limit = 16

  private let processes = Mutex<[pid_t]>([])

  /// How many there are.
  var count: Int { processes.withLock(\.count) }

  /// Leaves a program to be reaped later.
  func add(_ pid: pid_t) { processes.withLock { $0.append(pid) } }

  /// Reaps those that have ended; throws `signer.not-started` where too many have not.
  func requireRoom() throws(Problem) {
    let left = processes.withLock { processes in
      processes.removeAll { waitpid($0, nil, WNOHANG) != 0 }
      return processes.count
    }
    guard left < Self.limit else {
      throw Problem(
        .unavailable, "signer.not-started",
        "expected fewer than \(Self.limit) signers that were killed and have not ended, found \(left)",
        hint: "see what they wait for, and end them")
    }
  }
}

/// Both ends of a pipe, above the standard descriptors and closed with the value.
private final class Pipe {
  private(set) var reading: CInt
  private(set) var writing: CInt

  init() throws(Problem) {
    var ends: [CInt] = [-1, -1]
    guard unsafe gatehouse_pipe(&ends) == 0 else {
      throw Problem(
        .unavailable, "signer.not-started", "expected a pipe to the signer, found that the system refuses",
        cause: unsafe String(cString: strerror(errno)))
    }
    reading = Self.raised(ends[0])
    writing = Self.raised(ends[1])
  }

  /// Has writing take what there is room for, and never wait.
  func writeWithoutWaiting() { _ = fcntl(writing, F_SETFL, fcntl(writing, F_GETFL) | O_NONBLOCK) }

  deinit {
    closeReading()
    closeWriting()
  }

  func closeReading() {
    if reading >= 0 { close(reading) }
    reading = -1
  }

  func closeWriting() {
    if writing >= 0 { close(writing) }
    writing = -1
  }

  private static func raised(_ descriptor: CInt) -> CInt {
    guard descriptor <= 2 else { return descriptor }
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
    close(descriptor)
    return copy
  }
}
