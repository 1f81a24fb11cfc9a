/// The names that the Python in a PyTorch archive uses, as far as they do something besides arithmetic.
enum TorchScript {
  /// What a name is.
  enum Kind {
    /// It reads or writes files, starts processes or loads code.
    case effect
    /// An operator of a library that has to be loaded for it.
    case customOperator
  }

  /// How much of one source is looked at.
  private static let limit = 16 << 20

  /// The uses of such names, each name once, outside of strings and comments.
  static func uses(in source: ArraySlice<UInt8>) -> [(kind: Kind, name: String, offset: Int)] {
    var uses: [(kind: Kind, name: String, offset: Int)] = []
    var seen: Set<String> = []
    let bytes = source.prefix(limit)
    var index = bytes.startIndex
    while index < bytes.endIndex, uses.count < 100 {
      let byte = bytes[index]
      if byte == UInt8(ascii: "#") {
        index = bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
      } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
        index = end(ofStringAt: index, in: bytes)
      } else if isName(byte) {
        let start = index
        while index < bytes.endIndex, isName(bytes[index]) || bytes[index] == UInt8(ascii: ".") { index += 1 }
        guard index - start <= 200 else { continue }
        let name = String(decoding: bytes[start..<index], as: UTF8.self)
        let isCall = bytes[index...].first == UInt8(ascii: "(")
        guard let kind = kind(of: name, isCall: isCall), seen.insert(name).inserted else { continue }
        uses.append((kind, name, start - source.startIndex))
      } else {
        index += 1
      }
    }
    return uses
  }

  private static func isName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: byte >= 0x80
    }
  }

  /// Where a string ends that begins at `start`; three quotes run over lines, one does not.
  private static func end(ofStringAt start: Int, in bytes: ArraySlice<UInt8>) -> Int {
    let quote = bytes[start]
    let isLong = bytes[start...].starts(with: [quote, quote, quote])
    var index = start + (isLong ? 3 : 1)
    while index < bytes.endIndex {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\\") {
        index += 2
      } else if byte == quote, !isLong {
        return index + 1
      } else if byte == quote, bytes[index...].starts(with: [quote, quote, quote]) {
        return index + 3
      } else if byte == UInt8(ascii: "\n"), !isLong {
        return index
      } else {
        index += 1
      }
    }
    return bytes.endIndex
  }

  private static func kind(of name: String, isCall: Bool) -> Kind? {
    if isCall, effects.contains(name) { return .effect }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    if isCall, let first = parts.first, parts.count > 1, modules.contains(String(first)) { return .effect }
    // `ops.aten.save`, `torch.ops.aten.from_file`: by the operator's own name.
    guard let ops = parts.firstIndex(of: "ops"), ops <= 1, parts.count >= ops + 3 else { return nil }
    let operation = "\(parts[ops + 1]).\(parts[ops + 2])"
    if operators.contains(operation) { return .effect }
    return libraries.contains(String(parts[ops + 1])) ? nil : .customOperator
  }

  /// Whether a function of this name works on files, processes or code.
  static func isEffect(_ name: String) -> Bool { effects.contains(name) }

  private static let effects: Set<String> = [
    "torch.from_file", "torch.save", "torch.load", "torch.jit.load", "torch.jit.save", "torch.hub.load",
    "torch.ops.load_library", "torch.classes.load_library", "torch._C._from_file",
    "torch.package.PackageImporter",
    "exec", "eval", "compile", "open", "__import__", "breakpoint", "input", "builtins.exec", "builtins.eval",
    "builtins.open", "builtins.__import__", "os.system", "os.popen", "os.execv", "os.execve", "os.execvp",
    "os.spawnl", "os.spawnv", "os.fork", "os.remove", "os.unlink", "os.rename", "os.rmdir", "os.kill",
    "importlib.import_module", "pickle.loads", "pickle.load", "marshal.loads", "ctypes.CDLL", "shutil.rmtree",
    "socket.socket", "socket.create_connection", "urllib.request.urlopen", "pty.spawn", "runpy.run_path",
  ]
  private static let modules: Set<String> = ["subprocess", "ctypes", "pty"]
  private static let operators: Set<String> = [
    "aten.from_file", "aten.save", "aten.load", "aten._save", "aten.fromfile", "prim.load", "prim.save",
    "profiler._record_function_enter_file",
  ]
  private static let libraries: Set<String> = [
    "aten", "prim", "prims", "quantized", "quantized_decomposed", "torchvision", "torchaudio", "_caffe2",
    "onnx",
    "profiler", "c10d", "inductor", "sparse", "mkldnn", "mkldnn_prepacked", "xnnpack", "prepacked", "cuda",
    "higher_order", "static_runtime", "_quantized", "higher_order_ops", "prim_ops",
  ]
}
