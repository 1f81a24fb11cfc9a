import Domain

// Rules about ONNX models.
extension Rule {
  static let onnx = [
    onnxExternalPath, onnxExternalFile, onnxExternalRange, onnxShape, onnxTensorSize, onnxDuplicateName,
    onnxUndefinedName, onnxCycle, onnxNesting, onnxExpansion, onnxEndlessLoop, onnxTreeStructure, onnxLengths,
    onnxPythonOperator, onnxCustomOperator, onnxTrainingInfo, onnxLimit,
  ]

  private static let structure = ["OWASP ML10:2023", "ATLAS AML.T0076", "CWE-125", "CWE-129"]

  // The model reaches outside itself.
  static let onnxExternalPath = Rule(
    "onnx.external-path", .externalReference, .critical, .dangerous,
    "the data of a tensor is a file outside the model's directory",
    why: "A runtime opens the path that the model gives, so the model reads any file that its host may read.",
    example:
      "expected a relative path, found a path that leads out of its directory for the data of tensor 'w':"
      + " '../../etc/passwd'", remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-22"])
  static let onnxExternalFile = Rule(
    "onnx.external-file", .unknown, .medium, .notLiftable,
    "the data of a tensor is in a file that is not here",
    why: "Weights that nobody has seen cannot be vouched for.",
    example: "expected the data of tensor 'w' in 'weights.bin', found no such file",
    remedy: "push the directory with the model and its data, or save the model with its data inside", [])
  static let onnxExternalRange = Rule(
    "onnx.external-range", .damage, .medium, .malformed, "the data of a tensor lies past the end of its file",
    why: "A runtime that maps the file would read beyond it.",
    example: "expected bytes 0 to 400 of 'weights.bin' for tensor 'w', found a file of 64",
    remedy: RuleText.checkWhole, RuleText.corrupt)

  // The model attacks whoever reads it.
  static let onnxShape = Rule(
    "onnx.shape", .exhaustion, .high, .dangerous, "a shape that no memory holds",
    why:
      "A runtime multiplies the sizes and allocates, and where the product overflows it writes past the end.",
    example: "expected a shape that fits in memory, found tensor 'w' of shape [1152921504606846976, 4]",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-190"])
  static let onnxTensorSize = Rule(
    "onnx.tensor-size", .damage, .medium, .malformed, "the shape of a tensor and its data do not agree",
    why: "No runtime loads it, or one reads past the end of the data.",
    example: "expected 400 bytes in tensor 'w' of shape [10, 10], found 396", remedy: RuleText.checkWhole,
    RuleText.corrupt)
  static let onnxDuplicateName = Rule(
    "onnx.duplicate-name", .differential, .high, .dangerous, "two values of one graph have the same name",
    why:
      "The standard asks for one; a reader that takes the first sees other weights than one that takes the last.",
    example: "expected one initializer named 'w' in the graph, found two", remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-694"])
  static let onnxUndefinedName = Rule(
    "onnx.undefined-name", .damage, .medium, .malformed, "a node uses a value that nothing makes",
    why: "No runtime accepts the graph.", example: "expected a value that something makes, found 'hidden'",
    remedy: RuleText.checkWhole, RuleText.corrupt)
  static let onnxCycle = Rule(
    "onnx.cycle", .exhaustion, .high, .dangerous, "nodes or functions wait for each other in a circle",
    why: "Whoever follows the graph never comes to its end; the standard asks for a graph without circles.",
    example: "expected nodes that need only what others made before, found 'x', which waits for itself",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-835"])
  static let onnxNesting = Rule(
    "onnx.nesting", .exhaustion, .high, .dangerous, "graphs or types nest deeper than is followed",
    why: "A reader that goes into each runs out of stack.",
    example: "expected at most 32 graphs inside each other, found more", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-674"])
  static let onnxExpansion = Rule(
    "onnx.expansion", .exhaustion, .high, .dangerous, "the calls of functions multiply",
    why:
      "A runtime puts the body in place of each call; a few lines become more operations than memory holds.",
    example: "expected functions of at most 16777216 operations, found 'f', whose calls multiply to more",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-776"])
  static let onnxEndlessLoop = Rule(
    "onnx.endless-loop", .exhaustion, .high, .dangerous, "a loop that nothing ends",
    why: "The first prediction never comes back.",
    example: "expected a count or a condition for the loop 'spin', found neither",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-835"])
  static let onnxTreeStructure = Rule(
    "onnx.tree-structure", .structure, .high, .dangerous, "the trees of an ensemble are no trees",
    why:
      "Runtimes follow the children by number: out of range they read foreign memory, in a circle they never end.",
    example: "expected a child in tree 0 for node 4, found 900000 in 'TreeEnsembleClassifier'",
    remedy: RuleText.doNotLoad, structure)
  static let onnxLengths = Rule(
    "onnx.lengths", .structure, .high, .dangerous, "parameters of a node do not fit together",
    why: "A runtime takes one list's length and indexes the other by it, past its end.",
    example: "expected 4 coefficients for each output of 'LinearClassifier', found 1",
    remedy: RuleText.doNotLoad, structure)
  static let onnxPythonOperator = Rule(
    "onnx.python-operator", .codeExecution, .critical, .dangerous, "an operator that runs Python",
    why: "Runtimes built with it import the module that the model names.",
    example: "expected operators of the runtime, found PyOp, which would run Python: module 'os'",
    remedy: RuleText.doNotLoad, RuleText.supplyChain)
  static let onnxLimit = Rule(
    "onnx.limit", .exhaustion, .high, .dangerous, "more names, graphs or elements than are kept",
    why: "Reading has a bound; what lies behind it was not seen.",
    example: "expected at most 1000000 names and 4000000 uses, found more", remedy: RuleText.doNotLoad,
    RuleText.exhaustion)

  // Honest as far as one can see.
  static let onnxCustomOperator = Rule(
    "onnx.custom-operator", .unknown, .medium, .notLiftable, "an operator that is not one of the standard",
    why: "What it does is in a library that is not part of the model.",
    example:
      "expected operators of the ONNX standard, found 'Blur' of domain 'com.example', which needs code of"
      + " its own", remedy: "export the model with operators of the standard alone", [])
  static let onnxTrainingInfo = Rule(
    "onnx.training-info", .unknown, .medium, .notLiftable, "graphs for training the model",
    why: "They are not part of predicting, and runtimes that train would run them.",
    example: "expected a model that predicts, found graphs for training it",
    remedy: "export the model for inference", [])
}
