import Domain
import Encoding
import Rollouts

/// Reads the input as a document of roll-outs, as its first byte chooses.
///
/// What is taken is written again as what reads to the same, and can be used: whatever a state is, it stands for all of the
/// traffic, takes any event or says why not, and is judged.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRollouts(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
  guard let form = bytes.first else { return 0 }
  let input = Array(bytes.dropFirst())
  do throws(Problem) {
    switch form % 5 {
    case 0:
      let observation = try Observation(parsing: input)
      let again = try Observation(parsing: observation.json.canonicalBytes)
      precondition(again == observation, "an observation reads as it was written")
      use(observation)
    case 1:
      let plan = try RolloutPlan(parsing: input)
      let again = try RolloutPlan(parsing: plan.json.canonicalBytes)
      precondition(again == plan, "a plan reads as it was written")
    case 2:
      let state = try RolloutState(parsing: input)
      let again = try RolloutState(parsing: state.json.canonicalBytes)
      precondition(again == state, "a state reads as it was written")
      try use(state)
    case 3:
      let judgement = try Judgement(parsing: input)
      let again = try Judgement(parsing: judgement.json.canonicalBytes)
      precondition(again == judgement, "a judgement reads as it was written")
    default:
      let evidence = try StepEvidence(parsing: input, of: .standard)
      let again = try StepEvidence(parsing: evidence.json.canonicalBytes, of: .standard)
      precondition(again == evidence, "what was seen reads as it was written")
      use(evidence)
    }
  } catch { precondition(error.category != .internal, "what is read is never our own mistake") }
  return 0
}

private func use(_ observation: Observation) {
  var sum = observation
  sum.merge(observation)
  precondition(sum.requests >= observation.requests, "counts only grow")
  let since = sum.difference(since: observation)
  precondition(since.requests >= 0 && since.compared >= since.disagreeing, "no count is below nothing")
  var evidence = StepEvidence(step: 0, of: .standard, history: observation)
  evidence.take(Span(canary: observation, champion: sum))
  evidence.take(Span(canary: sum, champion: observation))
  use(evidence)
}

private func use(_ evidence: StepEvidence) {
  var evidence = evidence
  evidence.take(Span(canary: Observation(answered: 9, failed: 1), champion: Observation(answered: 90)))
  guard let order = order, let state = try? RolloutState.after(.begin(order, at: moment), nil) else { return }
  let judgement = Judge(.standard).judgement(of: state, evidence, at: moment)
  precondition(
    (try? Judgement(parsing: judgement.json.canonicalBytes)) == judgement, "a judgement can be kept")
}

private let moment = Timestamp(milliseconds: 7)

private var order: RolloutOrder? {
  guard let name = try? ModelName(parsing: "iris"), let next = VersionNumber(2) else { return nil }
  return try? RolloutOrder(
    deployment: name, before: [TrafficSplit.Arm(version: .first, share: .whole)], version: next,
    plan: .standard)
}

private func use(_ state: RolloutState) throws(Problem) {
  _ = try state.split(salt: TrafficSplit.Salt(1, 2)).version(for: [1, 2, 3])
  let evidence = StepEvidence(step: state.step, of: state.plan)
  let judgement = Judge(state.plan).judgement(of: state, evidence, at: moment)
  let person = Principal(kind: .person, name: "a")
  for event in [
    .judged(judgement, at: moment), .approved(step: state.step, by: person, at: moment),
    .undo(by: person, reason: "a", at: moment), .finish(by: person, at: moment),
    .superseded(by: .first, at: moment), .held(because: "a", at: moment),
  ] as [RolloutEvent] {
    let next: RolloutState
    do throws(Problem) { next = try RolloutState.after(event, state) } catch {
      precondition(error.category == .conflict, "what cannot be is a conflict")
      continue
    }
    precondition(!state.phase.isOver, "nothing follows an end")
    _ = try next.split(salt: TrafficSplit.Salt(1, 2))
  }
}
