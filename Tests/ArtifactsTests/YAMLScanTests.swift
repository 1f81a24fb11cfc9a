import Artifacts
import Testing

@Suite struct YAMLScanTests {
  private static func scan(_ text: String) -> YAMLScan { YAMLScan.read(Array(text.utf8)[...]) }

  @Test func `tags are resolved by their handles`() {
    let tags = [
      "a: !!python/name:os.system": "tag:yaml.org,2002:python/name:os.system",
      "%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!name:os": "tag:yaml.org,2002:python/name:os",
      "a: !<tag:yaml.org,2002:%70ython/name:os>": "tag:yaml.org,2002:python/name:os",
      "a: !Model {}": "!Model", "- [1, !x y]": "!x",
    ]
    for (text, tag) in tags { #expect(Self.scan(text).tags.map(\.text) == [tag], "\(text)") }
  }

  @Test func `tags in comments, quotes and blocks are text`() {
    let text = "# !!a\nb: \"!!c\"\nd: '!!e''!!f'\ng: |\n  !!h\n\n  !!i\nj: >-\n  !!k\nl: x !!m\n"
    #expect(Self.scan(text).tags.isEmpty)
  }

  @Test func `values have the names around them`() {
    let scan = Self.scan("flavors:\n  sklearn:\n    code: null\n    files: [a, {b: c}]\nlist:\n- x\n- y: z\n")
    #expect(
      scan.entries.map { $0.path.joined(separator: ".") + "=" + $0.value } == [
        "flavors.sklearn.code=null", "flavors.sklearn.files=a", "flavors.sklearn.files.b=c", "list.-=x",
        "list.-.y=z",
      ])
  }

  @Test func `a quote, an escape or a mark at the very end ends the scan`() {
    for end in ["'", "\"", "\"\\", "['", "!", "!<", "!<x", "&", "*", "|", "%", "---", "{a:", "- "] {
      #expect(Self.scan("a: b\nc: " + end).keyCount >= 2, "\(end)")
      #expect(Self.scan(end).tooDeep == nil, "\(end)")
    }
  }

  @Test func `aliases that multiply are a bomb, and those of everyday are not`() {
    var text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for (inner, outer) in zip("abcdefg", "bcdefgh") {
      text +=
        "\(outer): &\(outer) [" + Array(repeating: "*\(inner)", count: 10).joined(separator: ",") + "]\n"
    }
    #expect(Self.scan(text).bomb != nil)
    #expect(Self.scan("d: &d {a: 1}\ne:\n  <<: *d\nf: *d\n").bomb == nil)
  }

  @Test func `an alias inside what it stands for is a cycle`() {
    #expect(Self.scan("a: &a [1, *a]").cycle == 10)
    #expect(Self.scan("a: &a [1]\nb: *a").cycle == nil)
  }
}
