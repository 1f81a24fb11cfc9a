public import Domain
import Encoding
import Glibc
public import Inference
public import ModelGraph

/// Runs models by ONNX Runtime, each in a process of its own that holds the library and nothing else.
///
/// Why in a process: `docs/decisions/0016`; what the two say to each other: `docs/engine.md`.
public struct ONNXRuntimeEngine: InferenceEngine {
  /// The `gatehouse-onnx` program.
  public var program: String
  /// The library; where nil, the first that the loader finds by a name of its.
  public var library: String?
  /// How many threads one prediction may take.
  public var threads = 1
  /// The most milliseconds that bringing a model up may take.
  public var loadMilliseconds = 120_000
  /// The most milliseconds that one request may take, waiting for its turn included.
  public var runMilliseconds = 30_000
  /// The most requests that wait for one model or run on it; more are refused.
  public var queue = 8
  /// The most bytes of memory that one process may map, apart from what its model asks for.
  public var memory = 8 << 30

  /// Names the program, and the library where it is known.
  public init(program: String, library: String? = nil) {
    self.program = program
    self.library = library
  }

  /// The engine beside this program, with the library that `GATEHOUSE_ONNXRUNTIME` names, if it does.
  public static func installed(library: String? = nil) -> ONNXRuntimeEngine {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
    let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
    return ONNXRuntimeEngine(
      program: directory.joined(separator: "/") + "/gatehouse-onnx", library: library ?? namedLibrary)
  }

  /// What `GATEHOUSE_ONNXRUNTIME` names, as an absolute path; nil where it is not set.
  public static var namedLibrary: String? {
    guard let value = unsafe getenv("GATEHOUSE_ONNXRUNTIME") else { return nil }
    let name = unsafe String(cString: value)
    guard !name.isEmpty else { return nil }
    guard !name.hasPrefix("/"), let whole = unsafe realpath(name, nil) else { return name }
    defer { unsafe free(whole) }
    return unsafe String(cString: whole)
  }

  /// Starts a process and has it take the model.
  public func open(_ model: ONNXRuntimeModel) throws(Problem) -> any EngineSession {
    try ONNXRuntimeSession(self, model)
  }

  /// Starts the program and waits until it has the library.
  func start(for model: ONNXRuntimeModel) throws(Problem) -> EngineProcess {
    guard unsafe access(program, X_OK) == 0 else {
      throw Problem.engineAbsent("found no program \(program)")
    }
    var arguments = ["--threads", "\(threads)", "--memory", "\(memory + 8 * model.bytes.count)"]
    arguments += ["--deadline", "\((max(loadMilliseconds, runMilliseconds) + 1999) / 1000)"]
    if let library { arguments += ["--library", library] }
    let process = try EngineProcess(program: program, arguments: arguments)
    let deadline = EngineProcess.now() + loadMilliseconds
    do {
      let hello = try process.receive(deadline: deadline)
      if hello.kind == .failure { throw Self.problem(of: hello) }
      guard hello.kind == .hello else { throw EngineProcess.Fault.malformed }
      try process.send(EngineFrame.load(model, sequence: 1), deadline: deadline)
      let answer = try process.receive(deadline: deadline)
      if answer.kind == .failure { throw Self.problem(of: answer) }
      guard answer.kind == .loaded, answer.sequence == 1 else { throw EngineProcess.Fault.malformed }
      return process
    } catch let problem as Problem {
      throw problem
    } catch let fault as EngineProcess.Fault {
      throw Self.problem(of: fault, milliseconds: loadMilliseconds)
    } catch {
      throw Self.problem(of: .ended, milliseconds: loadMilliseconds)
    }
  }

  // MARK: - Problems

  /// What a failure that the engine reports means to a caller.
  static func problem(of frame: EngineFrame) -> Problem {
    guard let (failure, text) = EngineFailure.parse(frame.payload) else {
      return problem(of: .malformed, milliseconds: 0)
    }
    let cause = text.excerpt(400)
    return switch failure {
    case .absent: Problem.engineAbsent("found no such library", cause: cause)
    case .unusable:
      Problem(
        .unavailable, "engine.unusable", "expected a library of ONNX Runtime, found one that does not serve",
        hint: "name another in GATEHOUSE_ONNXRUNTIME", cause: cause)
    case .sandbox:
      Problem(
        .unavailable, "engine.no-sandbox",
        "expected a kernel that lets a process give up its rights, found none",
        hint: "run where seccomp filters may be installed", cause: cause)
    case .malformed:
      Problem(
        .internal, "engine.failed", "expected the engine to understand a request, found that it does not",
        cause: cause)
    case .refused:
      Problem(
        .refused, "engine.refused", "expected a model that ONNX Runtime takes, found one that it refuses",
        hint: "check it with onnx.checker, or install a version of ONNX Runtime that knows its operators",
        cause: cause)
    case .run:
      Problem(
        .badInput, "engine.rejected",
        "expected rows that the model takes, found that ONNX Runtime fails on them",
        cause: cause)
    case .tooLarge:
      Problem(
        .tooLarge, "engine.too-large", "expected a request that fits the engine's bounds, found a larger one",
        hint: "ask in several parts", cause: cause)
    }
  }

  /// What the end of a conversation means to a caller.
  static func problem(of fault: EngineProcess.Fault, milliseconds: Int) -> Problem {
    switch fault {
    case .deadline:
      Problem(
        .unavailable, "engine.timeout",
        "expected ONNX Runtime to answer within \(milliseconds) ms, found that it does not",
        hint: "ask for fewer rows at once")
    case .ended:
      Problem(
        .unavailable, "engine.failed", "expected ONNX Runtime to answer, found that its process ended",
        hint: "ask again: it is started anew")
    case .malformed:
      Problem(
        .unavailable, "engine.failed", "expected an answer of ONNX Runtime, found bytes that are none",
        hint: "ask again: it is started anew")
    }
  }
}
