import Domain
import Encoding
import Provenance
import Testing

@testable import Serving

struct RuntimeArgumentsTests {
  @Test func `options are read`() throws {
    var expected = RuntimeArguments()
    expected.bundles = ["a", "b"]
    expected.trusted = ["p"]
    expected.keys = "k"
    expected.listener = .descriptor(3)
    expected.control = "c"
    expected.maximumBody = 100
    expected.threads = 2
    let text = "--bundle a --bundle b --trust p --keys k --listen-fd 3 --control c --max-body 100 --threads 2"
    #expect(try RuntimeArguments.parse(text.split(separator: " ").map { String($0) }) == .serve(expected))
    #expect(try RuntimeArguments.parse(["--help"]) == .help)
    #expect(try RuntimeArguments.parse(["--version"]) == .version)
    #expect(try RuntimeArguments.parse(["--probe", "[::1]:1"]) == .probe(address: "[::1]:1"))
  }

  @Test func `options of who watches are read`() throws {
    var expected = RuntimeArguments()
    expected.state = "s"
    expected.admin = .descriptor(4)
    expected.collector = try CollectorAddress(parsing: "http://c:4318/v1/traces")
    expected.traceShare = 0.5
    expected.log = .json
    expected.slowMilliseconds = 20
    expected.isWatching = false
    let text = "--state s --admin-fd 4 --otlp http://c --otlp-share 0.5 --log json --log-slow 20 --watch off"
    #expect(try RuntimeArguments.parse(text.split(separator: " ").map { String($0) }) == .serve(expected))
  }

  @Test(arguments: [
    ("--state a --admin 127.0.0.1:1 --admin-fd 4", "usage.conflicting-options"),
    ("--state a --otlp-share 1", "usage.conflicting-options"),
    ("--state a --otlp http://c --otlp-share 1.5", "usage.malformed-value"),
    ("--state a --otlp http://c --otlp-share nan", "usage.malformed-value"),
    ("--state a --log xml", "usage.malformed-value"), ("--state a --watch no", "usage.malformed-value"),
    ("--state a --log-slow 0", "usage.malformed-number"),
    ("--state a --otlp ftp://c", "otlp.malformed-url"),
    ("", "usage.nothing-to-serve"), ("--bundle a", "usage.nothing-trusted"),
    ("--spoo x", "usage.unknown-option"),
    ("--bundle", "usage.missing-value"), ("--state a --state b", "usage.repeated-option"),
    ("--state a --bundle b", "usage.conflicting-options"),
    ("--state a --listen 1:1 --listen-fd 3", "usage.conflicting-options"),
    ("--state a --threads 0", "usage.malformed-number"),
    ("--state a --max-body 1k", "usage.malformed-number"),
    ("--state a --confine maybe", "usage.malformed-value"),
    ("--state a --user me", "usage.malformed-account"),
    ("--probe", "usage.conflicting-options"), ("--state a --probe 1:1", "usage.conflicting-options"),
    ("--bundle a --trust b --bundles c", "usage.conflicting-options"),
  ])
  func `mistakes are named`(text: String, code: String) {
    #expect {
      try RuntimeArguments.parse(text.split(separator: " ").map { String($0) })
    } throws: {
      ($0 as? Problem)?.code == code && ($0 as? Problem)?.exitCode == 2
    }
  }

  @Test(arguments: ["8080", "127.0.0.1", "127.0.0.1:x", "host:80", ":80", "127.0.0.1:70000"])
  func `an address that is none is refused`(address: String) {
    #expect {
      try ListeningSocket(address: address)
    } throws: {
      ($0 as? Problem)?.code == "listen.malformed-address"
    }
  }

  @Test func `an address that is taken is said to be`() throws {
    let socket = try ListeningSocket(address: "127.0.0.1:0")
    defer { socket.close() }
    #expect {
      try ListeningSocket(address: socket.address)
    } throws: {
      ($0 as? Problem)?.hint == "stop what listens there, or choose another port"
    }
  }
}

struct PlaneStateTests {
  private func state() throws -> PlaneState {
    let name = try ModelName(parsing: "iris")
    return PlaneState(
      generation: 4, sealKeys: ["PEM"],
      deployments: [
        .init(name: name, live: .init(version: .first, bundle: Digest(of: [1]), path: "/b"))
      ],
      keys: [.init(id: "k1", hash: Digest(of: [2]), deployment: name)])
  }

  @Test func `what is written is read again`() throws {
    let state = try state()
    let bytes = state.encoded(digest: Digest(of: state.canonicalContent))
    #expect(try PlaneState(parsing: bytes, hash: { Digest(of: $0) }) == state)
  }

  @Test func `no byte can be changed and no end cut off`() throws {
    let state = try state()
    let bytes = state.encoded(digest: Digest(of: state.canonicalContent))
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      #expect(throws: Problem.self, "byte \(index)") {
        try PlaneState(parsing: changed, hash: { Digest(of: $0) })
      }
      #expect(throws: Problem.self) { try PlaneState(parsing: bytes[..<index], hash: { Digest(of: $0) }) }
    }
  }
}

struct KeyRingTests {
  @Test func `each key opens its deployment among many`() throws {
    let records = try (0..<200).map { try PlaneState.Key.record(of: "key\($0)", opening: "m\($0 % 7)") }
    let ring = KeyRing(records)
    for index in 0..<200 {
      let key = Array("key\(index)".utf8)
      let id = records[index].id
      guard case .granted(let caller) = ring.access(key, to: "m\(index % 7)") else {
        Issue.record("key\(index) opens nothing")
        continue
      }
      #expect(caller.id == id)
      guard case .otherDeployment(let caller) = ring.access(key, to: "m\((index + 1) % 7)") else {
        Issue.record("key\(index) opens more than its own")
        continue
      }
      #expect(caller.id == id)
    }
    #expect(isUnknown("key200", ring))
    #expect(isUnknown("", ring))
    #expect(isUnknown("key0", KeyRing([])))
  }

  private func isUnknown(_ key: String, _ ring: KeyRing) -> Bool {
    guard case .unknown = ring.access(Array(key.utf8), to: "m0") else { return false }
    return true
  }
}

struct AnswerWriterTests {
  @Test func `the date is of the form that HTTP asks for`() {
    #expect(AnswerWriter.date(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
  }
}
