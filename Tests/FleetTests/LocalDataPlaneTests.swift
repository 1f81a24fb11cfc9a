import Domain
import Fleet
import Foundation
import Glibc
import Lifecycle
import Storage
import Testing

/// Real processes of the data plane, started, killed, replaced and adopted.
@Suite(.timeLimit(.minutes(2)))
struct LocalDataPlaneTests {
  /// A directory of its own with a short path: control sockets have room for 107 bytes.
  final class Scratch {
    let path = "/tmp/gatehouse-fleet-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    init() throws {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func plane(listen: String = "127.0.0.1:0", goesOnWhenSpoolFull: Bool = false) async throws
      -> LocalDataPlane
    {
      try await LocalDataPlane(
        .init(
          program: Self.program, listen: try ListenAddress(parsing: listen), directory: path,
          spool: "\(path)/spool", goesOnWhenSpoolFull: goesOnWhenSpoolFull),
        store: FilePlaneStateStore(path: "\(path)/state.json"))
    }

    /// The runtime of the same build, beside the tests.
    static let program: String = {
      let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
      return URL(filePath: bundle).deletingLastPathComponent().appending(path: "gatehouse-runtime").path
    }()
  }

  private static func isAnswering(_ plane: LocalDataPlane) async throws -> Bool {
    let url = try #require(URL(string: "\(plane.baseURL)/v2/health/live"))
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
    guard connected == 0 else { return false }
    let request = "GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    _ = unsafe request.withCString { unsafe send(descriptor, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
    return count > 0 && String(decoding: buffer.prefix(count), as: UTF8.self).hasPrefix("HTTP/1.1 200")
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
