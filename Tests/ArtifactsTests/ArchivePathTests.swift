import Testing

@testable import Artifacts

@Suite struct ArchivePathTests {
  @Test(arguments: [
    "/a", "\\a", "\\\\host\\share", "C:\\a", "c:/a", "..", "../a", "a/../b", "a\\..\\b", "a/..", "a\0b",
  ])
  func `a name that leads out of the archive is a path`(name: String) {
    #expect(ArchivePath.irregularity(of: name, at: 0)?.kind == .path)
  }

  @Test(arguments: ["", "a\\b", "w:0", "Icon\r"])
  func `a name that systems read differently is only odd`(name: String) {
    #expect(ArchivePath.irregularity(of: name, at: 0)?.kind == .name)
  }

  @Test(arguments: [
    "a", "a/b", "./a", "a..b", "...", "größe.txt", "['params']['w']", "layer:0/kernel", "a b",
  ])
  func `an ordinary name is nothing to speak of`(name: String) {
    #expect(ArchivePath.irregularity(of: name, at: 0) == nil)
  }

  @Test func `names that readers take for one are duplicates`() {
    for (first, second) in [
      ("a/b", "a/b"), ("a/b", "./a//b"), ("a/b", "a\\b"), ("é", "e\u{301}"), ("a", "a/"),
    ] {
      var names = ArchiveNames()
      #expect(names.add(first, at: 0) == nil)
      #expect(names.add(second, at: 0)?.kind == .duplicate, "\(first), \(second)")
    }
    var names = ArchiveNames()
    #expect(names.add("README", at: 0) == nil)
    #expect(names.add("readme", at: 0)?.kind == .similarName)
    #expect(names.add("other", at: 0) == nil)
  }

  private static func kinds(_ links: [(String, String)], members: [String] = [], isHard: Bool = false)
    -> [ArchiveIrregularity.Kind]
  {
    var all = ArchiveLinks()
    for (name, target) in links { all.add(name, target, isHard: isHard, at: 0) }
    return all.irregularities(of: members.map { ($0, 0) }).map(\.kind)
  }

  @Test func `a link is followed from its own folder, through other links`() {
    #expect(Self.kinds([("a/b", "../c")]) == [.link])
    #expect(Self.kinds([("a/b", "../../c")]) == [.linkOutside])
    #expect(Self.kinds([("a", "/etc")]) == [.linkOutside])
    #expect(Self.kinds([("d/e/a", "../.."), ("b", "d/e/a/..")]) == [.link, .linkOutside])
    #expect(Self.kinds([("Foo", "Versions/Current/Foo"), ("Versions/Current", "A")]) == [.link, .link])
  }

  @Test func `the target of a hard link is counted from the root of the archive`() {
    #expect(Self.kinds([("a/b", "c")], isHard: true) == [.link])
    #expect(Self.kinds([("a/b", "../c")], isHard: true) == [.linkOutside])
  }

  @Test func `links that lead to each other come to an end`() {
    #expect(Self.kinds([("a", "b"), ("b", "a"), ("c", "c/c")]) == [.link, .link, .link])
  }

  @Test func `a member below a link is written wherever the link leads`() {
    #expect(Self.kinds([("a/b", "c")], members: ["a/b/d", "a/c", "a/b"]) == [.link, .path])
  }
}
