import Domain

// Rules about pickles and joblib files.
extension Rule {
  static let pickle = [
    call, callResult, importName, changesGlobal, persistentID, extensionCode, externalFile, unknownClass,
    unknownEstimator, unknownFunction, functionByValue, misuse, lateChange, frame, array, leftOnStack,
    trailingBytes, malformed, opcodes, values, depth, memo, digits, expansion, more, inertCall, disagreement,
    unread, outOfBand, memory, pickles,
  ]

  // Loading the file runs code.
  static let call = Rule(
    "pickle.call", .codeExecution, .critical, .dangerous, "loading calls a function with effects",
    why:
      "A pickle is a program: REDUCE, INST, OBJ and NEWOBJ call whatever the file names, before anybody looks"
      + " at the model.",
    example: "would call posix.system('touch /tmp/x') on load", remedy: RuleText.doNotLoad,
    RuleText.supplyChain)
  static let callResult = Rule(
    "pickle.call-result", .codeExecution, .critical, .dangerous,
    "loading calls what an earlier call returned",
    why: "Chained calls reach any function through a harmless-looking first one.",
    example: "would call builtins.getattr(builtins.__import__('os'), 'system')('id') on load",
    remedy: RuleText.doNotLoad,
    RuleText.supplyChain)
  static let importName = Rule(
    "pickle.import", .codeExecution, .critical, .dangerous,
    "loading imports a function with effects and hands it on",
    why: "Importing runs the module, and the function is called by whoever uses the model: as a metric, a"
      + " tokenizer, a sort key.",
    example: "would import os.system on load and hand it to whoever uses the model",
    remedy: RuleText.doNotLoad, RuleText.supplyChain)
  static let changesGlobal = Rule(
    "pickle.changes-global", .codeExecution, .critical, .dangerous,
    "loading changes a class, function or module of the process",
    why: "BUILD on a class sets attributes for every other model in the same process.",
    example: "would change sklearn.tree._classes.DecisionTreeClassifier on load: attributes of it set",
    remedy: RuleText.doNotLoad, RuleText.supplyChain + ["CWE-915"])
  static let persistentID = Rule(
    "pickle.persistent-id", .codeExecution, .high, .dangerous,
    "the loader would have to find a part elsewhere",
    why: "A persistent id is resolved by code outside the stream; only PyTorch's own files have them.",
    example: "expected every part in the file, found the persistent id 'runner'",
    remedy: "dump the model into one file with joblib.dump", RuleText.supplyChain)
  static let extensionCode = Rule(
    "pickle.extension", .codeExecution, .high, .dangerous,
    "a number of the process's extension registry names a class",
    why:
      "What the number means is decided by the process that loads, not by the file: a scanner cannot know.",
    example: "expected the name of a class, found extension code 16", remedy: RuleText.dumpAgain,
    RuleText.supplyChain)
  static let externalFile = Rule(
    "joblib.external-file", .externalReference, .high, .dangerous,
    "an array is in another file, which loading would open",
    why: "joblib before 0.10 wrote arrays beside the pickle and opens whatever name the file gives.",
    example: "expected the array in this file, found joblib.numpy_pickle.NDArrayWrapper",
    remedy: "load and dump the model with joblib 0.10 or later, which writes one file",
    RuleText.supplyChain + ["CWE-73"])

