import Encoding
import TestKit
import Testing
import YAML

@Suite struct YAMLNodeTests {
  private static func read(_ text: String) throws -> (node: YAMLNode, source: SourceText) {
    (try YAMLNode(parsing: Array(text.utf8)[...]), SourceText(Array(text.utf8)))
  }

  /// Every scalar and name with its place and what stands there.
  private static func places(_ node: YAMLNode, _ source: SourceText) -> [String] {
    switch node.content {
    case .scalar(let text): [show(node.range, text, source)]
    case .sequence(let elements): elements.flatMap { places($0, source) }
    case .mapping(let members):
      members.flatMap { [show($0.nameRange, $0.name, source)] + places($0.value, source) }
    }
  }

  private static func show(_ range: Range<Int>, _ text: String, _ source: SourceText) -> String {
    let written = String(decoding: source.bytes[range], as: UTF8.self)
    return "\(source.place(of: range.lowerBound)) \(text)" + (written == text ? "" : " from \(written)")
  }

  @Test func `every value and every name has its place`() throws {
    let (node, source) = try Self.read(
      "a: b\nlist:\n  - 'c d'\n  - {e: \"f\\n\", ü: [日本, x]}\r\nend:\n  - 1\n")
    #expect(
      Self.places(node, source) == [
        "1:1 a", "1:4 b", "2:1 list", "3:5 c d from 'c d'", "4:6 e", "4:9 f\n from \"f\\n\"", "4:16 ü",
        "4:20 日本", "4:24 x", "5:1 end", "6:5 1",
      ])
  }

  @Test func `what an alias stands for is where it was written`() throws {
    let (node, source) = try Self.read("a: &x [1]\nb: *x\n")
    #expect(Self.places(node, source) == ["1:1 a", "1:8 1", "2:1 b", "1:8 1"])
  }

  @Test func `a fault behind letters of several bytes has the byte's offset`() {
    #expect {
      try YAMLNode(parsing: Array("ü: ü\nü: 2".utf8)[...])
    } throws: {
      ($0 as? MalformedYAML)?.offset == 7
    }
  }

  @Test func `the places of any text are inside of it`() throws {
    var numbers = SeededGenerator(seed: 3)
    let signs = Array("ab:-#&*![]{}\"'|> \n\t,ü日\r")
    var read = 0
    for _ in 0..<5_000 {
      let text = String((0..<12).compactMap { _ in signs.randomElement(using: &numbers) })
      guard let (node, source) = try? Self.read(text) else { continue }
      read += 1
      for range in Self.ranges(node) {
        #expect(range.upperBound <= source.bytes.count, "\(text)")
        #expect(source.excerpt(of: range).count == 2)
      }
    }
    #expect(read > 500)
  }

  private static func ranges(_ node: YAMLNode) -> [Range<Int>] {
    switch node.content {
    case .scalar: [node.range]
    case .sequence(let elements): [node.range] + elements.flatMap(ranges)
    case .mapping(let members):
      [node.range] + members.flatMap { [$0.nameRange] + ranges($0.value) }
    }
  }
}

@Suite struct SourceTextTests {
  @Test func `an excerpt shows the line and points at the range`() {
    let source = SourceText(Array("one\n  two: three  # why\nfour".utf8))
    #expect(source.excerpt(of: 11..<16) == ["  2 |   two: three  # why", "    |        ^~~~~"])
    #expect(source.excerpt(of: 24..<99) == ["  3 | four", "    | ^~~~"])
    #expect(source.excerpt(of: 99..<120) == ["  3 | four", "    |     ^"])
  }

  @Test func `a long line is shown around the range alone`() {
    let source = SourceText(
      Array((String(repeating: "a", count: 5_000) + "!" + String(repeating: "b", count: 5_000)).utf8))
    let excerpt = source.excerpt(of: 5_000..<9_000)
    #expect(
      excerpt[0] == "  1 | " + String(repeating: "a", count: 60) + "!" + String(repeating: "b", count: 39))
    #expect(
      excerpt[1] == "    | " + String(repeating: " ", count: 60) + "^" + String(repeating: "~", count: 39))
  }

  @Test func `nothing in a text steers a terminal`() {
    let source = SourceText(Array("a\u{1B}[31mb\tc\u{202E}".utf8) + [0xFF])
    #expect(source.excerpt(of: 6..<7)[0] == "  1 | a.[31mb c.\u{FFFD}")
    #expect(source.place(of: 6).description == "1:7")
  }
}
