/// The names by which templates get out of a template.
enum TemplateNames {
  /// Attributes of Python's objects that lead to code or to everything else.
  static let dunders = [
    "__class__", "__globals__", "__subclasses__", "__init__", "__builtins__", "__builtin__", "__mro__",
    "__import__",
    "__base__", "__bases__", "__dict__", "__getattribute__", "__getattr__", "__getitem__", "__call__",
    "__code__",
    "__closure__", "__func__", "__self__", "__module__", "__loader__", "__spec__", "__reduce__",
    "__reduce_ex__",
    "__new__", "__del__", "__enter__", "__exit__", "__wrapped__", "__traceback__", "__context__",
    "__kwdefaults__",
    "__defaults__", "__name__", "__qualname__", "__doc__", "__file__", "__path__", "__weakref__",
    "__setattr__",
    "__init_subclass__", "__subclasshook__", "__annotations__", "__format__", "__str__", "__repr__",
    "__dir__",
  ]

  /// Attributes without underscores that lead to the same places.
  static let attributes: Set<String> = [
    "mro", "func_globals", "func_code", "func_closure", "im_func", "im_self", "im_class", "gi_frame",
    "gi_code",
    "gi_yieldfrom", "cr_frame", "cr_code", "cr_await", "ag_frame", "ag_code", "ag_await", "f_globals",
    "f_locals",
    "f_builtins", "f_back", "f_code", "tb_frame", "tb_next", "co_code", "co_consts", "eval_ctx",
  ]

  /// Attributes that are called to do something to the machine.
  static let calls: Set<String> = [
    "popen", "Popen", "system", "check_output", "check_call", "getoutput", "getstatusoutput", "import_module",
    "import_string", "eval", "exec", "execve", "execl", "spawn", "spawnl", "fork", "unlink", "rmtree",
    "read_text",
    "write_text", "urlopen", "load_module", "from_string", "overlay",
  ]

  /// Functions that are called by their bare name.
  static let functions: Set<String> = [
    "eval", "exec", "getattr", "setattr", "globals", "locals", "breakpoint", "__import__",
    "import_string",
  ]

  /// What a web framework or Jinja itself puts next to the template.
  static let globals: Set<String> = ["lipsum", "url_for", "get_flashed_messages"]

  /// The first attribute of Python's that a text names, in either direction and in any case.
  static func dunder(in text: String) -> String? {
    let bytes = Array(text.utf8)
    var index = 0
    while index + 4 < bytes.count {
      defer { index += 1 }
      guard bytes[index] == UInt8(ascii: "_"), bytes[index + 1] == UInt8(ascii: "_") else { continue }
      let rest = bytes[index...]
      for pattern in patterns[bytes[index + 2] | 0x20] ?? []
      where rest.count >= pattern.bytes.count
        && zip(rest, pattern.bytes).allSatisfy({ $0 == $1 || $0 | 0x20 == $1 && $1 >= 0x61 })
      {
        return pattern.name
      }
    }
    return nil
  }

  /// Every such name forwards and backwards, by its first letter.
  private static let patterns: [UInt8: [(bytes: [UInt8], name: String)]] = {
    let all = dunders.flatMap { name in
      [(bytes: Array(name.utf8), name: name), (bytes: Array(name.utf8.reversed()), name: name)]
    }
    return Dictionary(grouping: all) { $0.bytes[2] }
  }()

  /// Whether a text is the beginning or the end of such an attribute, and no whole word.
  static func isPiece(_ text: String) -> Bool {
    let length = text.utf8.count
    guard 4...20 ~= length, text.contains("__"), dunder(in: text) == nil else { return false }
    let lower = text.lowercased()
    return dunders.contains { $0.utf8.count > length && ($0.hasPrefix(lower) || $0.hasSuffix(lower)) }
  }
}
