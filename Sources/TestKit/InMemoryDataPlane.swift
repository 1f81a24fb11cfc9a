public import Domain
public import Lifecycle
import Synchronization

/// A data plane that remembers what it was told to serve, with faults on request.
///
/// Its processes are values: one serves, one may be made ready beside it, one may have given way and not be asked to end yet.
public final class InMemoryDataPlane: DataPlane {
  /// An address that nothing listens on.
  public let baseURL: String
  /// Nobody asks for metrics.
  public let adminURL: String? = nil
  private let faults: FaultPlan
  private let time: any TimeSource

  fileprivate struct State {
    // In the order in which they took effect.
    var states: [PlaneState] = []
    // What its process says; nil while there is none.
    var stated: PlaneConfinement?
    // What it counted; nil while there is none.
    var counted: PlaneCounts?
    var started = 0
    var serving: PlaneProcess?
    var successor: (process: PlaneProcess, trace: String)?
    var former: PlaneProcess?
    var repaved: [String: PlaneProcess] = [:]
    var program = Digest(words: 1, 0, 0, 0)
    // What is done while a successor answers.
    var meanwhile: (@Sendable () async -> Void)?
    // Whether its process answers nobody who steers it.
    var isSilent = false
    // Why its process cannot be asked; nil where it can.
    var obstacle: Problem?
    // How the process stood beside which the last one was made ready.
    var standing: FormerProcess?
    // What its connections are secured by.
    var certificate: PlaneCertificate?
    // The output of which a successor answers something else.
    var disagreement: String?
  }
  // Replaced by one step at a time.
  private let state = Mutex(State())

  /// Serves nothing yet; `faults` numbers the calls that change something.
  public init(
    baseURL: String = "http://127.0.0.1:0", faults: FaultPlan = FaultPlan(),
    time: any TimeSource = ManualTime(step: 0)
  ) {
    self.baseURL = baseURL
    self.faults = faults
    self.time = time
    state.withLock { $0.serving = $0.next(at: time.now()) }
  }

  /// Every state that it was brought to, oldest first.
  public var applied: [PlaneState] { state.withLock { $0.states } }

  /// The numbers of the processes that there are: who serves, who is made ready, who gave way.
  public var processes: (serving: Int?, ready: Int?, former: Int?) {
    state.withLock { ($0.serving?.process, $0.successor?.process.process, $0.former?.process) }
  }

  /// Has processes that are started from here on run another program.
  public func install(_ program: Digest) { state.withLock { $0.program = program } }

  /// Has a process that is made ready answer something else in this output; nil for the same in all.
  public func disagree(in output: String?) { state.withLock { $0.disagreement = output } }

  /// Has its process answer nobody who steers it, until another takes its place.
  public func silence() { state.withLock { $0.isSilent = true } }

  /// Keeps whoever looks at its process from asking it; nil for nobody any more.
  public func obstruct(by problem: Problem?) { state.withLock { $0.obstacle = problem } }

  /// How the process stood beside which the last one was made ready; nil where none was.
  public var standing: FormerProcess? { state.withLock { $0.standing } }

  /// Has this be done once, while a process that is made ready answers for the next time.
  public func meanwhile(_ work: @escaping @Sendable () async -> Void) {
    state.withLock { $0.meanwhile = work }
  }

  /// Has the process that serves end unasked, and another serve.
  public func killServing() {
    state.withLock { state in state.serving = state.next(at: time.now()) }
  }

  /// Has the process that serves end unasked, and none take its place.
  public func endServing() { state.withLock { $0.serving = nil } }

  /// What a start of the platform makes of processes that outlived the one before.
  public func reopen() {
    state.withLock { state in
      state.successor = nil
      state.former = nil
    }
  }

  /// Makes it serve what `state` says; throws where it is silent.
  public func apply(_ state: PlaneState) async throws(Problem) {
    if self.state.withLock({ $0.isSilent }) { throw Self.silent }
    try faults.write { () throws(Problem) in
      self.state.withLock { own in
        own.successor = nil
        own.states.append(state)
        own.serving = own.serving.map { State.serving(state, $0) }
      }
    }
  }

  /// What its process was told to say; nil while there is none.
  public func confinement() async -> PlaneConfinement? { state.withLock { $0.stated } }

  /// Has its process say this; nil where it ends.
  public func confine(_ confinement: PlaneConfinement?) { state.withLock { $0.stated = confinement } }

  /// What its process was told to have counted; nil while there is none.
  public func observe() async throws(Problem) -> PlaneCounts? { state.withLock { $0.counted } }

  /// Has its process have counted this; nil where it ends.
  public func count(_ counts: PlaneCounts?) { state.withLock { $0.counted = counts } }

