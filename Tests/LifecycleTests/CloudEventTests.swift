import Domain
import Encoding
import Lifecycle
import TestKit
import Testing

@Suite struct `An entry as a CloudEvent` {
  @Test func `has every attribute that version 1.0 requires, in the form that it requires`() throws {
    for act in Act.allCases {
      for phase: ActPhase in [.begun, .done, .failed] {
        let entry = Sample.entry(act, phase, subject: "iris@3")
        let event = try JSON(parsing: entry.cloudEvent(at: 42, of: "test.example/ledger").canonicalBytes)
        let members = try #require(event.object)
        #expect(members["specversion"] == "1.0")
        for required in ["id", "source", "type"] { #expect(members[required]?.string?.isEmpty == false) }
        #expect(members["id"] == "42")
        // A URI reference, a moment of RFC 3339, a media type.
        #expect(members["source"] == "//test.example/ledger")
        #expect(members["type"] == .string("gatehouse.ledger.\(act.rawValue).\(phase.rawValue)"))
        let time = try #require(members["time"]?.string)
        #expect(try Timestamp(parsing: time) == entry.time)
        #expect(members["datacontenttype"] == "application/json")
        #expect(members["subject"] == "iris@3")
        #expect(members["data"].flatMap { LedgerEntry(json: $0) } == entry)
        // Names of attributes are lower-case letters and digits.
        for name in members.keys {
          let isPlain = name.utf8.allSatisfy { 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 }
          #expect(isPlain && name.utf8.count <= 20)
        }
        #expect(event.canonicalText.utf8.contains(0x0A) == false)
      }
    }
  }
}
