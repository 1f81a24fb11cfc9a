import Encoding
import Testing

@testable import Domain

struct AccessRecordTests {
  private static func record(_ key: String?) throws -> AccessRecord {
    var record = AccessRecord(
      time: Timestamp(milliseconds: 1_763_700_000_123), trace: "4bf92f3577b34da6a3ce929d0e0e4736")
    record.request = "predict"
    record.key = key
    record.deployment = try ModelName(parsing: "iris.v2")
    record.version = 3
    record.status = 400
    record.code = "predict.not-finite"
    record.nanoseconds = 18_250
    record.rows = 12
    record.input = Digest(bytes: (0..<32).map { UInt8($0 * 8) })
    record.output = Digest(bytes: (0..<32).map { UInt8(255 - $0) })
    return record
  }

  @Test(arguments: ["k-1", "with \"quotes\" and \\", "línea\n", ""])
  func `what is written is the canonical JSON, and reads back`(key: String) throws {
    let record = try Self.record(key)
    var bytes: [UInt8] = []
    record.write(to: &bytes)
    let json = try JSON(parsing: bytes)
    #expect(json.canonicalBytes == bytes)
    #expect(AccessRecord(json: json) == record)
  }

  @Test func `a request of which nothing is known has a record too`() throws {
    let record = AccessRecord(time: Timestamp(milliseconds: 0), trace: "")
    var bytes: [UInt8] = []
    record.write(to: &bytes)
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"nanoseconds":0,"rows":0,"status":0,"time":0,"trace":""}"#)
    #expect(AccessRecord(json: try JSON(parsing: bytes)) == record)
  }

  @Test func `a receipt reads back, and nothing else is one`() throws {
    let receipt = Receipt(segment: "0123456789abcdef-00000012", index: 345)
    #expect(receipt.description == "0123456789abcdef-00000012-345")
    #expect(try Receipt(parsing: receipt.description) == receipt)
    for text in [
      "", "-", "a-", "-1", "../x-1", "a-1x", "a--1", "A-1", String(repeating: "a", count: 90) + "-1",
    ] {
      #expect(throws: Problem.self, "\(text)") { try Receipt(parsing: text) }
    }
  }
}
