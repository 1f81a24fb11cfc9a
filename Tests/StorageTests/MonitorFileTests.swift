import Domain
import Foundation
import Lifecycle
import TestKit
import Testing

@testable import Storage

@Suite struct `What is kept of watching` {
  @Test func `keeps the contract on disk, and so does it in memory`() async throws {
    try await MonitorStoreContract(InMemoryMonitor()).run()
    let scratch = try Scratch()
    try await MonitorStoreContract(SQLiteMonitor(path: "\(scratch.path)/monitor.sqlite")).run()
  }

  @Test func `is for its owner alone, and there again when it is opened again`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/monitor.sqlite"
    let name = try #require(WindowName("0123456789abcdef-000000000003"))
    try await SQLiteMonitor(path: path).keep(TakenWindow(name: name))
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try await SQLiteMonitor(path: path).taken(of: name.instance) == 3)
  }
}

@Suite struct `Windows in a spool` {
  @Test func `are told by process and number, and other files are left alone`() async throws {
    let scratch = try Scratch()
    let files = [
      "aaaaaaaaaaaaaaaa-000000000002.window", "aaaaaaaaaaaaaaaa-000000000010.window",
      "bbbbbbbbbbbbbbbb-000000000001.window", "bbbbbbbbbbbbbbbb-00000001.segment", "salt",
      "cccccccccccccccc-000000000001.window.part", "AAAAAAAAAAAAAAAA-000000000001.window",
    ]
    for file in files {
      try Data([1, 2]).write(to: URL(fileURLWithPath: "\(scratch.path)/\(file)"))
    }
    // The one that wrote first comes first, whatever it is called.
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000)], ofItemAtPath: "\(scratch.path)/\(files[2])")
    let source = DirectoryWindowSource(spool: scratch.path)
    let names = try await source.waiting()
    #expect(
      names.map(\.description) == [
        "bbbbbbbbbbbbbbbb-000000000001", "aaaaaaaaaaaaaaaa-000000000002", "aaaaaaaaaaaaaaaa-000000000010",
      ])
    #expect(try await source.read(names[0], limit: 2) == [1, 2])
    await #expect(throws: Problem.self) { try await source.read(names[0], limit: 1) }
    try await source.remove(names[0])
    try await source.remove(names[0])
    #expect(try await source.read(names[0], limit: 2) == nil)
    #expect(try await source.waiting().count == 2)
  }

  @Test func `one that a listing missed holds back those that were written after it`() throws {
    func names(_ texts: [String]) throws -> [WindowName] {
      try texts.map { try #require(WindowName("aaaaaaaaaaaaaaaa-00000000000\($0)")) }
    }
    // The first listing passed the place of 2 before it was there, and came by 3 afterwards.
    let second = try names(["1", "2", "3", "4", "5"])
    let (first, expected) = (try names(["1", "3"]), try names(["1", "2", "3"]))
    #expect(DirectoryWindowSource.settled(second, seenBefore: first) == expected)
    #expect(DirectoryWindowSource.settled(second, seenBefore: []).isEmpty)
  }
}
