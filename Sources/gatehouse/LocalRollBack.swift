import Domain
import Encoding
import Fleet
import Gates
import Glibc
import Lifecycle
import Storage

/// `gatehouse roll-back` where no control plane is there to ask.
struct LocalRollBack {
  let directory: DataDirectory

  /// Whether there is a platform's data here.
  var isPossible: Bool { LocalFiles.kind(of: "\(directory.plane)/state.json").isFile }

  /// The version that a roll-back would leave, by the data plane's state; nil where that says nothing.
  func left(_ name: ModelName) -> VersionNumber? {
    let state = (try? FilePlaneStateStore(path: "\(directory.plane)/state.json").load()) ?? nil
    return state?.deployments.first { $0.name == name }.map { $0.rollout ?? $0.live.version }
  }

  /// Takes a name back by the data plane's state.
  ///
  /// Throws `roll-back.control-plane` where a control plane has the data, and `roll-back.user` for another user than its.
  func callAsFunction(
    _ name: ModelName, from version: VersionNumber?, because reason: String?
  ) async throws(Problem) -> JSON {
    let reason = try RevocationReason(parsing: reason ?? "no reason was given")
    try requireOwner()
    // Nobody else writes the state while this is held, and the kernel lets it go however this ends.
    let lock: DirectoryLock
    do throws(Problem) { lock = try DirectoryLock(path: directory.lock) } catch
      where error.code == "data.locked"
    {
      throw Self.controlPlaneLives(error, in: directory)
    }
    defer { withExtendedLifetime(lock) {} }
    let rollBack = OfflineRollBack(
      states: FilePlaneStateStore(path: "\(directory.plane)/state.json"),
      notes: RollBackNoteFiles(directory: directory.rollBacks), plane: LeftProcesses(in: directory.plane))
    let outcome = try await rollBack(
      name, from: version, because: reason, by: Self.user, at: SystemTime().now(),
      trace: Hexadecimal.encode(SystemEntropy().bytes(8)))
    return [
      "name": .string(name.description), "version": JSON(outcome.note.to.value),
      "from": JSON(outcome.note.from.version.value), "digest": .string(outcome.note.bundle.description),
      "offline": true, "served": .bool(outcome.isServed),
    ]
  }

  /// What another user writes here the platform cannot read, and the data plane listens to its own user alone.
  private func requireOwner() throws(Problem) {
    var status = stat()
    guard unsafe stat(directory.path, &status) == 0 else {
      throw Problem(
        .notFound, "plane-state.missing", "expected a platform's data directory, found none",
        subject: directory.path, hint: "name it with --data")
    }
    guard status.st_uid == geteuid() else {
      throw Problem(
        .forbidden, "roll-back.user",
        "expected the user \(status.st_uid) that the data directory belongs to, found \(geteuid())",
        subject: directory.path, hint: "say it as that user, such as by 'sudo -u gatehouse'")
    }
  }

  /// The same problem of a control plane whose registry fails, with how the name is taken back all the same.
  func withoutRegistry(_ problem: Problem, _ name: ModelName) -> Problem {
    var problem = problem
    let first = problem.hint.map { "\($0); or " } ?? ""
    problem.hint =
      "\(first)end the control plane with 'kill -9 \(Self.holder(of: directory))' and say"
      + " 'gatehouse roll-back \(name) --offline': that needs no registry, and predictions go on meanwhile"
    return problem
  }

  /// The process that has the data directory, as a command line has it.
  private static func holder(of directory: DataDirectory) -> String {
    let text = (try? LocalFiles.read(directory.lock, limit: 32)) ?? []
    return pid_t(String(decoding: text, as: UTF8.self).filter(\.isNumber)).map { "\($0)" } ?? "PID"
  }

  /// Says how it turned out.
  static func show(_ answer: JSON) {
    let target = "\(answer["name"].cell)@\(answer["version"].cell)"
    let from = "in the place of version \(answer["from"].cell)"
    Console.prose(
      answer["served"]?.bool == true
        ? "\(target) answers again, \(from)"
        : "\(target) answers again, \(from), as soon as a data plane runs: none answered here")
    Console.prose("done without a control plane; the next 'gatehouse serve' writes it into the ledger")
  }

  /// Why nobody but the control plane does it while that is there.
  private static func controlPlaneLives(_ problem: Problem, in directory: DataDirectory) -> Problem {
    let process = holder(of: directory)
    return Problem(
      .unavailable, "roll-back.control-plane",
      "expected a data directory without a control plane, found that process \(process) has it",
      subject: directory.path,
      hint:
        "ask it without --offline; where it does not answer, end it with 'kill -9 \(process)' and take the name back again,"
        + " with '--from' and the version that is to go, since it may have been done: predictions go on meanwhile, and nothing that was acknowledged is lost",
      cause: problem.code)
  }

  /// Who runs this, as the machine's own list of users has them.
  ///
  /// Read by hand: what the C library asks other services by cannot be linked into a static program.
  private static var user: RollBackNote.User {
    let id = Int(getuid())
    let list = (try? LocalFiles.read("/etc/passwd", limit: 1 << 20)) ?? []
    for line in String(decoding: list, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      if fields.count > 2, Int(fields[2]) == id, String(fields[0]).isOneLine(upTo: RollBackNote.longestUser) {
        return RollBackNote.User(id: id, name: String(fields[0]))
      }
    }
    return RollBackNote.User(id: id, name: "\(id)")
  }
}
