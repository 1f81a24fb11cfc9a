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
  /// The library, by its path or by a name for the loader; where nil, the first that it finds by a name of its.
  public let library: String?
  /// How many threads one prediction may take.
  public var threads = 1
  /// The most milliseconds that bringing a model up may take.
  public var loadMilliseconds = 120_000
  /// The most milliseconds that one request may take, waiting for its turn included.
  public var runMilliseconds = 30_000
  /// The most requests that wait for one model or run on it; more are refused.
  public var queue = 8
  /// The most bytes of memory that one process may map, with 8 more for each byte of its model's file.
  public var memory = 8 << 30
  /// The most models that are up at once; more are refused.
  public var modelLimit = 32
  private let models = EngineCount()
  /// Who starts the processes; nil where this process does.
  private var spawner: EngineSpawner?

  /// Names the program, and the library where it is known.
  public init(program: String, library: String? = nil) {
    self.program = program
    self.library = library.map(Self.resolved)
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

  /// What `GATEHOUSE_ONNXRUNTIME` names; nil where it is not set.
  private static var namedLibrary: String? {
    guard let value = unsafe getenv("GATEHOUSE_ONNXRUNTIME") else { return nil }
    let name = unsafe String(cString: value)
    return name.isEmpty ? nil : name
  }

  /// A library as the engine, which has another directory, is to be told of it.
  ///
  /// A file that is there by its whole path; a name without '/' as it is, for the loader to find; any other as the path
  /// that it would have, for the loader to say that there is none.
  private static func resolved(_ name: String) -> String {
    if !name.hasPrefix("/"), let whole = unsafe realpath(name, nil) {
      defer { unsafe free(whole) }
      return unsafe String(cString: whole)
    }
    guard !name.hasPrefix("/"), name.contains("/"), let here = unsafe getcwd(nil, 0) else { return name }
    defer { unsafe free(here) }
    return unsafe "\(String(cString: here))/\(name)"
  }

  /// Starts a process and has it take the model.
  ///
  /// Throws `engine.too-many` where as many are up as may be.
  public func open(_ model: ONNXRuntimeModel) throws(Problem) -> any EngineSession {
    guard let place = models.take(limit: modelLimit) else {
      throw Problem(
        .unavailable, "engine.too-many",
        "expected at most \(modelLimit) models that ONNX Runtime runs at once, found another",
        hint: "retire one of them, or serve this one by a plane of its own")
    }
    return try ONNXRuntimeSession(self, model, place)
  }

  /// Has another process start engines from here on, for one that is about to give up that right; does nothing where
  /// the program is not there.
  ///
  /// Call it while there is one thread. Throws `engine.failed`.
  public mutating func startSpawner() throws(Problem) {
    guard unsafe access(program, X_OK) == 0 else { return }
    spawner = try EngineSpawner(program: program, fixed: libraryArguments)
  }

  private var libraryArguments: [String] { library.map { ["--library", $0] } ?? [] }

  /// Starts the program.
  private func process(for model: ONNXRuntimeModel) throws(Problem) -> EngineProcess {
    let numbers = EngineSpawner.Numbers(
      threads: threads, memory: memory + 8 * model.bytes.count,
      deadline: (max(loadMilliseconds, runMilliseconds) + 1999) / 1000)
    if let spawner { return try EngineProcess(spawner, program: program, numbers) }
    guard unsafe access(program, X_OK) == 0 else {
      throw Problem.engineAbsent("found no program \(program)")
    }
    let options = zip(EngineSpawner.Numbers.options, numbers.values).flatMap { [$0, String($1)] }
    return try EngineProcess(program: program, arguments: libraryArguments + options)
  }

  /// Starts the program and waits until it has the library.
  func start(for model: ONNXRuntimeModel) throws(Problem) -> EngineProcess {
    let process = try process(for: model)
    let deadline = EngineProcess.now() + loadMilliseconds
    do {
      let hello = try process.receive(deadline: deadline)
      if hello.kind == .failure { throw Self.problem(of: hello, library: library) }
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
  static func problem(of frame: EngineFrame, library: String? = nil) -> Problem {
    guard let (failure, text) = EngineFailure.parse(frame.payload) else {
      return problem(of: .malformed, milliseconds: 0)
    }
    let cause = text.excerpt(400)
    return switch failure {
    case .absent:
      Problem.engineAbsent(
        library.map { "found no library '\($0)'" } ?? "found none that the loader knows", cause: cause)
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
