import Domain
import Packaging
import Testing

/// References to images as people write them.
struct ImageReferenceTests {
  private static let digest = "sha256:\(String(repeating: "0a", count: 32))"

  @Test(arguments: [
    ("registry.example/iris", "registry.example/iris:latest"),
    ("registry.example/models/iris:3", "registry.example/models/iris:3"),
    ("localhost/iris:A_b.c-d", "localhost/iris:A_b.c-d"),
    ("localhost:5000/a", "localhost:5000/a:latest"),
    ("one-word:1/a", "one-word:1/a:latest"),
    ("127.0.0.1:65535/a/b/c/d:x", "127.0.0.1:65535/a/b/c/d:x"),
    ("[::1]:5000/a:1", "[::1]:5000/a:1"),
    ("[fe80::1]/a:1", "[fe80::1]/a:1"), ("[::]/a:1", "[::]/a:1"), ("[1::]:9/a:1", "[1::]:9/a:1"),
    ("[0:1:2:3:4:5:6:7]/a:1", "[0:1:2:3:4:5:6:7]/a:1"), ("[1::7:8]/a:1", "[1::7:8]/a:1"),
    ("Registry.EXAMPLE/iris:V1", "registry.example/iris:V1"),
    ("docker://registry.example/a__b/c--d.e_f:1", "registry.example/a__b/c--d.e_f:1"),
    ("oci://registry.example/a@\(digest)", "registry.example/a@\(digest)"),
  ])
  func `what is written is read, and read again it is the same`(_ text: String, _ written: String) throws {
    let reference = try ImageReference(parsing: text)
    #expect(reference.description == written)
    #expect(try ImageReference(parsing: written) == reference)
  }

  @Test(arguments: [
    "", "/", "iris", "iris:3", "iris@champion", "models/iris", "models/iris:3", "./layout/a.b", "../a.b/c",
    "/tmp/registry.example/a", "a..b/c", ".a/b", "a./b", "-a.b/c", "a-.b/c", "a_b.c/d", "user@a.b/c",
    "user:word@a.b/c", "a.b:0/c", "a.b:65536/c", "a.b:99999999999999999999/c", "a.b:/c", "a.b:1:2/c",
    "a.b:x/c",
    "[::1/a", "[]/a", "[::...1]/a", "[:]/a", "[:::]/a", "[1:]/a", "[:1]/a", "[1::2::3]/a", "[1:2]/a",
    "[1:2:3:4:5:6:7:8:9]/a",
    "[12345::]/a", "[::1.2.3.4]/a", "[::1]x/a", "[::g]/a", "https://a.b/c", "docker://docker://a.b/c", "a.b/",
    "a.b//c",
    "a.b/c/",
    "a.b/C", "a.b/../c", "a.b/.c", "a.b/c.", "a.b/c..d", "a.b/c___d", "a.b/c._d", "a.b/c d", "a.b/c\n",
    "a.b/é",
    "a.b/c:", "a.b/c:-x", "a.b/c:x/y", "a.b/c@", "a.b/c@sha256:0",
    "a.b/c@sha512:\(String(repeating: "0", count: 128))",
    "a.b/c:1@\(digest)", "a.b/c@\(digest.uppercased())", "a.b/%2e%2e/c", "a.b/c?d", "a.b/c#d",
  ])
  func `what could mean anything else is refused`(_ text: String) {
    let problem = #expect(throws: Problem.self) { try ImageReference(parsing: text) }
    #expect(["image.malformed-reference", "image.malformed-tag"].contains(problem?.code))
    #expect(problem?.exitCode == 2)
  }

  @Test func `lengths are bounded`() throws {
    let longest = "a.b/" + String(repeating: "c", count: 255)
    #expect(try ImageReference(parsing: longest).repository.description.utf8.count == 255)
    #expect(throws: Problem.self) { try ImageReference(parsing: longest + "c") }
    #expect(throws: Problem.self) { try ImageReference(parsing: "\(String(repeating: "a", count: 64)).b/c") }
    #expect(throws: Problem.self) { try ImageReference(parsing: String(repeating: "a.", count: 300) + "b/c") }
  }

  @Test(arguments: ["localhost", "127.0.0.1", "127.255.1.2", "[::1]"])
  func `this machine is known by its own addresses`(_ host: String) {
    #expect(ImageReference.isLoopback(host))
  }

  @Test(arguments: [
    "127.0.0.1.example", "127.1", "128.0.0.1", "localhost.example", "[::2]", "127.0.0.x", "10.0.0.1",
  ])
  func `another machine is not this one, whatever it is called`(_ host: String) {
    #expect(!ImageReference.isLoopback(host))
  }
}
