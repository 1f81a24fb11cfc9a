import CConfinement
public import Domain
import Glibc

/// What a process is left with when it begins to serve: its sockets, some directories, and the calls that serving takes.
///
/// Given up while there is one thread, and before a byte is read that a caller or a bundle brings. What holds where is
/// in `docs/confinement.md`.
public struct Confinement: Equatable, Sendable {
  /// What becomes of a process that cannot give something up.
  public enum Mode: String, Sendable, CaseIterable {
    /// It does not start.
    case required
    /// It serves, and says what it has kept.
    case bestEffort = "best-effort"
    /// It gives up nothing.
    case off
  }

  /// What becomes of a process that cannot give something up.
  public var mode = Mode.bestEffort
  /// Whom it becomes where it is root; nil for whom it is.
  public var account: PlaneAccount?
  /// Directories that it reads from.
  public var readable: [String] = []
  /// Directories that it writes to.
  public var writable: [String] = []
  /// Ports of TCP that it listens on later.
  public var boundPorts: [UInt16] = []
  /// Ports of TCP that it connects to.
  public var connectedPorts: [UInt16] = []

  /// Names nothing yet that a process keeps.
  public init() {}

  /// Gives up all else; throws `confinement.incomplete` where that is required and cannot be done, and
  /// `confinement.no-directory` where there is nothing to write to.
  public func enter() throws(Problem) -> PlaneConfinement {
    guard mode != .off else { return PlaneConfinement(lacks: ["anything: it was switched off"]) }
    try keepPlaces()
    var result = PlaneConfinement()
    // The bounds while it may still lower them, and its own once it has become another user by them.
    let bounds = gatehouse_bound_capabilities()
    enterAccount(&result)
    let dropped = gatehouse_drop_capabilities()
    note(&result, "no capabilities", bounds == 0 ? dropped : bounds)
    note(&result, "no new privileges", gatehouse_gain_no_privileges())
    note(&result, "a fixed number of files", gatehouse_fix_descriptor_limit())
    // After the user is another: that makes it readable again, or not, as the system is set.
    note(&result, "memory that nobody else reads", gatehouse_hide_memory())
    enterLandlock(&result)
    let opensSockets = !boundPorts.isEmpty || !connectedPorts.isEmpty
    note(
      &result, opensSockets ? "filtered calls, with sockets" : "filtered calls",
      gatehouse_filter_calls(opensSockets ? UInt32(gatehouse_may_open_sockets) : 0))
    guard mode == .bestEffort || result.lacks.isEmpty else {
      throw Problem(
        .unavailable, "confinement.incomplete",
        "expected to give up all that serving does not need, found what cannot be:"
          + " \(result.lacks.joined(separator: "; "))",
        hint: "run on Linux 5.13 or newer with Landlock, or choose '--confine best-effort'")
    }
    return result
  }

  /// How many calls the filter has refused so far.
  public static var refusedCalls: Int { Int(clamping: gatehouse_refused_calls()) }

  private func keepPlaces() throws(Problem) {
    for path in writable {
      guard OpenPlaces.keep(path, isWritable: true) else {
        throw .system(
          .unavailable, "confinement.no-directory", "opening a directory to write to", subject: path)
      }
    }
    // One that is not there is missed when something in it is read, by a message that says what it was for.
    for path in readable { OpenPlaces.keep(path) }
    // How much memory it takes, for its metrics.
    OpenPlaces.keep("/proc/self")
  }

  private func enterAccount(_ result: inout PlaneConfinement) {
    guard let account, account != PlaneAccount(user: geteuid(), group: getegid()) else {
      result.holds.append("user \(geteuid())")
      return
    }
    note(&result, "user \(account.user)", gatehouse_become_user(account.user, account.group))
  }

  private func enterLandlock(_ result: inout PlaneConfinement) {
    let version = gatehouse_landlock_version()
    let places = OpenPlaces.rules
    let code = unsafe gatehouse_enter_landlock(
      places, places.count, boundPorts, boundPorts.count, connectedPorts, connectedPorts.count)
    let scope =
      switch version {
      case ..<4: "files"
      case 4, 5: "files and ports"
      default: "files, ports and signals"
      }
    note(&result, "Landlock \(version) over \(scope)", code)
  }

  private func note(_ result: inout PlaneConfinement, _ right: String, _ code: CInt) {
    if code == 0 {
      result.holds.append(right)
    } else {
      result.lacks.append("\(right): \(unsafe String(cString: strerror(code)))")
    }
  }
}

extension ProgramFile {
  /// The file that this process was started from; nil where there is no /proc.
  static let own: ProgramFile? = {
    var status = stat()
    guard unsafe stat("/proc/self/exe", &status) == 0 else { return nil }
    return ProgramFile(device: UInt64(status.st_dev), node: UInt64(status.st_ino))
  }()
}

extension RuntimeArguments {
  /// What a process with these arguments is left with.
  public var confinement: Confinement {
    var confinement = Confinement()
    confinement.mode = confine
    confinement.account = account
    confinement.readable = bundles + bundleRoots
    // The directory, for each snapshot is a new file.
    if let state { confinement.readable.append(Self.directory(of: state)) }
    // The directories, for a certificate is renewed by putting a new file in the place of the old.
    if let tls {
      for file in [tls.certificate, tls.key] + (tls.clientAuthorities.map { [$0] } ?? []) {
        let directory = Self.directory(of: file)
        if !confinement.readable.contains(directory) { confinement.readable.append(directory) }
      }
    }
    // The directory, for the list is exchanged, and may come later.
    if let revocations { confinement.readable.append(Self.directory(of: revocations.path)) }
    if let spool { confinement.writable = [spool] }
    // One that is inherited is bound already.
    if case .address(let address) = admin,
      let port = address.split(separator: ":").last.flatMap({ UInt16($0) })
    {
      confinement.boundPorts = [port]
    }
    if let port = collector.flatMap({ UInt16(exactly: $0.port) }) { confinement.connectedPorts = [port] }
    return confinement
  }

  private static func directory(of path: String) -> String {
    guard let end = path.lastIndex(of: "/") else { return "." }
    return end == path.startIndex ? "/" : String(path[..<end])
  }
}
