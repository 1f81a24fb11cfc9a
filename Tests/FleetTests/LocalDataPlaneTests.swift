import Domain
import Fleet
import Foundation
import Glibc
import Lifecycle
import Storage
import Synchronization
import TestKit
import Testing

/// Real processes of the data plane, started, killed, replaced and adopted.
@Suite(.timeLimit(.minutes(15)))
struct LocalDataPlaneTests {
  /// A directory of its own, which goes with its processes: of a test that fails, none serves on.
  final class Scratch {
    private let folder: TestFolder
    private let secured: TestFolder

    init() throws {
      folder = try TestFolder("fleet")
      secured = try TestFolder("fleet-tls", mode: 0o755)
    }

    var path: String { folder.path }

    func plane(
      listen: String = "127.0.0.1:0", goesOnWhenSpoolFull: Bool = false,
      admin: LocalDataPlane.AdminAddress = .none, tls: PlaneTLS? = nil,
      store: (any PlaneStateStore)? = nil
    ) async throws -> LocalDataPlane {
      try await LocalDataPlane(
        .init(
          program: Self.program, listen: try ListenAddress(parsing: listen), directory: path,
          spool: "\(path)/spool", goesOnWhenSpoolFull: goesOnWhenSpoolFull, admin: admin, tls: tls),
        store: store ?? FilePlaneStateStore(path: "\(path)/state.json"))
    }

    /// The fixtures' certificate and its key, as the data plane wants them: where the account that it runs as can
    /// read them, and nobody else the key.
    func tls(askingCallers: Bool = false) throws -> PlaneTLS {
      for name in ["server.pem", "server.key", "authority.pem"] {
        let file = "\(secured.path)/\(name)"
        try Data(Fixtures.bytes("tls/\(name)")).write(to: URL(filePath: file))
        if geteuid() == 0 { try #require(unsafe chown(file, 0, 65532) == 0) }
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
      }
      return PlaneTLS(
        certificate: "\(secured.path)/server.pem", key: "\(secured.path)/server.key",
        clientAuthorities: askingCallers ? "\(secured.path)/authority.pem" : nil)
    }

    /// The runtime of the same build, beside the tests.
    static let program: String = {
      let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
      return URL(filePath: bundle).deletingLastPathComponent().appending(path: "gatehouse-runtime").path
    }()
  }

  private static func isAnswering(_ plane: LocalDataPlane) async throws -> Bool {
    try ask("\(plane.baseURL)/v2/health/live")?.hasPrefix("HTTP/1.1 200") == true
  }

  /// The process that answers for metrics, by when it was started; nil where none does.
  private static func metricsProcess(_ url: String?) throws -> String? {
    let page = try ask("\(try #require(url))/metrics")
    return page?.split(separator: "\n").first { $0.hasPrefix("process_start_time_seconds ") }.map(String.init)
  }

  /// What is answered to a question; nil where nobody answers.
  private static func ask(_ text: String) throws -> String? {
    let url = try #require(URL(string: text))
    // Not URLSession: it needs a library of its own on Linux; a socket is enough to ask one question.
    let port = try #require(url.port)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return nil }
    // A socket that nobody accepts from takes connections all the same.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let request = "GET \(url.path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    _ = unsafe request.withCString { unsafe send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      answer += buffer.prefix(count)
    }
    return answer.isEmpty ? nil : String(decoding: answer, as: UTF8.self)
  }

  @Test func `a process is started and answers`() async throws {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    #expect(try await Self.isAnswering(plane))
    await plane.stop()
  }

  @Test func `a process that is killed is started again on the same address`() async throws {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    async let supervision: Void = plane.supervise()
    var events = plane.events.makeAsyncIterator()
    let first = try #require(await events.next())
    #expect(first.kind == .started)
    kill(pid_t(first.process), SIGKILL)
    #expect(await events.next()?.kind == .died)
    let second = try #require(await events.next())
    #expect(second.kind == .started)
    #expect(second.process != first.process)
    #expect(try await Self.isAnswering(plane))
    await plane.stop()
    await supervision
  }

  @Test func `a new process takes the place of the one that serves`() async throws {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    var events = plane.events.makeAsyncIterator()
    let first = try #require(await events.next())
    try await plane.replace()
    let second = try #require(await events.next())
    #expect(second.kind == .replaced)
    #expect(second.process != first.process)
    #expect(try await Self.isAnswering(plane))
    await plane.stop()
  }

