import Domain
import Testing

@testable import Inspection

@Suite struct RegexTests {
  private static func rule(_ pattern: String) -> String? {
    PredictionCheck.finding(of: pattern, member: "", offset: nil)?.rule
  }

  @Test(arguments: [
    #"(a+)+$"#, #"(\w+\s?)*$"#, #"(a|a)*b"#, #"(a*)*b"#, #"(a|aa)+$"#, #"([a-zA-Z]+)*\d"#,
    #"(.*a){12}b|(.*)*c"#,
    #"^(\w|\d)+@"#, #"(?i)(a|A)*!"#, #"(a?b?)*c"#, #"(x+x+)+y"#, #"((ab)*|a*b*)*c"#, #"(?:(?:a|b)+)+\b\."#,
    #"(?=(a+)+$)a"#, #"([a-z]+'?)+\b"#, #"(\s|\w|\W)*x"#, #"(a{1,3})+$"#, #"(?s)(.|\n)*x"#,
    "(?x) ( a + ) + # again and again\n $", #"(\w+(?x: \s ?))*$"#, #"(?x:(?=( a+ )+ $))a"#,
  ])
  func `a pattern with exponentially many ways to match is dangerous`(pattern: String) {
    #expect(Self.rule(pattern) == "sklearn.regex")
  }

  @Test(arguments: [
    #"(?u)\b\w\w+\b"#, #"(?u)\b\w+\b"#, #"\b[a-zA-Z]+\b"#, #"\w+"#, #"[^\s]+"#, #"\S+"#,
    #"(?u)\b[a-zA-Z]{3,}\b"#,
    #"\b[a-zA-Z]+(?:[-'][a-zA-Z]+)*\b"#, #"(?u)\b\w+(?:['-]?\w+)*\b"#, #"[a-z]+|[0-9]+|[^\w\s]"#,
    #"\d+(?:\.\d+)?"#,
    #"(?u)\b\w\w*\b"#, #"[A-Za-z_][A-Za-z0-9_]*"#, #"#\w+|@\w+|\w+"#, #"https?://\S+|\w+"#,
    #"(?:\d{1,3}\.){3}\d{1,3}"#,
    #"[\w.+-]+@[\w-]+\.[\w.-]+"#, #"(?i)[a-zäöüß]+"#, #"\b(?!\d+\b)\w\w+\b"#, #"(\w+)"#, #"[一-龥]+|\w+"#,
    #"\b\w{2,20}\b"#,
    #"'([^'\\]|\\.)*'"#, #"[^,]+(?:,[^,]+)*"#, #"."#, #""#, #"\$\d+|\S{1,}"#, #"(?P<word>\w+)"#,
    #"(?x) \w+ | [^\w\s] # signs"#, "(?x) [ ] \\d+ # (a+)+$", #"(?i)[a-z]+_"#, #"\101+"#,
  ])
  func `a pattern that honest models have is not remarked upon`(pattern: String) {
    #expect(Self.rule(pattern) == nil)
  }

  @Test(arguments: [#"(a{1,1000}){1,1000}"#, #"((a{100}){100}){100}"#, #"\w{1,5000000}"#, #"a{99999999999}"#])
  func `repetitions that count beyond reason are dangerous`(pattern: String) {
    #expect(Self.rule(pattern) == "sklearn.regex")
  }

  @Test func `four repetitions of the same side by side are dangerous, two are not`() {
    #expect(Self.rule(#"\w+\w+\w+\w+$"#) == "sklearn.regex")
    #expect(Self.rule(#".*.*.*.*x"#) == "sklearn.regex")
    #expect(Self.rule(#"\s*\w+\s*x"#) == nil)
    #expect(Self.rule(#"\w+\w+$"#) == nil)
  }

  @Test(arguments: [
    #"(?>a+)"#, #"a++"#, #"(a)(?(1)b|c)"#, #"("#, #"a)"#, #"[a"#, #"*a"#, #"\"#, #"a**"#,
    #"\N{DASH}"#, #"\b*"#, "(?L)a", "a{3,2}", "(?<a)",
  ])
  func `a pattern that is not understood is not liftable`(pattern: String) {
    #expect(Self.rule(pattern) == "sklearn.regex-unknown")
  }

  @Test func `a pattern that is too long or too deep is not liftable and costs no time`() {
    #expect(Self.rule(String(repeating: "(", count: 900) + "a") == "sklearn.regex-unknown")
    #expect(Self.rule(String(repeating: "a|", count: 600)) == "sklearn.regex-unknown")
    #expect(Self.rule(String(repeating: "(a|b)*", count: 150)) == "sklearn.regex-unknown")
    #expect(Self.rule("(" + String(repeating: "[a-z]?", count: 100) + ")*x") == "sklearn.regex-unknown")
  }
}
