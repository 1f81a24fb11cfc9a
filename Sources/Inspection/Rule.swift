public import Domain

/// One thing that inspection looks for: what it weighs, what it leads to, and what to do about it.
public struct Rule: Sendable {
  /// The stable id, `pickle.call`.
  public let id: String
  /// How much a finding by this rule weighs.
  public let severity: Severity
  /// What it makes of the artifact; nil where it changes nothing.
  public let verdict: InspectionVerdict?
  /// What the rule looks for, one line.
  public let summary: String
  /// What to do about a finding, imperative.
  public let remedy: String
  /// The entries of public catalogues that it stands for: OWASP ML Top 10, MITRE ATLAS, CWE.
  public let references: [String]

  private init(
    _ id: String, _ severity: Severity, _ verdict: InspectionVerdict?, _ summary: String, remedy: String,
    _ references: [String]
  ) {
    self.id = id
    self.severity = severity
    self.verdict = verdict
    self.summary = summary
    self.remedy = remedy
    self.references = references
  }
}

private let supplyChain = ["OWASP ML06", "ATLAS AML.T0011.000", "CWE-502"]
private let exhaustion = ["ATLAS AML.T0029", "CWE-400"]
private let corrupt = ["ATLAS AML.T0076", "CWE-20"]
private let doNotLoad = "do not load this file; find out where it came from and train the model anew"
private let dumpAgain = "dump the model again with joblib.dump, and push that file as it is"

extension Rule {
  // Loading the file runs code.
  static let call = Rule(
    "pickle.call", .critical, .dangerous, "loading calls a function with effects", remedy: doNotLoad,
    supplyChain)
  static let callResult = Rule(
    "pickle.call-result", .critical, .dangerous, "loading calls what an earlier call returned",
    remedy: doNotLoad, supplyChain)
  static let importName = Rule(
    "pickle.import", .critical, .dangerous, "loading imports a function with effects and hands it on",
    remedy: doNotLoad, supplyChain)
  static let changesGlobal = Rule(
    "pickle.changes-global", .critical, .dangerous,
    "loading changes a class, function or module of the process", remedy: doNotLoad,
    supplyChain + ["CWE-915"])

  // Loading the file runs code that may be honest, and is not known.
  static let unknownClass = Rule(
    "pickle.unknown-class", .medium, .notLiftable, "loading runs code of the author's own",
    remedy: "build the model of scikit-learn's own classes, or do this step before the model is called",
    supplyChain)
  static let unknownEstimator = Rule(
    "pickle.unknown-estimator", .medium, .notLiftable, "a class of a known library that is not lifted",
    remedy: "use an estimator that can be lifted; 'gatehouse lift' names them", [])
  static let unknownFunction = Rule(
    "pickle.unknown-function", .medium, .notLiftable, "a function of a known library is kept as a value",
    remedy: "leave the function out of the model, or use a NumPy function of one argument", [])
  static let functionByValue = Rule(
    "pickle.function-by-value", .medium, .notLiftable, "the code of a function travels in the file",
    remedy: "take the function out of the model, and do its step before the model is called", supplyChain)
  static let misuse = Rule(
    "pickle.misuse", .medium, .notLiftable, "a known name is used as its library never does",
    remedy: dumpAgain, supplyChain)
  static let persistentID = Rule(
    "pickle.persistent-id", .medium, .notLiftable, "the loader would have to find a part elsewhere",
    remedy: "dump the model into one file with joblib.dump", supplyChain)
  static let extensionCode = Rule(
    "pickle.extension", .high, .notLiftable, "a number of the process's extension registry names a class",
    remedy: dumpAgain, supplyChain)
  static let externalFile = Rule(
    "joblib.external-file", .medium, .notLiftable, "an array is in another file, which loading would open",
    remedy: "load and dump the model with joblib 0.10 or later, which writes one file",
    supplyChain + ["CWE-73"])

  // Readers would disagree about the file.
  static let lateChange = Rule(
    "pickle.late-change", .high, .malformed, "a value is changed after another was made from it",
    remedy: dumpAgain, corrupt)
  static let frame = Rule(
    "pickle.frame", .high, .malformed, "frames and opcodes do not agree", remedy: dumpAgain, corrupt)
  static let array = Rule(
    "pickle.array", .medium, .malformed, "an array, scalar or data type contradicts itself",
    remedy: dumpAgain, corrupt)
  static let leftOnStack = Rule(
    "pickle.left-on-stack", .medium, .notLiftable, "values are left where the stream stops",
    remedy: dumpAgain, corrupt)
  static let trailingBytes = Rule(
    "pickle.trailing-bytes", .medium, .notLiftable, "bytes follow the end of the pickle",
    remedy: "dump one model into a file of its own", corrupt)
  static let malformed = Rule(
    "pickle.malformed", .medium, .malformed, "the bytes are no pickle from some point on",
    remedy: "check that the file is whole: compare its digest with that of the original", corrupt)

