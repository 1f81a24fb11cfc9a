import Foundation
import Glibc
import TestKit
import Testing

/// What a test has at the end that it started with: nothing.
struct TestFolderTests {
  /// A process that waits, in a folder and with these words behind it.
  private static func wait(in folder: String, _ words: String...) throws -> pid_t {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/tail")
    process.arguments = ["-f", "/dev/null"] + words
    process.currentDirectoryURL = URL(filePath: folder)
    process.standardInput = FileHandle.nullDevice
    // Who runs the tests waits for all that write to where they do.
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process.processIdentifier
  }

  private static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  @Test func `a folder goes with its files, and with what works in it or was told of it`() throws {
    var folder: TestFolder? = try TestFolder("mine")
    let path = try #require(folder?.path)
    try FileManager.default.createDirectory(atPath: "\(path)/a/b", withIntermediateDirectories: true)
    try Data([1]).write(to: URL(filePath: "\(path)/a/b/c"))
    try FileManager.default.createSymbolicLink(atPath: "\(path)/link", withDestinationPath: "/usr")
    let processes = [
      try Self.wait(in: "\(path)/a"), try Self.wait(in: "/", "\(path)/control.sock"),
      try Self.wait(in: path),
    ]
    // It takes no other signal.
    try #require(kill(processes[2], SIGSTOP) == 0)
    #expect(Set(folder?.processes() ?? []) == Set(processes))
    folder = nil
    for process in processes { #expect(kill(process, 0) == -1, "expected process \(process) to be ended") }
    #expect(!Self.isThere(path))
    #expect(Self.isThere("/usr/bin"))
  }

  @Test func `what is of another folder stays, though its name begins alike`() throws {
    let folder = try TestFolder("mine")
    let stranger = try Self.wait(in: "/", "\(folder.path)-other/control.sock")
    defer { kill(stranger, SIGKILL) }
    #expect(folder.processes().isEmpty)
  }

  @Test func `a control socket has room below any folder`() throws {
    #expect("\(try TestFolder("session").path)/production/control-a.sock".utf8.count <= 107)
  }
}
