import Foundation

/// A directory of its own for one session, with the programs on the PATH and the fixtures beside them.
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

  private let folder: URL
  private var variables: [String: String] = [:]

  init() throws {
    folder = URL(filePath: "/tmp/gatehouse-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let fixtures = URL(filePath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fixtures")
    try FileManager.default.createSymbolicLink(
      at: folder.appending(path: "fixtures"), withDestinationURL: fixtures)
  }

  /// Plays one step.
  func run(_ step: Transcript.Step) throws -> Result {
    let result = step.command == "serve" ? try serve() : try shell(step.command)
    if let variable = step.variable {
      variables[variable] = result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
    return result
  }

  /// Stops what was started and removes everything.
  func clear() {
    _ = try? shell("gatehouse stop")
    try? FileManager.default.removeItem(at: folder)
  }

  /// Starts a platform and returns when it answers.
  private func serve() throws -> Result {
    let waiting = """
      gatehouse serve --listen 127.0.0.1:0 --plane-listen 127.0.0.1:0 >>serve.out 2>>serve.err &
      for i in $(seq 600); do
        gatehouse doctor >/dev/null 2>&1 && exit 0
        sleep 0.05
      done
      cat serve.err >&2
      exit 1
      """
    return try shell(waiting)
  }

  private func shell(_ command: String) throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.currentDirectoryURL = folder
    var environment = ["HOME": folder.path, "GATEHOUSE_DATA": folder.appending(path: "data").path]
    environment["PATH"] = "\(Self.programs):/usr/local/bin:/usr/bin:/bin"
    environment["LD_LIBRARY_PATH"] = ProcessInfo.processInfo.environment["LD_LIBRARY_PATH"]
    process.environment = environment.merging(variables) { $1 }
    // Files and not pipes: a server that goes on in the background would keep a pipe open.
    let output = folder.appending(path: "step.out")
    let errors = folder.appending(path: "step.err")
    for file in [output, errors] { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Where the programs under test were built: beside the tests themselves.
  static let programs: String = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    return URL(filePath: bundle).resolvingSymlinksInPath().deletingLastPathComponent().path
  }()
}
