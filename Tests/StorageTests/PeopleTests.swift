import Domain
import Foundation
import Lifecycle
import TestKit
import Testing

@testable import Storage

struct PeopleTests {
  @Test func `a directory on disk keeps the contract, and so does one in memory`() async throws {
    try await PeopleDirectoryContract(InMemoryPeople()).run()
    try await OriginDirectoryContract(InMemoryPeople()).run()
    let scratch = try Scratch()
    try await PeopleDirectoryContract(SQLitePeople(path: "\(scratch.path)/people.sqlite")).run()
    try await OriginDirectoryContract(SQLitePeople(path: "\(scratch.path)/people.sqlite")).run()
  }

  @Test func `who is put is there when it is opened again`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/people.sqlite"
    let ada = Person(name: "https://id|7", shownAs: "Ada", salt: [1, 2])
    _ = try await SQLitePeople(path: path).put(ada)
    #expect(try await SQLitePeople(path: path).people() == [ada])
  }

  @Test func `nothing of who is forgotten is left in the file or beside it`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/people.sqlite"
    let directory = try SQLitePeople(path: path)
    let person = Person(name: "ada.lovelace@example.com", shownAs: "Ada Lovelace", salt: [1, 2])
    _ = try await directory.put(person)
    for number in 0..<50 {
      _ = try await directory.put(Person(name: "other \(number)", shownAs: "other", salt: [3]))
    }
    func traces() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasPrefix("people") }
        .count { name in
          let bytes = try Data(contentsOf: URL(filePath: "\(scratch.path)/\(name)"))
          return ["lovelace", "Lovelace", person.handle].contains { bytes.range(of: Data($0.utf8)) != nil }
        }
    }
    #expect(try traces() == 1)
    try await directory.forget(handle: person.handle)
    #expect(try traces() == 0)
    #expect(try await directory.people().count == 50)
  }

  @Test func `a file of people is for its owner alone`() async throws {
    let scratch = try Scratch()
    let path = "\(scratch.path)/people.sqlite"
    _ = try SQLitePeople(path: path)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }
}
