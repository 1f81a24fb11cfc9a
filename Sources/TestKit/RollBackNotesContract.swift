import Domain
import Gates
public import Lifecycle
import Testing

/// What every store of notes of roll-backs keeps.
public struct RollBackNotesContract {
  private let notes: any RollBackNotes

  /// Holds an empty store to the contract.
  public init(_ notes: any RollBackNotes) { self.notes = notes }

  /// Runs all of it.
  public func run() throws {
    #expect(try notes.all().isEmpty)
    // What is not there can be forgotten and set aside.
    try notes.remove("iris.json")
    try notes.setAside("iris.json")

    let later = try Sample.rollBackNote(of: "iris", at: 9)
    let earlier = try Sample.rollBackNote(of: "fraud", at: 3)
    try notes.keep(later)
    try notes.keep(earlier)
    #expect(try kept() == [earlier, later])
    // One of a name; the same again is fine.
    let other = try Sample.rollBackNote(of: "iris", at: 1)
    try notes.keep(other)
    try notes.keep(other)
    #expect(try kept() == [other, earlier])

    for found in try notes.all() where try found.note.get() == other { try notes.remove(found.file) }
    #expect(try kept() == [earlier])
    for found in try notes.all() { try notes.setAside(found.file) }
    #expect(try notes.all().isEmpty)
    // And once more under the same name.
    try notes.keep(earlier)
    for found in try notes.all() { try notes.setAside(found.file) }
    #expect(try notes.all().isEmpty)
  }

  private func kept() throws -> [RollBackNote] {
    try notes.all().map { try $0.note.get() }
  }
}
