import Domain
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
}