  // Loading the file runs code that may be honest, and is not known.
  static let unknownClass = Rule(
    "pickle.unknown-class", .unknown, .medium, .notLiftable, "loading runs code of the author's own",
    why:
      "A class that only its author has cannot be read as data: what it does at prediction is in its code.",
    example: "runs code of its own on load: mypkg.features.LogScaler",
    remedy: "build the model of scikit-learn's own classes, or do this step before the model is called",
    RuleText.supplyChain)
  static let unknownEstimator = Rule(
    "pickle.unknown-estimator", .unknown, .medium, .notLiftable,
    "a class of a known library that is not lifted",
    why: "Its attributes are data, but nobody has written down what they mean for a prediction.",
    example: "expected an estimator that can be lifted, found sklearn.svm._classes.Unlisted",
    remedy: "use an estimator that can be lifted; 'gatehouse lift' names them", [])
  static let unknownFunction = Rule(
    "pickle.unknown-function", .unknown, .medium, .notLiftable,
    "a function of a known library is kept as a value",
    why: "A function kept as a value is called later, with rows or with what a caller sends.",
    example: "expected data or a class that is known, found the function scipy.special.expit",
    remedy: "leave the function out of the model, or use a NumPy function of one argument", [])
  static let functionByValue = Rule(
    "pickle.function-by-value", .unknown, .medium, .notLiftable,
    "the code of a function travels in the file",
    why: "cloudpickle and dill write byte code into the file; it runs in whoever calls the model.",
    example: "carries the code of a function, put together by cloudpickle.cloudpickle._make_function",
    remedy: "take the function out of the model, and do its step before the model is called",
    RuleText.supplyChain)
  static let misuse = Rule(
    "pickle.misuse", .unknown, .medium, .notLiftable, "a known name is used as its library never does",
    why: "The allow-list says how a name is written by its own library; anything else was made by hand.",
    example: "numpy.float64 is called with ('1'), which its library never writes",
    remedy: RuleText.dumpAgain, RuleText.supplyChain)

  static let inertCall = Rule(
    "pickle.inert-call", .unknown, .medium, .notLiftable, "a harmless name of Python's own is kept or called",
    why:
      "It has no effect by itself, and honest models hold such values; what it would give is not computed.",
    example: "expected data, found the call functools.partial(mypkg.features.scale)",
    remedy: "leave functions and helper objects out of the model", RuleText.supplyChain)
  static let outOfBand = Rule(
    "pickle.out-of-band", .unknown, .medium, .notLiftable, "a part of the pickle is not in the file",
    why: "Protocol 5 can leave the bytes of arrays to whoever loads; without them there is no model.",
    example: "expected the bytes in the file, found a buffer that the caller hands over",
    remedy: "dump the model without a buffer_callback", RuleText.corrupt)
  static let unread = Rule(
    "pickle.unread", .unknown, .medium, .notLiftable, "an array or text of a kind that is not read",
    why: "Its library may write it so; what it holds is not known.",
    example: "an array of the class numpy.memmap is not read", remedy: RuleText.dumpAgain, [])

  // Readers would disagree about the file.
  static let disagreement = Rule(
    "pickle.differential", .differential, .high, .dangerous, "one unpickler accepts what another refuses",
    why:
      "CPython has two unpicklers, and joblib uses the slower one: a scanner that stops where one of them stops"
      + " does not see what the other goes on to run.",
    example: "a call with a list of arguments, which only the unpickler written in Python takes",
    remedy: RuleText.dumpAgain, RuleText.corrupt)
  static let lateChange = Rule(
    "pickle.late-change", .differential, .high, .dangerous,
    "a value is changed after another was made from it",
    why: "Loaders that copy and loaders that share see different models in the same bytes.",
    example: "a tuple's list is appended to after a call was given it", remedy: RuleText.dumpAgain,
    RuleText.corrupt)
  static let frame = Rule(
    "pickle.frame", .differential, .high, .dangerous, "frames and opcodes do not agree",
    why:
      "CPython's two unpicklers and the scanners built on pickletools differ on frames: one sees a call where"
      + " another sees a string.",
    example: "the opcode reads to byte 40, its frame ends at byte 32", remedy: RuleText.dumpAgain,
    RuleText.corrupt)
  static let leftOnStack = Rule(
    "pickle.left-on-stack", .unknown, .medium, .notLiftable, "values are left where the stream stops",
    why: "No library leaves values behind; something was put in front of the model or taken out of it.",
    example: "expected one value where the stream stops, found 1 more", remedy: RuleText.dumpAgain,
    RuleText.corrupt)
  static let trailingBytes = Rule(
    "pickle.trailing-bytes", .unknown, .medium, .notLiftable, "bytes follow the end of the pickle",
    why: "A loader stops at the end of the first pickle; another reader of the same file need not.",
    example: "expected the end of the file after the pickle, found 12 bytes more",
    remedy: "dump one model into a file of its own", RuleText.corrupt)

