import Domain
import Testing

struct NamePatternTests {
  @Test(arguments: [
    ("*", "", true), ("*", "anything", true), ("fraud", "fraud", true), ("fraud", "fraude", false),
    ("fraud-*", "fraud-", true), ("fraud-*", "fraud-cards", true), ("fraud-*", "fraud", false),
    ("*-eu", "cards-eu", true), ("*-eu", "cards-eu-2", false), ("a*b*c", "a-b-b-c", true),
    ("a*b*c", "abd", false),
    ("a**b", "ab", true), ("*a*a*a*", "aaa", true), ("*a*a*a*", "aa", false),
  ])
  func `a star stands for any characters`(pattern: String, name: String, expected: Bool) throws {
    #expect(try NamePattern(parsing: pattern).matches(name) == expected)
  }

  @Test func `stars without number take no time without bound`() throws {
    let pattern = try NamePattern(parsing: String(repeating: "a*", count: 63) + "b")
    #expect(!pattern.matches(String(repeating: "a", count: 255)))
  }

  @Test(arguments: ["", "A", "a b", "a/b", "ä", String(repeating: "a", count: 129)])
  func `what no name can have is no pattern`(text: String) {
    #expect(throws: Problem.self) { try NamePattern(parsing: text) }
  }
}
