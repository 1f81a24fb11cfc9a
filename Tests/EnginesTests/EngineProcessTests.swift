import Domain
import Foundation
import Glibc
import Inference
import ModelGraph
import Testing

@testable import Engines

/// The real program, without the library it is for.
struct EngineProcessTests {
  /// `gatehouse-onnx` as the build left it beside the tests.
  private static var program: String {
    var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
    for _ in 0..<4 {
      let program = folder.appending(path: "gatehouse-onnx").path
      if FileManager.default.isExecutableFile(atPath: program) { return program }
      folder.deleteLastPathComponent()
    }
    return "gatehouse-onnx"
  }

  private static let model = ONNXRuntimeModel(
    bytes: [8, 9], inputs: [.init(name: "x", datatype: .float32, shape: [-1, 2])],
    outputs: [.init(name: "y", datatype: .float32, shape: [-1])], takesOneRow: false)

  private static func problem(_ engine: ONNXRuntimeEngine) -> Problem? {
    do throws(Problem) {
      _ = try engine.open(model)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a library that is not there is said to be absent, with what would help`() throws {
    let engine = ONNXRuntimeEngine(program: Self.program, library: "/nowhere/libonnxruntime.so")
    let problem = try #require(Self.problem(engine))
    #expect(problem.code == "engine.absent")
    #expect(
      problem.message
        == "this model needs ONNX Runtime: expected gatehouse-onnx and libonnxruntime.so, found no library"
        + " '/nowhere/libonnxruntime.so'")
    #expect(problem.hint?.contains("GATEHOUSE_ONNXRUNTIME") == true)
    #expect(problem.cause?.contains("/nowhere/libonnxruntime.so") == true)
  }

  @Test(arguments: [
    ("libonnxruntime.so.none", "'libonnxruntime.so.none'"),
    ("nowhere/onnxruntime.so", "/nowhere/onnxruntime.so'"),
  ])
  func `a library by a name, or by a path from here, is said to be absent by what was looked for`(
    library: String, found: String
  ) throws {
    let problem = try #require(Self.problem(ONNXRuntimeEngine(program: Self.program, library: library)))
    #expect(problem.code == "engine.absent")
    #expect(problem.message.hasSuffix(found), "\(problem.message)")
    #expect(problem.cause?.contains("cannot open shared object file") == true)
  }

  @Test func `more models than may be up at once are refused, until one of them goes`() throws {
    let script = try Self.stand("exec sleep 60")
    defer { try? FileManager.default.removeItem(at: script) }
    var engine = ONNXRuntimeEngine(program: script.path)
    engine.modelLimit = 1
    var session: (any EngineSession)? = try engine.open(Self.model)
    #expect(Self.problem(engine)?.code == "engine.too-many")
    withExtendedLifetime(session) {}
    session = nil
    #expect(Self.problem(engine) == nil)
    // One that does not come up takes no place.
    engine.program = "/bin/true"
    for _ in 0..<2 { #expect(Self.problem(engine)?.code == "engine.failed") }
  }

  @Test func `an engine that another process starts is ended with its session`() throws {
    let note = FileManager.default.temporaryDirectory.appending(path: "engine-\(UUID().uuidString).pid")
    let script = try Self.stand("echo $$ \"$@\" > \(note.path)\nexec sleep 60")
    defer {
      try? FileManager.default.removeItem(at: script)
      try? FileManager.default.removeItem(at: note)
    }
    var engine = ONNXRuntimeEngine(program: script.path, library: "libonnxruntime.so")
    try engine.startSpawner()
    // It starts what was there when it was begun, and nothing that is named later.
    engine.program = "/nowhere/gatehouse-onnx"
    var session: (any EngineSession)? = try engine.open(Self.model)
    withExtendedLifetime(session) {}
    var words: [Substring] = []
    while words.count < 9 {
      words = ((try? String(contentsOf: note, encoding: .utf8)) ?? "").split { " \n".contains($0) }
    }
    #expect(words[1...].prefix(4) == ["--library", "libonnxruntime.so", "--threads", "1"])
    let process = try #require(pid_t(words[0]))
    #expect(kill(process, 0) == 0)
    session = nil
    #expect(kill(process, 0) == -1)
    #expect(errno == ESRCH)
  }

  @Test func `a library of another kind is said not to serve`() throws {
    let other = try #require(
      ["/lib/x86_64-linux-gnu/libm.so.6", "/lib/aarch64-linux-gnu/libm.so.6", "/lib64/libm.so.6"].first {
        FileManager.default.fileExists(atPath: $0)
      })
    #expect(Self.problem(ONNXRuntimeEngine(program: Self.program, library: other))?.code == "engine.unusable")
  }

  @Test func `a file that is no library is not loaded`() {
    #expect(
      Self.problem(ONNXRuntimeEngine(program: Self.program, library: "/etc/passwd"))?.code == "engine.absent")
  }

  @Test func `a program that is not there is said to be absent`() {
    let problem = Self.problem(ONNXRuntimeEngine(program: "/nowhere/gatehouse-onnx"))
    #expect(problem?.code == "engine.absent")
    #expect(problem?.message.contains("/nowhere/gatehouse-onnx") == true)
  }

  @Test(arguments: [
    "", "printf nonsense >&3", "printf '%024d' 7 >&3", #"printf 'GHE1\147\0\0\0%016d' 0 >&3"#,
    #"printf 'GHE1\150"# + String(repeating: #"\0"#, count: 11) + #"\001\0\0\0\0\0\0\0\0' >&3"#,
  ])
  func `a program that ends without a word, or says nonsense, is a failure`(_ says: String) throws {
    let script = try Self.stand(isUp: false, says)
    defer { try? FileManager.default.removeItem(at: script) }
    #expect(Self.problem(ONNXRuntimeEngine(program: script.path))?.code == "engine.failed")
  }

  /// A program in the place of the engine, that says hello and takes any model where `isUp`, and then does `rest`.
  private static func stand(isUp: Bool = true, _ rest: String) throws -> URL {
    let script = FileManager.default.temporaryDirectory.appending(path: "engine-\(UUID().uuidString)")
    let hello =
      #"printf 'GHE1\145\0\0\0\0\0\0\0\0\0\0\0\001\0\0\0\0\0\0\0x' >&3"#
      + "\n" + #"printf 'GHE1\146\0\0\0\001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >&3"#
    // Written by a process of its own: a child that another test starts meanwhile would inherit the file open for
    // writing, and what somebody may still write to cannot be started ("Text file busy").
    let writer = Process()
    writer.executableURL = URL(filePath: "/bin/sh")
    writer.arguments = [
      "-c", "printf %s \"$1\" > \"$0\" && chmod 700 \"$0\"", script.path,
      "#!/bin/sh\n\(isUp ? hello : "")\n\(rest)\n",
    ]
    try writer.run()
    writer.waitUntilExit()
    try #require(writer.terminationStatus == 0)
    return script
  }

  private static let rows = [Tensor(vector: .float32([1, 2]))]

  private static func problem(of session: any EngineSession) -> Problem? {
    do throws(Problem) {
      _ = try session.run { model throws(Problem) in try model(rows) }
      return nil
    } catch {
      return error
    }
  }

  @Test func `a program that never answers is given up at the deadline`() throws {
    let script = try Self.stand(isUp: false, "exec sleep 60")
    defer { try? FileManager.default.removeItem(at: script) }
    var engine = ONNXRuntimeEngine(program: script.path)
    engine.loadMilliseconds = 300
    #expect(Self.problem(engine)?.code == "engine.timeout")
  }

  @Test func `a request that is not answered in time is given up, and the process with it`() throws {
    let script = try Self.stand("exec sleep 60")
    defer { try? FileManager.default.removeItem(at: script) }
    var engine = ONNXRuntimeEngine(program: script.path)
    engine.runMilliseconds = 200
    let session = try engine.open(Self.model)
    #expect(Self.problem(of: session)?.code == "engine.timeout")
    // The second process is started at once, the third not.
    #expect(Self.problem(of: session)?.code == "engine.timeout")
    let third = Self.problem(of: session)
    #expect(third?.code == "engine.failed")
    #expect(third?.message == "expected ONNX Runtime to run, found that it ended 2 times in a row")
  }

  @Test func `a process that dies in the middle of a request is a failure, and is started again`() throws {
    let script = try Self.stand("head -c 40 <&3 >/dev/null\nkill -9 $$")
    defer { try? FileManager.default.removeItem(at: script) }
    let session = try ONNXRuntimeEngine(program: script.path).open(Self.model)
    for _ in 0..<2 {
      let problem = Self.problem(of: session)
      #expect(problem?.code == "engine.failed")
      #expect(problem?.message == "expected ONNX Runtime to answer, found that its process ended")
    }
  }

  @Test func `an engine that floods the socket is ended at the first bytes that are no frame`() throws {
    let script = try Self.stand("exec cat /dev/zero >&3")
    defer { try? FileManager.default.removeItem(at: script) }
    let session = try ONNXRuntimeEngine(program: script.path).open(Self.model)
    #expect(
      Self.problem(of: session)?.message == "expected an answer of ONNX Runtime, found bytes that are none")
  }

  @Test func `requests beyond the queue are refused, and those in it wait no longer than they may`()
    async throws
  {
    let script = try Self.stand("exec sleep 60")
    defer { try? FileManager.default.removeItem(at: script) }
    var engine = ONNXRuntimeEngine(program: script.path)
    engine.runMilliseconds = 500
    engine.queue = 2
    let session = try engine.open(Self.model)
    // On threads of their own: tasks that block would wait for each other.
    let (answers, answer) = AsyncStream.makeStream(of: (code: String?, time: Duration).self)
    for _ in 0..<3 {
      Thread.detachNewThread {
        let start = ContinuousClock.now
        let code = Self.problem(of: session)?.code
        answer.yield((code, ContinuousClock.now - start))
      }
    }
    var codes: [String?] = []
    for await (code, time) in answers.prefix(3) {
      codes.append(code)
      #expect(time < .seconds(20))
    }
    // One at once, and the other two after their limits.
    #expect(codes.first == "engine.busy")
    #expect(codes.dropFirst().allSatisfy { $0 == "engine.timeout" || $0 == "engine.failed" })
    engine.queue = 0
    let full = try engine.open(Self.model)
    #expect(Self.problem(of: full)?.code == "engine.busy")
  }
}
