import Domain
public import Lifecycle
import Testing

/// What every directory of people keeps.
public struct PeopleDirectoryContract {
  private let directory: any PeopleDirectory

  /// Holds an empty directory to the contract.
  public init(_ directory: any PeopleDirectory) { self.directory = directory }

  /// Runs all of it.
  public func run() async throws {
    #expect(try await directory.people().isEmpty)
    #expect(try await directory.person(named: "ada") == nil)
    let ada = Person(name: "ada", shownAs: "Ada", salt: [1, 2, 3])
    #expect(try await directory.put(ada) == ada)
    #expect(try await directory.person(named: "ada") == ada)

    // Whoever is there keeps their handle, and is shown as asked last.
    let again = try await directory.put(Person(name: "ada", shownAs: "Ada L.", salt: [9]))
    #expect(again.handle == ada.handle)
    #expect(again.shownAs == "Ada L.")
    #expect(try await directory.person(named: "ada") == again)

    let bob = try await directory.put(Person(name: "bob", shownAs: "Bob", salt: [4]))
    #expect(try await directory.people() == [again, bob].sorted { $0.handle < $1.handle })

    try await directory.forget(handle: ada.handle)
    #expect(try await directory.people() == [bob])
    #expect(try await directory.person(named: "ada") == nil)
    // Erased for good: under the same name they are somebody else.
    #expect(try await directory.put(Person(name: "ada", shownAs: "Ada", salt: [5])).handle != ada.handle)
    try await directory.forget(handle: "nobody")
  }
}

/// What every directory of addresses keeps.
public struct OriginDirectoryContract {
  private let directory: any OriginDirectory

  /// Holds an empty directory to the contract.
  public init(_ directory: any OriginDirectory) { self.directory = directory }

  /// Runs all of it.
  public func run() async throws {
    #expect(try await directory.origins().isEmpty)
    let origins = (1...3).map {
      KnownOrigin(
        handle: "0\($0)", address: "192.0.2.\($0)", since: Timestamp(milliseconds: Int64($0) * 1000))
    }
    for origin in origins.reversed() { try await directory.keep(origin) }
    #expect(try await directory.origins() == origins)
    #expect(try await directory.forgetOrigins(before: origins[2].since) == 2)
    #expect(try await directory.origins() == [origins[2]])
  }
}
