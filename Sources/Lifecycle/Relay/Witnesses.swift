public import Domain
import Encoding
public import Gates
import Provenance
import Synchronization

/// Has witnesses cosign the newest checkpoint, again and again.
///
/// No commit waits for it: the newest checkpoint is read from the ledger, however many were signed since the last one. What a
/// witness answers is verified before it is kept, and kept before it is shown.
public final class Witnesses: Sendable {
  /// How often the ledger is looked at; no witness is asked more often.
  static let interval = Duration.seconds(2)
  private static let longestPause = Duration.seconds(300)
  private static let alarmPause = Duration.seconds(3600)

  /// What is known of a witness since the start.
  private struct Standing {
    var failures = 0
    /// Before when it is not asked.
    var notBefore: Timestamp?
    /// Why it did not cosign the last time.
    var problem: Problem?
  }

  private let registry: any RegistryWriter & RegistryReader & LedgerReader
  private let store: any CosignatureStore
  private let witness: any CheckpointWitness
  private let key: CheckpointVerificationKey
  private let time: any TimeSource
  private let entropy: any Entropy
  private let standings = Mutex([String: Standing]())
  /// When an alarm was written into the ledger last, by witness and code.
  private let sounded = Mutex([String: Timestamp]())

  init(
    registry: any RegistryWriter & RegistryReader & LedgerReader, store: any CosignatureStore,
    witness: any CheckpointWitness,
    key: CheckpointVerificationKey, time: any TimeSource, entropy: any Entropy
  ) {
    self.registry = registry
    self.store = store
    self.witness = witness
    self.key = key
    self.time = time
    self.entropy = entropy
  }

  /// Goes on until the task is cancelled; tells what a person should see, once as long as nothing else is the matter.
  public func run(tell: @escaping @Sendable (Problem) -> Void) async {
    var told: [String: Problem] = [:]
    while !Task.isCancelled {
      do throws(Problem) {
        // By its code: the sizes in a message change with every entry.
        for (name, outcome) in try await ask() where outcome?.code != told[name]?.code {
          if let outcome, !Task.isCancelled { tell(outcome) }
          told[name] = outcome
        }
        told[""] = nil
      } catch {
        if told[""] != error, !Task.isCancelled { tell(error) }
        told[""] = error
      }
      try? await Task.sleep(for: Self.interval)
    }
  }

  /// Has what is known of a witness be nothing: it is another by now.
  func forget(_ name: String) { standings.withLock { $0[name] = nil } }

  /// Asks every witness whose time has come for the newest checkpoint, all at once; what was the matter with each that was
  /// asked, nil where nothing was.
  public func ask() async throws(Problem) -> [String: Problem?] {
    guard let checkpoint = try await registry.checkpoint() else { return [:] }
    let kept = try await store.cosignatures()
    let now = time.now()
    var due: [(witness: Witness, kept: KeptCosignature?)] = []
    for witness in try await registry.witnesses() {
      let last = kept.last { $0.witness == witness.name }
      let standing = standings.withLock { $0[witness.name] }
      guard last?.checkpoint != checkpoint.text, now.isPast(standing?.notBefore) else {
        continue
      }
      due.append((witness, last))
    }
    guard !due.isEmpty else { return [:] }
    let served = try await cosigned()?.checkpoint.size
    return await withTaskGroup(of: (String, Problem?).self) { group in
      for (witness, last) in due {
        group.addTask {
          (witness.name, await self.ask(witness, for: checkpoint, after: last, beside: served))
        }
      }
      return await group.reduce(into: [:]) { $0.updateValue($1.1, forKey: $1.0) }
    }
  }

  private func ask(
    _ witness: Witness, for checkpoint: Checkpoint, after kept: KeptCosignature?, beside served: Int?
  ) async -> Problem? {
    do throws(Problem) {
      let cosignature = try await cosignature(of: witness, over: checkpoint, after: kept)
      // A crash before this has the witness asked for the same again, and it answers the same.
      try await store.keep(
        KeptCosignature(
          witness: witness.name, size: checkpoint.size, checkpoint: checkpoint.text, line: cosignature.line),
        beside: served)
      standings.withLock { $0[witness.name] = nil }
      return nil
    } catch {
      let chance = Double(entropy.bytes(1).first ?? 0) / 255
      let now = time.now()
      standings.withLock { standings in
        var standing = standings[witness.name] ?? Standing()
        standing.failures += 1
        var pause = Self.interval
        for _ in 1..<min(standing.failures, 10) { pause = min(pause * 2, Self.longestPause) }
        standing.notBefore = now.advanced(by: pause * (0.5 + 0.5 * chance))
        standing.problem = error
        standings[witness.name] = standing
      }
      if error.category == .integrity { await sound(error, of: witness.name) }
      return error
    }
  }

