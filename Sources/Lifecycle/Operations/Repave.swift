public import Domain
public import Encoding
import Gates
import Provenance

/// A process that took the place of another.
public struct Repaved: Sendable {
  /// The process that served before.
  public let old: PlaneProcess
  /// The process that serves now.
  public let new: PlaneProcess
  /// How each version was answered for by both.
  public let replays: [ReplayResult]
}

/// Replaces the process that serves by a new one, of the program as it is now and of bundles verified anew, which has to answer
/// bit for bit what the former answered before it accepts anything.
///
/// All but the last step is done beside the acts: a roll-back waits for no repave. An act that changes what is served while a process is made ready
/// ends that one, which knows nothing of it, and another is made ready.
struct Repave: Sendable {
  /// How often a process is made ready that acts overtake.
  private static let attempts = 5

  /// What may be other than with a process that answers and is replaced because somebody wants it.
  struct Terms: Sendable {
    /// The process that is replaced, and no other; nil for whichever serves.
    var process: String?
    /// How the process that serves stands.
    var former = FormerProcess.answering
    /// Whether it is replaced because something is the matter with it: where it falls silent on the way, that is no reason to leave it.
    var isUnwell = false
    /// The versions whose answers are what it is replaced for: they measure nothing.
    var unreplayed: Set<VersionReference> = []
    /// What the entries are to say beside.
    var details: [String: JSON] = [:]
    /// What changes with it.
    var changes: [RegistryChange] = []
  }

  let plane: any DataPlane
  let time: any TimeSource
  var terms = Terms()
  /// Lets the last step have its turn among the acts.
  let turn: @Sendable (@escaping @Sendable () async throws(Problem) -> Void) async throws(Problem) -> Void

  /// Repaves; the new process serves when this returns, and the former answers what it has begun.
  ///
  /// Throws `repave.replay` where the new process answers anything else, `repave.no-process` where none serves, and whatever
  /// keeps the new one from being ready; the former serves on then.
  func callAsFunction(recorder: Recorder) async throws(Problem) -> Repaved {
    guard let old = try await former() else {
      throw Problem(
        .unavailable, "repave.no-process", "expected a process that serves, found none",
        hint: "read runtime.log in the data directory")
    }
    guard terms.process == nil || terms.process == old.instance else { throw Problem.otherProcess }
    return try await recorder.record(
      .repave, of: "process \(old.process)", details: terms.details.merging(["old": old.json]) { $1 }
    ) { () async throws(Problem) in
      let outcome: Prepared
      do throws(Problem) {
        outcome = try await replace(old, under: recorder.trace)
      } catch {
        await plane.dismissSuccessor()
        throw error
      }
      var details = Self.details(of: old, outcome.new, outcome.replays).merging(terms.details) { $1 }
      if outcome.isUnasked { details["unasked"] = .bool(true) }
      if let problem = outcome.problem {
        await plane.dismissSuccessor()
        return .refused(problem, details: details)
      }
      return .done(
        Repaved(old: old, new: outcome.new, replays: outcome.replays), details: details,
        changes: terms.changes + [
          .governance(.repave(.repaved(Self.said(of: old.json, outcome.new.json), at: time.now())))
        ])
    }
  }

  /// The process that serves, as far as it can be asked.
  private func former() async throws(Problem) -> PlaneProcess? {
    guard case .answering = terms.former else { return await plane.known() }
    return try await plane.process()
  }

  /// Makes a process ready and has it take the place of the former, as often as acts overtake that.
  ///
  /// Where its answers are others, nothing was replaced, and what is answered says so.
  private func replace(_ old: PlaneProcess, under trace: String) async throws(Problem) -> Prepared {
    for attempt in 1... {
      do throws(Problem) {
        // What it serves may be another by now, and has to be asked for anew.
        guard let present = try await former(), present.instance == old.instance else {
          throw Problem.otherProcess
        }
        let outcome = try await prepare(beside: present, under: trace)
        guard outcome.problem == nil else { return outcome }
        try await turn { [plane] () async throws(Problem) in
          do throws(Problem) { try await plane.begin() } catch {
            // What is known to have begun serves, whatever became of the answer that said so.
            guard await plane.process(of: trace) != nil else { throw error }
          }
          // From here on the new one serves: nothing that fails makes that untrue.
          await plane.retireFormer()
        }
        return outcome
      } catch  where error.isOvertaken && attempt < Self.attempts {}
    }
    throw Problem.noSuccessor
  }

