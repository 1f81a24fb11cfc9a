import Artifacts
import Domain

/// Turns what the pickle machine observed in one file into findings.
struct PickleJudge {
  let member: String
  private var findings: [Finding] = []
  private var called: Set<PickleGlobal> = []
  private var named: Set<PickleGlobal> = []
  private var buildsFunctions = false
  /// Whether all that is done of cloudpickle's is to import modules by name.
  private var onlyImports = true

  /// The findings of one reading, in the order of the stream.
  static func findings(of reading: PickleReading, member: String) -> [Finding] {
    var judge = PickleJudge(member: member)
    for observation in reading.observations {
      if case .reaches = observation.kind {
        judge.called.insert(PickleGlobal(module: "builtins", name: "getattr"))
      }
      guard case .calls(let global, _) = observation.kind else { continue }
      judge.called.insert(global)
      if case .functionByValue = NameOrigin(global) {
        judge.buildsFunctions = true
        if !NameOrigin.importsModule(global) { judge.onlyImports = false }
      }
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
    case .callsResult(let global, let callee, let arguments):
      judgeCallOfResult(global, callee, arguments, observation)
    case .reaches(let owner, let attribute, let arguments):
      judgeAttribute(attribute, of: owner, arguments, observation)
    case .changes(let global, let detail):
      add(.changesGlobal, observation, "would change \(spelled(global)) on load: \(detail)")
    case .misuses(let global, let detail)
    where global.name == "Booster" && detail.hasPrefix("is called with (") && detail != "is called with ()":
      // Its initialiser takes the name of a file.
      add(.call, observation, "\(spelled(global)) \(detail), which may read a file on load")
    case .misuses(let global, let detail):
      add(.misuse, observation, "\(spelled(global)) \(detail), which its library never writes")
    case .changesLate(let detail):
      // dill fills the globals of a function after it made the function.
      if !(buildsFunctions && detail.hasPrefix("a dict")) { add(.lateChange, observation, detail) }
    case .persistentReference(let text):
      add(.persistentID, observation, "expected every part in the file, found the persistent id \(text)")
    case .extensionCode(let code):
      add(.extensionCode, observation, "expected the name of a class, found extension code \(code)")
    case .frame(let detail): add(.frame, observation, detail)
    case .disagreement(let detail): add(.disagreement, observation, detail)
    case .array(let detail): add(.array, observation, detail)
    case .unread(let detail): add(.unread, observation, detail)
    case .outOfBand:
      add(
        .outOfBand, observation, "expected the bytes in the file, found a buffer that the caller hands over")
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

  private func rule(for limit: ReadingBudget.Limit) -> Rule {
    switch limit {
    case .opcodes: .opcodes
    case .values: .values
    case .depth: .depth
    case .memo: .memo
    case .digits: .digits
    case .expansion: .expansion
    case .memory: .memory
    case .pickles: .pickles
    }
  }

  private func spelled(_ global: PickleGlobal) -> String { global.description.escaped(limit: 200) }

  private mutating func add(_ rule: Rule, _ observation: PickleObservation, _ message: String) {
    findings.append(
      rule.finding(message, member: member, offset: observation.offset, opcode: observation.opcode))
  }
}

// Calls.
extension PickleJudge {
  private mutating func judgeCall(
    _ global: PickleGlobal, _ arguments: String, _ observation: PickleObservation
  ) {
    switch NameOrigin(global) {
    case .standardLibrary
    where buildsFunctions && (NameOrigin.functionTypes.contains(global) || fillsCell(global, arguments)):
      once(.functionByValue, global, observation)
    case .inert where isHarmless(global, arguments):
      add(.inertCall, observation, "expected data, found the call \(spelled(global))(\(arguments))")
    case .standardLibrary, .inert, .reaching: addCall(global, arguments, observation)
    case .libraryFunction, .libraryClass, .estimator:
      if runs(global, arguments, observation) {
        addCall(global, arguments, observation)
      } else {
        once(origin: global, observation)
      }
    case .functionByValue
    where NameOrigin.importsModule(global) && onlyImports && NameOrigin.isStandardModule(arguments):
      addCall(global, arguments, observation)
    case .functionByValue where global.name.hasSuffix("_setattr") && !fillsCell(global, arguments):
      addCall(global, arguments, observation)
    case .own, .functionByValue, .externalFile: once(origin: global, observation)
    }
  }

  /// Whether making or calling something of a well-known library has an effect.
  private func runs(_ global: PickleGlobal, _ arguments: String, _ observation: PickleObservation) -> Bool {
    // NEWOBJ runs `__new__` alone, which in these libraries does nothing; only classes have it. A function in its
    // place was put there by hand.
    if let opcode = observation.opcode, opcode.hasPrefix("NEWOBJ") {
      guard case .libraryFunction = NameOrigin(global) else { return false }
      return NameOrigin.isTool(global) || Effects.has(global)
    }
    if NameOrigin.isTool(global) || Effects.has(global) { return true }
    // It imports the module that its first argument names.
    if global.name == "_ufunc_reconstruct" {
      return !arguments.hasPrefix("'numpy") && !arguments.hasPrefix("'scipy")
    }
    if case .libraryFunction = NameOrigin(global) { return true }
    return false
  }

  /// How dill gives a closure the value of a variable.
  private func fillsCell(_ global: PickleGlobal, _ arguments: String) -> Bool {
    ["setattr", "_setattr", "_dill._setattr"].contains(global.name)
      && (arguments.contains(", 'cell_contents', ") || arguments.hasPrefix("dill._dill._create_type("))
  }

  private mutating func addCall(
    _ global: PickleGlobal, _ arguments: String, _ observation: PickleObservation
  ) {
    let makes = observation.opcode.map { $0 != "REDUCE" } ?? false
    add(
      .call, observation,
      makes
        ? "would make an instance of \(spelled(global)) from (\(arguments)) on load"
        : "would call \(spelled(global))(\(arguments)) on load")
  }

  /// Whether a call of one of Python's harmless names stays harmless with these arguments.
  private func isHarmless(_ global: PickleGlobal, _ arguments: String) -> Bool {
    // `operator.getitem(typing.List, int)` is how a type annotation travels.
    if ["getitem", "or_"].contains(global.name) { return arguments.hasPrefix("typing.") }
    if global == PickleGlobal(module: "builtins", name: "type") {
      return ["None", "builtins.Ellipsis", "builtins.NotImplemented"].contains(arguments)
    }
    if ["attrgetter", "methodcaller", "itemgetter"].contains(global.name) {
      return !arguments.contains("'__") && !arguments.contains(".__")
    }
    return InertNames.isConstructor(global)
  }

  /// What an earlier call returned is called: honest only for a class that the author's own code makes.
  private mutating func judgeCallOfResult(
    _ global: PickleGlobal, _ callee: String, _ arguments: String, _ observation: PickleObservation
  ) {
    switch NameOrigin(global) {
    case .own where !global.module.isEmpty: once(origin: global, observation)
    case .functionByValue where NameOrigin.makesClass(global): once(.functionByValue, global, observation)
    default: add(.callResult, observation, "would call \(callee)(\(arguments)) on load")
    }
  }

  /// `getattr` on a class or instance: how methods and the members of enumerations travel.
  private mutating func judgeAttribute(
    _ attribute: String, of owner: PickleGlobal, _ arguments: String, _ observation: PickleObservation
  ) {
    let isHarmless =
      switch NameOrigin(owner) {
      case .own, .estimator: true
      case .functionByValue: NameOrigin.makesClass(owner) || owner.module == "dill" && attribute == "_setattr"
      case .libraryClass: !NameOrigin.isTool(owner) && !Effects.has(owner)
      case .libraryFunction: !NameOrigin.isTool(owner) && !Effects.has(owner)
      case .standardLibrary, .inert: Self.plainTypes.contains(owner) || owner.module == "enum"
      case .reaching, .externalFile: false
      }
    let reachesOn =
      attribute.hasPrefix("__")
      && !(attribute == "__new__" && (owner.module == "enum" || Self.plainTypes.contains(owner)))
      || attribute.contains(".")
      || Effects.has(PickleGlobal(module: "", name: attribute)) && !attribute.hasPrefix("_")
    if isHarmless, !reachesOn {
      add(.inertCall, observation, "expected data, found the call builtins.getattr(\(arguments))")
    } else {
      add(.call, observation, "would call builtins.getattr(\(arguments)) on load")
    }
  }

  /// Types whose methods take and give values: `str.split` as a tokenizer.
  private static let plainTypes: Set<PickleGlobal> = Set(
    InertNames.plainTypes.map { PickleGlobal(module: "builtins", name: $0) } + [
      PickleGlobal(module: "datetime", name: "datetime"), PickleGlobal(module: "datetime", name: "date"),
      PickleGlobal(module: "zoneinfo", name: "ZoneInfo"), PickleGlobal(module: "re", name: "_compile"),
      PickleGlobal(module: "collections", name: "OrderedDict"),
    ])
}

// Names that are kept as values.
extension PickleJudge {
  private mutating func judgeImport(_ global: PickleGlobal, _ observation: PickleObservation) {
    switch NameOrigin(global) {
    case .standardLibrary
    where buildsFunctions
      && (NameOrigin.functionTypes.contains(global)
        || global == PickleGlobal(module: "builtins", name: "setattr")):
      once(.functionByValue, global, observation)
    case .inert:
      if named.insert(global).inserted {
        add(.inertCall, observation, "expected data, found the function or class \(spelled(global))")
      }
    case .standardLibrary, .reaching: addImport(global, observation)
    case .libraryFunction:
      if NameOrigin.isTool(global) || Effects.has(global) {
        addImport(global, observation)
      } else {
        add(
          .unknownFunction, observation,
          "expected data or a class that is known, found the function \(spelled(global))")
      }
    case .libraryClass, .own, .estimator, .functionByValue, .externalFile: once(origin: global, observation)
    }
  }

  private mutating func addImport(_ global: PickleGlobal, _ observation: PickleObservation) {
    add(
      .importName, observation,
      "would import \(spelled(global)) on load and hand it to whoever uses the model")
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
}
