import Domain
import Encoding
import Provenance
import Testing

@Suite struct `A bundle` {
  static func bundle(_ paths: [String]) throws(Problem) -> UnsealedBundle {
    try UnsealedBundle(files: paths.map { BundleFile(path: $0, bytes: Array($0.utf8)) })
  }

  @Test func `has its files in the order of their paths' components`() throws {
    let sorted = ["B", "a/b/c", "a/b.c", "a-b", "a.b", "a0", "b"]
    #expect(try Self.bundle(sorted.reversed()).files.map(\.path) == sorted)
  }

  @Test func `has the same digest however its files came`() throws {
    let paths = ["manifest.json", "graph.json", "weights/a", "weights/b"]
    let digest = try Self.bundle(paths).digest
    #expect(try Self.bundle(paths.reversed()).digest == digest)
    #expect(try Self.bundle(Array(paths.dropLast())).digest != digest)
  }

  @Test(arguments: [
    "", "/a", "a/", "a//b", "..", "../a", "a/../b", ".", "a/./b", "a b", "a\\b", "a\n", "ä", "a:b",
    "seal.json",
    String(repeating: "a", count: 256), String(repeating: "a/", count: 256) + "a",
  ])
  func `refuses a path that is not plain`(path: String) {
    let problem = #expect(throws: Problem.self) { try Self.bundle(["a", path]) }
    #expect(problem?.code == "bundle.malformed-path")
  }

  @Test(arguments: [
    ".gitignore", "a..b", "A_b-c.D9", "weights/seal.json", String(repeating: "a", count: 255),
  ])
  func `takes a plain path`(path: String) throws {
    #expect(try Self.bundle([path]).bytes(at: path) == Array(path.utf8))
  }

  @Test func `refuses the same path twice, and no files at all`() {
    let twice = #expect(throws: Problem.self) { try Self.bundle(["a", "b", "a"]) }
    #expect(twice?.code == "bundle.duplicate-path")
    let none = #expect(throws: Problem.self) { try Self.bundle([]) }
    #expect(none?.code == "bundle.empty")
  }
}

@Suite struct `A manifest` {
  static func manifest() throws -> Manifest {
    Manifest(
      name: try ModelName(parsing: "iris"), version: .first.next,
      signature: ["inputs": [["name": "input", "datatype": "FP64", "shape": [-1, 4]]]],
      artifact: Digest(of: [1]), framework: "scikit-learn", frameworkVersion: "1.9.1",
      estimator: "sklearn.ensemble.RandomForestClassifier", tool: "gatehouse 0.1.0", policy: Digest(of: [2]))
  }

  @Test func `reads back as it was written, from the same bytes`() throws {
    let manifest = try Self.manifest()
    let again = try Manifest(parsing: manifest.canonicalBytes)
    #expect(again == manifest)
    #expect(again.canonicalBytes == manifest.canonicalBytes)
  }

  @Test(arguments: [
    "name", "version", "signature", "artifact", "framework", "frameworkVersion", "estimator", "tool",
    "policy",
  ])
  func `without a member, or with another kind there, is refused`(member: String) throws {
    var members = try #require(try Self.manifest().json.object)
    members[member] = nil
    let missing = JSON.object(members).canonicalBytes
    #expect(throws: Problem.self) { try Manifest(parsing: missing) }
    members[member] = true
    let wrong = JSON.object(members).canonicalBytes
    #expect(throws: Problem.self) { try Manifest(parsing: wrong) }
  }

  @Test func `that is no JSON is refused`() {
    let problem = #expect(throws: Problem.self) { try Manifest(parsing: Array("{".utf8)) }
    #expect(problem?.code == "manifest.malformed")
    #expect(problem?.category == .integrity)
  }
}

@Suite struct `A digest` {
  @Test func `is the SHA-256 of the bytes, however they come`() {
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(Digest(of: "abc".utf8).hexadecimal == known)
    #expect(Digest(of: AnyCollection(Array("abc".utf8))).hexadecimal == known)
    var hasher = DigestHasher()
    hasher.update("a".utf8)
    hasher.update(Array("xbc".utf8)[2...])
    #expect(hasher.digest == Digest(of: "ac".utf8))
    let bytes = Array("abc".utf8)
    var spanned = DigestHasher()
    unsafe spanned.update(bytes.span.bytes)
    #expect(spanned.digest.hexadecimal == known)
  }
}
