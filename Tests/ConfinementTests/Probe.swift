import Domain
import Foundation
import Glibc
import TestKit

/// The probe beside the tests, and what it printed.
struct Probe {
  /// The error numbers of acts, by their names; 0 for what could be done.
  let outcomes: [String: CInt]
  /// What the process said that it holds.
  let holds: String
  /// What it said that it lacks.
  let lacks: [String]
  /// What it wrote for people.
  let warnings: [String]
  let status: Int32

  /// A directory for one run: `readable`, `spool` and `outside`, each with files.
  final class Scratch {
    private let folder: TestFolder

    var path: String { folder.path }

    init() throws {
      folder = try TestFolder("probe")
      for (name, mode) in [("", 0o755), ("/readable", 0o755), ("/spool", 0o777), ("/outside", 0o777)] {
        try FileManager.default.createDirectory(atPath: path + name, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path + name)
        for file in ["file", "second", "third", "fourth"] where !name.isEmpty {
          let file = "\(path)\(name)/\(file)"
          try Data("row\n".utf8).write(to: URL(filePath: file))
          try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: file)
        }
      }
    }
  }

  /// The programs of the same build.
  static let folder: URL = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: bundle).deletingLastPathComponent()
  }()

  /// Runs the probe with these layers.
  init(_ layers: String, _ ports: String...) throws {
    let scratch = try Scratch()
    let process = Process()
    process.executableURL = Self.folder.appending(path: "confinement-probe")
    process.arguments = [layers, scratch.path] + ports
    let (output, errors) = (Pipe(), Pipe())
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let lines = try Self.lines(output)
    warnings = try Self.lines(errors)
    process.waitUntilExit()
    status = process.terminationStatus
    var outcomes: [String: CInt] = [:]
    for line in lines {
      let words = line.split(separator: " ")
      if words.count == 2, let code = CInt(words[1]) { outcomes[String(words[0])] = code }
    }
    self.outcomes = outcomes
    holds = lines.first { $0.hasPrefix("holds ") } ?? ""
    lacks = lines.filter { $0.hasPrefix("lacks ") }
    withExtendedLifetime(scratch) {}
  }

  private static func lines(_ pipe: Pipe) throws -> [String] {
    let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
  }

  /// What the number of an error means.
  static func words(_ code: CInt) -> String { unsafe String(cString: strerror(code)) }

  /// What serving does: possible whatever was given up.
  static let needed: Set<String> = [
    "read_model", "list_models", "keep_record", "start_thread", "wake_itself", "give_way",
  ]

  /// What Landlock refuses, by EACCES or, for what moves between directories, EXDEV.
  static let places: Set<String> = [
    "read_passwords", "list_root", "read_outside", "write_outside", "cut_outside", "make_outside",
    "climb_out", "move_outside", "move_in", "link_in", "remove_outside", "write_model", "make_model",
    "remove_model", "read_machine", "make_directory", "make_link", "make_fifo",
  ]

  /// What root alone may try at all: elsewhere the kernel refuses it as it is.
  static let roots: Set<String> = [
    "socket_raw", "socket_packet", "take_groups", "mount_files", "unmount_files", "turn_root",
    "change_root", "load_module", "load_module_file", "load_kernel", "restart_machine", "read_log",
    "set_clock",
    "name_machine", "count_bytes", "open_by_handle", "load_program", "measure_events", "handle_faults",
    "queue_calls", "take_capabilities", "read_keys", "raise_limit",
  ]
}
