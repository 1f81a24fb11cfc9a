import Domain
import Encoding
import Testing

@Suite struct PlaneStateTests {
  /// A stand-in for SHA-256, good enough to notice any change: the length and a sum that knows positions.
  private static func hash(_ bytes: [UInt8]) -> Digest {
    var words: [UInt64] = [UInt64(bytes.count), 14_695_981_039_346_656_037, 0, 0]
    for byte in bytes {
      words[1] = (words[1] ^ UInt64(byte)) &* 1_099_511_628_211
      words[2] = words[2] &+ words[1]
      words[3] = words[3] &* 31 &+ UInt64(byte)
    }
    guard let digest = Digest(bytes: words.flatMap(\.littleEndianBytes)) else {
      preconditionFailure("four words are 32 bytes")
    }
    return digest
  }

  private static func state() throws -> PlaneState {
    let bundle = hash([1])
    return PlaneState(
      generation: 7, sealKeys: ["-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"],
      deployments: [
        .init(
          name: try ModelName(parsing: "iris"),
          live: .init(version: .first, bundle: bundle, path: "/data/iris")),
        .init(
          name: try ModelName(parsing: "fraud"),
          live: .init(version: .first.next, bundle: bundle, path: "/data/fraud"),
          others: [.init(version: .first, bundle: hash([3]), path: "/data/fraud-1")],
          aliases: [
            try AliasName(parsing: "champion"): .first, try AliasName(parsing: "challenger"): .first.next,
          ],
          policy: DeploymentPolicy(
            limits: try DeploymentLimits(concurrency: 4, deadline: 250),
            records: try RecordsPolicy(payloadMillionths: 10_000, masked: ["age"], whenSpoolFull: .goOn),
            feedbackMillionths: 250_000),
          standby: .init(version: .first, bundle: hash([3]), path: "/data/fraud-1"),
          sharing: Sharing(
            try TrafficSplit(
              [
                .init(version: .first, share: try BasisPoints(parsing: 100)),
                .init(version: .first.next, share: try BasisPoints(parsing: 9_900)),
              ], salt: .init(.max, 7)), by: .header), rollout: .first),
      ],
      keys: [
        .init(id: "k1", hash: hash([2]), deployment: try ModelName(parsing: "iris")),
        .init(
          id: "k2", hash: hash([3]), deployment: try ModelName(parsing: "iris"),
          terms: KeyTerms(
            limits: try CallerLimits(rate: 5, daily: 100),
            expiresAt: Timestamp(milliseconds: 1_800_000_000_123))),
      ])
  }

  private static func encoded(_ state: PlaneState) -> [UInt8] {
    state.encoded(digest: hash(state.canonicalContent))
  }

  /// The encoded state with one of its members, by JSON Pointer tokens, replaced; the digest is made anew.
  private static func changed(_ path: [String], to value: JSON?) throws -> [UInt8] {
    func replaced(_ json: JSON, _ path: ArraySlice<String>) -> JSON {
      guard let first = path.first else { return value ?? .null }
      if var members = json.object {
        members[first] = path.count == 1 ? value : replaced(members[first] ?? .null, path.dropFirst())
        return .object(members)
      }
      guard var elements = json.array, let index = Int(first) else { return json }
      elements[index] = replaced(elements[index], path.dropFirst())
      return .array(elements)
    }
    let content = try JSON(parsing: state().canonicalContent)
    guard var members = replaced(content, path[...]).object else { return [] }
    members["digest"] = .string(hash(JSON.object(members).canonicalBytes).description)
    return JSON.object(members).canonicalBytes
  }

  private func refusal(_ bytes: [UInt8]) -> Problem? {
    do {
      _ = try PlaneState(parsing: bytes, hash: Self.hash)
      return nil
    } catch { return error }
  }

  @Test func `a state reads back from its bytes`() throws {
    let state = try Self.state()
    #expect(try PlaneState(parsing: Self.encoded(state), hash: Self.hash) == state)
    let empty = PlaneState(generation: 0, sealKeys: [], deployments: [], keys: [])
    #expect(try PlaneState(parsing: Self.encoded(empty), hash: Self.hash) == empty)
  }

