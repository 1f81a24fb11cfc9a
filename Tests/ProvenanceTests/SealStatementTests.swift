import Domain
import Encoding
import Provenance
import Testing

/// Seals whose signature is good and whose statement is not what a seal says: made with the trusted key, as a
/// tool of someone else's could.
@Suite struct `A validly signed statement` {
  static let fileDigest = Digest(of: [1])

  static func resource(_ name: String, _ digest: Digest = fileDigest) -> JSON {
    ["name": .string(name), "algorithm": "sha256", "digest": .string(digest.hexadecimal)]
  }

  static func root(_ digests: [Digest]) -> String {
    Digest(of: digests.flatMap(\.bytes)).hexadecimal
  }

  static func statement(
    resources: [JSON]? = nil, root: String? = nil, method: JSON = "files", hash: JSON = "sha256",
    type: JSON = "https://in-toto.io/Statement/v1",
    predicateType: JSON = "https://model_signing/signature/v1.0", subjects: Int = 1
  ) -> JSON {
    let resources = resources ?? [resource("a")]
    let root = root ?? Self.root(Array(repeating: fileDigest, count: resources.count))
    return [
      "_type": type, "predicateType": predicateType,
      "subject": .array(
        Array(repeating: ["name": "m", "digest": ["sha256": .string(root)]], count: subjects)),
      "predicate": [
        "serialization": ["method": method, "hash_type": hash, "allow_symlinks": false],
        "resources": .array(resources), "other": ["may": "be here"],
      ],
    ]
  }

  static func code(of statement: JSON, files: [String] = ["a"]) throws -> String? {
    try code(of: statement.canonicalBytes, files: files)
  }

  static func code(of payload: [UInt8], files: [String] = ["a"]) throws -> String? {
    let signed = try SigningDouble().seal(payload)
    let digests = Dictionary(files.map { ($0, fileDigest) }, uniquingKeysWith: { first, _ in first })
    do throws(Problem) {
      _ = try SealVerifier.verify(seal: signed.seal, files: digests, trusting: [signed.key])
      return nil
    } catch {
      return error.code
    }
  }

  @Test func `in good form verifies, unknown predicate members and all`() throws {
    #expect(try Self.code(of: Self.statement()) == nil)
    let two = Self.statement(resources: [Self.resource("a/b"), Self.resource("a-b")])
    #expect(try Self.code(of: two, files: ["a/b", "a-b"]) == nil)
  }

  @Test func `of another type is refused`() throws {
    for statement in [
      Self.statement(type: "https://in-toto.io/Statement/v0.1"), Self.statement(type: nil),
      Self.statement(predicateType: "https://slsa.dev/provenance/v1"),
      Self.statement(method: "shards"), Self.statement(hash: "blake2b"), Self.statement(subjects: 0),
      Self.statement(subjects: 2), [], "text", nil,
    ] {
      #expect(try Self.code(of: statement) == "seal.malformed")
    }
    #expect(try Self.code(of: Array("no JSON".utf8)) == "seal.malformed")
    #expect(try Self.code(of: [UInt8]()) == "seal.malformed")
  }

  @Test func `whose root is another is refused`() throws {
    #expect(try Self.code(of: Self.statement(root: Self.root([]))) == "seal.malformed")
    #expect(try Self.code(of: Self.statement(root: "ab")) == "seal.malformed")
  }

  @Test func `out of order or naming a file twice is refused`() throws {
    let disordered = Self.statement(resources: [Self.resource("b"), Self.resource("a")])
    #expect(try Self.code(of: disordered, files: ["a", "b"]) == "seal.malformed")
    let byText = Self.statement(resources: [Self.resource("a-b"), Self.resource("a/b")])
    #expect(try Self.code(of: byText, files: ["a/b", "a-b"]) == "seal.malformed")
    let twice = Self.statement(resources: [Self.resource("a"), Self.resource("a")])
    #expect(try Self.code(of: twice) == "seal.malformed")
    #expect(try Self.code(of: Self.statement(resources: []), files: []) == "seal.malformed")
  }

  @Test(arguments: [
    "../a", "/a", "a/../b", "a//b", "", ".", "./a", "a/", "a\\b", "a\0", "seal.json", "é", "a b",
  ])
  func `naming a path that leads astray is refused`(path: String) throws {
    let statement = Self.statement(resources: [Self.resource(path)])
    #expect(try Self.code(of: statement, files: [path]) == "seal.malformed")
  }

  @Test func `with another algorithm is refused`() throws {
    let resource: JSON = [
      "name": "a", "algorithm": "sha1", "digest": .string(Self.fileDigest.hexadecimal),
    ]
    #expect(try Self.code(of: Self.statement(resources: [resource])) == "seal.malformed")
  }
}
