import Dispatch
import Domain
import Encoding
import Glibc
import Inference
import ModelGraph
import Synchronization

/// One model and the process that runs it, which is started again when it dies.
///
/// One request has the process at a time; the others wait for their turn, as many and as long as they may.
final class ONNXRuntimeSession: EngineSession {
  private let engine: ONNXRuntimeEngine
  private let model: ONNXRuntimeModel
  private let place: EngineCount.Place
  /// How many requests wait or run.
  private let waiting = Atomic<Int>(0)
  /// The right to talk to the process.
  private let turn = DispatchSemaphore(value: 1)
  /// Touched only by whoever has the turn; the lock makes that plain to the compiler.
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var process: EngineProcess?
    var delay = RestartDelay()
    var sequence: UInt64 = 1
  }

  init(
    _ engine: ONNXRuntimeEngine, _ model: ONNXRuntimeModel, _ place: EngineCount.Place
  ) throws(Problem) {
    self.engine = engine
    self.place = place
    self.model = model
    let process = try engine.start(for: model)
    self.state = Mutex(State(process: process))
  }

  func run<Result>(_ body: (EngineSession.Model) throws(Problem) -> Result) throws(Problem) -> Result {
    guard waiting.add(1, ordering: .relaxed).newValue <= engine.queue else {
      waiting.subtract(1, ordering: .relaxed)
      throw Problem(
        .unavailable, "engine.busy",
        "expected at most \(engine.queue) requests of the model at once, found more", hint: "ask again later")
    }
    defer { waiting.subtract(1, ordering: .relaxed) }
    // Who waited in vain has asked the process nothing: it goes on.
    guard turn.wait(timeout: .now() + .milliseconds(engine.runMilliseconds)) == .success else {
      throw ONNXRuntimeEngine.problem(of: .deadline, milliseconds: engine.runMilliseconds)
    }
    defer { turn.signal() }
    // The time that starting a process takes is not the request's.
    try locked { state throws(Problem) in
      if state.process == nil { state.process = try started(&state) }
    }
    let deadline = EngineProcess.now() + engine.runMilliseconds
    return try body { (inputs: [Tensor]) throws(Problem) in
      try locked { state throws(Problem) in try run(inputs, &state, deadline: deadline) }
    }
  }

  private func locked<Result: Sendable>(
    _ body: (inout State) throws(Problem) -> Result
  ) throws(Problem) -> Result {
    let result = state.withLock { state in
      do throws(Problem) {
        return Swift.Result<Result, Problem>.success(try body(&state))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func run(_ inputs: [Tensor], _ state: inout State, deadline: Int) throws(Problem) -> [Tensor] {
    state.sequence += 1
    guard let frame = EngineFrame.run(inputs, sequence: state.sequence) else {
      throw Problem(
        .tooLarge, "predict.too-many-rows",
        "expected rows of at most \(EngineFrame.byteLimit) bytes at once, found more",
        hint: "ask in several parts")
    }
    guard let process = state.process else { throw ended(.ended, &state) }
    let answer: EngineFrame
    do throws(EngineProcess.Fault) {
      try process.send(frame, deadline: deadline)
      answer = try process.receive(deadline: deadline)
    } catch {
      throw ended(error, &state)
    }
    guard answer.sequence == frame.sequence else { throw ended(.malformed, &state) }
    if answer.kind == .failure {
      let problem = ONNXRuntimeEngine.problem(of: answer)
      // The engine ends by itself where it was not understood, and is not ours any more where we do not
      // understand it.
      if problem.code == "engine.failed" { drop(&state) } else { state.delay.answered() }
      throw problem
    }
    guard answer.kind == .answer, let tensors = FrameBytes.tensors(of: answer.payload, like: model.outputs)
    else { throw ended(.malformed, &state) }
    state.delay.answered()
    return tensors
  }

  private func ended(_ fault: EngineProcess.Fault, _ state: inout State) -> Problem {
    drop(&state)
    return ONNXRuntimeEngine.problem(of: fault, milliseconds: engine.runMilliseconds)
  }

  private func drop(_ state: inout State) {
    state.process?.end()
    state.process = nil
    state.delay.died(at: EngineProcess.now())
  }

  /// A new process, where the last one has been dead for long enough.
  private func started(_ state: inout State) throws(Problem) -> EngineProcess {
    let remaining = state.delay.remaining(at: EngineProcess.now())
    guard remaining == 0 else {
      throw Problem(
        .unavailable, "engine.failed",
        "expected ONNX Runtime to run, found that it ended \(state.delay.deaths) times in a row",
        hint: "ask again in \(remaining) ms: it is started then")
    }
    do throws(Problem) {
      return try engine.start(for: model)
    } catch {
      state.delay.died(at: EngineProcess.now())
      throw error
    }
  }
}
