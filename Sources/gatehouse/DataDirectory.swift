import ArgumentParser
import Domain
import Glibc
import Storage

extension DataDirectory {
  /// The directory that an option names, or `GATEHOUSE_DATA`, or `gatehouse` in the user's data directory.
  init(option: String?) {
    var path =
      option ?? Environment["GATEHOUSE_DATA"]
      ?? Environment["XDG_DATA_HOME"].map { "\($0)/gatehouse" }
      ?? "\(Environment["HOME"] ?? "/var/lib")/.local/share/gatehouse"
    path = Self.absolute(path)
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.init(path: path)
  }

  /// The state, log and control sockets of the data plane.
  var plane: String { "\(path)/plane" }
  /// Where the control plane listens, written when it does.
  var address: String { "\(path)/server.url" }

  /// Makes a directory and those above it that are missing.
  static func make(_ path: String, mode: mode_t) throws(Problem) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      made += "/\(part)"
      if unsafe mkdir(made, mode) != 0, errno != EEXIST {
        throw Problem(
          .unavailable, "directory.make",
          "expected to make a directory, found: \(unsafe String(cString: strerror(errno)))", subject: made,
          hint: "name another directory")
      }
    }
  }

  /// A path that means the same wherever a process stands.
  static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)"
  }

  private static var workingDirectory: String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    guard unsafe getcwd(&buffer, buffer.count) != nil else { return "" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// The variables of the environment.
enum Environment {
  /// The value of a variable; nil where it is not set or empty.
  static subscript(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    let text = unsafe String(cString: value)
    return text.isEmpty ? nil : text
  }
}

/// The option that names the data directory.
struct DataOption: ParsableArguments {
  @Option(
    name: .customLong("data"),
    help: "The platform's data directory (default: $GATEHOUSE_DATA, else ~/.local/share/gatehouse).")
  var path: String?

  /// The directory.
  var directory: DataDirectory { DataDirectory(option: path) }
}
