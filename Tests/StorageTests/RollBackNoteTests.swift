import Domain
import Encoding
import Gates
import Glibc
import Lifecycle
import TestKit
import Testing

@testable import Storage

/// Notes of roll-backs as files.
struct RollBackNoteTests {
  private static func notes(in scratch: Scratch, _ disk: Disk = Disk()) -> RollBackNoteFiles {
    RollBackNoteFiles(directory: "\(scratch.path)/roll-backs", disk: disk)
  }

  @Test func `keep the contract, in files and in memory`() throws {
    let scratch = try Scratch()
    try RollBackNotesContract(Self.notes(in: scratch)).run()
    try RollBackNotesContract(InMemoryRollBackNotes()).run()
    #expect(
      try DirectoryListing.entries(of: "\(scratch.path)/roll-backs/refused").map(\.name) == [
        "fraud.json.1", "fraud.json.2",
      ])
  }

  @Test func `read as they were written, and in no other bytes`() throws {
    let note = try Sample.rollBackNote(of: "iris", at: 1)
    let bytes = note.json.canonicalBytes
    #expect(try RollBackNote(parsing: bytes) == note)
    #expect(throws: Problem.self) { try RollBackNote(parsing: bytes + [0x0A]) }
    for index in bytes.indices {
      #expect(throws: Problem.self) { try RollBackNote(parsing: Array(bytes[..<index])) }
    }
    let large = [UInt8](repeating: 0x20, count: RollBackNote.sizeLimit) + bytes
    #expect(throws: Problem.self) { try RollBackNote(parsing: large) }
  }

  @Test func `what is none is told as such, and does not hide the others`() throws {
    let scratch = try Scratch()
    let notes = Self.notes(in: scratch)
    let note = try Sample.rollBackNote(of: "iris", at: 1)
    try notes.keep(note)
    let folder = "\(scratch.path)/roll-backs"
    try DurableFile.write(note.json.canonicalBytes, to: "\(folder)/fraud.json")
    try DurableFile.write([UInt8](repeating: 0x20, count: 5000), to: "\(folder)/large.json")
    try DurableFile.write(Array("half".utf8), to: "\(folder)/torn.json")
    try DurableFile.write(Array("half".utf8), to: "\(folder)/torn.json.0.part")
    #expect(unsafe symlink("/etc/passwd", "\(folder)/link.json") == 0)
    let found = try notes.all()
    #expect(found.map(\.file) == ["iris.json", "fraud.json", "large.json", "link.json", "torn.json"])
    #expect(try found.first?.note.get() == note)
    for one in found.dropFirst() { #expect(throws: Problem.self, "\(one.file)") { try one.note.get() } }
    for one in found { try notes.setAside(one.file) }
    #expect(try notes.all().isEmpty)
  }

  @Test(arguments: FaultPlan.Fault.allCases)
  func `are there or not, wherever the disk fails`(fault: FaultPlan.Fault) throws {
    var steps = 0
    while true {
      let scratch = try Scratch()
      try Self.notes(in: scratch).keep(Sample.rollBackNote(of: "fraud", at: 1))
      let failing = FailingDisk(step: steps + 1, fault)
      let note = try Sample.rollBackNote(of: "iris", at: 2)
      let isKept = (try? Self.notes(in: scratch, failing.disk).keep(note)) != nil
      let found = try Self.notes(in: scratch).all().map { try $0.note.get() }
      #expect(found.count == 2 || !isKept && found.count == 1, "step \(steps + 1)")
      if failing.plan.writes <= steps { break }
      steps += 1
    }
    #expect(steps > 3)
  }
}
