import Testing

@Suite struct ImportScannerTests {
  private func scan(_ source: String) -> [Import] { ImportScanner.imports(in: source, file: "A.swift") }

  @Test func `every form of import is found, with its line`() {
    let source = """
      import Domain
      public import Encoding
        internal import GRDB
      @testable import Storage
      @preconcurrency package import NIOCore
      @_spi(Testing) import Provenance
      import func Glibc.exp
      public import struct Crypto.SHA256
      import Foundation.NSData
      import A; import B // import C
      import Trailing  /* why */
      """
    #expect(
      scan(source) == [
        Import("Domain", file: "A.swift", line: 1), Import("Encoding", file: "A.swift", line: 2),
        Import("GRDB", file: "A.swift", line: 3), Import("Storage", file: "A.swift", line: 4),
        Import("NIOCore", file: "A.swift", line: 5), Import("Provenance", file: "A.swift", line: 6),
        Import("Glibc", scope: "func exp", file: "A.swift", line: 7),
        Import("Crypto", scope: "struct SHA256", file: "A.swift", line: 8),
        Import("Foundation", file: "A.swift", line: 9), Import("A", file: "A.swift", line: 10),
        Import("B", file: "A.swift", line: 10), Import("Trailing", file: "A.swift", line: 11),
      ])
  }

  @Test func `imports under a condition count`() {
    let source = "#if canImport(Glibc)\nimport Glibc\n#else\nimport Darwin\n#endif\n"
    #expect(scan(source).map(\.module) == ["Glibc", "Darwin"])
  }

  static let innocent = [
    "// import Foundation", "/// import Foundation", "/* import Foundation */", "/*\nimport Foundation\n*/",
    "/* /* */\nimport Foundation\n*/", "let text = \"import Foundation\"",
    "let text = \"\"\"\nimport Foundation\n\"\"\"",
    "let text = #\"\"\"\nimport Foundation \"\"\"\nimport Foundation\n\"\"\"#", "let important = 1",
    "reimport Foundation",
    "let text = \"a\\\"\"; // import Foundation",
  ]

  @Test(arguments: innocent)
  func `comments and strings import nothing`(source: String) {
    #expect(scan(source) == [])
  }

  @Test(arguments: innocent)
  func `an import after a comment or a string is found`(source: String) {
    let expected = source.count { $0 == "\n" } + 2
    #expect(scan(source + "\nimport Domain").map(\.line) == [expected])
  }
}
