public import Domain
import Glibc
public import Lifecycle

extension LocalDataPlane {
  /// What the serving process has counted of every version; nil where none serves.
  ///
  /// Waits behind a command that takes long, and for nobody else.
  public func observe() async throws(Problem) -> PlaneCounts? {
    // Who asks each second would fill the queue of a process that hangs.
    if silentSince != nil, let silence = await silence() { throw silence }
    guard let current = running else { return nil }
    return try await Self.blocking { () throws(Problem) in try current.control.observe() }
  }

  /// The same, in 2 s and by a connection of its own.
  ///
  /// A process does one command at a time: while one is under way that may take long, it is not silent before that one's time is
  /// over.
  public func examine() async -> PlaneAnswer {
    guard let current = running else { return .none }
    let start = ContinuousClock.now
    do throws(Problem) {
      let known = examiner
      let examiner = try await Self.blocking { () throws(Problem) in
        if let known { known } else { try current.control.another(timeout: 2) }
      }
      // Another may serve since.
      if running?.pid == current.pid { self.examiner = examiner }
      let counts = try await Self.blocking { () throws(Problem) in try examiner.examine() }
      guard running?.pid == current.pid else { return .none }
      (heardAt, silentSince) = (.now, nil)
      if owesState { await tellLater() }
      return .counted(counts)
    } catch {
      guard running?.pid == current.pid, (try? current.life.signal(0)) == true else { return .none }
      let isBusy = current.control.isAtLength && heardAt.duration(to: .now) < .seconds(75)
      if isBusy { return .busy }
      let isSilence = [ControlSocket.silentCode, ControlSocket.goneCode].contains(error.code)
      guard isSilence else { return .unasked(error) }
      silentSince = silentSince ?? start
      return .silent(error)
    }
  }

  /// Why the process that serves is asked nothing that takes long: for 10 s it has said nothing at all; nil where it answers, or does what
  /// takes long already.
  ///
  /// An act that waits for a process that hangs holds up what takes that one's place.
  func silence() async -> Problem? {
    while case .silent(let problem) = await examine(), problem.code == ControlSocket.silentCode {
      if let silentSince, silentSince.duration(to: .now) >= .seconds(10) { return problem }
    }
    return nil
  }
}
