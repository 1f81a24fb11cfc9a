import Dispatch
import Domain
import Encoding
import Foundation
import Glibc
import TestKit
import Testing

@testable import Fleet

/// Commands to a peer that answers late, with something else, or not at all.
@Suite(.timeLimit(.minutes(15)))
struct ControlSocketTests {
  /// What a peer does with a command.
  private enum Reaction {
    /// Answers with a line.
    case answer(String)
    /// Answers with a line once somebody lets it.
    case later(DispatchSemaphore, String)
    /// Hangs up.
    case hangUp
  }

  /// A socket that is listened to by a thread, which reacts to each command in turn and speaks with one client at a time.
  private final class Peer: @unchecked Sendable {
    private let folder: TestFolder
    private let listener: Int32
    private let ended = DispatchSemaphore(value: 0)

    var path: String { "\(folder.path)/control.sock" }

    init(_ reactions: [Reaction]) throws {
      let folder = try TestFolder("peer")
      self.folder = folder
      let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      self.listener = listener
      var address = Self.address("\(folder.path)/control.sock")
      let bound = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(bound == 0)
      try #require(listen(listener, 4) == 0)
      let ended = ended
      Thread.detachNewThread {
        Self.serve(listener, reactions)
        ended.signal()
      }
    }

    /// A descriptor that is connected to it; nil where its queue has room for no more.
    func join() -> Int32? {
      let descriptor = socket(
        AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
      var address = Self.address(path)
      let connected = unsafe withUnsafePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      if connected == 0 { return descriptor }
      close(descriptor)
      return nil
    }

    private static func address(_ path: String) -> sockaddr_un {
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: Array(path.utf8)) }
      return address
    }

    /// Listens no more, once everything was reacted to.
    func end() {
      ended.wait()
      close(listener)
      unsafe unlink(path)
    }

    private static func serve(_ listener: Int32, _ reactions: [Reaction]) {
      var left = reactions[...]
      while !left.isEmpty {
        let client = accept(listener, nil, nil)
        defer { close(client) }
        while hasCommand(client), let reaction = left.popFirst() {
          switch reaction {
          case .answer(let line): say(line, client)
          case .later(let gate, let line):
            gate.wait()
            say(line, client)
          case .hangUp: shutdown(client, Int32(SHUT_RDWR))
          }
          if left.isEmpty { return }
        }
      }
    }

    private static func hasCommand(_ client: Int32) -> Bool {
      var byte: UInt8 = 0
      while unsafe recv(client, &byte, 1, 0) == 1 { if byte == UInt8(ascii: "\n") { return true } }
      return false
    }

    private static func say(_ line: String, _ client: Int32) {
      let bytes = Array("\(line)\n".utf8)
      _ = unsafe bytes.withUnsafeBytes {
        unsafe send(client, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
    }
  }

  private static func applied(_ generation: Int) -> String {
    let application = PlaneApplication(generation: generation, failures: [])
    return String(decoding: JSON.object(application.json).canonicalBytes, as: UTF8.self)
  }

  @Test func `an answer that comes too late is not taken for that to the next command`() throws {
    let gate = DispatchSemaphore(value: 0)
    let peer = try Peer([.later(gate, Self.applied(1)), .answer(Self.applied(2))])
    let control = try #require(ControlSocket(connectingTo: peer.path, timeout: 2))
    let problem = #expect(throws: Problem.self) { try control.apply(1) }
    #expect(problem?.code == "plane.silent")
    gate.signal()
    #expect(try control.apply(2).generation == 2)
    peer.end()
  }

  @Test func `who is asked again how it stands is asked once, and heard when it answers`() throws {
    let gate = DispatchSemaphore(value: 0)
    let counts = PlaneCounts(instance: "one", versions: [])
    let line = String(decoding: JSON.object(["counts": counts.json]).canonicalBytes, as: UTF8.self)
    // A second connection, or a second line, would have the third reaction.
    let peer = try Peer([.later(gate, line), .answer(line), .hangUp])
    let control = try #require(ControlSocket(connectingTo: peer.path, timeout: 1))
    for _ in 0..<2 {
      let problem = #expect(throws: Problem.self) { try control.examine() }
      #expect(problem?.code == "plane.silent")
    }
    gate.signal()
    #expect(try control.examine() == counts)
    #expect(try control.examine() == counts)
    let problem = #expect(throws: Problem.self) { try control.examine() }
    #expect(problem?.code == "plane.silent" || problem?.code == "plane.gone")
    peer.end()
  }

  @Test
  func `an answer about another generation is refused, and the next command has a connection of its own`()
    throws
  {
    let peer = try Peer([.answer(Self.applied(1)), .answer(Self.applied(2))])
    let control = try #require(ControlSocket(connectingTo: peer.path))
    let problem = #expect(throws: Problem.self) { try control.apply(2) }
    #expect(problem?.code == "plane.generation")
    #expect(
      problem?.message
        == "expected the data plane to serve the state of generation 2, found it to serve 1")
    #expect(try control.apply(2).generation == 2)
    peer.end()
  }

  @Test func `what is no answer ends the connection, and a problem that is answered does not`() throws {
    let refusal = Problem(.badInput, "state.malformed", "expected a state, found none")
    let refused = String(
      decoding: JSON.object(["ok": false, "problem": refusal.json]).canonicalBytes, as: UTF8.self)
    let peer = try Peer([.answer("nonsense"), .answer(refused), .answer(Self.applied(3))])
    let control = try #require(ControlSocket(connectingTo: peer.path))
    for code in ["plane.answer", "state.malformed"] {
      let problem = #expect(throws: Problem.self) { try control.apply(3) }
      #expect(problem?.code == code)
    }
    #expect(try control.apply(3).generation == 3)
    peer.end()
  }

  @Test func `a process that takes no connection any more is silent and not gone`() throws {
    // It takes none at all: they wait in its queue, until that is full.
    let peer = try Peer([])
    let control = try #require(ControlSocket(connectingTo: peer.path, timeout: 1))
    var others: [Int32] = []
    defer { for other in others { close(other) } }
    while let other = peer.join() {
      others.append(other)
      try #require(others.count < 100)
    }
    // The first waits for an answer on its connection, the second for another connection.
    for _ in 0..<2 {
      let problem = #expect(throws: Problem.self) { try control.apply(1) }
      #expect(problem?.code == "plane.silent")
    }
    peer.end()
  }

  @Test func `a signal reaches the process until it has ended, and no other after that`() throws {
    let peer = try Peer([])
    let life = try #require(ControlSocket(connectingTo: peer.path))
    #expect(try life.signal(0))
    peer.end()
    // We are that process, and live.
    #expect(try !life.signal(0))
  }

  @Test func `a process that hung up is asked again, and one that is not there is gone`() throws {
    let peer = try Peer([.hangUp, .answer(Self.applied(4))])
    let control = try #require(ControlSocket(connectingTo: peer.path))
    #expect(try control.apply(4).generation == 4)
    peer.end()
    let problem = #expect(throws: Problem.self) { try control.apply(4) }
    #expect(problem?.code == ControlSocket.goneCode)
  }
}
