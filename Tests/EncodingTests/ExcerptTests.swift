import Encoding
import Testing

@Suite struct ExcerptTests {
  @Test(arguments: [
    ("iris", "iris"), ("", ""), ("é € 😀", "é € 😀"), ("a\nb\r\tc", #"a\u{a}b\u{d}\u{9}c"#),
    ("\u{0}\u{1B}[2J\u{7F}\u{9B}", #"\u{0}\u{1b}[2J\u{7f}\u{9b}"#),
    ("a\u{2028}b\u{2029}", #"a\u{2028}b\u{2029}"#),
    ("\u{202E}gnp\u{2066}\u{FEFF}", #"\u{202e}gnp\u{2066}\u{feff}"#),
  ])
  func `an excerpt is one line that steers no terminal`(text: String, excerpt: String) {
    #expect(text.excerpt() == excerpt)
  }

  @Test func `an excerpt counts scalars, so that no character makes it long`() {
    #expect("abcdef".excerpt(3) == "abc")
    #expect("abc".excerpt(3) == "abc")
    #expect("abc".excerpt(0) == "")
    let marked = "a" + String(repeating: "\u{301}", count: 1000)
    #expect(marked.excerpt(40).unicodeScalars.count == 40)
  }
}