  @Test func `a state without aliases has the bytes that it had before there were any`() throws {
    let state = PlaneState(
      generation: 1, sealKeys: [],
      deployments: [
        .init(
          name: try ModelName(parsing: "iris"),
          live: .init(version: .first, bundle: Self.hash([1]), path: "/data/iris"))
      ], keys: [])
    #expect(
      String(decoding: state.canonicalContent, as: UTF8.self)
        == #"{"deployments":[{"bundle":"\#(Self.hash([1]))","name":"iris","path":"/data/iris","version":1}],"#
        + #""generation":1,"keys":[],"sealKeys":[]}"#)
  }

  @Test func `a state that was cut off anywhere is refused`() throws {
    let bytes = Self.encoded(try Self.state())
    for count in 0..<bytes.count {
      try #require(refusal(Array(bytes[..<count]))?.code == "plane-state.malformed")
    }
  }

  @Test func `a state with any one byte changed is refused`() throws {
    let bytes = Self.encoded(try Self.state())
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      let code = try #require(refusal(changed)?.code)
      try #require(["plane-state.malformed", "plane-state.digest"].contains(code))
    }
  }

  @Test func `a state with another's digest is refused`() throws {
    let state = try Self.state()
    let problem = refusal(state.encoded(digest: Self.hash([])))
    #expect(problem?.code == "plane-state.digest")
    #expect(problem?.category == .integrity)
    let (expected, found) = (Self.hash([]).short, Self.hash(state.canonicalContent).short)
    #expect(
      problem?.message == "expected a state whose content is \(expected), found \(found)")
  }

  static let changes: [([String], JSON?, String)] = [
    (["generation"], nil, "expected a whole number at '/generation', found nothing"),
    (["generation"], -1, "expected a number from 0 at '/generation', found -1"),
    (["generation"], 1.5, "expected a whole number at '/generation', found a number"),
    (["sealKeys"], [:], "expected an array at '/sealKeys', found an object"),
    (["sealKeys", "0"], 1, "expected a string at '/sealKeys/0', found a number"),
    (["deployments"], nil, "expected an array at '/deployments', found nothing"),
    (["deployments", "1"], 1, "expected an object at '/deployments/1', found a number"),
    (
      ["deployments", "1", "name"], "A", "expected a model name at '/deployments/1/name', found another text"
    ),
    (["deployments", "1", "name"], "iris", "expected each name once in '/deployments', found one again"),
    (["deployments", "0", "version"], 0, "expected a number from 1 at '/deployments/0/version', found 0"),
    (
      ["deployments", "0", "version"], 2_147_483_648,
      "expected a version at '/deployments/0/version', found 2147483648"
    ),
    (
      ["deployments", "0", "bundle"], "x", "expected a digest at '/deployments/0/bundle', found another text"
    ),
    (["deployments", "0", "path"], nil, "expected a string at '/deployments/0/path', found nothing"),
    (["deployments", "0", "share"], 1, "expected only known members at '/deployments/0', found 'share'"),
    (["keys", "0", "hash"], nil, "expected a string at '/keys/0/hash', found nothing"),
    (["keys", "0", "id"], 5, "expected a string at '/keys/0/id', found a number"),
    (
      ["keys", "0", "deployment"], "a/b", "expected a model name at '/keys/0/deployment', found another text"
    ),
    (["deployments", "1", "others"], 1, "expected an array at '/deployments/1/others', found a number"),
    (
      ["deployments", "1", "others", "0", "version"], 2,
      "expected each version once at '/deployments/1', found one again"
    ),
    (
      ["deployments", "1", "others", "0", "name"], "x",
      "expected only known members at '/deployments/1/others/0', found 'name'"
    ),
    (
      ["deployments", "1", "aliases", "champion"], 3,
      "expected aliases of versions that are served at '/deployments/1/aliases', found another member"
    ),
    (
      ["deployments", "1", "aliases", "7"], 1,
      "expected aliases of versions that are served at '/deployments/1/aliases', found another member"
    ),
    (["deployments", "1", "aliases"], [], "expected an object at '/deployments/1/aliases', found an array"),
    (
      ["deployments", "1", "policy"], ["limits": ["concurrency": 0]],
      "expected 1 to 100000 predictions at one time, found 0 at '/deployments/1/policy'"
    ),
    (
      ["deployments", "1", "policy"], ["other": 1],
      "expected 'limits', 'records', 'watch', 'defences' and 'feedback' alone in an object, found an object of another form at '/deployments/1/policy'"
    ),
    (
      ["deployments", "1", "rollout"], 2,
      "expected a version that is served beside the live one at '/deployments/1/rollout', found another value"
    ),
    (
      ["keys", "1", "limits"], ["rate": 0],
      "expected 1 to 1000000 requests a second, found 0 at '/keys/1/limits'"
    ),
    (
      ["keys", "1", "expires"], "soon", "expected a moment in UTC at '/keys/1/expires', found another text"
    ),
    (["keys", "1", "expires"], 5, "expected a string at '/keys/1/expires', found a number"),
    (
      ["deployments", "1", "policy", "records", "masked"], 1,
      "expected a list of names as 'masked', found a number at '/deployments/1/policy'"
    ),
    (["extra"], true, "expected only known members at '', found 'extra'"),
  ]

  @Test(arguments: changes)
  func `a state of another shape is refused where it departs`(
    path: [String], value: JSON?, message: String
  ) throws {
    let problem = refusal(try Self.changed(path, to: value))
    #expect(problem?.code == "plane-state.malformed")
    #expect(problem?.message == message)
  }

  @Test func `a key without terms is written as it was before there were any`() throws {
    let key = try #require(try Self.state().keys.first)
    #expect(key.json.object?.keys.sorted() == ["deployment", "hash", "id"])
  }

  @Test func `text that is no JSON is refused with its place`() {
    let problem = refusal(Array("{\"generation\":}".utf8))
    #expect(problem?.code == "plane-state.malformed")
    #expect(problem?.message == "expected a value at line 1, column 15, found '}'")
  }
}

