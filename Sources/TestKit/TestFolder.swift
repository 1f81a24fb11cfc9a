public import Glibc

/// A folder of one test: it goes with the value, and every process that was started in it goes before.
///
/// Data planes outlive who started them, and a test that fails never comes to the line that would stop them. A process is one of
/// the folder's where it works there or below, or where a word of its command line names a path there; none need be a child of ours.
public final class TestFolder: Sendable {
  /// Where it is; control sockets below it have room for their names.
  public let path: String

  /// A folder that could not be made.
  public struct Unmade: Error {
    /// Its path.
    public let path: String
    /// What the system said.
    public let errno: Int32
  }

  /// Makes a folder in `base`, of that kind by its name.
  public init(_ kind: String, mode: mode_t = 0o700) throws(Unmade) {
    path = "\(Self.base)/gatehouse-\(kind)-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    // Whatever the umask leaves of a mode: what is served by another account must let that pass.
    guard unsafe mkdir(path, 0o700) == 0, unsafe chmod(path, mode) == 0 else {
      throw Unmade(path: path, errno: errno)
    }
  }

  deinit {
    endProcesses()
    Self.remove(path)
  }

  /// Where tests make files: `$TMPDIR`, or `/tmp` where that is so long that no control socket fits below (107 bytes, unix(7)).
  public static let base: String = {
    guard let variable = unsafe getenv("TMPDIR") else { return "/tmp" }
    var path = unsafe String(cString: variable)
    while path.hasSuffix("/") { path.removeLast() }
    return path.isEmpty || path.utf8.count > 48 ? "/tmp" : path
  }()

  /// Kills every process of the folder, and waits until there is none, for 10 s at most.
  private func endProcesses() {
    // Of a child that has ended there is its status until somebody asks for it.
    var unreaped: Set<pid_t> = []
    for _ in 0..<5_000 {
      // One that is killed may just have started another: they are looked for until none is found.
      let found = processes()
      for process in found { kill(process, SIGKILL) }
      unreaped.formUnion(found)
      unreaped = unreaped.filter { process in waitpid(process, nil, WNOHANG) == 0 }
      if found.isEmpty, unreaped.isEmpty { return }
      usleep(2_000)
    }
  }

  /// The processes of the folder; one that has ended and waits for its parent works nowhere and has no command line.
  public func processes() -> [pid_t] {
    Self.names(in: "/proc").compactMap { pid_t($0) }.filter { process in
      guard process != getpid() else { return false }
      if isBelow(Self.workingDirectory(of: process)) { return true }
      return Self.commandLine(of: process).contains { isBelow($0) }
    }
  }

  private func isBelow(_ text: String) -> Bool { text == path || text.hasPrefix("\(path)/") }

  /// Where a process works; empty where it hides that, or has ended.
  private static func workingDirectory(of process: pid_t) -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/\(process)/cwd", &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func commandLine(of process: pid_t) -> [String] {
    guard let file = unsafe fopen("/proc/\(process)/cmdline", "rb") else { return [] }
    defer { unsafe fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = unsafe fread(&bytes, 1, bytes.count, file)
    return bytes.prefix(count).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func names(in folder: String) -> [String] {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
          unsafe String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Removes what is at a path; a link and not what it leads to.
  private static func remove(_ path: String) {
    guard unsafe unlink(path) != 0, errno == EISDIR || errno == EPERM else { return }
    // A test may have taken the right to change it away.
    unsafe chmod(path, 0o700)
    for name in names(in: path) { remove("\(path)/\(name)") }
    unsafe rmdir(path)
  }
}
