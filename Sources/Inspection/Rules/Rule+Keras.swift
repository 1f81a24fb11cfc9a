import Domain

// Rules about Keras configurations and the HDF5 files that they stand in.
extension Rule {
  static let keras = [
    kerasLambda, kerasInjection, kerasLoader, kerasCustom, kerasSavedModel, kerasTorchModule, kerasFileRead,
    kerasFileReference, kerasSize, kerasDepth, kerasBudget, kerasDuplicate, kerasMalformed,
  ]

  static let kerasLambda = Rule(
    "keras.lambda", .codeExecution, .critical, .dangerous,
    "the byte code of a function is in the configuration",
    why:
      "A Lambda layer's function is marshalled byte code: loading unmarshals it, and it runs when the model is"
      + " built or called. Keras refuses it only in its safe mode, which several paths around have been found.",
    example:
      "carries the byte code of a function, run on load or on the first row, with the words 'os' 'system'",
    remedy: "write the function as a layer of Keras's own, or of keras.ops, and save the model again",
    RuleText.supplyChain + ["CWE-94", "CVE-2024-3660", "CVE-2025-9905"])
  static let kerasInjection = Rule(
    "keras.module-injection", .codeExecution, .critical, .dangerous,
    "loading imports a module outside Keras and calls into it",
    why: "Keras up to 3.8 imports whatever `module` says and calls what `class_name` names with `config`.",
    example: "would import os.system on load and call it with 'id'", remedy: RuleText.doNotLoad,
    RuleText.supplyChain + ["CWE-94", "CVE-2025-1550"])
  static let kerasLoader = Rule(
    "keras.loader-function", .codeExecution, .critical, .dangerous,
    "loading calls a function of Keras that is no part of a model",
    why:
      "Keras's own functions fetch files, load other models and switch the safe mode off; a configuration reaches"
      + " them by name.",
    example: "would call keras.utils.get_file on load, which builds no model",
    remedy: RuleText.doNotLoad, RuleText.supplyChain + ["CVE-2025-8747", "CVE-2025-9906"])
  static let kerasCustom = Rule(
    "keras.custom-object", .unknown, .medium, .notLiftable,
    "a class or function of the author's own is named",
    why: "What it does is in code that is not in the file.",
    example: "runs code of its own on load: mypkg>Attention",
    remedy: "build the model of Keras's own layers", RuleText.supplyChain)
  static let kerasSavedModel = Rule(
    "keras.saved-model", .externalReference, .high, .dangerous, "a layer loads a SavedModel from a path",
    why: "TFSMLayer loads the graph at a path of the file's choosing, in safe mode too.",
    example: "would load the SavedModel '/tmp/model', with whatever operations it holds",
    remedy: RuleText.doNotLoad, RuleText.outside + ["CVE-2026-1462"])
  static let kerasTorchModule = Rule(
    "keras.torch-module", .codeExecution, .critical, .dangerous, "a layer holds a pickled PyTorch module",
    why: "TorchModuleWrapper gives its bytes to torch.load without restrictions, and so to pickle.",
    example: "would unpickle a PyTorch module on load", remedy: RuleText.doNotLoad,
    RuleText.supplyChain)
  static let kerasFileRead = Rule(
    "keras.file-read", .externalReference, .high, .dangerous,
    "a layer reads a file of the artifact's choosing",
    why:
      "A vocabulary that is a path is read from the disk of whoever loads the model, and can be read out of the"
      + " model afterwards; a path with a host fetches it.",
    example: "would read its vocabulary from the file '/etc/passwd' on load",
    remedy: "save the model with the vocabulary itself", RuleText.outside + ["CWE-200", "CVE-2025-12058"])
  static let kerasFileReference = Rule(
    "keras.file-reference", .unknown, .medium, .notLiftable, "a layer names a file beside the model",
    why: "The vocabulary is not in the artifact that was inspected.",
    example: "expected the vocabulary in the configuration, found the file 'vocab.txt'",
    remedy: "save the model with the vocabulary itself", RuleText.outside)
  static let kerasSize = Rule(
    "keras.size", .exhaustion, .high, .dangerous, "a size or shape that no memory holds",
    why: "Building the model allocates what the configuration says.",
    example: "expected a size that memory holds, found units 1152921504606846976",
    remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-789"])
  static let kerasDepth = Rule(
    "keras.depth", .exhaustion, .high, .dangerous, "the configuration nests deeper than any model",
    why: "Readers that recurse overflow their stack, which ends the process.",
    example: "expected at most 256 levels", remedy: RuleText.doNotLoad, RuleText.exhaustion + ["CWE-674"])
  static let kerasDuplicate = Rule(
    "keras.duplicate-name", .differential, .high, .dangerous, "an object has the same member twice",
    why: "One reader takes the first, another the last: what was looked at need not be what is loaded.",
    example: "expected each name once in an object, found 'module' again", remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-436"])
  static let kerasBudget = Rule(
    "keras.budget", .exhaustion, .medium, .notLiftable, "a configuration of more values than are looked at",
    why: "Reading has a bound; what lies behind it was not seen.", example: "expected at most 400000 values",
    remedy: "keep vocabularies outside of the configuration", RuleText.exhaustion)
  static let kerasMalformed = Rule(
    "keras.malformed", .damage, .medium, .malformed, "the configuration is no JSON",
    why: "What cannot be read cannot be looked at.",
    example: "expected a value at line 1, column 1, found 'x'", remedy: RuleText.checkWhole, RuleText.corrupt)
}
