import Domain
import Glibc
import Lifecycle

/// Lets the account that a data plane runs as at what it reads and writes, where root starts it.
///
/// What the control plane makes later in these directories belongs to the account's group from the start, for a
/// directory with the setgid bit hands its group on; files for the data plane are readable by their group.
struct PlaneAccess {
  let account: PlaneAccount

  /// Lets the group pass and list a directory, and read its files with this suffix.
  func open(_ path: String, filesWith suffix: String) throws(Problem) {
    let directory = try Self.open(path)
    try give(directory, path, .group, mode: 0o2750)
    for name in try Self.names(in: directory) where name.hasSuffix(suffix) {
      guard let file = Self.openFile(name, in: directory), Self.isRegular(file) else { continue }
      try give(file, name, .group, mode: 0o640)
    }
  }

  /// Lets the group read every bundle in a directory.
  func openBundles(_ path: String) throws(Problem) {
    let directory = try Self.open(path)
    // Before those in it: what is made from here on has the group.
    try give(directory, path, .group, mode: 0o2750)
    for name in try Self.names(in: directory) { try openTree(name, in: directory, depth: 1) }
  }

  /// Makes the account the owner of a directory and the files in it.
  func handOver(_ path: String) throws(Problem) {
    let directory = try Self.open(path)
    for name in try Self.names(in: directory) {
      guard let file = Self.openFile(name, in: directory), Self.isRegular(file) else { continue }
      try give(file, name, .all, mode: 0o600)
    }
    try give(directory, path, .all, mode: 0o700)
  }

  /// The least of a bundle's depth that is refused; a data plane reads no deeper.
  private static let depthLimit = 8

  private func openTree(_ name: String, in parent: OwnedDescriptor, depth: Int) throws(Problem) {
    guard depth <= Self.depthLimit, let found = Self.openFile(name, in: parent) else { return }
    if Self.isRegular(found) { return try give(found, name, .group, mode: 0o640) }
    var status = stat()
    guard unsafe fstat(found.number, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return }
    // A directory has the group only once everything in it has: then there is nothing more to do.
    guard status.st_gid != account.group || status.st_mode & 0o050 != 0o050 else { return }
    for child in try Self.names(in: found) { try openTree(child, in: found, depth: depth + 1) }
    try give(found, name, .group, mode: 0o2750)
  }

  private enum Share { case group, all }

  private func give(_ file: OwnedDescriptor, _ name: String, _ share: Share, mode: mode_t) throws(Problem) {
    let owner = share == .all ? account.user : .max
    // In this order: a change of the owner takes the setgid bit away.
    guard fchown(file.number, owner, account.group) == 0, fchmod(file.number, mode) == 0 else {
      throw .systemCall("fchown", "let the data plane's account at \(name)")
    }
  }

  private static func open(_ path: String) throws(Problem) -> OwnedDescriptor {
    guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw .systemCall("mkdir", "make \(path)")
    }
    let number = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard number >= 0 else { throw .systemCall("open", "open \(path)") }
    return OwnedDescriptor(number)
  }

  /// A file or directory; nil for one that is there no more, and for links.
  private static func openFile(_ name: String, in directory: OwnedDescriptor) -> OwnedDescriptor? {
    let number = unsafe openat(directory.number, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    return number < 0 ? nil : OwnedDescriptor(number)
  }

  private static func isRegular(_ file: OwnedDescriptor) -> Bool {
    var status = stat()
    return unsafe fstat(file.number, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  private static func names(in directory: OwnedDescriptor) throws(Problem) -> [String] {
    let copy = unsafe openat(directory.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else {
      if copy >= 0 { close(copy) }
      throw .systemCall("opendir", "list a directory of the data plane")
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
          unsafe String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}

extension LocalDataPlane {
  /// Whom the processes become: nobody in particular where root starts them; nil for whom we are.
  ///
  /// Where the account cannot be let at its files, such as on a file system without owners or in a namespace that has
  /// no such user, they stay root, with none of its capabilities.
  static func account(
    _ settings: Settings, _ reporting: AsyncStream<PlaneEvent>.Continuation
  ) -> PlaneAccount? {
    guard geteuid() == 0 else { return nil }
    let access = PlaneAccess(account: .unprivileged)
    do throws(Problem) {
      try access.open(settings.directory, filesWith: ".json")
      if let bundles = settings.bundles { try access.openBundles(bundles) }
      if let spool = settings.spool { try access.handOver(spool) }
      return access.account
    } catch {
      reporting.yield(
        PlaneEvent(kind: .broken, process: 0, detail: "the data plane keeps its user: \(error.message)"))
      return PlaneAccount(user: geteuid(), group: getegid())
    }
  }
}
