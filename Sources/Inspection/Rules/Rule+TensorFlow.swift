import Domain

// Rules about TensorFlow's graphs, SavedModels and TensorFlow Lite files.
extension Rule {
  static let tensorFlow = [
    tensorFlowPython, tensorFlowFile, tensorFlowNetwork, tensorFlowAbort, tensorFlowPath,
    tensorFlowDuplicateName,
    tensorFlowShape, tensorFlowTensorSize, tensorFlowCycle, tensorFlowExpansion, tensorFlowNesting,
    tensorFlowIndex,
    tensorFlowCustomOperator, tensorFlowOwnFile, tensorFlowLimit,
  ]

  // The graph does more than compute.
  static let tensorFlowPython = Rule(
    "tensorflow.python-function", .codeExecution, .critical, .dangerous, "an operation that calls Python",
    why: "The operation looks its token up among the functions of the process and calls what it finds.",
    example:
      "expected operations that compute, found PyFunc 'step', which would call a Python function of the"
      + " process by its token", remedy: RuleText.doNotLoad, RuleText.supplyChain)
  static let tensorFlowFile = Rule(
    "tensorflow.file-operation", .externalReference, .critical, .dangerous,
    "an operation that reads, lists or writes files",
    why:
      "A graph runs with the rights of its process: what it reads it may return as a prediction, and what it"
      + " writes may be run later.",
    example: "expected operations that compute, found ReadFile 'r', which would read files: '/etc/passwd'",
    remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-22"])
  static let tensorFlowNetwork = Rule(
    "tensorflow.network-operation", .externalReference, .critical, .dangerous,
    "an operation that talks to other hosts",
    why: "A prediction would send values out, or fetch from a host that the model names.",
    example: "expected operations that compute, found DebugIdentity 'd', which would send its values to"
      + " 'grpc://203.0.113.5:4000'", remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-918"])
  static let tensorFlowAbort = Rule(
    "tensorflow.abort", .exhaustion, .high, .dangerous, "an operation that ends the process",
    why: "One prediction takes the server down.",
    example: "expected operations that compute, found Abort 'a', which would end the process",
    remedy: RuleText.doNotLoad, RuleText.exhaustion)
  static let tensorFlowPath = Rule(
    "tensorflow.path", .externalReference, .critical, .dangerous,
    "weights, tables or assets at a path outside the model's folder",
    why:
      "The operations that save and restore are in every SavedModel, and the loader gives them their path; a path in"
      + " the graph itself reads or writes where its author wanted.",
    example:
      "expected a path that the loader gives, found an absolute path in SaveV2 'save': '/etc/cron.d/job'",
    remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-22"])

  // The graph attacks whoever reads it.
  static let tensorFlowDuplicateName = Rule(
    "tensorflow.duplicate-name", .differential, .high, .dangerous,
    "two nodes or functions have the same name",
    why: "One reader takes the first, another the last: what was inspected is then not what runs.",
    example: "expected functions of different names, found 'serve' twice", remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-694"])
  static let tensorFlowShape = Rule(
    "tensorflow.shape", .exhaustion, .high, .dangerous, "a shape that no memory holds",
    why: "A constant of one value fills any shape; loading the graph allocates it.",
    example:
      "expected a constant that fits in memory, found 1152921504606846976 elements from 1 values in Const 'c'",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-190"])
  static let tensorFlowTensorSize = Rule(
    "tensorflow.tensor-size", .damage, .medium, .malformed,
    "the shape of a constant and its data do not agree",
    why: "TensorFlow does not load it.",
    example: "expected 400 bytes in the constant of Const 'c', found 396",
    remedy: RuleText.checkWhole, RuleText.corrupt)
  static let tensorFlowCycle = Rule(
    "tensorflow.cycle", .exhaustion, .high, .dangerous, "functions that call each other in a circle",
    why: "Putting bodies in place of calls never ends.",
    example: "expected functions that call others, found 'f', which comes back to itself",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-674"])
  static let tensorFlowExpansion = Rule(
    "tensorflow.expansion", .exhaustion, .high, .dangerous, "the calls of functions multiply",
    why:
      "TensorFlow puts the body in place of each call; a few lines become more operations than memory holds.",
    example: "expected functions of at most 268435456 operations, found 'f', whose calls multiply to more",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-776"])
  static let tensorFlowNesting = Rule(
    "tensorflow.nesting", .exhaustion, .high, .dangerous, "values nest deeper than is followed",
    why: "A reader that goes into each runs out of stack.",
    example: "expected at most 16 values inside each other, found more", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-674"])
  static let tensorFlowIndex = Rule(
    "tensorflow.index", .structure, .high, .dangerous, "an index that points at nothing",
    why: "The interpreter of TensorFlow Lite indexes its tables with what the file says.",
    example: "expected a tensor from 0 to 11 as input of operator 3, found 4096", remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-125", "CWE-787"])
  static let tensorFlowLimit = Rule(
    "tensorflow.limit", .exhaustion, .high, .dangerous, "more constants, functions or layers than are kept",
    why: "Reading has a bound; what lies behind it was not seen.",
    example: "expected at most 100000 functions, found more", remedy: RuleText.doNotLoad, RuleText.exhaustion)

  // Honest as far as one can see.
  static let tensorFlowOwnFile = Rule(
    "tensorflow.own-file", .unknown, .medium, .notLiftable,
    "a graph reads a table from the machine that it was made on",
    why: "The table is not in the artifact, and another machine may have something else at that path.",
    example:
      "expected a path that the loader gives, found an absolute path in InitializeTableFromTextFileV2 'init':"
      + " '/home/me/vocab.txt'", remedy: "save the model as a SavedModel, which takes the table along", [])
  static let tensorFlowCustomOperator = Rule(
    "tensorflow.custom-operator", .unknown, .medium, .notLiftable,
    "an operation that TensorFlow does not have",
    why: "What it does is in a library that is not part of the model.",
    example: "expected operations of TensorFlow, found 'Addons>Blur', which needs code of its own",
    remedy: "export the model with operations of TensorFlow alone", [])
}