  /// Has it outlive this process that something is wrong with the ledger or a witness, and be told to whom webhooks tell it:
  /// by an entry of the ledger for each alarm that is another than the one that stands, and of one kind once an hour: each
  /// entry makes a checkpoint for the witness to be asked about.
  private func sound(_ problem: Problem, of name: String) async {
    do throws(Problem) {
      let standing = try await store.alarms()[name]
      let now = time.now()
      let isNew = sounded.withLock { sounded in
        let name = "\(name) \(problem.code)"
        if let last = sounded[name], now < last.advanced(by: Self.alarmPause) { return false }
        sounded[name] = now
        return true
      }
      if standing?.code != problem.code, isNew {
        // A crash after this has it written once more.
        try await registry.commit(
          [
            LedgerEntry(
              time: time.now(), principal: .platform, act: .cosign, phase: .failed, subject: name.excerpt(80),
              trace: Hexadecimal.encode(entropy.bytes(8)), details: Recorder.details(of: problem))
          ], [])
      }
      try await store.alarm(problem, of: name)
    } catch {
      // The next time that it is asked; whoever runs this tells it meanwhile.
    }
  }

  /// What a witness answers to a checkpoint, verified.
  private func cosignature(
    of witness: Witness, over checkpoint: Checkpoint, after kept: KeptCosignature?
  ) async throws(Problem) -> Cosignature {
    if let kept {
      let former = try Checkpoint(parsing: kept.checkpoint, trusting: key)
      try await registry.requireHistory(of: kept.witness, former, in: checkpoint)
    }
    var old = kept?.size ?? 0
    // It may have cosigned what no answer came of; a second time would be somebody else's doing.
    for _ in 0..<3 {
      guard let proof = try await registry.consistencyProof(from: old, to: checkpoint.size) else {
        throw .witnessAhead(witness.name, old, checkpoint.size)
      }
      let submission = WitnessExchange.submission(of: checkpoint, after: proof)
      switch await self.witness.add(submission, to: witness.url) {
      case .lines(let lines): return try Cosignature(answer: lines, of: witness.key, over: checkpoint)
      case .conflict(let size):
        guard size <= checkpoint.size else { throw .witnessAhead(witness.name, size, checkpoint.size) }
        guard size != old else { throw .splitView(witness.name, size) }
        old = size
      case .refused(422): throw .splitView(witness.name, old)
      case .refused(404):
        throw .witnessRefuses(witness.name, "does not know this ledger", "give it the key in keys/ledger.pub")
      case .refused(403):
        throw .witnessRefuses(
          witness.name, "has another key of this ledger", "give it the key in keys/ledger.pub")
      case .refused(let status): throw .witnessRefuses(witness.name, "answers with status \(status)", nil)
      case .none(let reason):
        throw .witnessRefuses(witness.name, "does not answer: \(reason.excerpt(200))", nil)
      }
    }
    throw .witnessRefuses(witness.name, "says another size each time", "see who else sends it checkpoints")
  }

  /// The newest checkpoint that more than half of the witnesses have cosigned; nil where there is none.
  public func cosigned() async throws(Problem) -> CosignedCheckpoint? {
    try await CosignedCheckpoint.newest(of: registry, store, trusting: key)
  }

  /// How far every witness is, by name.
  public func report() async throws(Problem) -> [WitnessReport] {
    let kept = try await store.cosignatures()
    let alarms = try await store.alarms()
    let size = try await registry.checkpoint()?.size ?? 0
    return try await registry.witnesses().map { witness in
      let last = kept.last { $0.witness == witness.name }?.size
      return WitnessReport(
        witness: witness, size: last, behind: max(0, size - (last ?? 0)), alarm: alarms[witness.name],
        problem: standings.withLock { $0[witness.name]?.problem })
    }
  }
}

/// How far a witness is.
public struct WitnessReport: Sendable {
  /// Which.
  public let witness: Witness
  /// The size of the newest checkpoint that it has cosigned; nil where it has none.
  public let size: Int?
  /// How many entries were written since.
  public let behind: Int
  /// What it says of the ledger that the ledger does not; nil where it says nothing of that kind.
  public let alarm: Problem?
  /// Why it did not cosign the last time that it was asked since the start.
  public let problem: Problem?
}

extension RegistryReader {
  /// Who is asked to cosign checkpoints, by name.
  public func witnesses() async throws(Problem) -> [Witness] {
    var all: [Witness] = []
    for record in try await governance(.witness, startingWith: "") {
      all.append(try Witness(json: record.value))
    }
    return all
  }
}

extension Problem {
  /// Why a witness that has seen more than there is has to be believed.
  static func witnessAhead(_ name: String, _ size: Int, _ found: Int) -> Problem {
    Problem(
      .integrity, "witness.ahead",
      "expected a ledger of at least the \(size) entries that witness '\(name.excerpt(80))' has cosigned, found"
        + " \(found)", subject: name.excerpt(80),
      hint: "a ledger that was put back, or two of one key: find out which, before anything else is written")
  }

  /// Why the ledger is another than the one that a witness has seen.
  static func splitView(_ name: String, _ size: Int) -> Problem {
    Problem(
      .integrity, "witness.split-view",
      "expected a ledger that begins with the \(size) entries that witness '\(name.excerpt(80))' has cosigned, found"
        + " another", subject: name.excerpt(80),
      hint:
        "history was rewritten, or there are two ledgers of one key: find out which, before anything else is written"
    )
  }

  fileprivate static func witnessRefuses(_ name: String, _ found: String, _ hint: String?) -> Problem {
    Problem(
      .unavailable, "witness.unavailable",
      "expected a cosignature by witness '\(name.excerpt(80))', found that it \(found)",
      subject: name.excerpt(80), hint: hint)
  }
}
