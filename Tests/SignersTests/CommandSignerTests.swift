import Domain
import Encoding
import Foundation
import Lifecycle
import Provenance
import Synchronization
import Testing

@testable import Signers

/// Real programs that sign: the example of the documentation, and some that misbehave.
struct CommandSignerTests {
  /// A directory with a script in it, removed with the value.
  private final class Place {
    let path = FileManager.default.temporaryDirectory.appending(path: "signer-\(UUID().uuidString)").path()

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A script of the shell, and the settings that name it.
    func signer(
      _ script: String, timeout: Int = 30, environment: [String: String] = [:]
    ) throws -> SignerSettings {
      let file = "\(path)/signer"
      try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(filePath: file))
      // Not executed itself: a process that another test starts meanwhile may have it open to write, and the system refuses
      // to run what is.
      return SignerSettings(
        name: "test", program: "/bin/sh", arguments: [file, "one", "two words"], key: "k",
        environment: environment,
        timeoutSeconds: timeout)
    }
  }

  private static let example = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "docs/examples/openssl-signer").path()

  private static func problem(_ settings: SignerSettings) async -> Problem? {
    await #expect(throws: Problem.self) { _ = try await CommandSigner(settings) }
  }

  @Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")),
    arguments: SealCurve.allCases)
  func `the example signs by openssl what we verify`(curve: SealCurve) async throws {
    let place = try Place()
    let key = SealingKey(curve)
    try Data(key.pem.utf8).write(to: URL(filePath: "\(place.path)/key.pem"))
    let settings = SignerSettings(name: "example", program: Self.example, key: "\(place.path)/key.pem")
    let signer = try await CommandSigner(settings)
    #expect(signer.verificationKey == key.verificationKey)
    // Longer than any pipe: neither side waits for the other.
    for message in [[], [1, 2, 3], [UInt8](repeating: 7, count: 300_000)] as [[UInt8]] {
      let signature = try await signer.sign(message)
      #expect(key.verificationKey.isValid(signature, for: message))
    }
    let signers = CommandSigners([SignerSettings(name: "a", program: "/nonexistent", key: "k"), settings])
    #expect(try await signers.signer(for: key.verificationKey.hint)?.verificationKey == key.verificationKey)
    let stranger = SealingKey().verificationKey.hint
    #expect(try await CommandSigners([settings]).signer(for: stranger) == nil)
    // The one that could not be asked may have it.
    let problem = await #expect(throws: Problem.self) { _ = try await signers.signer(for: stranger) }
    #expect(problem?.code == "signer.not-started")
    #expect(try await signers.provide(.signer("example")).verificationKey == key.verificationKey)
    let unknown = await #expect(throws: Problem.self) { _ = try await signers.provide(.signer("other")) }
    #expect(unknown?.code == "signer.unknown")
    let missing = await Self.problem(
      SignerSettings(name: "b", program: Self.example, key: "\(place.path)/none"))
    #expect(missing?.code == "signer.refused")
    #expect(missing?.cause == "no such key")
  }

  @Test func `it gets its arguments, the variables that were named, and nothing of ours`() async throws {
    let place = try Place()
    let settings = try place.signer(
      #"printf '%s|' "$@" > \#(place.path)/told; env | sort >> \#(place.path)/told; ls /proc/self/fd >> \#(place.path)/told"#,
      environment: ["HSM_SLOT": "3"])
    _ = await Self.problem(settings)
    let told = try String(contentsOfFile: "\(place.path)/told", encoding: .utf8)
    #expect(told.hasPrefix("one|two words|"))
    let lines = Set(told.split(separator: "\n").map(String.init))
    #expect(lines.contains("HSM_SLOT=3") || told.contains("HSM_SLOT=3"))
    #expect(!told.contains("HOME="))
    // 3 is the directory that ls reads.
    #expect(!lines.contains("4"))
  }

  @Test(arguments: [
    ("exit 3", "signer.failed"), ("echo nonsense", "signer.malformed"), ("kill -9 $$", "signer.failed"),
    (#"echo '{"version":1,"error":"locked"}'; exit 1"#, "signer.refused"),
    ("head -c 100000 /dev/zero", "signer.too-long"), ("exec 0<&-; sleep 30", "signer.timeout"),
    ("exec 1>&-; sleep 30", "signer.timeout"), ("while :; do echo; done", "signer.too-long"),
  ])
  func `a signer that misbehaves is told of by what it did`(script: String, code: String)
    async throws
  {
    let place = try Place()
    let problem = await Self.problem(try place.signer(script, timeout: 1))
    #expect(problem?.code == code)
  }

  @Test func `a program that is not there is not started`() async {
    let problem = await Self.problem(SignerSettings(name: "a", program: "/nonexistent", key: "k"))
    #expect(problem?.code == "signer.not-started")
    #expect(problem?.subject == "signer 'a', /nonexistent")
  }

  @Test func `what it left running goes with it`() async throws {
    let place = try Place()
    // The child holds the output open: only killing it ends the wait, at the latest when the time is over.
    let settings = try place.signer(
      #"sleep 60 & echo $! > \#(place.path)/child; echo '{"version":1,"error":"no"}'; exec 1>&-"#, timeout: 1)
    _ = await Self.problem(settings)
    let child = try String(contentsOfFile: "\(place.path)/child", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let status = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
    #expect(status.isEmpty || status.contains(") Z "))
  }

  @Test func `a signature by another key is not used`() async throws {
    let (place, key) = (try Place(), SealingKey())
    let pem = key.verificationKey.pem.split(separator: "\n").joined(separator: #"\n"#) + #"\n"#
    let forged = Base64.encode(try SealingKey().sign([1]))
    let settings = try place.signer(
      #"""
      read -r line
      case $line in
        *public-key*) printf '%s\n' '{"version":1,"publicKey":"\#(pem)"}' ;;
        *) echo '{"version":1,"signature":"\#(forged)"}' ;;
      esac
      """#)
    let signer = try await CommandSigner(settings)
    #expect(signer.verificationKey == key.verificationKey)
    let problem = await #expect(throws: Problem.self) { _ = try await signer.sign([1]) }
    #expect(problem?.code == "signer.bad-signature")
  }

  @Test func `a signer that gave no answer in its time is left alone for a while`() async throws {
    let place = try Place()
    let count = "\(place.path)/count"
    let settings = try place.signer("echo asked >> \(count); exec sleep 30", timeout: 1)
    let clock = Mutex(ContinuousClock.now)
    let signers = CommandSigners([settings]) { clock.withLock { $0 } }
    func asked() -> Int {
      ((try? String(contentsOfFile: count, encoding: .utf8)) ?? "").split(separator: "\n").count
    }
    let hint = SealingKey().verificationKey.hint
    func look() async throws {
      let problem = await #expect(throws: Problem.self) { _ = try await signers.signer(for: hint) }
      #expect(problem?.code == "signer.timeout")
    }
    for _ in 0..<3 { try await look() }
    #expect(asked() == 1)
    clock.withLock { $0 += .seconds(31) }
    try await look()
    #expect(asked() == 2)
    // Who names it has it asked.
    let problem = await #expect(throws: Problem.self) { _ = try await signers.provide(.signer("test")) }
    #expect(problem?.code == "signer.timeout")
    #expect(asked() == 3)
  }

  @Test func `a signer that was killed and does not end is not waited for, and reaped when it has ended`()
    async throws
  {
    let place = try Place()
    let settings = try place.signer("exec sleep 600", timeout: 1)
    let started = Mutex<pid_t>(0)
    // As of a program that is another user's: the signal does not reach it.
    let problem = #expect(throws: Problem.self) {
      try SignerProcess.run(settings, telling: [1]) { pid in started.withLock { $0 = pid } }
    }
    #expect(problem?.code == "signer.timeout")
    let pid = started.withLock { $0 }
    // 0 would be all of us.
    try #require(pid > 0)
    #expect(kill(pid, 0) == 0)
    kill(pid, SIGKILL)
    // It may take a moment to end.
    let deadline = ContinuousClock.now + .seconds(30)
    while kill(pid, 0) == 0 {
      try #require(ContinuousClock.now < deadline, "expected the signer to be reaped, found it there still")
      try Unended.shared.requireRoom()
      sched_yield()
    }
  }

  @Test func `with too many that do not end no more are started`() throws {
    let unended = Unended()
    // Of no children of ours, so none of them can be reaped: they are forgotten.
    for pid in 1...Int32(Unended.limit) { unended.add(pid) }
    try unended.requireRoom()
    #expect(unended.count == 0)
    var children: [Process] = []
    // By the signal that none can block: they begin with those blocked that this thread has, of which SIGTERM may be one. And
    // who runs the tests waits for all that write to where they do.
    defer { for child in children { kill(child.processIdentifier, SIGKILL) } }
    for _ in 0..<Unended.limit {
      let child = Process()
      child.executableURL = URL(filePath: "/bin/sleep")
      child.arguments = ["600"]
      try child.run()
      children.append(child)
      unended.add(child.processIdentifier)
    }
    let problem = #expect(throws: Problem.self) { try unended.requireRoom() }
    #expect(problem?.code == "signer.not-started")
    #expect(
      problem?.message
        == "expected fewer than 16 signers that were killed and have not ended, found 16")
  }
}
