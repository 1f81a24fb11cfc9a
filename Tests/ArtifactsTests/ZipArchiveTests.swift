import Encoding
import TestKit
import Testing

@testable import Artifacts

@Suite struct ZipArchiveTests {
  private static func read(_ name: String) throws -> (archive: ZipArchive, bytes: [UInt8]) {
    let bytes = try Fixtures.bytes("corpus/containers/\(name)")
    return (ZipArchive(bytes[...], memberLimit: 100), bytes)
  }

  @Test(arguments: ["stored", "deflated", "bzip2", "lzma"])
  func `a member is unpacked as the archive's maker packed it`(method: String) throws {
    let archive = try Self.read("python-\(method).zip").archive
    #expect(archive.irregularities == [])
    let member = try #require(archive.member(named: "sub/größe.txt"))
    let contents = archive.contents(of: member, budget: .standard)
    #expect(contents.irregularities == [])
    #expect(contents.bytes.map { Array($0) } == Array(String(repeating: "text", count: 100).utf8))
    #expect(contents.isUnpacked == (method != "stored"))
  }

  @Test(arguments: [
    "infozip.zip", "infozip-zip64.zip", "infozip-stream.zip", "python-stream.zip", "jar.zip", "7z-lzma.zip",
    "arrays.npz", "python-comment.zip",
  ])
  func `an honest archive has nothing irregular about it`(name: String) throws {
    let archive = try Self.read(name).archive
    #expect(!archive.members.isEmpty)
    for member in archive.members {
      #expect(archive.contents(of: member, budget: .standard).irregularities == [])
    }
    #expect(archive.irregularities == [])
    #expect(archive.prefixCount == 0)
  }

  @Test func `an archive cut off at any byte is read to an end, and says that it is cut`() throws {
    let bytes = try Self.read("python-deflated.zip").bytes
    for count in stride(from: 4, to: bytes.count, by: 7) {
      let archive = ZipArchive(bytes[..<count], memberLimit: 100)
      #expect(archive.irregularities.contains { $0.kind == .truncated }, "cut to \(count)")
    }
  }

  @Test func `an archive that lacks its beginning keeps the members that are whole`() throws {
    let archive = try Self.read("damaged-front.zip").archive
    #expect(Set(archive.irregularities.map(\.kind)) == [.truncated])
    let member = try #require(archive.member(named: "m.pkl"))
    #expect(archive.contents(of: member, budget: .standard).bytes?.count == 12)
  }

  @Test func `more members than are allowed are not read`() throws {
    let bytes = try Fixtures.bytes("corpus/containers/overlap.zip")
    let archive = ZipArchive(bytes[...], memberLimit: 10)
    #expect(archive.members.count == 10)
    #expect(archive.irregularities.contains { $0.kind == .members })
  }

  @Test func `an archive is recognised at its end, behind whatever it begins with`() throws {
    let bytes = try Self.read("polyglot-pickle.zip").bytes
    #expect(!ZipArchive.begins(bytes[...]))
    #expect(ZipArchive.ends(bytes[...]))
    #expect(!ZipArchive.ends(bytes.dropLast()))
    // The archive that a tar ends with is inside the tar, since zeros follow it.
    let padded = bytes + [UInt8](repeating: 0, count: 1_024)
    #expect(!ZipArchive.ends(padded[...]))
  }

  @Test func `a member unpacks to no more than the budget`() throws {
    let archive = try Self.read("python-deflated.zip").archive
    let member = try #require(archive.member(named: "sub/größe.txt"))
    var budget = ReadingBudget()
    budget.decompressedBytes = 100
    let contents = archive.contents(of: member, budget: budget)
    #expect(contents.bytes == nil)
    #expect(contents.irregularities.map(\.kind) == [.bomb])
  }
}
