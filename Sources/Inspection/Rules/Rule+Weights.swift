import Domain

// Rules about files of weights: safetensors and GGUF; and about skops and MLflow.
extension Rule {
  static let weights = [
    safetensorsStructure, safetensorsMalformed, safetensorsOdd, ggufStructure, ggufMalformed, ggufUnknown,
    skopsName, skopsUnknown, skopsStructure, mlflowPath, mlflowLoader, mlflowLoaderUnknown,
    mlflowRequirements,
    directoryCode,
  ]

  static let safetensorsStructure = Rule(
    "safetensors.structure", .structure, .high, .dangerous, "a safetensors header that contradicts itself",
    why:
      "Tensors that overlap or lie outside the file, names that occur twice and headers of gigabytes are made to "
      + "have readers see different weights, or read where they must not.",
    example: "expected 'b' to begin at byte 16 of the data, found 8: it overlaps 'a'",
    remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-125"])
  static let safetensorsMalformed = Rule(
    "safetensors.malformed", .damage, .medium, .malformed, "a safetensors file that breaks off",
    why: "What is not there cannot be looked at.",
    example: "expected 4096 bytes of tensors, found the end of the file after 1024",
    remedy: RuleText.checkWhole,
    RuleText.corrupt)
  static let safetensorsOdd = Rule(
    "safetensors.unknown", .unknown, .medium, .notLiftable,
    "a safetensors header with something that is not known",
    why: "What is not known was not looked at.", example: "expected a type of element, found 'F3' for 'w'",
    remedy: "write the file with the safetensors library", [])

  static let ggufStructure = Rule(
    "gguf.structure", .structure, .high, .dangerous, "a GGUF header with counts that cannot be",
    why:
      "Readers in C allocate and copy by these counts: CVE-2024-23496 and its siblings are heap overflows.",
    example: "expected at most 512 tensors in 16384 bytes, found 4611686018427387904",
    remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-122", "CWE-190"])
  static let ggufMalformed = Rule(
    "gguf.malformed", .damage, .medium, .malformed, "a GGUF file that breaks off",
    why: "What is not there cannot be looked at.",
    example: "expected 4096 bytes of tensor data, found the end of the file", remedy: RuleText.checkWhole,
    RuleText.corrupt)
  static let ggufUnknown = Rule(
    "gguf.unknown", .unknown, .medium, .notLiftable, "a GGUF file with a version or type that is not known",
    why: "What is not known was not looked at.", example: "expected version 1, 2 or 3, found 9",
    remedy: "write the file anew with a current converter", [])

  static let skopsName = Rule(
    "skops.name", .codeExecution, .critical, .dangerous, "a skops file that names what does things",
    why: "skops imports the names of its schema, and calls some, when a user says that they are trusted.",
    example: "would import os.system as FunctionNode on load", remedy: RuleText.doNotLoad,
    RuleText.supplyChain)
  static let skopsUnknown = Rule(
    "skops.unknown", .unknown, .medium, .notLiftable, "a skops file with a name or node that is not known",
    why: "Loading it runs code that is not part of a known library.",
    example: "expected a known estimator, found mypkg.Scaler", remedy: RuleText.doNotLoad, [])
  static let skopsStructure = Rule(
    "skops.structure", .structure, .high, .dangerous, "a skops schema that attacks its reader",
    why:
      "Nodes that contain themselves or nest without end make the reader recurse until it dies; a node whose type "
      + "and content disagree gets code past the check for trusted names.",
    example: "expected a value, found a node that refers to itself", remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-674"])

  static let mlflowPath = Rule(
    "mlflow.path", .externalReference, .high, .dangerous, "an MLflow model names a file outside its folder",
    why: "Loading reads, or imports, a file of the author's choosing.",
    example: "expected a path inside the model, found '../../x.pkl' for 'pickled_model'",
    remedy: RuleText.doNotLoad, RuleText.outside + ["CWE-22"])
  static let mlflowLoader = Rule(
    "mlflow.loader-module", .codeExecution, .critical, .dangerous,
    "an MLflow model whose loader is no loader",
    why: "MLflow imports the module and calls its function with a path of the author's choosing.",
    example: "would import 'subprocess' as the loader of the model", remedy: RuleText.doNotLoad,
    RuleText.supplyChain)
  static let mlflowLoaderUnknown = Rule(
    "mlflow.loader", .unknown, .medium, .notLiftable, "an MLflow model with a loader of its own",
    why: "Loading it runs code that comes with the model.",
    example: "expected a loader of MLflow's own, found 'my_models.loader'",
    remedy: "log the model with one of MLflow's own flavors", ["OWASP ML06:2023", "CWE-829"])
  static let mlflowRequirements = Rule(
    "mlflow.requirements", .externalReference, .medium, nil,
    "requirements that do not come from the usual index",
    why: "Who restores the environment installs, and so runs, whatever that address serves.",
    example: "expected packages by name and version, found '--extra-index-url http://10.0.0.1/simple'",
    remedy: "pin packages by name and version, and install them from an index of your own",
    ["OWASP ML06:2023", "ATLAS AML.T0010", "CWE-829"])
  static let directoryCode = Rule(
    "artifact.code-beside", .remark, .note, nil, "code beside the model",
    why: "It is never loaded here; another loader may import it.",
    example: "expected data, found Python code", remedy: "leave it out of the directory if nobody needs it",
    [])
}
