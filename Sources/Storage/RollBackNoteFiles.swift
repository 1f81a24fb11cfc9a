public import Domain
import Encoding
public import Gates
public import Lifecycle
import Provenance

/// Notes of what was taken back while no control plane was there, a file for each name.
public struct RollBackNoteFiles: RollBackNotes {
  /// The most files that are looked at: as many as there can be names, many times over.
  private static let fileLimit = 100_000
  private static let suffix = ".json"

  private let directory: String
  private let disk: Disk

  /// Keeps files in a directory, which is made when the first comes.
  public init(directory: String) {
    self.init(directory: directory, disk: Disk())
  }

  init(directory: String, disk: Disk) {
    self.directory = directory
    self.disk = disk
  }

  /// What stands there, the earliest first; what does not read comes last.
  ///
  /// What a crash left unfinished is none of it: whoever wrote it had not been told that it was done.
  public func all() throws(Problem) -> [FoundRollBackNote] {
    let entries = try DirectoryListing.entries(of: directory).filter {
      $0.kind != .directory && !$0.name.hasSuffix(DiskPath.unfinishedSuffix)
    }
    guard entries.count <= Self.fileLimit else {
      throw Problem(
        .tooLarge, "roll-back.notes",
        "expected at most \(Self.fileLimit) notes of roll-backs, found \(entries.count) files",
        subject: directory, hint: "move away what was not written there by 'gatehouse roll-back'")
    }
    var notes: [(at: Timestamp?, found: FoundRollBackNote)] = []
    for entry in entries { notes.append(try read(entry)) }
    notes.sort { left, right in
      guard let first = left.at else { return false }
      return right.at.map { first < $0 } ?? true
    }
    return notes.map(\.found)
  }

  private func read(
    _ entry: DirectoryListing.Entry
  ) throws(Problem) -> (at: Timestamp?, found: FoundRollBackNote) {
    func none(_ problem: Problem, _ bytes: [UInt8]) -> (Timestamp?, FoundRollBackNote) {
      var problem = problem
      if problem.subject == nil { problem.subject = "\(directory)/\(entry.name)" }
      let digest = Digest(of: Array(entry.name.utf8) + bytes)
      return (nil, FoundRollBackNote(file: entry.name, digest: digest, note: .failure(problem)))
    }
    let bytes: [UInt8]
    do throws(Problem) {
      guard
        let found = try DurableFile.read("\(directory)/\(entry.name)", limit: RollBackNote.sizeLimit)
      else { return none(Self.unread, []) }
      bytes = found
    } catch  where error.code == "file.too-large" || entry.kind != .file {
      return none(error, [])
    }
    do throws(Problem) {
      let note = try RollBackNote(parsing: bytes)
      guard entry.name == Self.file(of: note.from.name) else {
        return none(Self.misnamed(note, entry.name), bytes)
      }
      return (
        note.at, FoundRollBackNote(file: entry.name, digest: Digest(of: bytes), note: .success(note))
      )
    } catch { return none(error, bytes) }
  }

  /// Keeps a note, in place of the one of this name where there is one.
  ///
  /// A crash on the way leaves the former note or this one, each whole.
  public func keep(_ note: RollBackNote) throws(Problem) {
    try disk.createDirectory(directory)
    try disk.replaceDurably(
      "\(directory)/\(Self.file(of: note.from.name))", with: note.json.canonicalBytes)
  }

  /// Forgets a note.
  ///
  /// A crash on the way leaves it or nothing.
  public func remove(_ file: String) throws(Problem) {
    guard try DirectoryListing.kind(of: directory) == .directory else { return }
    try disk.remove("\(directory)/\(file)")
    try disk.syncDirectory(directory)
  }

  /// Moves a file into the directory `refused`, under a name that no other has.
  public func setAside(_ file: String) throws(Problem) {
    guard try DirectoryListing.kind(of: "\(directory)/\(file)") != nil else { return }
    let refused = "\(directory)/refused"
    try disk.createDirectory(refused)
    var number = 1
    while try DirectoryListing.kind(of: "\(refused)/\(file).\(number)") != nil { number += 1 }
    try disk.rename("\(directory)/\(file)", to: "\(refused)/\(file).\(number)")
    try disk.syncDirectory(refused)
    try disk.syncDirectory(directory)
  }

  /// Names of models are names of files: letters, digits, and a few marks that mean nothing in a path.
  private static func file(of name: ModelName) -> String { "\(name)\(suffix)" }

  private static let unread = Problem(
    .integrity, "roll-back.note", "expected a note of a roll-back, found nothing that can be read")

  private static func misnamed(_ note: RollBackNote, _ name: String) -> Problem {
    Problem(
      .integrity, "roll-back.note",
      "expected a note of '\(note.from.name)' in '\(file(of: note.from.name))', found it in '\(name.excerpt(80))'"
    )
  }
}