  /// The same, unless its process is silent.
  public func examine() async -> PlaneAnswer {
    state.withLock { state in
      guard let serving = state.serving else { return .none }
      if let obstacle = state.obstacle { return .unasked(obstacle) }
      if state.isSilent { return .silent(Self.silent) }
      return .counted(state.counted ?? PlaneCounts(instance: serving.instance, versions: []))
    }
  }

  private static let silent = Problem(
    .unavailable, "plane.silent", "expected an answer from the data plane in time, found none")

  /// Has its process say that its connections are secured by this; nil for in the clear.
  public func secure(by certificate: PlaneCertificate?) { state.withLock { $0.certificate = certificate } }

  /// The process that serves; throws where it is silent.
  public func process() async throws(Problem) -> PlaneProcess? {
    try state.withLock { (state) throws(Problem) in
      if state.isSilent { throw Self.silent }
      var process = state.serving
      process?.certificate = state.certificate
      return process
    }
  }

  /// The process that serves, also where it is silent.
  public func known() async -> PlaneProcess? { state.withLock { $0.serving } }

  /// Makes a process ready.
  public func prepareSuccessor(
    under trace: String, beside standing: FormerProcess
  ) async throws(Problem) -> PlaneProcess {
    state.withLock { $0.standing = standing }
    return try faults.write { () throws(Problem) in
      state.withLock { state in
        var process = state.next(at: time.now())
        if let last = state.states.last { process = State.serving(last, process) }
        state.successor = (process, trace)
        return process
      }
    }
  }

  /// A case of one row, answered as the digest of the bundle is.
  public func sample(_ model: PlaneStatus.Model) async throws(Problem) -> ReplaySample {
    if state.withLock({ $0.isSilent }) { throw Self.silent }
    return try faults.write { () throws(Problem) in
      ReplaySample(
        version: VersionReference(name: model.name, version: model.version), bundle: model.bundle,
        source: .selfCheck,
        cases: [
          ReplayCase(
            numbers: [1], texts: [], rowCount: 1, featureCount: 1,
            answers: ["predict": model.bundle, "predict_proba": model.bundle])
        ])
    }
  }

  /// The same answers, but for the output that it is told to answer otherwise.
  public func replay(_ sample: ReplaySample) async throws(Problem) -> [[String: Digest]] {
    let work = state.withLock { state in
      defer { state.meanwhile = nil }
      return state.meanwhile
    }
    await work?()
    return try faults.write { () throws(Problem) in
      let other = try state.withLock { (state) throws(Problem) in
        guard state.successor != nil else { throw Problem.noSuccessor }
        return state.disagreement
      }
      return sample.cases.map { each in
        guard let other else { return each.answers }
        return each.answers.merging([other: Digest(words: 0, 0, 0, 7)]) { $1 }
      }
    }
  }

  /// Has the process that was made ready serve beside the one that does.
  public func begin() async throws(Problem) {
    try faults.write { () throws(Problem) in
      try state.withLock { (state) throws(Problem) in
        guard let next = state.successor else { throw Problem.noSuccessor }
        state.successor = nil
        state.isSilent = false
        state.former = state.serving
        let now = next.process
        let process = PlaneProcess(
          process: now.process, instance: now.instance, startedAt: now.startedAt, program: now.program,
          version: now.version, models: now.models, repave: next.trace)
        state.serving = process
        state.repaved[next.trace] = process
      }
    }
  }

  /// Ends the process that gave way.
  public func retireFormer() async {
    try? faults.write { () throws(Problem) in state.withLock { $0.former = nil } }
  }

  /// Ends the process that was made ready.
  public func dismissSuccessor() async {
    try? faults.write { () throws(Problem) in state.withLock { $0.successor = nil } }
  }

  /// The process that came to serve in an undertaking.
  public func process(of trace: String) async -> PlaneProcess? { state.withLock { $0.repaved[trace] } }
}

extension InMemoryDataPlane.State {
  fileprivate mutating func next(at moment: Timestamp) -> PlaneProcess {
    started += 1
    return PlaneProcess(
      process: started, instance: "instance-\(started)", startedAt: moment, program: program, version: "test",
      models: [], repave: nil)
  }

  fileprivate static func serving(_ state: PlaneState, _ process: PlaneProcess) -> PlaneProcess {
    let models = state.deployments.flatMap { deployment in
      deployment.versions.map {
        PlaneStatus.Model(name: deployment.name, version: $0.version, bundle: $0.bundle)
      }
    }
    return PlaneProcess(
      process: process.process, instance: process.instance, startedAt: process.startedAt,
      program: process.program, version: process.version, models: models, repave: process.repave)
  }
}
