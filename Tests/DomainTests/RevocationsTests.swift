import Domain
import Encoding
import Testing

struct RevocationsTests {
  private static let hint = String(repeating: "ab", count: 32)
  private static let bundle = try? Digest(parsing: "sha256:" + String(repeating: "12", count: 32))

  private static func sample() throws -> Revocations {
    Revocations(
      keys: [.init(hint: hint, since: Timestamp(milliseconds: 1000), reason: "stolen")],
      versions: [
        .init(
          reference: try VersionReference(parsing: "iris@3"), bundle: try #require(bundle),
          since: Timestamp(milliseconds: 2000), reason: "wrong labels")
      ])
  }

  @Test func `what was revoked reads back from its JSON, and says what stands against what`() throws {
    let sample = try Self.sample()
    #expect(try Revocations(json: sample.json, at: "") == sample)
    let key = try #require(sample.problem(ofSealsBy: Self.hint))
    #expect(key.code == "seal.revoked-key")
    #expect(key.message.contains("'abababababab…'"))
    #expect(key.message.hasSuffix("stolen"))
    let bundle = try #require(Self.bundle)
    let version = try #require(sample.problem(of: bundle))
    #expect(version.code == "bundle.revoked")
    #expect(version.subject == "iris@3")
    #expect(sample.problem(ofSealsBy: String(repeating: "0", count: 64)) == nil)
    #expect(Revocations.none.isEmpty && !sample.isEmpty)
  }

  @Test func `a union takes nothing out and names nothing twice`() throws {
    var all = try Self.sample()
    let other = Revocations(keys: [
      .init(hint: Self.hint, since: Timestamp(milliseconds: 9), reason: "later"),
      .init(hint: String(repeating: "0", count: 64), since: Timestamp(milliseconds: 9), reason: "other"),
    ])
    all.formUnion(other)
    all.formUnion(.none)
    #expect(all.keys.map(\.reason) == ["stolen", "other"])
    #expect(all.versions.count == 1)
  }

  @Test(arguments: [
    ("keys/0/hint", "AB"), ("keys/0/since", "soon"), ("keys/0/reason", ""), ("keys/0/reason", "two\nlines"),
    ("keys/0/more", "1"), ("keys", "none"), ("more", "1"), ("versions/0/version", "0"),
    ("versions/0/name", "A/B"),
    ("versions/0/bundle", "x"), ("versions/0", "x"),
  ])
  func `another value is refused`(path: String, value: String) throws {
    let path = path.split(separator: "/").map(String.init)
    let json = Self.replaced(try Self.sample().json, path[...], .string(value))
    let problem = #expect(throws: Problem.self) { try Revocations(json: json, at: "/r") }
    #expect(problem?.code == "revocations.malformed")
    #expect(problem?.message.contains("/r") == true)
  }

  private static func replaced(_ json: JSON, _ path: ArraySlice<String>, _ value: JSON) -> JSON {
    guard let step = path.first else { return value }
    if var elements = json.array, let index = Int(step) {
      elements[index] = replaced(elements[index], path.dropFirst(), value)
      return .array(elements)
    }
    var members = json.object ?? [:]
    members[step] = replaced(members[step] ?? .null, path.dropFirst(), value)
    return .object(members)
  }

  @Test func `a state carries what was revoked, and one without it is as it was`() throws {
    let state = PlaneState(
      generation: 1, sealKeys: [], deployments: [], keys: [], revocations: try Self.sample())
    #expect(String(decoding: state.canonicalContent, as: UTF8.self).contains(#""revocations":{"keys":[{"#))
    let none = PlaneState(generation: 1, sealKeys: [], deployments: [], keys: [])
    #expect(!String(decoding: none.canonicalContent, as: UTF8.self).contains("revocations"))
    let digest = try #require(Self.bundle)
    #expect(try PlaneState(parsing: state.encoded(digest: digest)) { _ in digest } == state)
  }

  @Test func `parts say together what the whole says, each within its bound where it can be`() throws {
    let versions = try (1...50).map { number in
      Revocations.Version(
        reference: try VersionReference(parsing: "iris@\(number)"),
        bundle: try Digest(
          parsing: "sha256:" + String(repeating: number < 10 ? "0\(number)" : "\(number)", count: 32)),
        since: Timestamp(milliseconds: 5), reason: String(repeating: "r", count: number * 8))
    }
    let all = Revocations(keys: try Self.sample().keys, versions: versions)
    for bytes in [1, 200, 700, 5000, 100_000] {
      let parts = all.parts(upTo: bytes)
      var union = Revocations.none
      for part in parts {
        union.formUnion(part)
        #expect(part.json.canonicalBytes.count <= bytes || part.keys.count + part.versions.count == 1)
      }
      #expect(union == all)
      // No more than it takes: two neighbours together are too large for one, but for commas that are counted twice.
      for (part, next) in zip(parts, parts.dropFirst()) {
        var both = part
        both.formUnion(next)
        #expect(both.json.canonicalBytes.count > bytes - 2)
      }
    }
    #expect(Revocations.none.parts(upTo: 1) == [.none])
  }
}
