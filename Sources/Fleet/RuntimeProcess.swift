import CSpawn
import Domain
import Glibc

/// The files that the data plane's connections are secured by, in PEM, by absolute paths.
public struct PlaneTLS: Sendable, Equatable {
  /// The certificate chain.
  public let certificate: String
  /// Its private key.
  public let key: String
  /// The authorities that callers' certificates must come from; where nil, callers show none.
  public let clientAuthorities: String?

  /// Names the files.
  public init(certificate: String, key: String, clientAuthorities: String?) {
    self.certificate = certificate
    self.key = key
    self.clientAuthorities = clientAuthorities
  }
}

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
  /// The directory that access records are written to; nil where none are.
  let spoolPath: String?
  /// Whether predictions go out without a record where the spool is full.
  let goesOnWhenSpoolFull: Bool
  /// Whether the process gets the socket of an admin listener too.
  let hasAdmin: Bool
  /// What its connections are secured by; in the clear where nil.
  let tls: PlaneTLS?
  /// The directory that has the bundles in it; nil where they are beside the state.
  let bundles: String?
  /// Whom the process becomes; nil for whom we are.
  let account: PlaneAccount?
  /// Further options, for every process alike.
  let options: [String]
  /// The undertaking that it is held for; nil where it accepts connections at once.
  var heldFor: String?

  /// What the process is started with.
  private var arguments: [String] {
    var arguments = [program, "--state", statePath, "--listen-fd", "3", Self.controlOption, controlPath]
    if let spoolPath {
      arguments += ["--spool", spoolPath, "--when-spool-full", goesOnWhenSpoolFull ? "go-on" : "refuse"]
    }
    if hasAdmin { arguments += ["--admin-fd", "4"] }
    if let tls {
      arguments += ["--tls-certificate", tls.certificate, "--tls-key", tls.key]
      if let authorities = tls.clientAuthorities { arguments += ["--tls-client-ca", authorities] }
    }
    if let bundles { arguments += ["--bundles", bundles] }
    if let account { arguments += ["--user", account.description] }
    if let heldFor { arguments += [Self.holdOption, heldFor] }
    arguments += ["--log", "json"] + options
    // The process gets an empty environment, so that what names a library there is told it in another way.
    if let value = unsafe getenv("GATEHOUSE_ONNXRUNTIME"), let whole = unsafe realpath(value, nil) {
      arguments += ["--onnxruntime", unsafe String(cString: whole)]
      unsafe free(whole)
    }
    return arguments
  }

  private static let controlOption = "--control"
  private static let holdOption = "--hold"

  /// Starts the process with `listener` as its descriptor 3, `admin` as 4, and nothing else of ours.
  ///
  /// It leads a session of its own: neither a terminal's interrupt nor our death reaches it, so that it
  /// serves on until it is told otherwise.
  func start(listener: ListeningSocket, admin: ListeningSocket?) throws(Problem) -> pid_t {
    var pid = pid_t()
    let descriptors = [listener.descriptor.number] + (admin.map { [$0.descriptor.number] } ?? [])
    let code = unsafe Self.withCStrings(arguments) { pointers in
      unsafe gatehouse_spawn(program, pointers, descriptors, Int32(descriptors.count), logPath, &pid)
    }
    guard code == 0 else {
      var problem = Problem.systemCall("posix_spawn", "start \(program)", errno: code)
      problem.hint = "build it with scripts/build, or name it with --runtime"
      throw problem
    }
    return pid
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    let pointers = unsafe strings.map { unsafe strdup($0) }
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    return unsafe body(pointers + [nil])
  }

  /// Whether a running process was started from the file that `program` is now.
  ///
  /// By what it says: one that has hidden its memory hides this too from all but root.
  func isProgram(of process: PlaneStatus) -> Bool {
    var present = stat()
    guard unsafe stat(program, &present) == 0 else { return false }
    return process.program == ProgramFile(device: UInt64(present.st_dev), node: UInt64(present.st_ino))
  }

  /// Whether the running process `pid` was started with these arguments; its control socket may be another, and it may have been held at
  /// first.
  func hasStarted(_ pid: pid_t) -> Bool {
    guard let file = unsafe fopen("/proc/\(pid)/cmdline", "rb") else { return false }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    bytes.removeLast(bytes.count - count)
    let running = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
    // The first is how the program was found, which `isProgram` has looked at.
    func comparable(_ arguments: some Collection<String>) -> [String] {
      var rest = Array(arguments.dropFirst())
      if let option = rest.firstIndex(of: Self.controlOption), option + 1 < rest.count {
        rest.remove(at: option + 1)
      }
      if let option = rest.firstIndex(of: Self.holdOption), option + 1 < rest.count {
        rest.removeSubrange(option...(option + 1))
      }
      return rest
    }
    return comparable(running) == comparable(arguments)
  }

  /// Lets the kernel forget a child that has ended, and gives one that is about to end a moment; nothing for a
  /// process that is not ours.
  static func reap(_ pid: pid_t, patience: Duration = .seconds(2)) async {
    let deadline = ContinuousClock.now + patience
    var status: Int32 = 0
    while unsafe waitpid(pid, &status, WNOHANG) == 0, ContinuousClock.now < deadline {
      try? await Task.sleep(for: .milliseconds(2))
    }
  }

  /// Keeps the log within bounds: a long one becomes the old one, in place of the one before.
  func boundLog() {
    var status = stat()
    guard unsafe stat(logPath, &status) == 0, status.st_size > 8 << 20 else { return }
    unsafe rename(logPath, "\(logPath).old")
  }
}