  // Reading would cost more than any honest model does.
  static let opcodes = Rule(
    "pickle.budget.opcodes", .medium, .notLiftable, "more opcodes than are read",
    remedy: "use a smaller model",
    exhaustion)
  static let values = Rule(
    "pickle.budget.values", .medium, .notLiftable, "more values than are kept", remedy: "use a smaller model",
    exhaustion)
  static let depth = Rule(
    "pickle.budget.depth", .high, .malformed, "values nest deeper than any loader bears", remedy: doNotLoad,
    exhaustion + ["CWE-674"])
  static let memo = Rule(
    "pickle.budget.memo", .high, .malformed, "a memo number makes the loader reserve memory for nothing",
    remedy: doNotLoad, exhaustion)
  static let digits = Rule(
    "pickle.budget.digits", .high, .malformed, "an integer has more digits than Python takes",
    remedy: doNotLoad, exhaustion)
  static let expansion = Rule(
    "pickle.budget.expansion", .high, .malformed, "shared values multiply to a size that nobody can walk",
    remedy: doNotLoad, exhaustion + ["CWE-409"])
  static let more = Rule(
    "pickle.more", .high, .dangerous, "so many oddities that worse may hide behind them", remedy: doNotLoad,
    supplyChain)

  // Compression.
  static let bomb = Rule(
    "compression.bomb", .high, .malformed, "a small file unpacks to a huge one", remedy: doNotLoad,
    exhaustion + ["CWE-409"])
  static let compressionMalformed = Rule(
    "compression.malformed", .medium, .malformed, "a compressed stream is damaged or breaks off",
    remedy: "check that the file is whole: compare its digest with that of the original", corrupt)
  static let compressionUnsupported = Rule(
    "compression.unsupported", .medium, .notLiftable, "a compression that is not read",
    remedy: "dump with joblib.dump(model, path, compress='gzip')", [])
  static let compressionTrailing = Rule(
    "compression.trailing-bytes", .medium, .notLiftable, "bytes follow the compressed stream",
    remedy: "dump one model into a file of its own", corrupt)

  // The artifact as a whole.
  static let unsupportedFormat = Rule(
    "artifact.unsupported-format", .medium, .notLiftable, "a known format that is not read",
    remedy: "dump the scikit-learn model with joblib.dump, and push that file", [])
  static let artifactMalformed = Rule(
    "artifact.malformed", .medium, .malformed, "the file is of no format that is known",
    remedy: "push the file that joblib.dump or pickle.dump wrote", corrupt)
  static let noModel = Rule(
    "artifact.no-model", .medium, .malformed, "no file of the directory holds a model",
    remedy: "put the file that joblib.dump wrote into the directory, or push that file itself", [])
  static let severalModels = Rule(
    "artifact.several-models", .medium, .notLiftable, "more than one file of the directory holds a model",
    remedy: "push one of the files, or put the models together in one Pipeline", [])
  static let notAModel = Rule(
    "artifact.not-a-model", .medium, .notLiftable, "the file holds something else than a model",
    remedy: "dump the fitted estimator itself, not its parameters, its data or a dict around it", [])
  static let memberNotRead = Rule(
    "artifact.member-not-read", .note, nil, "a file of the directory is not part of the model",
    remedy: "leave it out of the directory if nobody needs it", [])
  static let moreFindings = Rule(
    "report.more", .note, nil, "more findings than a report lists",
    remedy: "settle those that are listed, and inspect again", [])

  /// Every rule, by id.
  public static let all: [Rule] = [
    call, callResult, importName, changesGlobal, unknownClass, unknownEstimator, unknownFunction,
    functionByValue, misuse, persistentID, extensionCode, externalFile, lateChange, frame, array,
    leftOnStack, trailingBytes, malformed, opcodes, values, depth, memo, digits, expansion, more, bomb,
    compressionMalformed, compressionUnsupported, compressionTrailing, unsupportedFormat,
    artifactMalformed, noModel, severalModels, notAModel, memberNotRead, moreFindings,
  ].sorted { $0.id < $1.id }

  /// The rule of this id.
  public static func named(_ id: String) -> Rule? { byID[id] }

  private static let byID = Dictionary(all.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

  /// A finding by this rule.
  func finding(_ message: String, member: String, offset: Int? = nil, opcode: String? = nil) -> Finding {
    Finding(
      rule: id, severity: severity, member: member, offset: offset, opcode: opcode, message: message,
      remedy: remedy)
  }
}