  /// A new process that is ready, and how it compares.
  private struct Prepared {
    let new: PlaneProcess
    var replays: [ReplayResult] = []
    var problem: Problem?
    /// Whether the former could not be asked for all that it answers.
    var isUnasked = false
  }

  private func prepare(beside old: PlaneProcess, under trace: String) async throws(Problem) -> Prepared {
    var prepared = Prepared(new: try await plane.prepareSuccessor(under: trace, beside: terms.former))
    guard case .answering = terms.former else {
      prepared.isUnasked = true
      return prepared
    }
    for model in old.models
    where !terms.unreplayed.contains(VersionReference(name: model.name, version: model.version)) {
      let sample: ReplaySample
      do throws(Problem) { sample = try await plane.sample(model) } catch
        where terms.isUnwell && error.code == "plane.silent"
      {
        prepared.isUnasked = true
        break
      }
      let result = sample.compared(with: try await plane.replay(sample))
      prepared.replays.append(result)
      guard let difference = result.difference else { continue }
      prepared.problem = Problem(
        .integrity, "repave.replay",
        "expected the new process to answer what the former answered, found another answer of"
          + " '\(difference.output.excerpt(100))' to case \(difference.place) of \(result.cases) of '\(result.version)'",
        subject: result.version.description,
        hint:
          "the former process serves on; look for what is different in the new runtime, or for a defect of this machine"
      )
      break
    }
    return prepared
  }

  /// What is remembered of a repave beside its entry.
  static func said(of old: JSON, _ new: JSON) -> JSON { ["old": old, "new": new] }

  private static func details(
    of old: PlaneProcess, _ new: PlaneProcess, _ replays: [ReplayResult]
  ) -> [String: JSON] {
    let told = JSON.array(replays.map(\.json))
    var replay = told
    if told.canonicalBytes.count > PlaneProcess.mostBytesTold {
      // Those that differ are told in full, which is one at most.
      replay = [
        "versions": JSON(replays.count), "cases": JSON(replays.reduce(0) { $0 + $1.cases }),
        "same": JSON(replays.count { $0.difference == nil }),
        "different": .array(replays.filter { $0.difference != nil }.map(\.json)),
        "digest": .string(Digest(of: told.canonicalBytes).description),
      ]
    }
    return ["old": old.json, "new": new.json, "bundles": new.bundlesToldBriefly, "replay": replay]
  }
}

extension Problem {
  /// Whether what was made ready is no more because an act changed what is served meanwhile.
  fileprivate var isOvertaken: Bool {
    // The last is what the process that serves says of a version that an act took out of service.
    [Problem.noSuccessor.code, Problem.otherState.code, "replay.not-served"].contains(code)
  }
}

extension PlaneProcess {
  /// The process as the ledger and the HTTP face carry it.
  public var json: JSON {
    [
      "process": JSON(process), "instance": .string(instance), "started": .string(startedAt.description),
      "program": program.map { .string($0.description) } ?? .null, "version": .string(version),
    ]
  }

  /// The digests of the bundles that it serves, by their versions.
  public var bundles: JSON {
    .object(
      Dictionary(
        models.map { ("\($0.name)@\($0.version)", .string($0.bundle.description)) },
        uniquingKeysWith: { first, _ in first }))
  }

  /// The most bytes of a list that stands in an entry of the ledger, which has 64 KiB.
  static let mostBytesTold = 24 << 10

  /// The same where there is room for it in an entry; else how many versions, and the digest of the canonical bytes of the list.
  var bundlesToldBriefly: JSON {
    let bytes = bundles.canonicalBytes
    guard bytes.count > Self.mostBytesTold else { return bundles }
    return ["versions": JSON(models.count), "digest": .string(Digest(of: bytes).description)]
  }
}
