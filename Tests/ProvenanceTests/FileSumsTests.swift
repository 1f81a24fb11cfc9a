import Domain
import Provenance
import Testing

private let digest = Digest(of: Array("a".utf8))

@Suite struct `A list of files with what they hash to` {
  @Test func `is one that sha256sum reads, in the order of the paths`() throws {
    let sums = try FileSums([
      FileSums.File(path: "b/c", digest: digest), FileSums.File(path: "a file", digest: digest),
    ])
    #expect(
      String(decoding: sums.bytes, as: UTF8.self)
        == "\(digest.hexadecimal)  a file\n\(digest.hexadecimal)  b/c\n")
    #expect(try FileSums(parsing: sums.bytes) == sums)
    #expect(try FileSums(parsing: []).files.isEmpty)
  }

  @Test(arguments: [
    "", "/a", "a//b", "../a", "a/..", "./a", "a\nb", "a\\b", String(repeating: "x", count: 4097),
  ])
  func `takes no path that leads out of its folder or does not read again`(path: String) throws {
    #expect(throws: Problem.self) { try FileSums.File(path: path, digest: digest) }
  }

  @Test(arguments: [
    "\(digest.hexadecimal)  a", "\(digest.hexadecimal) a\n", "\(digest.hexadecimal)  \n", "x\n", "\n",
    "\(digest.hexadecimal.uppercased())  a\n", "\(digest.hexadecimal)  b\n\(digest.hexadecimal)  a\n",
    "\(digest.hexadecimal)  a\n\(digest.hexadecimal)  a\n", "\(digest.hexadecimal)  ../a\n",
    "\(digest.hexadecimal)  a\n\n",
  ]) func `reads nothing else`(text: String) throws {
    let problem = #expect(throws: Problem.self) { try FileSums(parsing: Array(text.utf8)) }
    #expect(problem?.code == "sums.malformed")
  }
}
