import Encoding
import TestKit
import Testing

@testable import Artifacts

@Suite struct TarArchiveTests {
  private static func read(_ name: String) throws -> TarArchive {
    TarArchive(try Fixtures.bytes("corpus/containers/\(name)")[...], memberLimit: 100)
  }

  @Test(arguments: ["gnu-gnu", "gnu-posix", "gnu-oldgnu", "python-gnu", "python-pax", "7z"])
  func `every dialect says a long name in full`(name: String) throws {
    let archive = try Self.read("\(name).tar")
    #expect(archive.irregularities == [])
    let long = try #require(archive.members.first { $0.name.contains("long-") })
    #expect(long.name.hasSuffix("sub/" + String(repeating: "long-", count: 24)))
    #expect(Array(long.bytes) == Array("a name of 120 letters\n".utf8))
  }

  @Test(arguments: ["gnu-ustar", "gnu-v7", "python-ustar"])
  func `an honest archive has nothing irregular about it`(name: String) throws {
    let archive = try Self.read("\(name).tar")
    #expect(archive.irregularities == [])
    #expect(archive.members.contains { $0.kind == .directory })
    #expect(archive.members.contains { $0.name.hasSuffix("README.md") && $0.bytes.count == 200 })
  }

  @Test func `an archive cut off at any byte is read to an end, and says so`() throws {
    let bytes = try Fixtures.bytes("corpus/containers/python-pax.tar")
    let whole = TarArchive(bytes[...], memberLimit: 100)
    let last = try #require(whole.members.last).bytes.endIndex
    for count in stride(from: 513, to: last, by: 61) {
      let kinds = TarArchive(bytes[..<count], memberLimit: 100).irregularities.map(\.kind)
      #expect(!kinds.isEmpty, "cut to \(count)")
      #expect(Set(kinds).isSubset(of: [.truncated, .unterminated, .header]), "cut to \(count): \(kinds)")
    }
  }

  @Test func `numbers are octal, or binary with the highest bit set`() {
    func number(_ text: String) -> Int? { TarNumber.read(Array(text.utf8)[...]) }
    #expect(number("00000000017\0") == 15)
    #expect(number("     17 \0") == 15)
    #expect(number("\0\0\0\0") == 0)
    #expect(number("8") == nil)
    #expect(number("-1") == nil)
    #expect(TarNumber.read([0x80, 0, 0, 2, 0]) == 512)
    #expect(TarNumber.read([0xFF, 0xFF]) == nil)
    #expect(TarNumber.read([0x80] + [UInt8](repeating: 0xFF, count: 11)) == nil)
  }

  @Test func `the records of a pax header have the length that they say`() {
    func fault(_ text: String) -> String? { PaxRecords(Array(text.utf8)[...]).fault }
    #expect(fault("9 path=a\n11 size=12\n") == nil)
    #expect(fault("12 path=a\n") != nil)
    #expect(fault("0 path=a\n") != nil)
    #expect(fault("99999999999999999999 path=a\n") != nil)
    #expect(fault("7 path\n") == "a record without '='")
    #expect(fault("9 path=a\n9 path=b\n") == "two records of one keyword")
    #expect(PaxRecords(Array("9 path=a\n".utf8)[...]).text("path") == "a")
  }
}