  // The bytes contradict themselves.
  static let array = Rule(
    "pickle.array", .damage, .medium, .malformed, "an array, scalar or data type contradicts itself",
    why: "Shape, item size and the bytes held must agree, or a reader of the array leaves its memory.",
    example: "expected 4 items of 8 bytes, found 24 bytes", remedy: RuleText.dumpAgain, RuleText.corrupt)
  static let malformed = Rule(
    "pickle.malformed", .damage, .medium, .malformed, "the bytes are no pickle from some point on",
    why: "A file that breaks off is no model; everything before the break was read for what it would do.",
    example: "expected STOP, found the end of the input", remedy: RuleText.checkWhole, RuleText.corrupt)

  // Reading would cost more than any honest model does.
  static let opcodes = Rule(
    "pickle.budget.opcodes", .exhaustion, .medium, .notLiftable, "more opcodes than are read",
    why: "Reading has a bound in time.", example: "more than 60000000 opcodes", remedy: "use a smaller model",
    RuleText.exhaustion)
  static let values = Rule(
    "pickle.budget.values", .exhaustion, .medium, .notLiftable, "more values than are kept",
    why: "Reading has a bound in memory.", example: "more than 20000000 values",
    remedy: "use a smaller model", RuleText.exhaustion)
  static let memory = Rule(
    "pickle.budget.memory", .exhaustion, .medium, .notLiftable,
    "more memory than the size of the file grants",
    why: "Reading has a bound in memory: three times the bytes read, and 18 MiB.",
    example: "more than 100000000 bytes of values for 22000000 bytes of pickle",
    remedy: "use a smaller model",
    RuleText.exhaustion)
  static let pickles = Rule(
    "pickle.budget.pickles", .exhaustion, .medium, .notLiftable,
    "more pickles one after another than are read",
    why: "Reading has a bound in time.", example: "more than 10000 pickles in one file",
    remedy: "dump one model into a file of its own", RuleText.exhaustion)
  static let depth = Rule(
    "pickle.budget.depth", .exhaustion, .high, .dangerous, "values nest deeper than any loader bears",
    why: "Readers that recurse overflow their stack, which ends the process.",
    example: "values nest more than 2000 deep", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-674"])
  static let memo = Rule(
    "pickle.budget.memo", .exhaustion, .high, .dangerous,
    "a memo number makes the loader reserve memory for nothing",
    why: "CPython's memo is an array that grows to the largest number: five bytes reserve gigabytes.",
    example: "expected a memo number below 1000, found 2147483647", remedy: RuleText.doNotLoad,
    RuleText.exhaustion + ["CWE-789"])
  static let digits = Rule(
    "pickle.budget.digits", .exhaustion, .high, .dangerous, "an integer has more digits than Python takes",
    why: "Turning decimal text into an integer takes quadratic time.",
    example: "an integer of 400000 digits", remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-1333"])
  static let expansion = Rule(
    "pickle.budget.expansion", .exhaustion, .high, .dangerous,
    "shared values multiply to a size that nobody can walk",
    why: "Sixty nested pairs of the same value stand for 2^60 values: hashing, comparing or printing it never"
      + " ends.",
    example: "a value holds more than 1073741824 others, counted without sharing",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-409"])
  static let more = Rule(
    "pickle.more", .codeExecution, .high, .dangerous, "so many oddities that worse may hide behind them",
    why: "A report that lists everything would be the flood that hides the one call.",
    example: "40000 more oddities are not listed", remedy: RuleText.doNotLoad, RuleText.supplyChain)
}