@Suite struct PlaneControlTests {
  private static func status() throws -> PlaneStatus {
    PlaneStatus(
      process: 41, instance: "i", generation: 7, address: "127.0.0.1:8080", admin: "127.0.0.1:8081",
      version: "0.1.0",
      startedAt: Timestamp(milliseconds: 5), requests: 9, isDraining: false,
      models: [
        .init(
          name: try ModelName(parsing: "iris"), version: .first,
          bundle: try #require(Digest(bytes: [UInt8](repeating: 1, count: 32))))
      ])
  }

  @Test func `commands keep their names`() {
    #expect(
      PlaneCommand.allCases.map(\.rawValue) == [
        "status", "apply", "listener", "admin-listener", "drain", "observe", "sample", "replay", "program",
        "begin",
      ])
  }

  @Test func `a status reads back from its line`() throws {
    let status = try Self.status()
    #expect(PlaneStatus(json: try JSON(parsing: status.json.canonicalBytes)) == status)
    var members = try #require(status.json.object)
    members["admin"] = nil
    #expect(PlaneStatus(json: .object(members))?.admin == nil)
    #expect(PlaneStatus(json: .object(members))?.process == 41)
    for failure in [nil, "tls.unusable"] {
      var secured = status
      secured.certificate = PlaneCertificate(
        begin: failure.map { _ in Timestamp(milliseconds: 2) }, end: Timestamp(milliseconds: 9),
        failure: failure)
      #expect(PlaneStatus(json: try JSON(parsing: secured.json.canonicalBytes)) == secured)
    }
  }

  @Test(arguments: [
    "pid", "instance", "generation", "listen", "version", "startedAt", "requests", "draining", "models",
  ])
  func `a status without one of its parts is none`(name: String) throws {
    var members = try #require(try Self.status().json.object)
    members[name] = nil
    #expect(PlaneStatus(json: .object(members)) == nil)
  }

  @Test func `a status with a model that is none is none`() throws {
    var members = try #require(try Self.status().json.object)
    members["models"] = [["name": "iris", "version": 0, "bundle": "sha256:"]]
    #expect(PlaneStatus(json: .object(members)) == nil)
  }

  @Test func `what became of a snapshot reads back from its line`() throws {
    let application = PlaneApplication(
      generation: 3,
      failures: [
        .init(
          deployment: try ModelName(parsing: "iris"), version: .first,
          problem: Problem(.integrity, "bundle.digest", "expected a, found b"))
      ])
    let line = JSON.object(application.json).canonicalBytes
    #expect(PlaneApplication(json: try JSON(parsing: line)) == application)
    #expect(PlaneApplication(json: ["generation": 3]) == nil)
    #expect(PlaneApplication(json: ["generation": 3, "failures": [["deployment": "iris"]]]) == nil)
  }
}
