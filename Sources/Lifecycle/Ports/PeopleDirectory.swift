public import Domain
import Encoding
import Provenance

/// A person behind a handle: what is known of them stands here and nowhere else, so that it can be forgotten.
public struct Person: Equatable, Sendable {
  /// What the ledger and the registry know them by: the beginning of the SHA-256 of the salt and the name, so that the
  /// handle can be shown to be theirs for as long as the salt is there, and tells nothing without it.
  public let handle: String
  /// What finds them: the name that they were added under, or their provider and what it calls them.
  public let name: String
  /// How they are shown.
  public var shownAs: String
  /// What keeps a handle from being found by trying names.
  public let salt: [UInt8]

  /// Gives a person their handle.
  public init(name: String, shownAs: String, salt: [UInt8]) {
    handle = Self.handle(of: name, salt: salt)
    self.name = name
    self.shownAs = shownAs
    self.salt = salt
  }

  /// Whom the registry knows them as.
  public var principal: Principal { Principal(kind: .person, name: handle) }

  private static func handle(of name: String, salt: [UInt8]) -> String {
    String(Digest(of: salt + Array(name.utf8)).hexadecimal.prefix(24))
  }
}

/// What people wrote, such as why they agreed: free text may name people, so that the ledger has its digest alone.
public protocol Remarks: Sendable {
  /// Keeps a text; durable when this returns. Answers with what finds it: the SHA-256 of a salt and the text.
  func keep(_ text: String, by principal: Principal, salt: [UInt8]) async throws(Problem) -> Digest
  /// The text that was kept; nil where it was erased, with whoever wrote it or otherwise.
  func remark(_ digest: Digest) async throws(Problem) -> String?
  /// Erases a text that nothing names.
  func erase(_ digest: Digest) async throws(Problem)
}

extension Remarks {
  /// What finds a text.
  public static func digest(of text: String, salt: [UInt8]) -> Digest { Digest(of: salt + Array(text.utf8)) }
}

/// When keys of principals were used last: no part of what the ledger accounts for, since it changes with every request.
public protocol KeyUses: Sendable {
  /// The last use of each key, by id, as it was saved last.
  func lastUses() async throws(Problem) -> [String: Timestamp]
  /// Saves uses beside those that are there; durable when this returns.
  func save(_ uses: [String: Timestamp]) async throws(Problem)
}

/// Who the people are whose handles stand in the ledger.
///
/// It is no part of what the ledger accounts for: what is in it can be erased without breaking a proof.
public protocol PeopleDirectory: Sendable {
  /// The person who was added under a name; nil where nobody was.
  func person(named name: String) async throws(Problem) -> Person?
  /// All that are known, by handle.
  func people() async throws(Problem) -> [Person]
  /// Adds somebody, or shows somebody who is there under that name in another way: they keep their handle, whatever the
  /// one given is. Durable when this returns; answers with who is there then.
  func put(_ person: Person) async throws(Problem) -> Person
  /// Erases all that is known of a person and what they wrote; nothing of it is in the store when this returns.
  func forget(handle: String) async throws(Problem)
}
