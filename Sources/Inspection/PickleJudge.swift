import Artifacts
import Domain

/// Turns what the pickle machine observed in one file into findings.
struct PickleJudge {
  let member: String
  private var findings: [Finding] = []
  private var called: Set<PickleGlobal> = []
  private var named: Set<PickleGlobal> = []
  private var buildsFunctions = false

  /// The findings of one reading, in the order of the stream.
  static func findings(of reading: PickleReading, member: String) -> [Finding] {
    var judge = PickleJudge(member: member)
    for observation in reading.observations {
      guard case .calls(let global, _) = observation.kind else { continue }
      judge.called.insert(global)
      if case .functionByValue = NameOrigin(global) { judge.buildsFunctions = true }
    }
    for observation in reading.observations { judge.judge(observation) }
    return judge.findings
  }

  private init(member: String) {
    self.member = member
  }

  private mutating func judge(_ observation: PickleObservation) {
    switch observation.kind {
    case .imports(let global):
      // What is called too is said once, at the call.
      if !called.contains(global) { judgeImport(global, observation) }
    case .calls(let global, let arguments): judgeCall(global, arguments, observation)
    case .callsResult(let global, let arguments):
      add(
        .callResult, observation,
        "would call the result of \(spelled(global)) with (\(arguments)) on load")
    case .changes(let global, let detail):
      add(.changesGlobal, observation, "would change \(spelled(global)) on load: \(detail)")
    case .misuses(let global, let detail):
      add(.misuse, observation, "\(spelled(global)) \(detail), which its library never writes")
    case .changesLate(let detail): add(.lateChange, observation, detail)
    case .persistentReference(let text):
      add(.persistentID, observation, "expected every part in the file, found the persistent id \(text)")
    case .extensionCode(let code):
      add(.extensionCode, observation, "expected the name of a class, found extension code \(code)")
    case .frame(let detail): add(.frame, observation, detail)
    case .array(let detail): add(.array, observation, detail)
    case .budget(let limit, let detail): add(rule(for: limit), observation, detail)
    case .leftOnStack(let count):
      add(.leftOnStack, observation, "expected one value where the stream stops, found \(count) more")
    case .trailingBytes(let count):
      add(
        .trailingBytes, observation,
        "expected the end of the file after the pickle, found \(count) bytes more")
    case .more(let count): add(.more, observation, "\(count) more oddities are not listed")
    case .malformed(let expected, let found):
      add(.malformed, observation, "expected \(expected), found \(found)")
    }
  }

  private mutating func judgeCall(
    _ global: PickleGlobal, _ arguments: String, _ observation: PickleObservation
  ) {
    switch NameOrigin(global) {
    case .standardLibrary where buildsFunctions && NameOrigin.functionTypes.contains(global):
      once(.functionByValue, global, observation)
    case .standardLibrary, .libraryFunction:
      let makes = observation.opcode.map { $0 != "REDUCE" } ?? false
      add(
        .call, observation,
        makes
          ? "would make an instance of \(spelled(global)) from (\(arguments)) on load"
          : "would call \(spelled(global))(\(arguments)) on load")
    case .libraryClass, .own, .estimator, .functionByValue, .externalFile: once(origin: global, observation)
    }
  }

  private mutating func judgeImport(_ global: PickleGlobal, _ observation: PickleObservation) {
    switch NameOrigin(global) {
    case .standardLibrary where buildsFunctions && NameOrigin.functionTypes.contains(global):
      once(.functionByValue, global, observation)
    case .standardLibrary:
      add(
        .importName, observation,
        "would import \(spelled(global)) on load and hand it to whoever uses the model")
    case .libraryFunction:
      add(
        .unknownFunction, observation,
        "expected data or a class that is known, found the function \(spelled(global))")
    case .libraryClass, .own, .estimator, .functionByValue, .externalFile: once(origin: global, observation)
    }
  }

  /// Says where a name that is not lifted comes from, once for each name.
  private mutating func once(origin global: PickleGlobal, _ observation: PickleObservation) {
    switch NameOrigin(global) {
    case .estimator: once(.unknownEstimator, global, observation)
    case .functionByValue: once(.functionByValue, global, observation)
    case .externalFile: once(.externalFile, global, observation)
    default: once(.unknownClass, global, observation)
    }
  }

  private mutating func once(_ rule: Rule, _ global: PickleGlobal, _ observation: PickleObservation) {
    guard named.insert(global).inserted else { return }
    let name = spelled(global)
    let message =
      switch rule.id {
      case Rule.unknownEstimator.id: "expected an estimator that can be lifted, found \(name)"
      case Rule.functionByValue.id: "carries the code of a function, put together by \(name)"
      case Rule.externalFile.id: "expected the array in this file, found \(name), which names another file"
      default: "runs code of its own on load: \(name)"
      }
    add(rule, observation, message)
  }

  private func rule(for limit: ReadingBudget.Limit) -> Rule {
    switch limit {
    case .opcodes: .opcodes
    case .values: .values
    case .depth: .depth
    case .memo: .memo
    case .digits: .digits
    case .expansion: .expansion
    }
  }

  private func spelled(_ global: PickleGlobal) -> String { global.description.escaped(limit: 200) }

  private mutating func add(_ rule: Rule, _ observation: PickleObservation, _ message: String) {
    findings.append(
      rule.finding(message, member: member, offset: observation.offset, opcode: observation.opcode))
  }
}
