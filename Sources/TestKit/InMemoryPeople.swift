public import Domain
public import Lifecycle

/// A directory of people in memory.
public actor InMemoryPeople: PeopleDirectory, KeyUses, Remarks, OriginDirectory {
  private var known: [String: Person] = [:]
  private var uses: [String: Timestamp] = [:]
  private var remarks: [Digest: (text: String, principal: Principal)] = [:]

  private var seen: [KnownOrigin] = []

  /// Keeps an address under its handle.
  public func keep(_ origin: KnownOrigin) { seen.append(origin) }

  /// All addresses that are known, oldest first.
  public func origins() -> [KnownOrigin] { seen.sorted { $0.since < $1.since } }

  /// Erases those that were first seen before a moment.
  public func forgetOrigins(before moment: Timestamp) -> Int {
    let former = seen.count
    seen = seen.filter { $0.since >= moment }
    return former - seen.count
  }

  /// Nobody is in it.
  public init() {}

  /// The person who was added under a name.
  public func person(named name: String) -> Person? { known[name] }

  /// All that are known, by handle.
  public func people() -> [Person] { known.values.sorted { $0.handle < $1.handle } }

  /// Adds somebody, or shows somebody who is there in another way.
  public func put(_ person: Person) -> Person {
    var present = known[person.name] ?? person
    present.shownAs = person.shownAs
    known[person.name] = present
    return present
  }

  /// The last use of each key, by id.
  public func lastUses() -> [String: Timestamp] { uses }

  /// Saves uses beside those that are there.
  public func save(_ uses: [String: Timestamp]) { self.uses.merge(uses) { max($0, $1) } }

  /// Erases all that is known of a person.
  public func forget(handle: String) {
    known = known.filter { $0.value.handle != handle }
    remarks = remarks.filter { $0.value.principal != Principal(kind: .person, name: handle) }
  }

  /// Keeps a text.
  public func keep(_ text: String, by principal: Principal, salt: [UInt8]) -> Digest {
    let digest = Self.digest(of: text, salt: salt)
    remarks[digest] = (text, principal)
    return digest
  }

  /// Erases a text that nothing names.
  public func erase(_ digest: Digest) { remarks[digest] = nil }

  /// The text that was kept; nil where it was erased.
  public func remark(_ digest: Digest) -> String? { remarks[digest]?.text }
}
