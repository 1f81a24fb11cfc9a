import Domain
import Foundation
import Lifecycle
import TestKit
import Testing

@testable import Storage

struct FeedbackFileTests {
  @Test func `the file keeps what every store of predictions and labels does`() async throws {
    let scratch = try Scratch()
    try await FeedbackStoreContract(SQLiteFeedback(path: "\(scratch.path)/feedback.sqlite")).run()
  }

  @Test func `so does the store in memory`() async throws {
    try await FeedbackStoreContract(InMemoryFeedback()).run()
  }

  @Test func `what was taken is there when the file is opened again`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/feedback.sqlite"
    let name = SegmentName(process: "0123456789abcdef", number: 1)
    try await SQLiteFeedback(path: path).take(
      SegmentPredictions(segment: name), rowLimit: 1, at: Timestamp(milliseconds: 0), by: [:])
    #expect(try await SQLiteFeedback(path: path).hasTaken(name))
  }

  @Test func `a file that does not read is told of with what moving it away loses, and stays as it is`()
    throws
  {
    let scratch = try Scratch()
    let path = "\(scratch.path)/feedback.sqlite"
    let bytes = Data([UInt8](repeating: 0x5A, count: 8192))
    try bytes.write(to: URL(fileURLWithPath: path))
    let problem = #expect(throws: Problem.self) { try SQLiteFeedback(path: path) }
    #expect((problem?.code, problem?.subject) == ("storage.corrupt", path))
    #expect(
      problem?.hint
        == "restore feedback.sqlite from a backup, or move it away, which loses what models said and labels that came, with"
        + " their figures, and delete it when it is of no more use")
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    // The hint works.
    try FileManager.default.moveItem(atPath: path, toPath: "\(path).damaged")
    _ = try SQLiteFeedback(path: path)
  }

  @Test func `one whose pages are damaged later is told of by its own name`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/feedback.sqlite"
    _ = try SQLiteFeedback(path: path)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    // Behind the pages that are read where the file is opened: the schema's and the migrations'.
    for place in bytes.indices.dropFirst(3 * 4096) { bytes[place] = 0x5A }
    try bytes.write(to: URL(fileURLWithPath: path))
    let store = try SQLiteFeedback(path: path)
    let problem = await #expect(throws: Problem.self) {
      try await store.hasTaken(SegmentName(process: "0123456789abcdef", number: 1))
    }
    #expect((problem?.code, problem?.subject) == ("storage.corrupt", path))
    #expect(problem?.hint?.hasPrefix("restore feedback.sqlite from a backup, or move it away") == true)
  }
}
