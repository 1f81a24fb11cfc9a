import Domain

// Rules about PyTorch's files; what their pickles call is judged by the rules about pickles.
extension Rule {
  static let torch = [
    torchStorage, torchTensor, torchMissing, torchNested, torchScript, torchScriptEffect, torchPackage,
    torchLegacy, torchTrailing,
  ]

  static let torchStorage = Rule(
    "torch.storage", .structure, .high, .dangerous, "a storage is not what the pickle says of it",
    why: "The pickle says how many numbers there are; a reader that believes it leaves its memory.",
    example: "expected 400 bytes in the storage '0', found 4", remedy: RuleText.doNotLoad,
    RuleText.corrupt + ["CWE-125"])
  static let torchTensor = Rule(
    "torch.tensor", .structure, .high, .dangerous, "a tensor reaches past its storage",
    why: "Shape and strides decide which memory is read; PyTorch checks them, other readers need not.",
    example:
      "expected a tensor inside its storage, found the shape [1000] with strides [1] at 0 over 4 elements",
    remedy: RuleText.doNotLoad, RuleText.corrupt + ["CWE-125"])
  static let torchMissing = Rule(
    "torch.missing-storage", .damage, .medium, .malformed, "a storage is not in the archive",
    why: "A tensor without its numbers cannot be loaded.",
    example: "expected the storage '3' in the archive, found none", remedy: RuleText.checkWhole,
    RuleText.corrupt)
  static let torchNested = Rule(
    "torch.nested", .unknown, .medium, .notLiftable, "a pickle holds tensors of PyTorch",
    why: "Their bytes were inspected as PyTorch files; they are not lifted.",
    example: "expected NumPy's arrays, found 3 storages of PyTorch",
    remedy: "convert the tensors to NumPy arrays before dumping", [])
  static let torchScript = Rule(
    "torch.script", .unknown, .medium, .notLiftable, "TorchScript code is in the archive",
    why: "It is run by PyTorch's interpreter when the model is called; what it does is not lifted.",
    example: "carries code of its own: 'model/code/__torch__.py'",
    remedy: "save a state dict, or export to a format of data", RuleText.supplyChain)
  static let torchScriptEffect = Rule(
    "torch.script-effect", .codeExecution, .critical, .dangerous,
    "the code in the archive reads or writes files, or runs other code",
    why: "Operators such as aten::from_file and aten::save work on the disk of whoever calls the model.",
    example: "would call ops.aten.save in its own code", remedy: RuleText.doNotLoad,
    RuleText.supplyChain + ["CWE-73"])
  static let torchPackage = Rule(
    "torch.package", .unknown, .medium, .notLiftable, "Python source is in the archive",
    why: "torch.package imports the source that it carries when the model is loaded.",
    example: "carries code of its own: 'model/mypkg/net.py'",
    remedy: "save a state dict, or export to a format of data", RuleText.supplyChain)
  static let torchLegacy = Rule(
    "torch.legacy", .damage, .medium, .malformed, "the storages do not follow the pickles as they should",
    why: "A file that breaks off is no model.",
    example: "expected 400 bytes of a storage, found 12 bytes before the end", remedy: RuleText.checkWhole,
    RuleText.corrupt)
  static let torchTrailing = Rule(
    "torch.trailing-bytes", .unknown, .medium, .notLiftable, "bytes follow the last storage",
    why: "PyTorch never looks at them; another reader may.",
    example: "expected the end of the file after the storages, found 12 bytes more",
    remedy: "save one object into a file of its own", RuleText.corrupt)
}
