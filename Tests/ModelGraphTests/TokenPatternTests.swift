import Encoding
import Testing

@testable import ModelGraph

struct TokenPatternTests {
  @Test(arguments: [
    (#"\w+(?=x)"#, "a look ahead", 3), (#"(?!x)\w"#, "a look ahead", 0), (#"(?<=x)\w"#, "a look behind", 0),
    (#"(\w)\1"#, "a back-reference", 4), ("(?P<a>b)(?P=a)", "a back-reference", 8),
    ("(?>a)", "an atomic group", 0), ("(a)(?(1)b)", "a conditional", 3), ("a++", "a possessive repeat", 2),
    ("(a)(b)", "a second group that captures", 3), ("(?:a*)*", "a repeat of what can match nothing", 6),
    ("a(?i)b", "flags in the middle", 1), ("*a", "a repeat of nothing", 0),
    ("a**", "two repeats in a row", 2),
    (#"\b+"#, "a repeat of an anchor", 2), ("(a", "a group without an end", 0),
    ("a)", "an unbalanced ')'", 1),
    ("[a", "a set without an end", 0), ("[z-a]", "a range of characters that is none", 2),
    (#"\p{L}"#, #"the escape '\p'"#, 0), (#"\N{DIGIT ONE}"#, #"the escape '\N'"#, 0),
    ("(?L)a", "the extension 'L'", 2), (#"\xg"#, "an escape that names no character", 0),
    ("a{3,2}", "a repeat from more to less", 1),
    ("(?:a{100}){100}", "repeats that come to a long pattern", 4),
    (String(repeating: "(", count: 65), "groups more than 64 deep", 64),
    ("((a))", "a second group that captures", 1),
    ("(?P>a)", "the extension 'P'", 0), ("(?<a)", "the extension '<'", 0),
    ("a{5000}", "a repeat of more than 4096 times", 1),
  ])
  func `what cannot be matched in linear time is named with its place`(
    pattern: String, construct: String, position: Int
  ) {
    #expect(throws: TokenPattern.Unsupported(construct: construct, position: position)) {
      _ = try TokenPattern(pattern)
    }
  }

  @Test(arguments: [
    (#"(?u)\b\w\w+\b"#, 2), (#"\w+"#, 1), ("[a-z]{3,}", 3),
    (#"\b[^\W\d_]+\b"#, 1), (#"\b[a-zA-Zéü]{3,}\b"#, 3), (#"\b\d+\b"#, 1), (#"\b(\w\w+)\b"#, 2),
    ("([a-z]+)", 1),
  ])
  func `a pattern of runs is known as one`(pattern: String, minimum: Int) throws {
    #expect(try TokenPattern(pattern).runs?.minimum == minimum)
  }

  @Test(arguments: [
    #"\b[\w-]+\b"#, #"\b[a-z ]+\b"#, #"\b[^a]+\b"#, #"(?a)\b[a-z]+\b"#, #"\w+?"#, #"\w*"#, #"\w{2,3}"#,
    #"(\w)\w+"#, #"(\w+)?"#,
  ])
  func `a pattern that finds other than runs is not taken for one`(pattern: String) throws {
    #expect(try TokenPattern(pattern).runs == nil)
  }
}