  @Test func `a process that outlived its control plane is adopted with its address`() async throws {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    var events = plane.events.makeAsyncIterator()
    let first = try #require(await events.next())
    await plane.endSupervision()

    let next = try await scratch.plane(listen: String(plane.baseURL.dropFirst("http://".count)))
    var later = next.events.makeAsyncIterator()
    let adopted = try #require(await later.next())
    #expect(adopted.kind == .adopted)
    #expect(adopted.process == first.process)
    #expect(next.baseURL == plane.baseURL)
    #expect(try await Self.isAnswering(next))
    await next.stop()
  }

  @Test func `a process that was started otherwise is replaced and not adopted`() async throws {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    var events = plane.events.makeAsyncIterator()
    let first = try #require(await events.next())
    await plane.endSupervision()

    let address = String(plane.baseURL.dropFirst("http://".count))
    let next = try await scratch.plane(listen: address, goesOnWhenSpoolFull: true)
    var later = next.events.makeAsyncIterator()
    let second = try #require(await later.next())
    #expect(second.kind == .replaced)
    #expect(second.process != first.process)
    #expect(try await Self.isAnswering(next))
    await next.stop()
  }

  @Test func `metrics are answered on the same address after a replacement and a death, by the new process`()
    async throws
  {
    let scratch = try Scratch()
    let plane = try await scratch.plane(admin: .at(try ListenAddress(parsing: "127.0.0.1:0")))
    async let supervision: Void = plane.supervise()
    var events = plane.events.makeAsyncIterator()
    _ = await events.next()
    let first = try #require(try Self.metricsProcess(plane.adminURL))
    try await plane.replace()
    let replaced = try #require(await events.next())
    // The old process gives the listener up when its drain begins, which the command waits for the start of alone.
    let second = try await Self.otherProcess(than: first, plane.adminURL)
    for _ in 0..<10 { #expect(try Self.metricsProcess(plane.adminURL) == second) }
    kill(pid_t(replaced.process), SIGKILL)
    #expect(await events.next()?.kind == .died)
    #expect(await events.next()?.kind == .started)
    #expect(try await Self.otherProcess(than: second, plane.adminURL) != first)
    await plane.stop()
    await supervision
  }

  /// Asks until another process than this one answers.
  private static func otherProcess(than former: String, _ url: String?) async throws -> String {
    let patience = ContinuousClock.now + .seconds(60)
    while true {
      if let process = try metricsProcess(url), process != former { return process }
      try #require(ContinuousClock.now < patience, "expected another process to answer, found \(former)")
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test func `a process that is adopted keeps its metrics where they are`() async throws {
    let scratch = try Scratch()
    let wanted = try ListenAddress(parsing: "127.0.0.1:0")
    let plane = try await scratch.plane(admin: .near(wanted))
    await plane.endSupervision()
    let process = try #require(try Self.metricsProcess(plane.adminURL))

    let next = try await scratch.plane(
      listen: String(plane.baseURL.dropFirst("http://".count)),
      admin: .near(try ListenAddress(parsing: "127.0.0.1:1")))
    var events = next.events.makeAsyncIterator()
    #expect(await events.next()?.kind == .adopted)
    #expect(next.adminURL == plane.adminURL)
    #expect(try Self.metricsProcess(next.adminURL) == process)
    await next.endSupervision()

    let moved = try await scratch.plane(
      listen: String(plane.baseURL.dropFirst("http://".count)), admin: .none)
    var later = moved.events.makeAsyncIterator()
    #expect(await later.next()?.kind == .replaced)
    #expect(moved.adminURL == nil)
    await moved.stop()
  }

  @Test func `an admin address that is taken is refused, and one that was only preferred is left`()
    async throws
  {
    let scratch = try Scratch()
    let other = try Scratch()
    let plane = try await scratch.plane(admin: .at(try ListenAddress(parsing: "127.0.0.1:0")))
    let taken = try ListenAddress(parsing: String(try #require(plane.adminURL).dropFirst("http://".count)))
    let problem = await #expect(throws: Problem.self) { try await other.plane(admin: .at(taken)) }
    #expect(problem?.hint == "stop what listens there, or choose another address with --admin")
    let elsewhere = try await other.plane(admin: .near(taken))
    #expect(elsewhere.adminURL != plane.adminURL)
    #expect(try Self.metricsProcess(elsewhere.adminURL) != nil)
    await elsewhere.stop()
    await plane.stop()
  }

  @Test func `a plane that is to be secured is, says so in its address, and replaces one that is not`()
    async throws
  {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    await plane.endSupervision()
    let address = String(plane.baseURL.dropFirst("http://".count))
    let next = try await scratch.plane(listen: address, tls: scratch.tls())
    var events = next.events.makeAsyncIterator()
    #expect(await events.next()?.kind == .replaced)
    #expect(next.baseURL == "https://\(address)")
    #expect(try await !Self.isAnswering(next))
    await next.stop()
  }

  @Test func `an address that is taken is refused with what to do`() async throws {
    let scratch = try Scratch()
    let other = try Scratch()
    let plane = try await scratch.plane()
    let taken = String(plane.baseURL.dropFirst("http://".count))
    let problem = await #expect(throws: Problem.self) { try await other.plane(listen: taken) }
    #expect(problem?.code == "system.bind")
    #expect(problem?.exitCode == 6)
    #expect(problem?.hint == "stop what listens there, or choose another address with --listen")
    await plane.stop()
  }

  /// A store that saves what is of another generation than it was told, for as long as it is to.
  private final class MisleadingStore: PlaneStateStore {
    let misleads = Mutex(false)
    private let file: FilePlaneStateStore

    init(path: String) { file = FilePlaneStateStore(path: path) }

    var path: String { file.path }
    func load() throws(Problem) -> PlaneState? { try file.load() }
    func save(_ state: PlaneState) throws(Problem) {
      let further = misleads.withLock { $0 ? 100 : 0 }
      try file.save(
        PlaneState(generation: state.generation + further, sealKeys: [], deployments: [], keys: []))
    }
  }

  /// A plane whose process serves, without a connection for commands and without a name to make one by.
  private static func unreachable(_ scratch: Scratch) async throws -> (plane: LocalDataPlane, process: pid_t)
  {
    let store = MisleadingStore(path: "\(scratch.path)/state.json")
    let plane = try await scratch.plane(store: store)
    var events = plane.events.makeAsyncIterator()
    let process = pid_t(try #require(await events.next()).process)
    // An answer that does not fit ends the connection.
    store.misleads.withLock { $0 = true }
    let problem = await #expect(throws: Problem.self) { try await plane.apply(Self.state(1)) }
    #expect(problem?.code == "plane.generation")
    store.misleads.withLock { $0 = false }
    try #require(unsafe unlink("\(scratch.path)/control-a.sock") == 0)
    try #require(kill(process, 0) == 0)
    return (plane, process)
  }

  private static func state(_ generation: Int) -> PlaneState {
    PlaneState(generation: generation, sealKeys: [], deployments: [], keys: [])
  }

  @Test func `a process that cannot be reached any more is ended before another serves in its place`()
    async throws
  {
    let scratch = try Scratch()
    let (plane, former) = try await Self.unreachable(scratch)
    try await plane.apply(Self.state(2))
    #expect(kill(former, 0) == -1)
    #expect(try await Self.isAnswering(plane))
    await plane.stop()
  }

  @Test func `a process that is replaced and cannot be reached is asked to end by a signal`() async throws {
    let scratch = try Scratch()
    let (plane, former) = try await Self.unreachable(scratch)
    try await plane.replace()
    #expect(kill(former, 0) == -1)
    #expect(try await Self.isAnswering(plane))
    await plane.stop()
    let log = try String(contentsOfFile: "\(scratch.path)/runtime.log", encoding: .utf8)
    #expect(log.components(separatedBy: "\"drained\"").count == 3, "\(log)")
  }

  @Test func `a bundle that is not there is refused and what was served stays`() async throws {
    let scratch = try Scratch()
    let plane = try await scratch.plane()
    let store = FilePlaneStateStore(path: "\(scratch.path)/state.json")
    let before = try store.load()
    let name = try ModelName(parsing: "iris")
    let digest = try #require(Digest(hexadecimal: String(repeating: "0", count: 64)))
    let state = PlaneState(
      generation: 7, sealKeys: [],
      deployments: [
        PlaneState.Deployment(
          name: name, live: .init(version: .first, bundle: digest, path: "\(scratch.path)/none"))
      ], keys: [])
    await #expect(throws: Problem.self) { try await plane.apply(state) }
    #expect(try store.load() == before)
    #expect(try await Self.isAnswering(plane))
    await plane.stop()
  }
}

struct ListenAddressTests {
  @Test(arguments: ["127.0.0.1:8080", "0.0.0.0:0", "10.1.2.3:65535"])
  func `an address prints as it was read`(text: String) throws {
    #expect(try ListenAddress(parsing: text).description == text)
  }

  @Test(arguments: [
    "", "8080", "localhost:80", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:-1", "1.2.3:4", "::1:80",
  ])
  func `what is no address is refused`(text: String) {
    let problem = #expect(throws: Problem.self) { try ListenAddress(parsing: text) }
    #expect(problem?.code == "address.malformed")
  }

  @Test func `only 127 is loopback`() throws {
    #expect(try ListenAddress(parsing: "127.9.9.9:1").isLoopback)
    #expect(try !ListenAddress(parsing: "0.0.0.0:1").isLoopback)
  }
}
