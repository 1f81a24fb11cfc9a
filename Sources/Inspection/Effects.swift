import Artifacts

/// What the names of well-known libraries say about their effects.
///
/// A library has thousands of functions. Those that read, write, fetch, load or run say so in their names, nearly
/// always; what rebuilds an object says that. Nothing is admitted by a name: it decides how a refusal is worded.
enum Effects {
  /// Whether the function or class reads, writes, fetches, loads or runs something.
  static func has(_ global: PickleGlobal) -> Bool {
    if words(global.name).contains(where: { effectWords.contains($0) }) { return true }
    if classes.contains(global.name) { return true }
    return global.module.split(separator: ".").contains { effectModules.contains(String($0)) }
  }

  /// Whether the function is one that a library pickles its own objects with: `_rebuild_tensor_v2`.
  static func rebuilds(_ name: String) -> Bool {
    guard !name.contains(".") else { return false }
    if name.hasPrefix("__pyx_unpickle_") || rebuilders.contains(name) { return true }
    guard name.hasPrefix("_") else { return false }
    let parts = words(name)
    return parts.contains { rebuildingWords.contains($0) } && !parts.contains { effectWords.contains($0) }
  }

  /// The words of a name: `read_pickle` and `HDFStore` in lower case.
  private static func words(_ name: String) -> [String] {
    name.split { $0 == "_" || $0 == "." }.map { $0.lowercased() }
  }

  private static let rebuilders: Set<String> = [
    "newObj", "new_block", "__newobj__", "__newobj_ex__", "type_for_alias", "chunked_array", "py_buffer",
  ]

  private static let rebuildingWords: Set<String> = [
    "rebuild", "reconstruct", "mareconstruct", "unpickle", "restore", "new", "reconstructor", "from", "make",
    "create", "frombuffer", "deserialize", "setstate", "convert", "timestamp", "timedelta", "ctor",
  ]

  private static let effectWords: Set<String> = [
    "load", "loads", "loadtxt", "loadmat", "save", "saves", "savez", "savetxt", "savemat", "dump", "dumps",
    "read", "write", "open", "fromfile", "tofile", "fromregex", "genfromtxt", "recfromcsv", "recfromtxt",
    "eval", "exec", "myeval", "execute", "execwrapper", "run", "runs", "runstring", "runctx", "system",
    "popen",
    "shell", "command", "commands", "cmd", "spawn", "fork", "fetch", "download", "downloads", "upload", "url",
    "urlopen", "urlretrieve", "import", "imports", "importlib", "compile", "compiler", "main", "remove",
    "delete", "unlink", "rmtree", "rename", "mkdir", "makedirs", "chmod", "subprocess", "process", "server",
    "socket", "connect", "connection", "f2py", "pickle", "query", "build", "install", "script", "interpreter",
    "hub", "registry", "export", "store", "mmap", "lambdify", "sympify", "crackfortran", "bench",
    "environ", "putenv", "getenv", "kill", "exit", "callback", "apply", "getattr",
    "setattr", "delattr", "globals", "locals", "builtins", "os", "sys", "request", "requests", "http", "ftp",
  ]

  /// Classes of these libraries that open, start or run something when they are made.
  private static let classes: Set<String> = [
    "HDFStore", "ExcelFile", "ExcelWriter", "DataSource", "FortranFile", "NpzFile", "GFile", "OSFile",
    "MemoryMappedFile", "LocalFileSystem", "SparkContext", "SparkSession", "Template", "Environment",
    "Loader",
    "UnsafeLoader", "FullLoader", "YAML", "Unpickler", "NumpyUnpickler", "Lambda", "Popen", "Process",
    "Thread",
    "Timer", "Client", "LocalCluster", "Session", "Engine", "InteractiveShell", "PyFileReader", "StataReader",
    "SAS7BDATReader", "JsonReader", "TextFileReader", "CParserWrapper", "ParquetFile", "FileIO", "Server",
    "Parallel", "Memory", "LokyProcess", "PythonKernel", "CppExtension", "BuildExtension", "CUDAExtension",
    "NamedTemporaryFile", "Repository", "HfApi", "ScriptModule", "PyTorchFileReader", "PyTorchFileWriter",
    "FileSystem", "S3FileSystem", "HadoopFileSystem", "SubprocessError", "ShellCommand", "ExecCommand",
  ]

  private static let effectModules: Set<String> = [
    "f2py", "distutils", "testing", "crackfortran", "cpp_extension", "hub", "npyio", "_datasource", "tests",
    "parsers", "pickle", "pickler", "serialization", "subprocess", "externals", "debugger", "setup", "repl",
    "unsupported_tensor_ops", "_config_module", "_pytesttester", "exec_command", "sparkcontext", "shell",
  ]
}
